"""A snapshot as text: what was live comes back as it was, or not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from reconciler.errors import RecordError
from reconciler.loading.snapshot_text import parse_snapshot, render_snapshot
from reconciler.model.address import AccountId, Address, Arn, Kind
from reconciler.model.capabilities import Capabilities
from reconciler.model.denials import Denials, Entry
from reconciler.model.organization import LiveAccount, LiveUnit, Organization
from reconciler.model.pairs import Principal
from reconciler.model.plan import Finding, Severity
from reconciler.model.resources import Origin, User
from reconciler.model.snapshot import Snapshot, redact
from reconciler.model.state import Gap, Identities, Live, LiveGroup, LivePermissionSet, LiveUser

ARN = Arn("arn:aws:sso:::permissionSet/ssoins-1/ps-1")
LIVE = Live(
    target="aws",
    denials=Denials(
        "p-cutsoff1",
        {"u-1": Entry(), "u-2": Entry(datetime(2026, 12, 1, 18, tzinfo=UTC), offboarded=True)},
        ("statement 3",),
        "slow",
        frozenset({"u-3"}),
    ),
    identity={"instance_arn": "arn:aws:sso:::instance/ssoins-1", "store": "d-1"},
    users={
        "u-1": LiveUser(
            "u-1",
            {
                "user_name": "ada@example.com",
                "title": "Łead",
                "address": {"locality": "Zürich"},
                "manager": "u-2",
            },
            active=True,
            version="3",
            lists={"emails": ("a@example.com", {"value": "b@example.com", "primary": False})},
        ),
        "u-2": LiveUser("u-2", {"user_name": "bob@example.com"}),
    },
    groups={"g-1": LiveGroup("g-1", {"display_name": "ops"}, version='W/"1"'), "g-2": LiveGroup("g-2", {})},
    members={"g-1": {"u-1": "m-1", "u-2": ""}, "g-2": {}},
    permission_sets={
        ARN: LivePermissionSet(
            ARN,
            {"name": "Admin", "managed_policies": ("arn:aws:iam::aws:policy/A", "B"), "tags.env": "prod"},
            frozenset({"210000000001"}),
            frozenset({"210000000001"}),
        )
    },
    assignments={
        (AccountId("210000000001"), ARN): frozenset(
            {Principal(Kind.GROUP, "g-1"), Principal(Kind.USER, "u-2")}
        )
    },
    organization=Organization(
        {
            "210000000001": LiveAccount("210000000001", "prod", "ACTIVE", ("ou-1",), {"env": "prod"}),
            "210000000002": LiveAccount("210000000002", "old", "SUSPENDED"),
        },
        {"ou-1": LiveUnit("ou-1", ("Workloads", "a/b"))},
        "r-1",
        "210000000009",
    ),
    delegated=True,
    gaps=(Gap(Kind.ASSIGNMENT, "*", "it was not asked"),),
    caller="arn:aws:sts::210000000009:assumed-role/plan/ada",
    findings=(
        Finding(
            "foreign-members",
            Severity.WARNING,
            "eve.adams is not a user",
            address=Address.of("aws", Kind.GROUP, "~g-1"),
            fix="look at eve.adams",
            details=("m-7",),
            count=2,
            kind=Kind.MEMBERSHIP,
        ),
    ),
)
SNAPSHOT = Snapshot(
    datetime(2026, 11, 29, 8, 0, tzinfo=UTC),
    LIVE,
    Capabilities(
        kinds=frozenset({Kind.USER}), required=("user_name", "email"), writes_per_second=2.5, bulk=7
    ),
    "0.4.0",
)


def test_everything_comes_back_as_it_was() -> None:
    assert parse_snapshot(render_snapshot(SNAPSHOT)) == SNAPSHOT


def test_the_same_live_state_is_the_same_text() -> None:
    turned = replace(LIVE, users=dict(reversed(list(LIVE.users.items()))))

    assert render_snapshot(replace(SNAPSHOT, live=turned)) == render_snapshot(SNAPSHOT)


@pytest.mark.parametrize("end", [0, 1, 100, -2])
def test_a_text_that_was_cut_off_is_refused(end: int) -> None:
    with pytest.raises(RecordError):
        parse_snapshot(render_snapshot(SNAPSHOT)[:end])


def test_a_text_that_is_nested_too_deep_is_refused() -> None:
    with pytest.raises(RecordError, match="it is not JSON"):
        parse_snapshot(b"[" * 100_000)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"kinds": [', '"kinds": ["horse",'),
        ('"bulk": 7', '"bulk": "7"'),
        ('"delegated": true', '"delegated": "yes"'),
        ('"group:g-1"', '"group:"'),
        ('"2026-11-29T08:00:00+00:00"', '"2026-11-29T08:00:00"'),
        ('"2026-11-29T08:00:00+00:00"', '"yesterday"'),
        ('"2026-11-29T08:00:00+00:00"', '"0001-01-01T00:00:00+14:00"'),
        ('"caller"', '"called"'),
        ('"aws/group/~g-1"', '"nowhere"'),
        ('"count": 2', '"count": 2.5'),
    ],
)
def test_a_text_with_a_wrong_value_is_refused(old: str, new: str) -> None:
    text = render_snapshot(SNAPSHOT).decode()
    assert old in text

    with pytest.raises(RecordError, match="it is not"):
        parse_snapshot(text.replace(old, new).encode())


def test_a_redacted_one_keeps_what_git_holds_and_nothing_else_of_people() -> None:
    known = Identities(users={"ada": User("ada", {"user_name": "ADA@example.com"}, Origin("p.yaml", 0))})

    text = render_snapshot(redact(SNAPSHOT, known)).decode()
    live = parse_snapshot(text.encode()).live

    assert live.users["u-1"].attributes["user_name"] == "ada@example.com"
    assert live.users["u-1"].attributes["manager"] == "u-2"
    assert live.users["u-2"].attributes["user_name"] == "(redacted) u-2"
    for secret in (
        "bob@example.com",
        "b@example.com",
        "Łead",
        "Zürich",
        "ops",
        "assumed-role",
        "m-7",
        "eve.adams",
    ):
        assert secret not in text.encode().decode("unicode-escape")
    assert live.members == LIVE.members
    assert live.assignments == LIVE.assignments
