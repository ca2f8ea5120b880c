"""`reconciler edit`, and what the sandbox says of its result: exactly that, and nothing beside it."""

from __future__ import annotations

import json
from difflib import unified_diff
from pathlib import Path

import pytest

from tests.cli.stage import CONFIG, Ended, Played

PEOPLE = """\
# Who works here.
users:
  # Runs it all.
  ada: {user_name: ada@example.com, given_name: Ada, family_name: Okafor}  # since ever
  bob:
    user_name: bob@example.com
    given_name: Bob   # by law Robert
    family_name: 'Keller'
    manager: ada
  "cyd": {user_name: cyd@example.com, given_name: Cyd, family_name: Lind, manager: "ada"}
  dan: {user_name: dan@example.com, given_name: Dan, family_name: Ono}

overrides:
  cyd: {title: Boss}
  bob: {manager: ada}   # only this
blocked:
  # reported by phone
  dan: {reason: SEC-1}
"""
TEAMS = """\
groups:
  ops:
    display_name: Operations
    members:
      # the first shift
      - ada
      - {user: bob, reason: "INC-1"}   # for now
      -   user: cyd
          until: 2036-12-31
  dev: {members: [ada, bob , 'dan']}
  all:
    include: [ops, {group: dev, reason: everybody}]
  none: {display_name: Nobody, members: []}
"""
ACCESS = """\
accounts:
  prod: "210000000020"
  dev: "210000000021"
permission_sets:
  Read: {managed_policies: [ReadOnlyAccess]}
assignments:
  ops-reads: {groups: [ops, all], permission_sets: [Read], accounts: [prod, {account: dev}]}
  # Ada alone.
  ada-reads:
    users: [ada]
    permission_sets: [Read]
    accounts: [prod]
  both:
    groups: [dev]
    users:
      - ada
    permission_sets: [Read]
    accounts: [{ou: Workloads}]
    except: [dev]
"""
SETTINGS = (
    CONFIG
    + """\
guards:
  protected:
    users: [dan]   # for the day
    groups: [none]
  min_members: {ops: 1, 'ops-reads': 1}
  max_removals: {memberships: {percent: 100, per_group: {percent: 100}}, assignments: {percent: 100}}
  privileged: {accounts: [prod]}
rules:
  apart: {disjoint: [none, dev]}
  few: {max_holders: {count: 9}, accounts: [{account: prod}]}
"""
)
APPROVALS = """\
approvals:
  more: {guard: max-removals, kind: memberships, group: ops, count: 9, until: 2036-12-31, reason: OPS-1}
"""
FILES = {
    "reconciler.yaml": SETTINGS,
    "people.yaml": PEOPLE,
    "teams/teams.yaml": TEAMS,
    "access.yaml": ACCESS,
    "approvals/a.yaml": APPROVALS,
}


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Played:
    stage = Played(tmp_path / "work", monkeypatch, capsys)
    stage.write({"groups.yaml": None, **FILES})
    (stage.root / ".reconciler").mkdir()
    with stage.console() as console:
        console.create_ou("Workloads")
        console.create_account("210000000020", "prod", unit="Workloads")
        console.create_account("210000000021", "dev", unit="Workloads")
    return stage


def held(stage: Played) -> dict[str, str]:
    root = stage.root / "identities"
    return {one.relative_to(root).as_posix(): one.read_bytes().decode() for one in root.rglob("*.yaml")}


def changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """The lines that went and those that came, file by file."""
    found: list[str] = []
    for path in FILES:
        diff = list(unified_diff(before[path].splitlines(), after[path].splitlines(), n=0))
        found.extend(line for line in diff[2:] if not line.startswith("@@"))
    return found


