"""What is said of sessions, and of what a person reached: short, whole, and nobody else's command."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from reconciler.model.signin import AccountSessions
from reconciler.planning.offboarding import Removal
from reconciler.planning.prepared import PreparedPlan
from reconciler.planning.reaches import Reach
from reconciler.render.offboarding import MOST, Ended, offboarded_text
from reconciler.render.signed_in import intended, sessions_text

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


def reach(number: int, name: str = "Read", **more: object) -> Reach:
    identifier = f"{210000000000 + number}"
    values: dict[str, object] = {
        "account": f"a{number} ({identifier})",
        "permission_set": name,
        "ways": ("ops",),
        "seconds": 3600,
        "management": False,
        "identifier": identifier,
        "alone": False,
    }
    return Reach(**(values | more))  # type: ignore[arg-type]  # a table of values


def lasting(reaches: list[Reach], *, denied: bool) -> list[str]:
    found = Removal(PreparedPlan.__new__(PreparedPlan), (), tuple(reaches))
    object.__setattr__(found.prepared, "plan", type("P", (), {"changes": ()}))
    shown = offboarded_text(Ended({"aws": found}, {}, {}, {}, {"aws": ""} if denied else {}, NOW))
    return [line.strip() for line in shown.splitlines() if " on " in line]


def test_accounts_with_the_same_set_and_end_are_one_line() -> None:
    reaches = [reach(number) for number in range(30)]
    reaches += [reach(40, seconds=7200), reach(41, management=True), reach(1, "Deploy")]
    one, two, three = lasting(reaches, denied=False)
    assert one.startswith("Read on 31 accounts (a0 (210000000000), a1 (210000000001), ")
    assert one.endswith("and 19 more): no new session; an open one lives until 2026-11-29T13:00Z at most")
    assert one.count("(2100") == MOST
    assert (
        two == "Read on a40 (210000000040): no new session; an open one lives until 2026-11-29T14:00Z at most"
    )
    assert three.startswith("Deploy on a1 (210000000001): no new session")
    cut, management, _ = lasting([reach(1), reach(2), reach(3, management=True), reach(4, "X")], denied=True)
    assert cut.startswith(
        "Read on 2 accounts (a1 (210000000001) and a2 (210000000002)): cut, open sessions too"
    )
    assert management.startswith("Read on a3 (210000000003): no new session; an open one lives until")


def test_refusals_that_differ_in_the_account_alone_are_one_line() -> None:
    found = [
        AccountSessions(f"{210000000000 + n}", problem=f"denied on role/{210000000000 + n}/x")
        for n in range(40)
    ]
    shown = sessions_text(found, [reach(n) for n in range(40)], "eu-central-1", everybody=False)
    assert shown.count("NOT LOOKED AT: denied on role/ACCOUNT/x: 40 accounts (a0 (210000000000), ") == 1
    assert shown.count("aws signin list-sessions --region eu-central-1") == 1
    assert len(shown.splitlines()) == 5


@pytest.mark.parametrize("name", ["$(id)", "a'b", 'a"b', "a b", "`x`", "a;b", "é", "x" * 33])
def test_no_name_of_a_service_gets_into_a_command(name: str) -> None:
    found = [AccountSessions("210000000001", asked=False)]
    shown = sessions_text(found, [reach(1, name)], "eu-central-1", everybody=False)
    commands = [line for line in shown.splitlines() if line.strip().startswith("aws ")]
    assert len(commands) == 2
    assert all(name not in line.replace("$(aws sts", "") for line in commands)


def test_what_ended_and_what_did_not() -> None:
    assert sessions_text([], [], "eu-central-1", everybody=False) == ""
    nothing = sessions_text([AccountSessions("210000000001")], [reach(1)], "eu-central-1", everybody=False)
    assert nothing.splitlines()[1:] == ["  nothing is open on a1 (210000000001)"]
    found = [AccountSessions("210000000001", ended=["x", "y"], shared={"Read": 1}, failed={"z": "no"})]
    lines = sessions_text(found, [reach(1)], "eu-central-1", everybody=False).splitlines()
    assert lines[1].startswith("  2 sessions ended on a1 (210000000001)")
    assert lines[2].startswith("  NOT ENDED: 1 session of Read on a1 (210000000001): others have it")
    assert lines[3] == "  NOT ENDED: 1 session on a1 (210000000001): no"
    assert "others have it" not in sessions_text(found, [reach(1)], "eu-central-1", everybody=True)


def test_what_is_intended_is_said_before_the_confirmation() -> None:
    (one, unknown) = intended(None, [], everybody=True)
    assert "nobody knows which roles they had" in unknown
    assert "end: in the caller's own account; for others the commands" in one
    (one,) = intended("x/y", [reach(1, alone=True)], everybody=False)
    assert "in others as the role x/y" in one
    _, two = intended("x", [reach(1), reach(2, "Deploy")], everybody=False)
    assert "those of Deploy and Read stay open" in two
    assert "--end-sessions-of-their-roles" in two
    _, two = intended("x", [reach(1, "Deploy")], everybody=True)
    assert "ALSO THE SESSIONS OF OTHERS who have Deploy end" in two
