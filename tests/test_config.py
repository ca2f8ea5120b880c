"""reconciler.yaml as values: defaults, overrides, and what does not come from the file."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from reconciler.config import Config, default_config, load_config
from reconciler.config.locks import LockConfig, LockType
from reconciler.config.requires import missing_requirement
from reconciler.errors import InputError
from reconciler.model.address import Kind
from reconciler.model.change import Cause
from reconciler.model.policy import (
    Guards,
    Ignore,
    IgnoredAssignment,
    Limit,
    MaxRemovals,
    Mode,
    OnRemoval,
    Protected,
    Provision,
    Scope,
    TargetPolicy,
)
from reconciler.model.resources import Selector
from reconciler.model.rules import Deny, Disjoint, MaxHolders, Require, Restrict, RuledAccess
from tests.trees import tree


def config(text: str) -> Config:
    """The configuration that a file of format 1 holds."""
    return load_config(tree({"reconciler.yaml": f"format: 1\n{text}"}))


def test_without_a_file_there_is_one_target_with_every_default() -> None:
    found = load_config(tree({"a.yaml": "users: {}"}))
    assert found == default_config()
    assert not found.exists
    assert found.timezone == ZoneInfo("UTC")
    (target,) = found.targets.values()
    assert (target.name, target.type, target.settings.region) == ("aws", "identity-center", None)
    assert target.policy == TargetPolicy("aws")


def test_a_file_that_says_nothing_but_its_format_means_the_same_as_none() -> None:
    found = config("")
    assert found.exists
    assert found.targets == default_config().targets
    assert found.auto_apply == {Cause.EXPIRY, Cause.BLOCK, Cause.LEAVER}


def test_a_target_is_described_whole() -> None:
    found = config(
        "timezone: Europe/Zurich\nrequires: '>=0.3,<1'\nauto_apply: [expiry, drift]\ntargets:\n  main:\n"
        "    type: identity-center\n    region: eu-central-2\n"
        "    instance_arn: arn:aws:sso:::instance/ssoins-1234567890abcdef\n"
        "    identity_store_id: d-1234567890\n"
        "    paths: [teams/**, people.yaml]\n    on_removal: delete\n"
        "    provision: {users_in: [all-staff], groups: ['team-*']}\n"
    )
    assert found.timezone == ZoneInfo("Europe/Zurich")
    target = found.targets["main"]
    assert target.settings.region == "eu-central-2"
    assert target.settings.instance_arn == "arn:aws:sso:::instance/ssoins-1234567890abcdef"
    assert target.settings.identity_store_id == "d-1234567890"
    assert target.policy == TargetPolicy(
        target="main",
        paths=("teams/**", "people.yaml"),
        provision=Provision(("all-staff",), ("team-*",)),
        on_removal=OnRemoval.DELETE,
        auto_apply=frozenset({Cause.EXPIRY, Cause.DRIFT}),
    )


def test_auto_apply_of_nothing_is_nothing() -> None:
    assert config("auto_apply: []\n").targets["aws"].policy.auto_apply == frozenset()


def test_a_targets_scope_is_laid_over_the_common_one_field_by_field() -> None:
    found = config(
        "scope:\n  users: observe\n  groups: authoritative\n  ignore: {users: [svc-*], groups: [AWS*]}\n"
        "targets:\n  one: {type: identity-center}\n"
        "  two: {type: identity-center, scope: {users: authoritative, ignore: {groups: []}}}\n"
    )
    assert found.targets["one"].policy.scope == Scope(
        users=Mode.OBSERVE, groups=Mode.AUTHORITATIVE, ignore=Ignore(users=("svc-*",), groups=("AWS*",))
    )
    assert found.targets["two"].policy.scope == Scope(
        users=Mode.AUTHORITATIVE, groups=Mode.AUTHORITATIVE, ignore=Ignore(users=("svc-*",))
    )


def test_ignored_assignments_match_anything_that_is_not_named() -> None:
    found = config(
        "scope: {ignore: {assignments: [{permission_set: AWSFull, account: '1*'}, {user: ada}]}}\n"
    )
    assert found.targets["aws"].policy.scope.ignore.assignments == (
        IgnoredAssignment(permission_set="AWSFull", account="1*"),
        IgnoredAssignment(user="ada"),
    )


def test_guards_hold_for_every_target_and_keep_the_defaults_of_what_is_not_written() -> None:
    found = config(
        "guards:\n  max_removals:\n    users: {count: 10}\n    groups: {percent: null}\n"
        "    memberships: {percent: 5, per_group: {count: 3}}\n    assignments: {per_account: {count: 1}}\n"
        "    total: {count: 7, percent: 2.5}\n"
        "  max_grants: {total: {count: 500}, privileged: {count: 20}}\n"
        "  protected: {users: [root], groups: [admins], permission_sets: [Apply]}\n"
        "  min_members: {admins: 2}\n"
        "targets:\n  one: {type: identity-center}\n  two: {type: identity-center}\n"
    )
    guards = Guards(
        max_removals=MaxRemovals(
            users=Limit(10, 2),
            groups=Limit(5, None),
            memberships=Limit(None, 5),
            per_group=Limit(3, 50),
            assignments=Limit(20, None),
            per_account=Limit(1, None),
            total=Limit(7, 2.5),
        ),
        protected=Protected(("root",), ("admins",), ("Apply",)),
        max_grants={"total": Limit(500), "privileged": Limit(20)},
        min_members={"admins": 2},
    )
    assert [target.policy.guards for target in found.targets.values()] == [guards, guards]


def test_what_is_privileged_is_kept_for_those_who_judge_by_it() -> None:
    found = config(
        "guards:\n  privileged:\n    permission_sets: ['*Admin*']\n    policies: [AdministratorAccess]\n"
        "    accounts: [{ou: Security}]\n"
    )
    assert found.targets["aws"].policy.guards.privileged.permission_sets == ("*Admin*",)
    assert found.targets["aws"].policy.guards.privileged.policies == ("AdministratorAccess",)
    assert [selector.ou for selector in found.targets["aws"].policy.guards.privileged.accounts] == [
        ("Security",)
    ]


RULES = (
    "rules:\n"
    "  zeal: {max_holders: {count: 4}, permission_sets: [Apply], message: ask the owners}\n"
    "  direct: {deny: {principal: user, accounts: [{ou: Prod}]}}\n"
    "  duties: {disjoint: [b, a]}\n"
    "  expire: {require: [until, reason], permission_sets: ['*Admin*'], accounts: ['123456789012']}\n"
    "  grant: {restrict: {permission_sets: ['*Admin*']}, only_from: ['privileged/**']}\n"
)


def test_rules_become_values_by_name_for_every_target() -> None:
    found = config("targets: {one: {type: identity-center}, two: {type: identity-center}}\n" + RULES)
    rules = (
        Deny("direct", RuledAccess((), (Selector(0, ou=("Prod",)),)), Kind.USER),
        Disjoint("duties", ("b", "a")),
        Require("expire", ("reason", "until"), RuledAccess(("*Admin*",), (Selector(0, "123456789012"),))),
        Restrict("grant", RuledAccess(("*Admin*",)), ("privileged/**",)),
        MaxHolders("zeal", 4, RuledAccess(("Apply",)), "ask the owners"),
    )
    assert [target.policy.rules for target in found.targets.values()] == [rules, rules]
    assert list(found.rules.values()) == list(rules)


def test_where_rules_stand_says_nothing() -> None:
    """A line more, or another order, must not change the digest of a plan."""
    first, *others = RULES.splitlines(keepends=True)
    moved = config("# a comment\n" + first + "".join(reversed(others)))
    assert moved.targets["aws"].policy == config(RULES).targets["aws"].policy


def test_without_a_word_a_lock_is_a_file_or_in_ci_a_ref_and_holds_for_a_quarter_of_an_hour() -> None:
    assert config("").lock == LockConfig(LockType.AUTO, 900)


def test_a_lock_is_described_whole() -> None:
    written = "{type: s3, bucket: locks.example, prefix: a/b/, region: eu-central-1, lease_seconds: 60}"
    assert config(f"lock: {written}\n").lock == LockConfig(
        LockType.S3, 60, "locks.example", "a/b/", "eu-central-1"
    )


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("{type: s3}", "has no bucket"),
        ("{type: git, bucket: locks}", "makes no sense for a lock of type git"),
        ("{region: eu-central-1}", "makes no sense for a lock of type auto"),
        ("{type: none, lease_seconds: 60}", "makes no sense without a lock"),
        ("{type: zookeeper}", "is a type of lock that does not exist (write auto, file, git, s3, none)"),
        ("{lease_seconds: 59}", "is not a whole number of seconds from 60 to 86400"),
        ("{lease_seconds: 1h}", "is not a whole number of seconds"),
        ("{type: s3, bucket: Locks}", "is not the name of an S3 bucket"),
        ("{type: s3, bucket: locks, prefix: /a}", "is not a prefix of keys in S3"),
        ("{type: s3, bucket: locks, token: a}", "token"),
        ("git", "lock"),
    ],
)
def test_a_lock_that_makes_no_sense_is_a_fault_with_its_place(written: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        config(f"lock: {written}\n")
    (problem,) = caught.value.problems
    assert says in str(problem)
    assert problem.place is not None
    assert problem.place.line == 2


@pytest.mark.parametrize("name", ["sessions", "identity-reconciler/end_sessions", "a=b,c@d.e+f", "x" * 64])
def test_a_role_that_ends_sessions_is_named_with_or_without_its_path(name: str) -> None:
    found = config(f"targets:\n  aws:\n    type: identity-center\n    session_role: {name}\n")
    assert found.targets["aws"].settings.session_role == name


@pytest.mark.parametrize(
    "name",
    [
        "arn:aws:iam::111111111111:role/sessions",
        "/sessions",
        "sessions/",
        "a//b",
        "end sessions",
        "*",
        "../x?",
        "x" * 65,
        "x/" * 300 + "y",
        "\N{LATIN SMALL LETTER E WITH ACUTE}",
        "",
    ],
)
def test_anything_else_is_not_the_name_of_a_role(name: str) -> None:
    with pytest.raises(InputError) as caught:
        config(f'targets:\n  aws:\n    type: identity-center\n    session_role: "{name}"\n')
    (problem,) = caught.value.problems
    assert "session_role" in str(problem)
    assert problem.place is not None
    assert problem.place.line == 5


def test_everything_wrong_with_the_file_comes_at_once() -> None:
    with pytest.raises(InputError) as caught:
        config("timezone: Nowhere\nrules: {r: {}}\nrequires: '>=99'\n")
    assert [problem.place.line for problem in caught.value.problems if problem.place] == [2, 3, 4]


@pytest.mark.parametrize(
    ("requires", "version", "fits"),
    [
        (">=0.3,<1", "0.3.0", True),
        (">=0.3,<1", "1.0", False),
        (">=0.3,<1", "0.2.9", False),
        (">0.3", "0.3.0", False),
        ("<=0.3", "0.3.0", True),
        ("==0.3", "0.3.0.0", True),
        ("!=0.3.1", "0.3.1", False),
        (" >= 0.10 ", "0.9", False),
        (">=0.3", "0.3.0.dev4", True),
        (">=10", "9.9.9", False),
    ],
)
def test_a_requirement_compares_release_numbers_part_by_part(requires: str, version: str, fits: bool) -> None:  # noqa: FBT001  # a table's column
    assert (missing_requirement(requires, version) is None) is fits
