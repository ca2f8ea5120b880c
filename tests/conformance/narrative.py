"""Stories: states of the world as files, one after the other, each planned, applied and planned again.

A story is a name and a list of states, in the manner of DNSControl's integration tests; to add a case is
to add an entry to one of the `stories_*.py`. Every state starts from what the one before it left behind,
in the directory and in memory. `tell` goes through a story and fails where a plan is not carried out
whole, where the plan after it is not empty, or where the world is not what the state expects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from reconciler.model.report import Status
from reconciler.sandbox import Console
from tests.support.site import START, FilesSite, files_site

ENTERPRISE = "aws:identitystore:enterprise"
# Small teams lose half of their members every day: limits are the business of other tests.
UNLIMITED = """
guards:
  max_removals:
    users: {count: null, percent: null}
    groups: {count: null, percent: null}
    memberships: {percent: null, per_group: {percent: null}}
    permission_sets: {count: null}
    assignments: {count: null, per_account: {count: null}}
    total: {count: null}
"""
APPROVED = "approvals:\n" + "".join(
    f"  {guard}-{kind}: {{guard: {guard}, kind: {kind}, count: 99, until: 2099-12-31, reason: a story}}\n"
    for guard in ("set-emptied", "live-shrank", "source-shrank", "recreate")
    for kind in ("users", "groups", "memberships", "permission_sets", "assignments")
)
_NO_ID = object()


@dataclass(frozen=True)
class State:
    """One state: what is written, and what is in the directory once it is applied.

    `files` is the text of one file, or several by path; `config` what reconciler.yaml says beside the
    usual; `at` the moment from which on it is (None: still the one before). `behind` is done by somebody
    at the console first. Expected are: `groups`, whole, each with the user names in it; `people` of some
    users, some attributes by the API's paths (`Name.GivenName`, `department` of the extension, `manager`
    by user name; None: not set); `described` the descriptions of some groups; `nobody` user names that
    are not there; `same` names whose object is the one that another name had before; `assigned`, whole, who
    has which permission set in the account of which name (`prod/Admin/ops`); `sets` the names of all
    permission sets, with what some of them are by the words of `Console.permission_sets`; `says` codes of
    findings in the plan that is applied; `causes` all causes in it; `quiet` that this plan changes nothing.

    Whatever is expected, every role is up to date after an apply, and there are none that nobody is
    assigned; `unused` names those that are there all the same (`prod/Admin`).
    """

    files: str | Mapping[str, str]
    groups: Mapping[str, str] | None = None
    people: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    described: Mapping[str, str | None] = field(default_factory=dict)
    nobody: str = ""
    same: Mapping[str, str] = field(default_factory=dict)
    assigned: str | None = None
    sets: Mapping[str, Mapping[str, object]] | None = None
    unused: str = ""
    config: str = ""
    at: str | None = None
    behind: Callable[[Console], object] | None = None
    says: str = ""
    causes: str | None = None
    quiet: bool = False


@dataclass(frozen=True)
class Story:
    """A name, and what happens. A name is a sentence."""

    name: str
    states: tuple[State, ...]


def story(name: str, *states: State) -> Story:
    """One entry."""
    return Story(name, states)


def several(*hands: Callable[[Console], object]) -> Callable[[Console], None]:
    """One doing after the other."""

    def all_of_them(console: Console) -> None:
        for doing in hands:
            doing(console)

    return all_of_them


def tell(output: Story, root: Path, *, by_scim: bool = False) -> None:
    """Go through all states of a story, in files and with data below `root`.

    `by_scim` writes people, groups and memberships by the SCIM endpoint of the instance.
    """
    with files_site(root / "empty", root / "home", now=START, by_scim=by_scim) as here:
        for number, state in enumerate(output.states, 1):
            _live_through(state, here, root / f"state-{number}", f"state {number}")


def _live_through(state: State, here: FilesSite, folder: Path, label: str) -> None:
    here.folder = folder
    here.now = datetime.fromisoformat(state.at) if state.at else here.now
    for path, text in _files(state).items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    if state.behind:
        state.behind(here.sandbox.store)
    before = _ids(here.sandbox.store)

    planned = here.plan().plan
    report = here.apply([planned])

    assert [result for result in report.results if result.status is not Status.DONE] == [], label
    again = here.plan().plan.changes
    assert [f"{change.action} {change.address}" for change in again] == [], f"{label} does not converge"
    declared = {finding.code for finding in planned.findings}
    silent = {"status-not-written"} if here.by_scim else set()
    assert declared >= set(state.says.split()) - silent, f"{label}: {declared}"
    causes = " ".join(sorted({str(change.cause) for change in planned.changes}))
    assert state.causes in (None, causes), f"{label}: {causes}"
    if state.quiet:
        assert planned.changes == (), f"{label} should change nothing"
    _expect(state, here.sandbox.store, before, label)


def _files(state: State) -> Mapping[str, str]:
    files = {"all.yaml": state.files} if isinstance(state.files, str) else dict(state.files)
    return {
        "reconciler.yaml": f"format: 1\n{UNLIMITED}{state.config}",
        "approvals/all.yaml": APPROVED,
        **files,
    }


def _expect(state: State, store: Console, before: Mapping[str, str], label: str) -> None:
    if state.groups is not None:
        found = {name: " ".join(sorted(members)) for name, members in store.memberships().items()}
        wanted = {name: " ".join(sorted(members.split())) for name, members in state.groups.items()}
        assert found == wanted, label
    users = store.users()
    names = {str(user["UserId"]): name for name, user in users.items()}
    for name, attributes in state.people.items():
        assert name in users, f"{label}: {name} is not there"
        values = dict(_flat(users[name], names))
        assert {path: values.get(path) for path in attributes} == dict(attributes), f"{label}: {name}"
    groups = store.groups()
    assert {name: groups[name].get("Description") for name in state.described} == state.described, label
    assert users.keys() & set(state.nobody.split()) == set(), label
    _expect_access(state, store, label)
    after = _ids(store)
    assert {name: after.get(name) for name in state.same} == {
        name: before.get(old, _NO_ID) for name, old in state.same.items()
    }, label


def _expect_access(state: State, store: Console, label: str) -> None:
    store.settle()  # the last roles go on their own time
    names = {account: str(declared["name"]) for account, declared in store.accounts().items()}
    found = {(names[account], name, who) for account, name, _, who in store.assignments()}
    if state.assigned is not None:
        wanted = set(state.assigned.split())
        assert {"/".join(row) for row in found} == wanted, label
    sets = store.permission_sets()
    if state.sets is not None:
        assert sets.keys() == state.sets.keys(), label
        # The API cannot take a description away (UpdatePermissionSet: one character or more): blank is none.
        values = {
            name: {key: None if sets[name][key] == " " else sets[name][key] for key in declared}
            for name, declared in state.sets.items()
        }
        assert values == dict(state.sets), label
    roles = {
        f"{names[account]}/{name}": latest
        for name, declared in sets.items()
        for account, latest in declared["Accounts"].items()
    }
    assert [role for role, latest in roles.items() if not latest] == [], f"{label}: a role lags behind"
    used = {f"{account}/{name}" for account, name, _ in found}
    assert roles.keys() - used == set(state.unused.split()), f"{label}: a role that nobody has"


def _ids(store: Console) -> dict[str, str]:
    """Remote ids by user name and display name; in a story no user is named like a group."""
    users = {name: str(user["UserId"]) for name, user in store.users().items()}
    return users | {name: str(group["GroupId"]) for name, group in store.groups().items()}


def _flat(value: Any, names: Mapping[str, str], path: str = "") -> Iterator[tuple[str, object]]:
    """What a user says, by path: `Emails.Value` of the only one, `photos` as a tuple, managers by name."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            if key == "manager":
                yield "manager", names.get(each["value"], each["value"])
            elif key in ("Extensions", ENTERPRISE):
                yield from _flat(each, names, path)
            else:
                yield from _flat(each, names, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and path != "Photos":
        for each in value:
            yield from _flat(each, names, path)
    elif isinstance(value, list):
        yield path, tuple(each["Value"] for each in value)
    else:
        yield path, value
