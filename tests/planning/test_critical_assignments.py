"""What is critical of assignments: which entries count where, and what a removal waits for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from reconciler.model.address import Kind
from reconciler.model.capabilities import Capabilities
from reconciler.model.change import Cause, Change
from reconciler.model.plan import Finding
from reconciler.model.resources import Assignment, Origin, Window
from reconciler.model.state import Assigned, Declared, Gap, Holder, Receipt, Remembered
from reconciler.planning.consequences import Consequences
from reconciler.planning.guards.approving import approval
from reconciler.planning.guards.members import Critical
from reconciler.planning.ordering.order import Dependencies, order
from tests.planning.access_stage import Stage, change
from tests.planning.scenes import ONE, TWO, entry, on
from tests.planning.world import CAN, CAN_ALL, NOTHING, NOW, POLICY, UNLIMITED, identities
from tests.support.pairs import declared_pair

ROOT = entry("root", "Admin", on(ONE))
BOTH = entry("root", "Admin", on(TWO, ONE))
TEAMS = {"red": "ada bob", "lab": "cyd dan", "zoo": "dan eve", "new": ""}
OUT, IN = f"delete assignment/{ONE}/Admin/{{}}".format, f"create assignment/{ONE}/Admin/{{}}".format


def declared(text: str) -> Change:
    """`delete assignment/…`, or with a cause before it: `expiry delete assignment/…`."""
    first, rest = text.split(maxsplit=1)
    return change(rest, Cause(first)) if first in set(Cause) else change(text)


@dataclass
class Case:
    """Changes of one organisation in which `root` is critical; by default red has Admin on one account."""

    changes: Sequence[str]
    least: int = 2
    held: str = "red"
    entries: Sequence[Assignment] = (ROOT,)
    # What git said at the last whole apply.
    then: Sequence[Assignment] = ()
    gaps: Sequence[str] = ()
    # Holders of Admin on the account as git wants them.
    wanted: Sequence[str] = ()
    paths: tuple[str, ...] = ("**",)
    can: Capabilities = CAN_ALL
    made: list[Change] = field(default_factory=list)

    def critical(self) -> Critical:
        self.made = [declared(text) for text in self.changes]
        plain = Stage(
            members=TEAMS,
            people="ada bob cyd dan eve lab",
            assigned={f"{ONE} Admin": self.held, f"{TWO} Admin": self.held},
        ).context()
        holders = (Holder(Kind(kind), key) for kind, key in (each.split(":") for each in self.wanted))
        wanted = dict.fromkeys(holders, Assigned("root", ROOT.origin))
        judged = replace(
            plain,
            policy=replace(
                plain.policy, guards=replace(UNLIMITED, min_members={"root": self.least}), paths=self.paths
            ),
            desired=replace(plain.desired, assignments={declared_pair(ONE, "Admin"): wanted}),
            live=replace(
                plain.live, gaps=tuple(Gap(Kind(k), s, "why") for k, s in map(str.split, self.gaps))
            ),
            capabilities=self.can,
        )
        git = identities(assignments={one.key: one for one in self.entries})
        base = identities(assignments={one.key: one for one in self.then})
        memory = Remembered(Receipt("aws", {}, "", "", NOW), Declared("base", base, POLICY))
        return Critical(Consequences(judged, self.made, {}), git, memory if self.then else NOTHING)

    def waits(self) -> dict[str, str]:
        """By removal, what it waits for; assignments on the one account by their holder alone."""
        here = f"{Kind.ASSIGNMENT}/{ONE}/Admin/"
        return {
            f"{address.kind}/{address.key}".removeprefix(here): " ".join(
                f"{one.kind}/{one.key}".removeprefix(here) for one in needed
            )
            for address, needed in self.critical().needed().items()
        }

    def output(self, *, held: bool = True) -> list[Finding]:
        """What is said when removals are ordered after what they wait for, or (not held) in any order."""
        found = self.critical()
        steps, _ = order(self.made, Dependencies(replaced=found.needed() if held else {}))
        return list(found.findings(steps))


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        pytest.param(
            Case([OUT("group:red"), IN("group:lab")]), {"group:red": "group:lab"}, id="one group for another"
        ),
        pytest.param(
            Case([OUT("group:red"), IN("user:eve")], 1), {"group:red": "user:eve"}, id="a user for a group"
        ),
        pytest.param(
            Case([OUT("group:red"), "create user/amy", IN("user:amy")], 1),
            {"group:red": "user:amy user/amy"},
            id="somebody who is made",
        ),
        pytest.param(
            Case(["delete membership/red/ada", "create membership/red/cyd"]),
            {"membership/red/ada": "membership/red/cyd"},
            id="a member of the group that has it",
        ),
        pytest.param(
            Case([OUT("group:red"), IN("group:new"), "create membership/new/eve"], 1),
            {"group:red": "group:new membership/new/eve"},
            id="a new member of a group that gets it",
        ),
        pytest.param(
            Case([OUT("group:red"), IN("group:zoo"), IN("group:lab")], 2),
            {"group:red": "group:lab"},
            id="through the first that leads to them",
        ),
        pytest.param(
            Case([OUT("group:red"), IN("group:zoo"), IN("group:new")], 1),
            {"group:red": "group:zoo"},
            id="not through a group that they are not in",
        ),
        pytest.param(
            Case([OUT("group:red"), IN("group:lab")], held="red zoo"), {}, id="enough keep it by another way"
        ),
        pytest.param(
            Case([OUT("group:red"), IN("group:lab")], entries=[], then=[ROOT]),
            {"group:red": "group:lab"},
            id="an entry of the last whole apply",
        ),
        pytest.param(
            Case([OUT("group:red"), IN("group:lab")], entries=[ROOT], then=[entry("root", "Admin", on(TWO))]),
            {"group:red": "group:lab"},
            id="what git says now comes first",
        ),
        pytest.param(
            Case([OUT("group:red"), IN("group:lab")], entries=[entry("root", "Admin", on(TWO))]),
            {},
            id="on another account",
        ),
        pytest.param(
            Case([OUT("group:red"), IN("group:lab")], entries=[entry("other", "Admin", on(ONE))]),
            {},
            id="another entry",
        ),
        pytest.param(
            Case([OUT("group:red"), IN("group:lab")], can=CAN), {}, id="where nothing can be assigned"
        ),
    ],
)
def test_what_a_removal_from_a_critical_entry_waits_for(case: Case, expected: dict[str, str]) -> None:
    assert case.waits() == expected


@pytest.mark.parametrize(
    ("starts", "paths", "judged"),
    [(0, "**", True), (1, "**", False), (0, "own/*", True), (0, "else/*", False), (1, "else/*", False)],
)
def test_an_entry_counts_from_its_start_and_where_its_file_is_for_the_target(
    starts: int, paths: str, *, judged: bool
) -> None:
    one = replace(ROOT, window=Window(NOW + timedelta(hours=starts)), origin=Origin("own/access.yaml", 1))

    found = Case([OUT("group:red"), IN("group:lab")], entries=[one], paths=(paths,)).waits()

    assert bool(found) is judged


@pytest.mark.parametrize(
    ("gap", "judged"),
    [
        ("assignment *", False),
        (f"assignment {ONE}", False),
        (f"assignment {TWO}", True),
        ("membership *", True),
        (f"membership {ONE}", True),
    ],
)
def test_an_account_of_which_assignments_were_not_read_is_not_judged(gap: str, *, judged: bool) -> None:
    assert bool(Case([OUT("group:red"), IN("group:lab")], gaps=[gap]).waits()) is judged


@pytest.mark.parametrize(
    ("gap", "wanted", "expected"),
    [
        pytest.param("assignment users", ["user:cyd", "user:dan"], {}, id="they keep it"),
        pytest.param(
            "assignment users",
            ["user:cyd", "group:lab"],
            {"group:red": "user:dan"},
            id="a group is no user, though one has the same key",
        ),
        pytest.param(
            "membership users",
            ["user:cyd", "user:dan"],
            {"group:red": "user:dan user:eve"},
            id="all were read",
        ),
    ],
)
def test_users_whose_assignments_were_not_read_have_what_git_says(
    gap: str, wanted: Sequence[str], expected: dict[str, str]
) -> None:
    changes = [OUT("group:red"), IN("user:eve"), IN("user:dan")]
    assert Case(changes, gaps=[gap], wanted=wanted).waits() == expected


def test_an_entry_with_too_few_on_several_accounts_is_told_once() -> None:
    case = Case([OUT("group:red"), OUT("group:red").replace(ONE, TWO), IN("user:eve")], 4, entries=[BOTH])

    (finding,) = case.output()

    assert finding.message == f"root (Admin on {ONE}) would have 1 of at least 4 members who can sign in"
    assert finding.fix == f"add 3 more who are active; {approval('min-members', 1, Kind.ASSIGNMENT)}"
    assert (finding.details, finding.kind) == (("eve",), Kind.ASSIGNMENT)


@pytest.mark.parametrize("held", [True, False])
def test_a_moment_of_too_few_on_several_accounts_is_told_once(*, held: bool) -> None:
    changes = [OUT("group:red"), IN("group:lab")]
    found = Case([*changes, *(one.replace(ONE, TWO) for one in changes)], entries=[BOTH]).output(held=held)

    moment = "would have fewer than 2 members for a moment, in any order of these changes"
    assert [one.message for one in found] == ([] if held else [f"root (Admin on {ONE}) {moment}"])
    for one in found:
        assert one.details == (f"aws/assignment/{ONE}/Admin/group:red",)
        assert one.kind is Kind.ASSIGNMENT


def test_a_group_whose_assignment_is_over_counts_no_more() -> None:
    changes = [f"expiry {OUT('group:red')}", OUT("group:zoo"), IN("group:lab")]
    case = Case(changes, 2, held="red zoo")

    assert case.waits() == {"group:zoo": "group:lab"}
    assert [one.message.split(" for a")[0] for one in case.output(held=False)] == [
        f"root (Admin on {ONE}) would have fewer than 2 members"
    ]
