"""What is privileged by default: the first lines of a plan say it, and a warning where it is not of git."""

from __future__ import annotations

from tests.cli.stage import CONFIG, Played

PROD = "210000000020"
ACCESS = f"""\
accounts: {{prod: "{PROD}"}}
permission_sets:
  Root: {{managed_policies: [AdministratorAccess]}}
  Deploy: {{customer_managed_policies: [{{name: deploy}}]}}
  Read: {{managed_policies: [ReadOnlyAccess]}}
assignments:
  all: {{groups: [dev], permission_sets: [Root, Deploy, Read], accounts: [prod]}}
"""


def test_the_first_lines_say_who_gains_privileged_access(played: Played) -> None:
    played.write({"access.yaml": ACCESS})

    head = played.run("plan").out.split("Users", 1)[0]

    assert "1 person gains privileged access:" in head
    assert f"Root on prod ({PROD}): cyd" in head
    assert f"Deploy (unknown content) on prod ({PROD}): cyd" in head
    assert "Read on" not in head


def test_a_comment_begins_with_who_gains_privileged_access(played: Played) -> None:
    played.write({"access.yaml": ACCESS})

    first, *rows = played.run("plan", "--format", "markdown").out.split("<summary>", 1)[0].splitlines()

    assert "1 gains `Deploy` on `prod`, 1 gains `Root` on `prod`" in first
    privileged = [row for row in rows if row.startswith("| **gains** | `cyd`")]
    assert ["`Deploy`<br>**privileged**<br>unknown content" in row for row in privileged] == [True, False]
    assert "`Root`<br>**privileged** |" in privileged[1]


def test_what_is_privileged_by_default_can_be_turned_off(played: Played) -> None:
    off = "guards: {privileged: {defaults: false}}\n"
    played.write({"access.yaml": ACCESS, "reconciler.yaml": CONFIG + off})

    assert "privileged" not in played.run("plan").out


def test_what_is_assigned_outside_git_is_a_warning_where_it_is_privileged(played: Played) -> None:
    played.write({"access.yaml": ACCESS})
    played.converge()
    assert "unmanaged-privileged" not in played.run("plan").out
    with played.console() as console:
        console.put_assignment(PROD, "Root", group="ops")
        console.put_assignment(PROD, "Read", group="ops")

    output = played.run("plan").output

    assert "unmanaged-privileged: 1 privileged assignment made outside git" in output
    assert "unmanaged-assignments: 1 assignment made outside git" in output
