"""A snapshot as JSON text, one file for each target, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, NotRequired

from pydantic import AfterValidator, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from reconciler.errors import RecordError
from reconciler.files.fields import STRICT
from reconciler.loading.denials_text import DenialsDocument, denials_document, denials_of, moment
from reconciler.model.address import AccountId, Address, Arn, Kind
from reconciler.model.capabilities import Capabilities
from reconciler.model.organization import LiveAccount, LiveUnit, Organization
from reconciler.model.pairs import Principal
from reconciler.model.plan import Finding, Severity
from reconciler.model.resources import Value
from reconciler.model.snapshot import Snapshot
from reconciler.model.state import Gap, Live, LiveGroup, LivePermissionSet, LiveUser

FORMAT = "reconciler snapshot"
VERSION = 1


@with_config(STRICT)
class _User(TypedDict):
    attributes: dict[str, Any]
    active: NotRequired[bool]
    version: NotRequired[str]
    lists: NotRequired[dict[str, list[Any]]]


@with_config(STRICT)
class _Group(TypedDict):
    attributes: dict[str, Any]
    version: NotRequired[str]


@with_config(STRICT)
class _Set(TypedDict):
    attributes: dict[str, Any]
    provisioned: list[str]
    outdated: list[str]


@with_config(STRICT)
class _Account(TypedDict):
    name: str
    state: str
    units: list[str]
    tags: NotRequired[dict[str, str]]


@with_config(STRICT)
class _Organization(TypedDict):
    accounts: dict[str, _Account]
    units: dict[str, list[str]]
    root: str
    management: str


@with_config(STRICT)
class _Finding(TypedDict):
    code: str
    severity: Severity
    message: str
    address: NotRequired[str]
    fix: NotRequired[str]
    details: list[str]
    count: int
    kind: NotRequired[Kind]


@with_config(STRICT)
class _Document(TypedDict):
    format: str
    version: int
    target: str
    taken_at: Annotated[str, AfterValidator(moment)]
    tool_version: str
    redacted: bool
    identity: dict[str, str]
    capabilities: dict[str, Any]
    users: dict[str, _User]
    groups: dict[str, _Group]
    members: dict[str, dict[str, str]]
    permission_sets: dict[str, _Set]
    # By account id and ARN: `group:` or `user:` and the remote id.
    assignments: dict[str, dict[str, list[str]]]
    organization: _Organization
    delegated: bool
    gaps: list[tuple[Kind, str, str]]
    caller: str
    denials: NotRequired[DenialsDocument]
    findings: list[_Finding]


def render_snapshot(snapshot: Snapshot) -> bytes:
    """The snapshot as UTF-8, sorted, with one value to a line, so that git stores only what changed."""
    live = snapshot.live
    assignments: dict[str, dict[str, list[str]]] = {}
    for (account, arn), principals in live.assignments.items():
        assignments.setdefault(account, {})[arn] = sorted(f"{one.kind}:{one.id}" for one in principals)
    organization = live.organization
    document = {
        "format": FORMAT,
        "version": VERSION,
        "target": live.target,
        "taken_at": snapshot.taken_at.astimezone(UTC).isoformat(),
        "tool_version": snapshot.tool_version,
        "redacted": snapshot.redacted,
        "identity": dict(live.identity),
        "capabilities": _capabilities(snapshot.capabilities),
        "users": {
            one: _present(
                attributes=dict(user.attributes),
                active=user.active,
                version=user.version,
                lists={name: list(values) for name, values in user.lists.items()} or None,
            )
            for one, user in live.users.items()
        },
        "groups": {
            one: _present(attributes=dict(group.attributes), version=group.version)
            for one, group in live.groups.items()
        },
        "members": {one: dict(members) for one, members in live.members.items()},
        "permission_sets": {
            arn: {
                "attributes": dict(one.attributes),
                "provisioned": sorted(one.provisioned),
                "outdated": sorted(one.outdated),
            }
            for arn, one in live.permission_sets.items()
        },
        "assignments": assignments,
        "organization": {
            "accounts": {
                one: _present(
                    name=account.name,
                    state=account.state,
                    units=list(account.units),
                    tags=None if account.tags is None else dict(account.tags),
                )
                for one, account in organization.accounts.items()
            },
            "units": {one: list(unit.names) for one, unit in organization.units.items()},
            "root": organization.root,
            "management": organization.management,
        },
        "delegated": live.delegated,
        "gaps": [[gap.kind, gap.scope, gap.reason] for gap in live.gaps],
        "caller": live.caller,
        **({} if live.denials is None else {"denials": denials_document(live.denials)}),
        "findings": [
            _present(
                code=each.code,
                severity=each.severity,
                message=each.message,
                address=None if each.address is None else str(each.address),
                fix=each.fix,
                details=list(each.details),
                count=each.count,
                kind=each.kind,
            )
            for each in live.findings
        ],
    }
    return (json.dumps(document, sort_keys=True, indent=0, default=_plain) + "\n").encode()


def parse_snapshot(data: bytes) -> Snapshot:
    """The snapshot that `data` holds. Raises RecordError where it is not whole, or of another format."""
    try:
        raw = json.loads(data)
        if isinstance(raw, dict) and raw.get("format") == FORMAT and raw.get("version") != VERSION:
            raise RecordError(
                f"it is a snapshot of format {raw.get('version')!r:.20}, and this version of the reconciler "
                f"knows {VERSION}; take it anew with this version"
            )
        document: _Document = _adapter().validate_json(data, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))[:200]
        raise RecordError(f"it is not a valid snapshot: {where}: {first['msg']}") from None
    except (ValueError, RecursionError) as error:
        raise RecordError(f"it is not JSON: {error}") from None
    if document["format"] != FORMAT:
        raise RecordError("it is not a snapshot of the reconciler")
    try:
        return _snapshot(document)
    except (ValueError, TypeError, KeyError) as error:
        raise RecordError(f"it is not a valid snapshot: {error}") from None


@cache
def _adapter() -> TypeAdapter[_Document]:
    return TypeAdapter(_Document)


def _snapshot(document: _Document) -> Snapshot:
    organization = document["organization"]
    live = Live(
        target=document["target"],
        identity=document["identity"],
        users={
            one: LiveUser(
                one,
                _frozen_all(user["attributes"]),
                user.get("active"),
                user.get("version"),
                {name: tuple(map(_frozen, values)) for name, values in user.get("lists", {}).items()},
            )
            for one, user in document["users"].items()
        },
        groups={
            one: LiveGroup(one, _frozen_all(group["attributes"]), group.get("version"))
            for one, group in document["groups"].items()
        },
        members=document["members"],
        permission_sets={
            arn: LivePermissionSet(
                Arn(arn),
                _frozen_all(one["attributes"]),
                frozenset(one["provisioned"]),
                frozenset(one["outdated"]),
            )
            for arn, one in document["permission_sets"].items()
        },
        assignments={
            (AccountId(account), Arn(arn)): frozenset(map(_principal, principals))
            for account, sets in document["assignments"].items()
            for arn, principals in sets.items()
        },
        organization=Organization(
            accounts={
                one: LiveAccount(
                    one, account["name"], account["state"], tuple(account["units"]), account.get("tags")
                )
                for one, account in organization["accounts"].items()
            },
            units={one: LiveUnit(one, tuple(names)) for one, names in organization["units"].items()},
            root=organization["root"],
            management=organization["management"],
        ),
        delegated=document["delegated"],
        gaps=tuple(Gap(*gap) for gap in document["gaps"]),
        caller=document["caller"],
        denials=denials_of(document["denials"]) if "denials" in document else None,
        findings=tuple(map(_finding, document["findings"])),
    )
    return Snapshot(
        taken_at=datetime.fromisoformat(document["taken_at"]),
        live=live,
        capabilities=_capable(document["capabilities"]),
        tool_version=document["tool_version"],
        redacted=document["redacted"],
    )


def _present(**values: object) -> dict[str, object]:
    return {name: value for name, value in values.items() if value is not None}


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a snapshot cannot hold {type(value).__name__}")


def _capabilities(can: Capabilities) -> dict[str, object]:
    return {
        name: sorted(value) if isinstance(value, frozenset) else value for name, value in asdict(can).items()
    }


def _capable(written: Mapping[str, Any]) -> Capabilities:
    """What could be written; a name of a later version is passed over, since it only narrows or widens."""
    defaults = Capabilities()
    values: dict[str, Any] = {}
    for each in fields(Capabilities):
        if each.name not in written:
            continue
        value, default = written[each.name], getattr(defaults, each.name)
        if each.name in ("kinds", "service_kinds"):
            value = frozenset(map(Kind, value))
        elif isinstance(default, frozenset):
            value = frozenset(map(str, value))
        elif isinstance(default, tuple):
            value = tuple(map(str, value))
        elif not isinstance(value, type(default)) and not (
            isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool)
        ):
            raise ValueError(f"capabilities.{each.name} is {value!r:.40}")
        values[each.name] = value
    return Capabilities(**values)


def _principal(text: str) -> Principal:
    kind, _, identifier = text.partition(":")
    if kind not in (Kind.USER, Kind.GROUP) or not identifier:
        raise ValueError(f"{text!r:.60} is not a principal")
    return Principal(Kind(kind), identifier)


def _finding(written: _Finding) -> Finding:
    address = written.get("address")
    return Finding(
        code=written["code"],
        severity=written["severity"],
        message=written["message"],
        address=None if address is None else Address.parse(address),
        fix=written.get("fix"),
        details=tuple(written["details"]),
        count=written["count"],
        kind=written.get("kind"),
    )


def _frozen(value: Any) -> Value:
    if isinstance(value, list):
        return tuple(map(_frozen, value))
    if isinstance(value, dict):
        return _frozen_all(value)
    return value  # type: ignore[no-any-return]  # text, a number, a truth, nothing: as json made it


def _frozen_all(values: Mapping[str, Any]) -> dict[str, Value]:
    return {name: _frozen(value) for name, value in values.items()}
