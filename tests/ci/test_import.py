"""The import workflow: two pull requests, one of which merges by itself where a plan only revokes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.sources.importing import import_entries
from reconciler.sources.settings import Settings
from reconciler.sources.shrinking import Limit
from tests.ci.actions import Ended
from tests.ci.story import Story, story
from tests.support.directories import BASE, group, person
from tests.support.ldap_server import READER, Directory, serving

pytestmark = [pytest.mark.slow, pytest.mark.socket]

OFF = {"userAccountControl": "514"}
ADA, BOB, CYD, DAN, EVE = (
    person(number, name) for number, name in enumerate(["ada", "bob", "cyd", "dan", "eve"], 1)
)
BEGIN = [ADA, BOB, CYD, DAN, EVE, group(90, "ops", [ADA, BOB, CYD]), group(91, "dev", [DAN, EVE])]
# Bob is disabled, and Cyd moves from ops to dev.
LATER = [
    *(ADA, person(2, "bob", title="Emeritus", **OFF), CYD, DAN, EVE),
    *(group(90, "ops", [ADA]), group(91, "dev", [CYD, DAN, EVE])),
]
LEAVERS, OTHERS = "import/leavers", "import/others"


class Imported:
    """A story with a directory that is read."""

    def __init__(self, told: Story, directory: Directory) -> None:
        self.told, self.directory = told, directory
        told.hub.tip_of = lambda name: told.origin.git("rev-parse", f"refs/heads/{name}")
        told.hub.parents = lambda one: told.origin.git("rev-list", "--parents", "-n1", one).split()[1:]
        told.hub.tree = lambda one: told.origin.git("rev-parse", f"{one}^{{tree}}")
        told.hub.merge = self._merge

    def _merge(self, number: int) -> str:
        """As the button does it: a merge commit."""
        told, head = self.told, self.told.hub.pulls[number]["head"]["sha"]
        told.people.git("fetch", "-q", "origin")
        told.people.git("checkout", "-q", "-B", "main", told.tip())
        told.people.git("merge", "-q", "--no-ff", "--no-edit", head)
        told.people.git("push", "-q", "origin", "main")
        told.hub.merged(number, [told.tip()])
        return told.tip()

    def run(self, **variables: str) -> dict[str, Ended]:
        """One run of the workflow; how each job ended."""
        told = self.told
        ended: dict[str, Ended] = {}
        run = told.hub.start_run("import.yml", "schedule", told.tip(), "main")
        given = {"IMPORT_APP_ID": "1", **variables}
        for job, needs in (("read", []), ("propose", ["read"]), ("merge", ["propose"]), ("whole", ["read"])):
            if any(not ended[one].ok for one in needs):
                break
            ended[job] = told.runner.job(
                "import.yml",
                job,
                "schedule",
                run=run,
                at=told.tip(),
                variables=given,
                needs={one: ended[one] for one in needs},
            )
            for one in told.hub.pulls.values():
                if one["state"] == "open" and one["head"]["ref"].startswith("import/"):
                    one["head"]["sha"] = told.hub.tip_of(one["head"]["ref"])
        return ended

    def open(self) -> dict[str, int]:
        """The open pull requests of the import, by branch."""
        pulls = self.told.hub.pulls.values()
        return {one["head"]["ref"]: one["number"] for one in pulls if one["state"] == "open"}

    def changed(self, branch: str) -> set[str]:
        """The files that a branch changes."""
        listed = self.told.origin.git("diff", "--name-only", f"main...{branch}")
        return {path.removeprefix("identities/imported/") for path in listed.split()}


@contextmanager
def imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Imported]:
    """What the directory held at first is imported, reviewed and applied."""
    directory = Directory([*BEGIN])
    tls = tmp_path / "tls"
    tls.mkdir()
    with story(tmp_path, monkeypatch, source="ad") as told, serving(directory, tls) as served:
        made = Imported(told, directory)
        import_entries(BEGIN, Settings(), told.people.root / "identities", "imported", Limit())
        told.people.write(
            {
                ".github/reconciler/ad.yaml": f"url: ldaps://localhost:{served.port}\nbase: {BASE}\n"
                f"bind_dn: {READER}\npassword: {{env: AD_PASSWORD}}\nca_file: {served.ca_file}\n"
            }
        )
        told.people.commit(message="Import by hand")
        told.people.git("push", "-q", "origin", "main")
        told.snapshot()
        number = told.propose({"identities/groups.yaml": "groups: {}\n"})
        told.review(number)
        told.merge(number)
        applied = told.apply(digest="", **{"first-apply": True})
        assert applied.ok, applied.output
        told.snapshot()
        told.forget()
        yield made


def test_a_directory_becomes_two_pull_requests_and_leavers_merge_where_that_is_switched_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with imported(tmp_path, monkeypatch) as made:
        told = made.told
        assert told.members() == {"ops": {"ada", "bob", "cyd"}, "dev": {"dan", "eve"}}
        quiet = made.run()
        assert quiet["propose"].ok, quiet["propose"].output
        assert made.open() == {}

        made.directory.entries = LATER
        first = made.run()
        assert all(one.ok for one in first.values()), first
        assert first["merge"].skipped
        pulls = made.open()
        assert pulls.keys() == {LEAVERS, OTHERS}
        assert made.changed(LEAVERS) == {"leavers/_folder.yaml", "leavers/bob.yaml"}
        assert made.changed(OTHERS) == {"users/bo.yaml", "groups/op.yaml", "groups/de.yaml"}
        tips = [told.hub.tip_of(one) for one in (LEAVERS, OTHERS)]
        # What is proposed already is not pushed again, since that would dismiss reviews.
        made.run()
        assert [told.hub.tip_of(one) for one in (LEAVERS, OTHERS)] == tips
        assert made.open() == pulls

        merged = made.run(IMPORT_MERGES_LEAVERS="true")
        assert merged["merge"].ok, merged["merge"].output
        assert "is merged as" in merged["merge"].output
        assert made.open() == {OTHERS: pulls[OTHERS]}
        assert told.members()["ops"] == {"ada", "bob", "cyd"}
        assert told.scheduled("reconcile.yml", "reconcile").ok
        assert told.members() == {"ops": {"ada", "cyd"}, "dev": {"dan", "eve"}}
        told.snapshot()

        # The other half waits for people, and has both groups of the mover.
        number = pulls[OTHERS]
        assert told.hub.pulls[number]["head"]["sha"] == tips[1]
        told.people.git("fetch", "-q", "origin", f"+refs/heads/{OTHERS}:refs/heads/{OTHERS}")
        told.review(number)
        told.merge(number)
        applied = told.apply()
        assert applied.ok, applied.output
        assert told.members() == {"ops": {"ada"}, "dev": {"cyd", "dan", "eve"}}
        told.snapshot()
        again = made.run(IMPORT_MERGES_LEAVERS="true")
        assert all(one.ok for one in again.values()), again
        assert made.open() == {}
        leavers_do_not_wait(made)
        # It never had a role, and read the directory with the password alone.
        assert {workflow for workflow in told.runner.roles if "import" in workflow} == set()
        people_come_first(made)


def leavers_do_not_wait(made: Imported) -> None:
    """Who is disabled is proposed while a group cannot be read, and what else is proposed stays so."""
    told = made.told
    whole = [ADA, CYD, DAN, person(5, "eve", title="Lead"), *LATER[1:2], *LATER[5:]]
    made.directory.entries = whole
    made.run()
    pulls, tip = made.open(), told.hub.tip_of(OTHERS)
    assert pulls.keys() == {OTHERS}
    hidden = person(1, "ada", memberOf=LATER[5].dn)
    made.directory.entries = [hidden, CYD, person(4, "dan", **OFF), *whole[3:5], group(90, "ops"), LATER[6]]
    run = made.run()
    assert made.changed(LEAVERS) == {"leavers/dan.yaml"}
    assert (made.open()[OTHERS], told.hub.tip_of(OTHERS)) == (pulls[OTHERS], tip)
    assert "is left as it is, since the directory was not read whole" in run["propose"].output
    assert not run["whole"].ok
    made.directory.entries = [*LATER]
    assert made.run()["whole"].skipped
    assert made.open() == {}


def people_come_first(made: Imported) -> None:
    """What people committed is left alone, and what does not qualify is not merged."""
    told = made.told
    # A branch with commits of people is theirs, and what is not a leaver's is never merged by itself.
    made.directory.entries = [
        *LATER[:3],
        person(4, "dan", **OFF),
        person(5, "eve", title="Lead"),
        *LATER[5:],
    ]
    made.run()
    pulls = made.open()
    assert pulls.keys() == {LEAVERS, OTHERS}

    def meddle(branch: str, files: dict[str, str]) -> str:
        told.people.git("fetch", "-q", "origin", f"+refs/heads/{branch}:refs/heads/{branch}")
        told.people.git("checkout", "-q", branch)
        made = told.people.commit(files, "By hand")
        told.people.git("push", "-q", "origin", branch)
        return made

    grant = "groups:\n  new: {members: [ada]}\n"
    tips = {
        LEAVERS: meddle(LEAVERS, {"identities/imported/leavers/x.yaml": grant}),
        OTHERS: meddle(OTHERS, {"identities/more.yaml": "groups: {}\n"}),
    }
    before = told.tip()
    left = made.run(IMPORT_MERGES_LEAVERS="true")
    assert {one: told.hub.tip_of(one) for one in tips} == tips
    assert left["propose"].output.count("has commits of people") == 2
    assert "left for people" in left["merge"].output
    assert "x.yaml says something else than `leavers`" in left["merge"].output
    assert (told.tip(), made.open()) == (before, pulls)

    # Who can push calls nobody a leaver whom the directory does not, however much it looks like an import.
    told.people.git("checkout", "-q", "-B", LEAVERS, told.tip())
    bob = told.people.root.joinpath("identities/imported/leavers/bob.yaml").read_text()
    ada = bob.replace("bob", "ada").replace(BOB.guid(), ADA.guid())
    told.people.commit({"identities/imported/leavers/ada.yaml": ada}, "Import from the directory: leavers")
    told.people.git("push", "-q", "-f", "origin", LEAVERS)
    left = made.run(IMPORT_MERGES_LEAVERS="true")
    assert "its files are not those that were read" in left["merge"].output
    assert left["merge"].output.count("\n- ") == 1
    assert (told.tip(), made.open()) == (before, pulls)

    # A refused read proposes nothing, and takes nothing back.
    made.directory.entries = LATER[:2]
    failed = made.run()
    assert (failed["read"].ok, list(failed)) == (False, ["read"])
    assert made.open() == pulls
