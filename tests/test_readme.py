"""The README and the pages that it leads to name what there is: commands, options, links, folders."""

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
from reconciler.doctor.aws.denying import READS as DENY_READS
from reconciler.doctor.aws.denying import WRITE as DENY_WRITE

ROOT = Path(__file__).resolve().parents[1]
PAGES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in sorted((*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")))
}
README, COMMANDS, CONTRIBUTING = (PAGES[name] for name in ("README.md", "docs/cli.md", "CONTRIBUTING.md"))
# These speak of the options of other programs, too.
FOR_DEVELOPERS = ("CONTRIBUTING.md", "docs/testing.md", "docs/testing-mutants.md")
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
    """Every command line of the pages: in a code span, or in a line of a shell block up to its comment."""
    lines: list[str] = []
    for text in PAGES.values():
        blocks = re.findall(r"^```(?:sh|console)\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
        lines += [
            line.removeprefix("$ ").partition(" #")[0].partition(" | ")[0]
            for block in blocks
            for line in block.splitlines()
        ]
        lines += re.findall(r"`(reconciler [^`]+)`", _prose(text))
    return sorted({line.strip() for line in lines if line.strip().startswith("reconciler ")})


def _prose(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("line", _invocations())
def test_every_command_line_exists_with_its_options(line: str) -> None:
    words = line.split()[1:]
    commands = {**_commands(), (): EVERYWHERE}
    fitting = [options for path, options in commands.items() if path and tuple(words[: len(path)]) == path]
    fitting = fitting or [options for path, options in commands.items() if path[:1] == tuple(words[:1])]
    fitting = fitting or [EVERYWHERE] * words[0].startswith("-")
    assert fitting, f"there is no command {words[0]}"
    given = [word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)]
    assert set(given) <= set().union(*fitting)


@pytest.mark.parametrize("name", [name for name in PAGES if name not in FOR_DEVELOPERS])
def test_every_option_that_stands_alone_exists_somewhere(name: str) -> None:
    named = {span.split()[0] for span in re.findall(r"`(-[^`]+)`", _prose(PAGES[name]))}
    assert named <= set().union(*_commands().values())


def test_options_are_named() -> None:
    assert re.findall(r"`(-[^`]+)`", _prose(COMMANDS))


def test_the_table_of_commands_is_complete() -> None:
    table = COMMANDS.partition("# Commands")[2].partition("## ")[0]
    named = re.findall(r"^\| `reconciler ([a-z-]+)", table, flags=re.MULTILINE)
    assert set(named) == {path[0] for path in _commands()}


def test_the_table_of_exit_codes_is_complete() -> None:
    raised = {
        kind.exit_code
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.ReconcilerError)
    }
    table = COMMANDS.partition("| exit code |")[2].partition("\n\n")[0]
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", table, flags=re.MULTILINE)} == {
        *raised,
        0,
        2,
        errors.INTERRUPTED,
        errors.TERMINATED,
    }


@pytest.mark.parametrize(
    "target",
    sorted(
        {
            target
            for text in PAGES.values()
            for target in re.findall(r"(?:^|`)make (?!PYTHON=)([\w-]+)", text, re.MULTILINE)
        }
    ),
)
def test_every_make_target_exists(target: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE)


def _anchors(text: str) -> set[str]:
    """What links to headings of a page may name, as GitHub makes it."""
    titles = re.findall(r"^#+ (.+)$", _prose(text), flags=re.MULTILINE)
    return {re.sub(r"[^a-z0-9 _-]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_somewhere(name: str) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", _prose(PAGES[name])):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        file = ((ROOT / name).parent / path).resolve() if path else ROOT / name
        assert file.exists(), link
        if anchor:
            assert anchor in _anchors(file.read_text(encoding="utf-8")), link


def test_the_readme_leads_to_every_page() -> None:
    """Or to the page that it is an appendix of."""
    linked = set(re.findall(r"\]\(([^)#]+)", README))
    appendices = {name for name in PAGES if name.startswith("docs/testing-")}
    assert set(PAGES) - {"README.md"} - appendices <= linked
    assert all(f"]({Path(name).name})" in PAGES["docs/testing.md"] for name in appendices)


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) < 250


def test_every_folder_of_the_layout_exists() -> None:
    block = CONTRIBUTING.partition("## Layout")[2].partition("```text\n")[2].partition("```")[0]
    assert block
    assert [line for line in block.splitlines() if not (ROOT / line.split()[0]).exists()] == []


def test_every_folder_stands_in_the_layout() -> None:
    block = CONTRIBUTING.partition("## Layout")[2].partition("```text\n")[2].partition("```")[0]
    named = {line.split("/")[0] for line in block.splitlines()}
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith((".", "_"))}
    assert folders <= named


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
    services = "identitystore", "sso-admin", "organizations", "cloudtrail"
    called = {
        f"{prefix}:{operation}"
        for prefix, operations in _operations(*services).items()
        for operation in operations
    }
    # Of organizations it only reads; names that sso has, too, are not meant there.
    called -= {f"organizations:{name}" for name in ("TagResource", "UntagResource")}
    # Only where `deny_policy` is set: docs/out-at-once.md names them, and init writes them.
    denying = {*DENY_READS, DENY_WRITE}
    assert denying <= called
    page = (ROOT / "docs" / "out-at-once.md").read_text("utf-8")
    assert all(f"`{action}`" in page for action in denying)
    called -= denying
    reads, writes, management = _policies()
    assert {each for each in called if re.search(":(List|Describe|Get|Lookup)", each)} == reads
    deletions = {"identitystore:DeleteUser", "identitystore:DeleteGroup"}
    assert called - reads == writes | deletions
    assert all(f"`{action}`" in README for action in deletions)
    assert all(action.startswith("iam:") for action in management)
