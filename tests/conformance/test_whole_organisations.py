"""A day of a whole organisation, the real one where it lies: applied by the command line, edited, put right.

What it should be is read from the YAML by plain code, and what it is by plain boto3, so that nothing of ours
can be wrong on both sides. Faults are the business of other files, on a smaller one.
"""

from __future__ import annotations

import stat
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.cli.main import run
from reconciler.model.address import Kind
from reconciler.model.change import Action, Cause
from reconciler.sandbox import Console, Sandbox
from reconciler.session.connecting import SANDBOX_FILE, SANDBOX_RECORD
from reconciler.wire.clock import SystemClock
from tests.conformance.access import Reader, written, written_sets
from tests.conformance.test_organisation import ordinary_user
from tests.conformance.worlds import in_the_directory, in_the_files
from tests.support.organisation import (
    Organisation,
    Place,
    assign,
    describe,
    home_of,
    remove_group,
    remove_user,
    rename_group,
    write_accounts,
)
from tests.support.site import CALL, SPEED, FilesSite, client
from tests.wire.clocks import SharedClock

BILLING = "arn:aws:iam::aws:policy/job-function/Billing"
NEW = "the-new-name"


def commands(
    folder: Path, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """What runs a command line here, with the embedded sandbox, and expects code 0."""
    patch.chdir(folder)
    patch.setenv("RECONCILER_SANDBOX_SPEED", f"{SPEED:g}")

    def ran(*arguments: str) -> str:
        capsys.readouterr()
        code = run(list(arguments))
        out, err = capsys.readouterr()
        assert code == 0, err
        return out

    return ran


def as_the_files_say(here: FilesSite, found: Organisation) -> None:
    """Hold everything that there is to the files; a user who is gone from them stays, in no group."""
    sandbox = here.sandbox
    sandbox.store.settle()  # the last roles go on their own time
    users, groups, members = in_the_directory(sandbox)
    wanted = in_the_files(found)
    assert {name: users[name] for name in wanted[0]} == wanted[0]
    assert (groups, members) == wanted[1:]
    expected = written(found, sandbox.store.accounts(), sandbox.management_account)
    with closing(Reader(sandbox)) as reader:
        assert reader.assignments() == expected
        assert reader.sets() == written_sets(found)
        assert reader.provisioned(latest=True) == {(account, name) for account, name, _, _ in expected}
        assert reader.provisioned(latest=False) == set()


def small_home(found: Organisation) -> str:
    """The unit with the fewest accounts."""
    homes = Counter(map(home_of, found.accounts))
    return min(sorted(homes), key=homes.__getitem__)


def some_team(found: Organisation) -> str:
    """A group of a few, which is assigned something and included nowhere."""
    included = {key for group in found.groups.values() for key in group.get("include", ())}
    assigned: set[str] = {key for each in found.assignments.values() for key in each.get("groups", ())}
    return min(key for key in assigned - included if 2 <= len(found.members[key]) <= 10)


def test_a_day_of_a_whole_organisation(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, data = tmp_path / "identities", tmp_path / SANDBOX_FILE
    found = place(folder)
    home, team = small_home(found), found.largest_group
    assign(folder, "home", groups=[team], permission_sets=["repo-triage"], accounts=[{"ou": home}])
    data.parent.mkdir()
    Sandbox(data, seed=write_accounts(found, tmp_path / "accounts.json")).start().stop()

    command = commands(tmp_path, monkeypatch, capsys)
    planned = command("plan", "--sandbox", "--out", "plan.json")
    assert len(planned.splitlines()) <= 200
    assert stat.S_IMODE((tmp_path / "plan.json").stat().st_mode) == 0o600
    command("apply", "--sandbox", "plan.json")
    assert "No changes" in command("plan", "--sandbox", "--detailed-exitcode")

    now, record = SystemClock().now(), tmp_path / SANDBOX_RECORD
    shared = SharedClock(SPEED, now + timedelta(hours=1))  # what the commands left under way has ended
    # What reads here does not keep to the rates of AWS, so each call takes long enough for them.
    with Sandbox(data, clock=shared, latency=10 * CALL) as sandbox:
        here = FilesSite(client(sandbox), folder, record, now, clock=shared.ours, sandbox=sandbox)
        as_the_files_say(here, describe(folder))
        identifier, members = sandbox.store.groups()[team]["GroupId"], sandbox.store.members(team)
        leaver, dissolved = ordinary_user(found), some_team(found)
        edit(folder, leaver, team, dissolved)
        lost = disturb(sandbox.store, found, home, {leaver, team, dissolved})

        part = here.plan().plan
        here.converge([part])

        causes = {(each.cause, each.address.kind, each.action) for each in part.changes}
        # The account that moves may also leave what selects its former unit.
        assert causes - {(Cause.SELECTOR, Kind.ASSIGNMENT, Action.DELETE)} == {
            (Cause.GIT, Kind.GROUP, Action.UPDATE),
            (Cause.GIT, Kind.GROUP, Action.DELETE),
            (Cause.GIT, Kind.MEMBERSHIP, Action.DELETE),
            (Cause.GIT, Kind.ASSIGNMENT, Action.DELETE),
            (Cause.DRIFT, Kind.MEMBERSHIP, Action.CREATE),
            (Cause.DRIFT, Kind.MEMBERSHIP, Action.DELETE),
            (Cause.DRIFT, Kind.PERMISSION_SET, Action.UPDATE),
            (Cause.SELECTOR, Kind.ASSIGNMENT, Action.CREATE),
        }
        (restored,) = [each for each in part.changes if each.restores]
        assert restored.address.parts == lost
        as_the_files_say(here, describe(folder))
        assert sandbox.store.groups()[NEW]["GroupId"] == identifier
        assert sandbox.store.members(NEW) == members - {found.users[leaver]["user_name"]}
        assert sandbox.store.groups().keys() & {team, dissolved} == set()


def edit(folder: Path, leaver: str, team: str, dissolved: str) -> None:
    """What people write: somebody leaves, a team is renamed, another is dissolved."""
    remove_user(folder, leaver)
    rename_group(folder, team, NEW)
    remove_group(folder, dissolved)


def disturb(store: Console, found: Organisation, home: str, besides: set[str]) -> tuple[str, str]:
    """What hands do: one joins, one is thrown out (who, is answered), a set is edited, an account moves."""
    group = min(key for key in found.groups.keys() - besides if len(found.members[key]) > 3)
    user = min(found.members[group] - besides)
    store.add_member(group, found.users[found.idle_user]["user_name"])
    store.remove_member(group, found.users[user]["user_name"])
    store.attach_policy("repo-read", BILLING)
    store.move_account(min(each for name, each in found.accounts.items() if home_of(name) != home), home)
    return group, user
