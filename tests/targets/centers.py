"""A target over a running sandbox, and steps as planning makes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, FieldChange
from reconciler.model.observer import Observer, Silent
from reconciler.model.plan import Step
from reconciler.model.report import Outcome
from reconciler.model.resources import Value
from reconciler.sandbox import Sandbox
from reconciler.targets.identity_center.target import IdentityCenter
from reconciler.wire.aws import Aws
from tests.wire.clocks import clock_of

Ids = dict[Address, str]


def center(
    sandbox: Sandbox, *, region: str = "us-east-1", observer: Observer | None = None, **more: Any
) -> IdentityCenter:
    clock, watching = clock_of(sandbox), observer or Silent()
    aws = Aws(
        "aws",
        region=region,
        endpoint_url=sandbox.url,
        clock=clock,
        observer=watching,
        speed=sandbox.speed,
        sandbox=True,
    )
    return IdentityCenter(aws, clock=clock, observer=watching, **more)


def user(key: str) -> Address:
    return Address.of("aws", Kind.USER, key)


def group(key: str) -> Address:
    return Address.of("aws", Kind.GROUP, key)


def membership(group_key: str, user_key: str) -> Address:
    return Address.of("aws", Kind.MEMBERSHIP, group_key, user_key)


def step(
    address: Address,
    action: Action,
    fields: Mapping[str, Value] | None = None,
    *,
    before: Mapping[str, Value] | None = None,
) -> Step:
    refs = {}
    if address.kind is Kind.MEMBERSHIP:
        refs = {"group": group(address.parts[0]), "user": user(address.parts[1])}
    boss = (fields or {}).get("manager")
    if isinstance(boss, str):
        refs["manager"] = user(boss)
    changes = tuple(
        FieldChange(name, (before or {}).get(name), after) for name, after in (fields or {}).items()
    )
    return Step(str(address), address, action, (address,), changes, refs=refs)


def person(name: str, **more: Value) -> dict[str, Value]:
    return {
        "user_name": name,
        "given_name": name.title(),
        "family_name": "X",
        "display_name": name.title(),
        **more,
    }


def submit(
    target: IdentityCenter, one: Step, ids: Ids | None = None, versions: Mapping[Address, str] | None = None
) -> Outcome:
    (outcome,) = target.submit((one,), ids if ids is not None else {}, versions or {})
    assert isinstance(outcome, Outcome)
    return outcome


def versions_of(target: IdentityCenter, ids: Ids) -> dict[Address, str]:
    live = target.read()
    marks: dict[Address, str] = {}
    for address, identifier in ids.items():
        found = live.users.get(identifier) or live.groups.get(identifier)
        if found is not None and found.version is not None:
            marks[address] = found.version
    return marks
