"""`reconciler who-edits`: the lines that decide, for a help desk that has never seen the files."""

from __future__ import annotations

import json
import os

import pytest

from tests.cli.stage import Played
from tests.cli.test_access import PROD

FILES = {
    "people.yaml": """\
users:
  ada: {user_name: ada@example.com, given_name: Ada, family_name: Okafor}
  bob: {user_name: bob@example.com, given_name: Bob, family_name: Keller}
  cyd: {user_name: cyd@example.com, given_name: Cyd, family_name: Lind}
""",
    "groups.yaml": """\
groups:
  ops:
    display_name: Operations
    members:
      - ada
      - {user: bob, until: 2126-12-01}
  everybody:
    include: [ops]
""",
    "access.yaml": f"""\
accounts: {{prod: "{PROD}"}}
permission_sets:
  Read: {{managed_policies: [ReadOnlyAccess]}}
  Admin: {{managed_policies: [AdministratorAccess]}}
assignments:
  read: {{groups: [everybody], permission_sets: [Read], accounts: [{{all: true}}], except: [prod]}}
  admin: {{users: [ada], permission_sets: [Admin], accounts: [prod]}}
""",
    "blocked.yaml": "blocked:\n  ada: {reason: left}\n",
}
ADA = [
    ("people.yaml", 2, "declares the user"),
    ("blocked.yaml", 2, "blocks the user: no access by any way"),
    ("groups.yaml", 5, "makes the user a member of ops"),
    ("groups.yaml", 8, "takes ops into everybody"),
    ("access.yaml", 7, "assigns Admin to the user"),
    ("access.yaml", 6, "assigns Read through everybody"),
]


@pytest.fixture
def files(played: Played) -> Played:
    played.write(FILES)
    return played


def lines(files: Played, name: str) -> list[tuple[str, int, str]]:
    ended = files.run("who-edits", name, "--format", "json")
    assert ended.code == 0, ended.output
    (found,) = json.loads(ended.out)["found"]
    return [(one["path"].removeprefix("identities/"), one["line"], one["says"]) for one in found["lines"]]


@pytest.mark.parametrize("name", ["ada", "ADA@example.com", "Ada@Example.com"])
def test_every_line_that_decides_about_a_person_is_named(files: Played, name: str) -> None:
    assert lines(files, name) == ADA


@pytest.mark.parametrize("name", ["ops", "operations"])
def test_a_group(files: Played, name: str) -> None:
    assert lines(files, name) == [
        ("groups.yaml", 2, "declares the group and its members"),
        ("groups.yaml", 8, "takes ops into everybody"),
        ("access.yaml", 6, "assigns Read through everybody"),
    ]


def test_a_permission_set(files: Played) -> None:
    assert lines(files, "Admin") == [
        ("access.yaml", 4, "says what the permission set allows"),
        ("access.yaml", 7, "assigns it to user ada"),
    ]


@pytest.mark.parametrize("name", ["prod", PROD])
def test_an_account(files: Played, name: str) -> None:
    assert lines(files, name) == [
        ("access.yaml", 1, f"names the account {PROD}"),
        ("access.yaml", 7, "assigns Admin to user ada on the account"),
        ("access.yaml", 6, "excepts the account from Read to group everybody"),
    ]


def test_it_is_told_as_text_that_an_editor_opens(files: Played) -> None:
    out = files.run("who-edits", "cyd").out

    assert out == "user cyd\n  identities/people.yaml:4: declares the user\n"


def test_a_name_that_nothing_has_is_refused_with_a_near_one(files: Played) -> None:
    ended = files.run("who-edits", "opps")

    assert ended.code == 64
    assert 'opps: the files name nothing like that; did you mean "ops"' in ended.output


def test_a_name_may_mean_several_things(files: Played) -> None:
    files.write({"more.yaml": 'accounts: {cyd: "210000000077"}\n'})

    found = json.loads(files.run("who-edits", "cyd", "--format", "json").out)["found"]

    assert [one["kind"] for one in found] == ["user", "account"]


def test_who_owns_the_files_stands_below_where_the_repository_says_so(files: Played) -> None:
    (files.root / ".git").mkdir()
    (files.root / ".github").mkdir()
    (files.root / ".github" / "CODEOWNERS").write_text(
        "* @octo/everybody\nidentities/access.yaml @octo/security @ada\n"
    )

    out = files.run("who-edits", "Admin").out

    assert out.endswith("owners\n  identities/access.yaml: @octo/security, @ada\n")
    assert files.run("who-edits", "cyd").out.endswith("owners\n  identities/people.yaml: @octo/everybody\n")


@pytest.mark.parametrize("what", ["device", "pipe"])
def test_owners_are_read_from_regular_files_alone(files: Played, what: str) -> None:
    """A pull request may bring a link; reading that could take for ever."""
    (files.root / ".git").mkdir()
    (files.root / ".github").mkdir()
    if what == "pipe":
        os.mkfifo(files.root / "pipe")
    there = os.devnull if what == "device" else files.root / "pipe"
    (files.root / ".github" / "CODEOWNERS").symlink_to(there)
    (files.root / "CODEOWNERS").write_text("* @octo/everybody\n")

    out = files.run("who-edits", "cyd").out

    assert out.endswith("owners\n  identities/people.yaml: @octo/everybody\n")
