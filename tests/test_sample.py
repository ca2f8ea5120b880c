"""The sample company loads, uses every feature, and keeps its meaning for years."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

from reconciler.files.tree import FolderTree, MemoryTree
from reconciler.loading.load import Loaded, load
from reconciler.model.address import Kind
from reconciler.model.capabilities import Capabilities
from reconciler.model.resources import ALWAYS, USER_ATTRIBUTES, Grant, PolicyReference, Sharing
from reconciler.model.rules import Rule
from reconciler.model.state import Desired, Identities
from reconciler.planning.desired.project import project

FOLDER = Path(__file__).resolve().parents[1] / "identities"
WRITTEN = datetime(2026, 11, 23, 12, tzinfo=UTC)
YEARS_LATER = datetime(2035, 6, 1, 12, tzinfo=UTC)


@cache
def _sample() -> Loaded:
    return load(FolderTree(FOLDER))


def _at(now: datetime) -> Desired:
    can = Capabilities(kinds=frozenset((Kind.USER, Kind.GROUP, Kind.MEMBERSHIP)))
    return project(_sample().identities, _sample().config.targets["aws"].policy, now, can)


def test_it_loads_without_a_finding_and_counts_about_fifteen_people() -> None:
    assert _sample().findings == ()
    assert 12 <= len(_sample().identities.users) <= 18


def test_every_attribute_of_a_user_is_used_somewhere() -> None:
    used = {name for user in _sample().identities.users.values() for name in user.attributes}
    assert used == set(USER_ATTRIBUTES)


FEATURES: dict[str, Callable[[Identities], object]] = {
    "a user who is somebody else's": lambda it: any(user.external for user in it.users.values()),
    "a user who is on leave": lambda it: any(user.active is False for user in it.users.values()),
    "a user with a first day": lambda it: any(user.window.start for user in it.users.values()),
    "a user with a last day": lambda it: any(user.window.end for user in it.users.values()),
    "a user who had another key": lambda it: any(user.previously for user in it.users.values()),
    "an attribute that is cleared": lambda it: any(
        value is None for user in it.users.values() for value in user.attributes.values()
    ),
    "a group that is somebody else's": lambda it: any(group.external for group in it.groups.values()),
    "a group that others share": lambda it: any(group.shared for group in it.groups.values()),
    "a group that had another name": lambda it: any(group.previously for group in it.groups.values()),
    "a group that is kept empty": lambda it: any(group.members == {} for group in it.groups.values()),
    "a group whose membership is not managed": lambda it: any(
        group.unmanaged and group.members is None for group in it.groups.values()
    ),
    "a membership with a reason and both ends": lambda it: any(
        isinstance(grant, Grant) and grant.reason and grant.window.start and grant.window.end
        for group in it.groups.values()
        for grant in (group.members or {}).values()
    ),
    "an include with an end": lambda it: any(
        include.window.end for group in it.groups.values() for include in group.include or ()
    ),
    "a policy by name, by path and by ARN": lambda it: (
        {
            "arn" if ":" in policy else "path" if "/" in policy else "name"
            for one in it.permission_sets.values()
            for policy in one.managed_policies
        }
        == {"name", "path", "arn"}
    ),
    "a customer-managed policy": lambda it: any(
        one.customer_managed_policies for one in it.permission_sets.values()
    ),
    "both kinds of boundary": lambda it: (
        {type(one.permissions_boundary) for one in it.permission_sets.values()}
        == {str, PolicyReference, type(None)}
    ),
    "two inline policies": lambda it: (
        sum(one.inline_policy is not None for one in it.permission_sets.values()) == 2
    ),
    "a relay state": lambda it: any(one.relay_state for one in it.permission_sets.values()),
    "tags": lambda it: any(one.tags for one in it.permission_sets.values()),
    "a set that others may assign and one that they may not": lambda it: (
        {one.assignments for one in it.permission_sets.values()} >= set(Sharing)
    ),
    "a set that replaces another": lambda it: any(one.previously for one in it.permission_sets.values()),
    "an account id that begins with zero": lambda it: any(
        account.id.startswith("0") for account in it.accounts.values()
    ),
    "accounts by name and by id": lambda it: any(
        (selector.account or "").isdigit() for one in it.assignments.values() for selector in one.accounts
    ),
    "accounts by unit, alone and at one level only": lambda it: (
        {selector.direct for one in it.assignments.values() for selector in one.accounts if selector.ou}
        == {True, False}
    ),
    "accounts by unit and tag together": lambda it: any(
        selector.ou and selector.tag for one in it.assignments.values() for selector in one.accounts
    ),
    "all accounts": lambda it: any(
        selector.all for one in it.assignments.values() for selector in one.accounts
    ),
    "accounts left out": lambda it: any(one.excluded for one in it.assignments.values()),
    "a direct assignment": lambda it: any(one.users for one in it.assignments.values()),
    "an assignment with both ends and a reason": lambda it: any(
        one.window.start and one.window.end and one.reason for one in it.assignments.values()
    ),
    "somebody who is blocked": lambda it: any(block.since and block.reason for block in it.blocked.values()),
    "somebody whose import is overridden": lambda it: any(
        one.window not in (None, ALWAYS) for one in it.overrides.values()
    ),
    "an approval": lambda it: it.approvals,
}


@pytest.mark.parametrize("feature", FEATURES)
def test_it_shows(feature: str) -> None:
    assert FEATURES[feature](_sample().identities)


def test_it_has_every_kind_of_rule_and_every_guard_that_is_off_by_default() -> None:
    policy = _sample().config.targets["aws"].policy
    assert {type(rule) for rule in policy.rules} == set(get_args(Rule))
    assert any(rule.message for rule in policy.rules)
    assert all((policy.guards.min_members, policy.guards.max_grants, policy.guards.privileged.policies))


def test_it_means_the_same_for_years() -> None:
    then, later = _at(WRITTEN), _at(YEARS_LATER)
    assert {key: set(members) for key, members in then.members.items()} == {
        key: set(members) for key, members in later.members.items()
    }
    assert then.inactive.keys() == later.inactive.keys() == {"marta.nowak", "omar.haddad", "hana.sato"}
    assert not then.not_yet
    assert all(approval.until <= WRITTEN for approval in _sample().identities.approvals.values())


def test_every_file_names_the_schema_that_it_follows_on_its_first_line() -> None:
    for path in FOLDER.rglob("*.yaml"):
        first = path.read_text(encoding="utf-8").splitlines()[0]
        named = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
        assert named, path
        kind = {"reconciler.yaml": "reconciler", "approvals": "approvals"}
        expected = kind.get(path.name) or kind.get(path.parent.name) or "identities"
        schemas = FOLDER.parent / "schemas"
        assert (path.parent / named[1]).resolve() == (schemas / f"{expected}.schema.json").resolve()


def test_it_names_nobody_who_could_exist() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.yaml"))
    domains = {found.lower() for found in re.findall(r"(?:@|https://)([A-Za-z0-9.-]+)", text)}
    owned_by_aws = {"console.aws.amazon.com", "scim.eu-central-1.amazonaws.com"}
    assert {name for name in domains if not re.search(r"(^|\.)example(\.com)?$", name)} <= owned_by_aws


def test_what_the_configuration_shows_in_comments_works_when_it_is_let_in() -> None:
    text = (FOLDER / "reconciler.yaml").read_text(encoding="utf-8")
    start, end = text.index("targets:"), text.index("# observe:")
    shown = re.sub(r"^#", " ", text[start:end], flags=re.MULTILINE)
    files = {path: FolderTree(FOLDER).read(path) for path in FolderTree(FOLDER).paths()}
    files["reconciler.yaml"] = (text[:start] + shown + text[end:]).encode()

    found = load(MemoryTree("identities", files)).config

    assert found.targets.keys() == {"aws", "chat"}
    assert found.targets["aws"].settings.channel is not None
    assert found.targets["aws"].settings.channel.endpoint.token_next is not None
    assert found.targets["chat"].policy.map == {"user_name": "{email}", "nick_name": "{given_name}"}