def test_a_person_is_taken_out_of_every_file(played: Played) -> None:
    before = held(played)
    played.converge()
    ended = played.run("edit", "remove-user", "ada")
    assert ended.code == 0
    after = held(played)
    assert changed(before, after) == [
        "-  ada: {user_name: ada@example.com, given_name: Ada, family_name: Okafor}  # since ever",
        "-    manager: ada",
        '-  "cyd": {user_name: cyd@example.com, given_name: Cyd, family_name: Lind, manager: "ada"}',
        '+  "cyd": {user_name: cyd@example.com, given_name: Cyd, family_name: Lind}',
        "-  bob: {manager: ada}   # only this",
        "-      - ada",
        "-  dev: {members: [ada, bob , 'dan']}",
        "+  dev: {members: [bob , 'dan']}",
        "-  ada-reads:",
        "-    users: [ada]",
        "-    permission_sets: [Read]",
        "-    accounts: [prod]",
        "-    users:",
        "-      - ada",
    ]
    assert "--- a/identities/people.yaml\n+++ b/identities/people.yaml\n@@ -1," in ended.out
    assert ended.out.count("\n-  ada: {user_name") == 1
    assert "identities/people.yaml:3:1: a comment stood above ada, and stays" in ended.err
    assert "identities/access.yaml:8:1: a comment stood above ada-reads" in ended.err
    assert "bob has no manager now" in ended.err
    # Nobody else loses or gains anything; what is left beside Ada's is who has no manager now.
    plan = json.loads(played.run("plan", "--format", "json").out)
    assert [(one["action"], one["address"]) for one in plan["targets"][0]["changes"]] == [
        ("delete", "aws/assignment/210000000020/Read/user:ada"),
        ("delete", "aws/membership/all/ada"),
        ("delete", "aws/membership/dev/ada"),
        ("delete", "aws/membership/ops/ada"),
        ("update", "aws/user/bob"),
        ("update", "aws/user/cyd"),
    ]


def test_a_protected_person_is_not_removed_nor_one_of_an_import(played: Played) -> None:
    played.write({"imported/users/a.yaml": IMPORTED})
    before = held(played)
    ended = played.run("edit", "remove-user", "dan")
    assert (ended.code, "take them off `guards.protected.users` first" in ended.output) == (64, True)
    ended = played.run("edit", "remove-user", "eve")
    assert (ended.code, "in the directory, or write `blocked: {eve:" in ended.output) == (1, True)
    ended = played.run("edit", "rename-key", "user", "eve", "eva")
    assert (ended.code, "rename it in the directory" in ended.output) == (1, True)
    ended = played.run("edit", "remove-user", "nobody")
    assert (ended.code, "user nobody is not in the files" in ended.output) == (64, True)
    assert held(played) == before


IMPORTED = """\
# Generated by `reconciler import ad`: do not edit.
users:
  eve: {user_name: eve@example.com, given_name: Eve, family_name: Ito, external_id: "7"}
"""


def test_another_manager_takes_over(played: Played) -> None:
    before = held(played)
    assert played.run("edit", "remove-user", "ada", "--manager", "bob").code == 0
    lines = changed(before, held(played))
    assert (
        '+  "cyd": {user_name: cyd@example.com, given_name: Cyd, family_name: Lind, manager: "bob"}' in lines
    )
    # Nobody manages themselves.
    assert [line for line in lines if line.startswith("+") and "manager" in line and "bob" not in line] == []
    assert "-    manager: ada" in lines


