"""Command lines that make no sense: exit code 64, what is wrong, and what to write instead."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import pytest

from reconciler.cli.main import COMMANDS, cli
from tests.cli.stage import Played, Real
from tests.support.patience import PATIENCE

_D = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("frobnicate", "No such command 'frobnicate'. Try `reconciler --help`.", id="command"),
        pytest.param("plan --frob", "No such option '--frob'. Try `reconciler plan --help`.", id="option"),
        pytest.param("plan --format yaml", "'yaml' is not one of 'text', 'json',", id="format"),
        pytest.param("show --format", "Option '--format' requires an argument.", id="option-without-value"),
        pytest.param("show", "Missing argument 'FILE'. Try `reconciler show --help`.", id="no-plan-to-show"),
        pytest.param("sandbox --port 99999", "99999 is not in the range 0<=x<=65535", id="port"),
        pytest.param("sandbox --speed 0", "0.0 is not in the range x>=0.001", id="speed"),
        pytest.param("sandbox --seed nowhere", "Path 'nowhere' does not exist.", id="seed"),
        pytest.param(
            "sandbox --port 1 console add-member a b", "--port is for serving", id="port-of-console"
        ),
        pytest.param("sandbox console", "Usage: reconciler sandbox console", id="console-and-nothing"),
        pytest.param("demo nowhere", "Directory 'nowhere' does not exist.", id="demo-of-nothing"),
        pytest.param(
            "plan --target azure", "this target is not configured; configured are: aws", id="target"
        ),
        pytest.param("plan --now tomorrow", "write it with its time zone: 2026-", id="now-in-words"),
        pytest.param("plan --now 2026-11-23", "is not an instant of RFC 3339", id="now-without-a-time"),
        pytest.param("plan --now 2026-11-23T12:00:00", "with its time zone", id="now-without-a-zone"),
        pytest.param("plan --now 2026-02-30T12:00:00Z", "is not an instant", id="now-on-no-day"),
        pytest.param("plan --only ada", "is not a valid address; one looks like aws/user/", id="no-address"),
        pytest.param("plan --only aws/person/ada", "is not a valid address", id="address-of-no-kind"),
        pytest.param("plan --only aws/user/ada/bob", "too many or too few parts", id="address-too-long"),
        pytest.param("plan --only aws/membership/ops", "aws/membership/GROUP/USER", id="address-too-short"),
        pytest.param("plan --only aws/user/adda", "did you mean ada?", id="address-of-nobody"),
        pytest.param("plan --only aws/membership/opps/ada", "did you mean ops?", id="address-of-no-group"),
        pytest.param("plan --only azure/user/ada", "configured are: aws", id="address-elsewhere"),
        pytest.param(
            "plan --only aws/assignment/1/2", "aws/assignment/ACCOUNT/NAME/group:KEY", id="assignment"
        ),
        pytest.param("plan --only aws/assignment/1/2/3", "names nobody", id="assignment-of-nobody"),
        pytest.param(
            "plan --only aws/assignment/prod/Read/group:ops",
            "an account goes by its id of twelve digits; write 210000000020 for prod",
            id="account-by-name",
        ),
        pytest.param("plan --only aws/provisioning/Read", "aws/provisioning/NAME/ACCOUNT", id="role-nowhere"),
        pytest.param(
            "plan --only aws/assignment/210000000020/Read/group:opps",
            "did you mean ops?",
            id="holder-unknown",
        ),
        pytest.param(
            "plan --only aws/permission-set/Raed",
            "no permission set called Raed exists; did you mean Read?",
            id="set-unknown",
        ),
        pytest.param("apply", "apply asks only on a terminal", id="nothing-reviewed"),
        pytest.param(
            "apply --expect-digest abc", "is not a valid digest; write it as the plan shows", id="digest"
        ),
        pytest.param(f"apply --expect-digest ={_D}", "is not a valid digest", id="digest-of-nothing"),
        pytest.param("apply plan.json --push", "--push makes no sense with --sandbox", id="push"),
    ],
)
def test_wrong_usage_says_what_to_write(played: Played, line: str, expected: str) -> None:
    played.write({"access.yaml": 'permission_sets: {Read: {}}\naccounts: {prod: "210000000020"}\n'})
    ended = played.run(*line.split())

    assert ended.code == 64
    assert expected in " ".join(ended.err.split())
    assert ended.out == ""
    assert not (played.root / "plan.json").exists()


def test_no_command_at_all_shows_what_there_is(played: Played) -> None:
    ended = played.run()

    assert ended.code == 64
    assert "validate   check the files, offline" in ended.err
    assert "64 wrong usage" in ended.err


def test_now_is_refused_by_apply_on_a_real_target(real: Real) -> None:
    real.plan()
    real.forget()

    ended = real.run("apply", real.file, "--first-apply", "--now", "2026-11-23T12:00:00Z")

    assert ended.code == 64
    assert "--now is for plans, and for apply on the sandbox only" in ended.err
    assert len(real.sandbox.requests) == 0


@pytest.mark.parametrize("speed", ["fast", "0", "-1", "nan", "inf"])
def test_a_speed_of_the_sandbox_that_is_none_is_refused(
    played: Played, monkeypatch: pytest.MonkeyPatch, speed: str
) -> None:
    monkeypatch.setenv("RECONCILER_SANDBOX_SPEED", speed)

    ended = played.run("plan")

    assert ended.code == 64
    assert "it must be a number above 0, such as 20" in ended.err


def _commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    yield " ".join(path), command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _commands(inner, (*path, name))


@pytest.mark.parametrize(
    ("path", "command"), [pytest.param(*one, id=one[0] or "all") for one in _commands(cli)]
)
def test_help_speaks_of_the_command_and_of_each_option(
    played: Played, path: str, command: click.Command
) -> None:
    ended = played.run(*path.split(), "--help")

    assert ended.code == 0
    assert ended.err == ""
    assert command.help
    assert path == "" or command.short_help
    shown = [one for one in command.params if isinstance(one, click.Option) and not one.hidden]
    for option in shown:
        assert option.help
        assert option.opts[0] in ended.out
    assert max(map(len, ended.out.splitlines())) <= 100


def test_the_version_is_told(played: Played) -> None:
    assert played.run("--version").out.startswith("reconciler, version 0.")


def test_the_list_of_commands_says_what_each_command_says_of_itself() -> None:
    context = click.Context(cli)
    for name, says in COMMANDS.items():
        command = cli.get_command(context, name)
        assert command is not None
        assert command.short_help == says


def _imported(*arguments: str, env: Mapping[str, str] | None = None) -> tuple[set[str], str]:
    """The modules that a command line imports, and what it prints."""
    code = (
        "import sys; from reconciler.cli.main import run; code = run(sys.argv[1:]); "
        "print(*sys.modules, file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=Path(__file__).parents[2],
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    return set(done.stderr.split()), done.stdout


def test_help_imports_no_command() -> None:
    modules, shown = _imported("--help")
    assert "check the files, offline" in shown
    assert not modules & {"reconciler.cli.plan", "pydantic", "yaml", "boto3", "reconciler.model.plan"}


def test_validate_imports_no_planner_and_no_client() -> None:
    modules, _ = _imported("validate", "--identities", "identities")
    assert not modules & {"reconciler.planning.planner", "reconciler.wire.http", "boto3", "httpx", "deepdiff"}
    # Nor what only those need who talk to services.
    assert not modules & {"reconciler.wire.pool", "reconciler.targets.base", "concurrent.futures", "logging"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_script_and_what_can_follow(shell: str) -> None:
    _, script = _imported(env={"_RECONCILER_COMPLETE": f"{shell}_source"})
    assert f"{shell}_complete" in script
    words = {"COMP_WORDS": "reconciler va", "COMP_CWORD": "va" if shell == "fish" else "1"}
    modules, named = _imported(env={"_RECONCILER_COMPLETE": f"{shell}_complete", **words})
    assert "validate" in named
    assert "reconcile" not in named.split()
    assert "pydantic" not in modules
