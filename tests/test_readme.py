"""The README speaks of what there is: commands, options, exit codes, make targets, folders."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import botocore.session
import click
import pytest

from reconciler import errors
from reconciler.cli.main import cli

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EVERYWHERE = {"--help", "-h", "--version"}


def _leaves(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], set[str]]]:
    """Every command that does something: its words, and its options."""
    options = {name for parameter in command.params for name in parameter.opts} | EVERYWHERE
    if isinstance(command, click.Group):
        if command.invoke_without_command:
            yield path, options
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from _leaves(found, (*path, name))
    else:
        yield path, options


@cache
def _commands() -> Mapping[tuple[str, ...], set[str]]:
    return dict(_leaves(cli))


def _invocations() -> list[str]:
    """Every command line of the README: in a code span, or in a line of a shell block up to its comment."""
    blocks = re.findall(r"^```sh\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)
    lines = [line.partition(" #")[0] for block in blocks for line in block.splitlines()]
    lines += re.findall(r"`(reconciler [^`]+)`", README)
    return sorted({line.strip() for line in lines if line.strip().startswith("reconciler ")})


@pytest.mark.parametrize("line", _invocations())
def test_every_command_line_exists_with_its_options(line: str) -> None:
    words = line.split()[1:]
    fitting = [options for path, options in _commands().items() if tuple(words[: len(path)]) == path]
    fitting = fitting or [options for path, options in _commands().items() if path[0] == words[0]]
    assert fitting, f"there is no command {words[0]}"
    given = [word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)]
    assert set(given) <= set().union(*fitting)


def test_every_option_that_stands_alone_exists_somewhere() -> None:
    prose = re.sub(r"^```.*?^```", "", README, flags=re.MULTILINE | re.DOTALL)
    named = {span.split()[0] for span in re.findall(r"`(-[^`]+)`", prose)}
    assert named
    assert named <= set().union(*_commands().values())


def test_the_table_of_commands_is_complete() -> None:
    table = README.partition("## Commands")[2].partition("## ")[0]
    named = re.findall(r"^\| `reconciler ([a-z]+)", table, flags=re.MULTILINE)
    assert set(named) == {path[0] for path in _commands()}


def test_the_table_of_exit_codes_is_complete() -> None:
    raised = {
        kind.exit_code
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.ReconcilerError)
    }
    table = README.partition("| exit code |")[2].partition("\n\n")[0]
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", table, flags=re.MULTILINE)} == {
        *raised,
        0,
        2,
        errors.INTERRUPTED,
        errors.TERMINATED,
    }


@pytest.mark.parametrize("target", sorted(set(re.findall(r"^make (\w+)", README, flags=re.MULTILINE))))
def test_every_make_target_exists(target: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE)


def test_every_link_leads_somewhere() -> None:
    titles = re.findall(r"^#+ (.+)$", README, flags=re.MULTILINE)
    headings = {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in titles}
    links = re.findall(r"\]\(([^)]+)\)", README)
    assert links
    for link in links:
        assert link[1:] in headings if link.startswith("#") else (ROOT / link).exists(), link


def test_every_folder_of_the_layout_exists() -> None:
    block = README.partition("## Layout")[2].partition("```")[2].partition("```")[0]
    folder, missing = ROOT, []
    for line in block.strip("\n").splitlines():
        inner = line.startswith("  ")
        path = (folder if inner else ROOT) / line.split()[0]
        folder = folder if inner else path
        missing += [] if path.exists() else [line]
    assert missing == []


def test_every_room_of_the_package_stands_in_the_layout() -> None:
    block = README.partition("## Layout")[2].partition("```")[2].partition("```")[0]
    named = set(re.findall(r"^  (\w+)/", block, flags=re.MULTILINE))
    assert named == {path.parent.name for path in (ROOT / "reconciler").glob("*/__init__.py")}


def _operations(*services: str) -> Mapping[str, set[str]]:
    """The operations of AWS that the targets name in their code, by the prefix of their actions."""
    code = "".join(path.read_text("utf-8") for path in (ROOT / "reconciler" / "targets").rglob("*.py"))
    named = set(re.findall(r'"(?:[a-z-]+\.)?([A-Z][A-Za-z]+)"', code))
    session = botocore.session.get_session()
    models = {service: set(session.get_service_model(service).operation_names) for service in services}
    return {service.removesuffix("-admin"): named & models[service] for service in services}


def _policies() -> list[set[str]]:
    """The actions of each policy in the README, in their order."""
    blocks = re.findall(r"^```json\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)
    statements = [json.loads(block)["Statement"] for block in blocks]
    return [{action for statement in found for action in statement["Action"]} for found in statements]


def test_the_policies_allow_what_is_called_and_nothing_else() -> None:
    called = {
        f"{prefix}:{operation}"
        for prefix, operations in _operations("identitystore", "sso-admin", "organizations").items()
        for operation in operations
    }
    # Of organizations it only reads; names that sso has, too, are not meant there.
    called -= {f"organizations:{name}" for name in ("TagResource", "UntagResource")}
    reads, writes, management = _policies()
    assert {each for each in called if re.search(":(List|Describe|Get)", each)} == reads
    deletions = {"identitystore:DeleteUser", "identitystore:DeleteGroup"}
    assert called - reads == writes | deletions
    assert all(f"`{action}`" in README for action in deletions)
    assert all(action.startswith("iam:") for action in management)