RENAMED: dict[tuple[str, str, str], dict[str, dict[str, str]]] = {
    ("user", "ada", "ada.okafor"): {
        "people.yaml": {
            "  ada: {user_name: ada@example.com, given_name: Ada, family_name: Okafor}  # since ever": (
                "  ada.okafor: {user_name: ada@example.com, given_name: Ada, family_name: Okafor, "
                "previously: [ada]}  # since ever"
            ),
            "    manager: ada": "    manager: ada.okafor",
            'manager: "ada"}': 'manager: "ada.okafor"}',
            "  bob: {manager: ada}": "  bob: {manager: ada.okafor}",
        },
        "teams/teams.yaml": {"- ada\n": "- ada.okafor\n", "[ada, bob": "[ada.okafor, bob"},
        "access.yaml": {"users: [ada]": "users: [ada.okafor]", "- ada\n": "- ada.okafor\n"},
    },
    ("user", "dan", "daniel"): {
        "people.yaml": {
            "  dan: {user_name: dan@example.com, given_name: Dan, family_name: Ono}": (
                "  daniel: {user_name: dan@example.com, given_name: Dan, family_name: Ono, previously: [dan]}"
            ),
            "  dan: {reason: SEC-1}": "  daniel: {reason: SEC-1}",
        },
        "teams/teams.yaml": {"'dan'": "'daniel'"},
        "reconciler.yaml": {"users: [dan]": "users: [daniel]"},
    },
    ("user", "cyd", "c"): {
        "people.yaml": {
            '  "cyd": {user': '  "c": {user',
            'Lind, manager: "ada"}': 'Lind, manager: "ada", previously: [cyd]}',
            "  cyd: {title: Boss}": "  c: {title: Boss}",
        },
        "teams/teams.yaml": {"-   user: cyd": "-   user: c"},
    },
    ("group", "ops", "operators"): {
        "teams/teams.yaml": {
            "  ops:\n": "  operators:\n",
            "          until: 2036-12-31\n": "          until: 2036-12-31\n    previously: [ops]\n",
            "[ops, {group": "[operators, {group",
        },
        "access.yaml": {"groups: [ops, all]": "groups: [operators, all]"},
        "reconciler.yaml": {"{ops: 1": "{operators: 1"},
        "approvals/a.yaml": {"group: ops": "group: operators"},
    },
    ("group", "none", "nil"): {
        "teams/teams.yaml": {
            "  none: {display_name: Nobody, members: []}": (
                "  nil: {display_name: Nobody, members: [], previously: [none]}"
            )
        },
        "reconciler.yaml": {"groups: [none]": "groups: [nil]", "[none, dev]": "[nil, dev]"},
    },
    ("account", "prod", "production"): {
        "access.yaml": {
            '  prod: "2': '  production: "2',
            "accounts: [prod, {": "accounts: [production, {",
            "accounts: [prod]": "accounts: [production]",
        },
        "reconciler.yaml": {
            "{accounts: [prod]}": "{accounts: [production]}",
            "{account: prod}": "{account: production}",
        },
    },
    ("account", "dev", "a-b"): {
        "access.yaml": {
            '  dev: "2': '  a-b: "2',
            "{account: dev}": "{account: a-b}",
            "except: [dev]": "except: [a-b]",
        },
    },
    ("assignment", "ops-reads", "reading"): {
        "access.yaml": {"  ops-reads:": "  reading:"},
        "reconciler.yaml": {"'ops-reads': 1": "'reading': 1"},
    },
}


@pytest.mark.parametrize("what", RENAMED, ids=" ".join)
def test_a_key_is_renamed_in_every_file_and_nothing_is_recreated(
    played: Played, what: tuple[str, str, str]
) -> None:
    played.converge()
    wanted = held(played)
    for path, swaps in RENAMED[what].items():
        for old, new in swaps.items():
            assert old in wanted[path]
            wanted[path] = wanted[path].replace(old, new)
    assert played.run("edit", "rename-key", *what).code == 0
    assert held(played) == wanted
    ended = played.run("plan", "--detailed-exitcode")
    assert (ended.code, "Nothing to do" in ended.out or "No changes" in ended.out) == (0, True), ended.out


def test_a_group_that_is_named_by_its_key_is_renamed_and_keeps_its_id(played: Played) -> None:
    played.converge()
    with played.console() as console:
        before = {name: one["GroupId"] for name, one in console.groups().items()}
    ended = played.run("edit", "rename-key", "group", "dev", "developers")
    assert (ended.code, "write `display_name: dev`" in ended.output) == (0, True)
    played.converge()
    with played.console() as console:
        after = {name: one["GroupId"] for name, one in console.groups().items()}
    assert after == {("developers" if name == "dev" else name): one for name, one in before.items()}


