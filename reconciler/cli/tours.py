"""What `reconciler demo` shows: the stops of each tour, as data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop of a tour: what it is about, the command line, and the exit code that belongs to it.

    `edit` comes first: a file below the identities, its text now ("" for a new file), and what then.
    So does `state`: the recording of the directory that becomes DIRECTORY; `half` of it, where it broke off.
    """

    about: str
    line: str
    code: int = 0
    edit: tuple[str, str, str] | None = None
    state: str | None = None
    half: bool = False


# The file with the recorded directory.
DIRECTORY = "directory.ldif"
_IMPORT = f"reconciler import ad --ldif {DIRECTORY}"
_PLAN, _APPLY = "reconciler plan --sandbox --out plan.json", "reconciler apply --sandbox plan.json"
_APPROVAL = """\
approvals:
  security-moves:
    guard: set-emptied
    kind: memberships
    count: 1
    until: {tomorrow}
    reason: the team moves to another group
"""
MAIN: Sequence[Stop] = (
    Stop(
        "Are the files right? Every file is checked, without asking any service: this works offline.",
        "reconciler validate",
    ),
    Stop(
        "What would happen to an Identity Center without any users? The plan is shown, and saved so that "
        "somebody can review it.",
        "reconciler plan --sandbox --out plan.json",
    ),
    Stop(
        "Do what that plan says, and nothing else. Each object is read back after it was written.",
        "reconciler apply --sandbox plan.json",
    ),
    Stop("Is there anything left to do?", "reconciler plan --sandbox --detailed-exitcode"),
    Stop(
        "The last member of a group is taken out in the files. A guard refuses that, with exit code 3, and "
        "says which approval would allow it.",
        "reconciler plan --sandbox",
        3,
        ("groups/teams.yaml", "    members: [jonas.lind]\n", "    members: []\n"),
    ),
    Stop(
        "An approval allows it, for this number and until this day. It is reviewed with the change.",
        "reconciler plan --sandbox --out plan.json",
        edit=("approvals/tour.yaml", "", _APPROVAL),
    ),
    Stop("What was reviewed is applied.", "reconciler apply --sandbox plan.json"),
    Stop(
        "Somebody adds a member in the console, without a review ...",
        "reconciler sandbox console add-member platform-engineers sam@partner.example",
    ),
    Stop(
        "... somebody lets a permission set allow everything ...",
        "reconciler sandbox console attach-policy ReadOnly AdministratorAccess",
    ),
    Stop(
        "... and an account gets a tag, which is fine: everyone may read what is tagged like that.",
        "reconciler sandbox console tag-account payments-dev env=dev",
    ),
    Stop(
        "Who was it? `drift` lists what differs from git, since when, and who changed it.",
        "reconciler drift --sandbox",
        2,
    ),
    Stop(
        "The next plan undoes the first two changes, gives what the tag selects, and says who gains and "
        "loses what. Its exit code is 2: changes are pending.",
        "reconciler plan --sandbox --detailed-exitcode",
        2,
    ),
)


def _reviewed(state: str, about: str, then: str, edit: tuple[str, str, str] | None = None) -> Iterator[Stop]:
    """An import, the plan that people review, and its apply."""
    yield Stop(about, _IMPORT, state=state, edit=edit)
    yield Stop(then, _PLAN)
    yield Stop("What was reviewed is applied.", _APPLY)


_BLOCK = "blocked:\n  ivo: {reason: SEC-12}\n"
_HARBOUR = (
    "assignments:\n  harbour: {groups: [harbour], permission_sets: [Analyst], accounts: [harbour-prod]}\n"
)
ACTIVE_DIRECTORY: Sequence[Stop] = (
    *_reviewed(
        "first",
        "Active Directory has four people in two departments. The import writes them as YAML, in a folder "
        "that it owns; git, review and plan follow, as for every change.",
        "People wrote in access.yaml which accounts a department reaches.",
    ),
    *_reviewed("joins", "Mara joins in AD, in the department Payments.", "She reaches two accounts."),
    *_reviewed(
        "moves",
        "She moves to the department Data.",
        "Both changes are in one plan: she gains the new access before she loses the old.",
    ),
    *_reviewed(
        "renames",
        "She changes her name, and with it her user name and the name of her account in AD.",
        "It is the same person: the import knows her by objectGUID. Nothing is created.",
    ),
    Stop("Mara leaves: her account in AD is disabled.", _IMPORT, state="leaves"),
    Stop("Taking access away needs no review. The scheduled job does it.", "reconciler reconcile --sandbox"),
    Stop(
        "What does she reach?",
        "reconciler access --sandbox --person mara",
    ),
    Stop(
        "A security officer blocks Ivo in git, whom AD still calls enabled.",
        "reconciler reconcile --sandbox",
        edit=("blocked.yaml", "", _BLOCK),
    ),
    Stop("Ivo gets a title in AD, and is imported again ...", _IMPORT, state="blocked"),
    Stop("... and the import does not bring him back.", "reconciler access --sandbox --person ivo"),
    *_reviewed(
        "grows",
        "Another company is bought, and a group arrives. (Here it has 20 people; 2,200 come the same way.)",
        "All 20 people are in one plan.",
        ("harbour.yaml", "", _HARBOUR),
    ),
    Stop(
        "The directory answers half. More would be lost than one import may take away: nothing is written.",
        _IMPORT,
        3,
        state="grows",
        half=True,
    ),
    Stop("Eve is deleted in AD.", _IMPORT, state="deleted"),
    Stop("Eve loses all access, as Mara did.", "reconciler reconcile --sandbox"),
    Stop("Somebody else is hired who has the same name, and so the same address.", _IMPORT, state="namesake"),
    Stop(
        "It is another objectGUID, and another person: the new Eve gets none of the old access. Until "
        "somebody removes or renames the old user at AWS, the new one is left alone.",
        "reconciler plan --sandbox",
        1,
    ),
)