def test_a_key_goes_back_to_a_former_one(played: Played) -> None:
    played.converge()
    assert played.run("edit", "rename-key", "group", "none", "nil").code == 0
    played.converge()
    assert played.run("edit", "rename-key", "group", "nil", "none").code == 0
    assert "none: {display_name: Nobody, members: [], previously: [nil]}" in held(played)["teams/teams.yaml"]
    assert played.run("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("user", "ada", "bob"), "user bob exists already, in people.yaml"),
        (("user", "ada", "ada"), "is called ada already"),
        (("group", "ada", "x"), "group ada is not in the files"),
        (("user", "ada", "a b"), "is not a valid key"),
        (("permission-set", "Read", "Write"), "'permission-set' is not one of"),
    ],
)
def test_a_rename_that_makes_no_sense_changes_nothing(
    played: Played, words: tuple[str, ...], says: str
) -> None:
    before = held(played)
    ended = played.run("edit", "rename-key", *words)
    assert ended.code in (1, 64)
    assert says in ended.output
    assert held(played) == before


def test_patterns_that_took_the_old_key_in_take_in_the_new_one(played: Played) -> None:
    text = SETTINGS.replace(
        "region: us-east-1}", 'region: us-east-1, provision: {groups: ["o*", all, none, dev]}}'
    )
    played.write({"reconciler.yaml": text})
    played.converge()
    ended = played.run("edit", "rename-key", "group", "ops", "infra")
    assert (ended.code, "infra is added to `provision.groups` of aws" in ended.output) == (0, True)
    assert 'groups: ["o*", all, none, dev, infra]' in held(played)["reconciler.yaml"]
    assert played.run("plan", "--detailed-exitcode").code == 0


GRANTED = '{user: cyd, until: 2026-11-29T21:01:00Z, reason: "INC: 7 #1"}'
NOW = "2026-11-29T13:00:30Z"


def granted(stage: Played, *words: str, now: str = NOW) -> Ended:
    return stage.run("edit", "grant", *words, "--reason", "INC: 7 #1", "--now", now)


def test_a_grant_ends_by_itself(played: Played) -> None:
    played.converge("--now", NOW)
    before = held(played)
    assert granted(played, "cyd", "dev", "--for", "8h").code == 0
    assert changed(before, held(played)) == [
        "-  dev: {members: [ada, bob , 'dan']}",
        f"+  dev: {{members: [ada, bob , 'dan', {GRANTED}]}}",
    ]
    plan = played.run("plan", "--now", NOW, "--out", "plan.json")
    assert "+ cyd  until 2026-11-29T21:01:00Z  (INC: 7 #1)" in plan.out
    assert played.run("apply", "plan.json", "--now", NOW).code == 0
    assert "cyd@example.com" in played.memberships()["dev"]
    # Sooner than what is there: refused. Later: prolonged.
    ended = granted(played, "cyd", "dev", "--for", "1h")
    assert (ended.code, "a member of dev already, which ends at 2026-11-29T21:01Z" in ended.output) == (
        64,
        True,
    )
    assert granted(played, "cyd", "dev", "--for", "10h").code == 0
    assert (
        'dan\', {user: cyd, until: 2026-11-29T23:01:00Z, reason: "INC: 7 #1"}]'
        in held(played)["teams/teams.yaml"]
    )
    played.run("reconcile", "--now", "2026-11-29T22:00:00Z")
    assert "cyd@example.com" not in played.memberships()["dev"]


def test_a_membership_over_several_lines_is_prolonged_in_place(played: Played) -> None:
    before = held(played)
    assert granted(played, "cyd", "ops", "--for", "2d", now="2036-12-30T23:00:00Z").code == 0
    assert changed(before, held(played)) == [
        "-          until: 2036-12-31",
        "+          until: 2037-01-01T23:00:00Z",
        '+          reason: "INC: 7 #1"',
    ]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("ada", "ops", "--for", "8h"), "is a member of ops already, which ends never"),
        (("dan", "ops", "--for", "8h"), "is blocked"),
        (("eve", "ops", "--for", "8h"), "is inactive"),
        (("ada", "theirs", "--for", "8h"), "are not in the files"),
        (("ada", "loose", "--for", "8h"), "are not in the files"),
        (("ada", "bare", "--for", "8h"), "are not in the files"),
        (("ada", "crew", "--for", "8h"), "is imported"),
        (("ada", "nothing", "--for", "8h"), "group nothing is not in the files"),
        (("zoe", "ops", "--for", "8h"), "user zoe is not in the files"),
        (("bob", "none", "--for", "0m"), "between a minute and 366 days"),
        (("bob", "none", "--for", "999999999d"), "length of time"),
        (("bob", "none", "--for", "8"), "is not a length of time"),
        # Digits of other scripts are digits to Python, and not what a reviewer reads.
        (("bob", "none", "--for", "\u0663h"), "is not a length of time"),
    ],
)
def test_a_grant_that_would_give_nothing_or_take_from_others_is_refused(
    played: Played, words: tuple[str, ...], says: str
) -> None:
    more = (
        "users:\n  eve: {user_name: e@example.com, given_name: E, family_name: I, active: false}\n"
        "groups:\n  theirs: {external: true}\n  loose: {members: unmanaged}\n  bare: {}\n"
    )
    crew = '# Generated by `reconciler import ad`: x\ngroups:\n  crew: {external_id: "8", members: []}\n'
    played.write({"more.yaml": more, "imported/groups/c.yaml": crew})
    before = held(played)
    ended = granted(played, *words)
    assert ended.code in (1, 64)
    assert says in ended.output
    assert held(played) == before


def test_a_dry_run_shows_the_diff_and_writes_nothing(played: Played) -> None:
    before = held(played)
    ended = played.run("edit", "remove-user", "bob", "--dry-run")
    assert (ended.code, "-  bob:" in ended.out, held(played) == before) == (0, True, True)


def test_files_that_did_not_validate_before_are_not_changed(played: Played) -> None:
    played.write({"broken.yaml": "groups:\n  broken: {members: [nobody]}\n"})
    before = held(played)
    ended = played.run("edit", "remove-user", "bob")
    assert (ended.code, "broken.yaml:2:22" in ended.output, held(played) == before) == (1, True, True)


@pytest.mark.parametrize(
    "words",
    [
        ("remove-user", "zed"),
        ("remove-user", "ada", "--manager", "zed"),
        ("rename-key", "user", "zed", "zoe"),
        ("grant", "zed", "ops", "--for", "8h", "--reason", "x"),
    ],
)
@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("\ufeffusers:\n  zed: {user_name: z@example.com}\n", ":1:1: "),
        ("users:\n  zed: {user_name: z@example.com\nx: [\n", ":3:2: "),
    ],
)
def test_a_file_that_cannot_be_read_is_not_said_to_lack_somebody(
    played: Played, words: tuple[str, ...], text: str, place: str
) -> None:
    played.write({"zed.yaml": text})
    before = held(played)

    ended = played.run("edit", *words)

    assert (ended.code, held(played) == before) == (1, True), ended.output
    assert f"identities/zed.yaml{place}" in ended.output
    assert "not in the files" not in ended.output


@pytest.mark.parametrize("reason", ["", "  ", "\u00a0"])
def test_a_grant_needs_a_reason_that_can_be_read(played: Played, reason: str) -> None:
    before = held(played)

    ended = played.run("edit", "grant", "bob", "none", "--for", "8h", "--reason", reason)

    assert (ended.code, held(played) == before) == (64, True)
    assert "--reason: write a ticket or a sentence" in ended.output
