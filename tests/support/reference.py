"""Writes docs/reference/ from what the code itself says: fields, commands, codes. `make docs` runs it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from reconciler.cli.main import COMMANDS, cli
from reconciler.model.catalogue import SECTIONS
from reconciler.render.explained import explained

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "reference"
_HEAD = "<!-- Written by `make docs` from the code. Do not edit. -->\n\n"


def pages() -> Mapping[str, str]:
    """Each page by its file name."""
    return {"fields.md": _fields(), "commands.md": _commands(), "codes.md": _codes()}


def write() -> None:
    """Write every page."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


# Fields, from the JSON Schemas.

_FILES = {
    "identities.schema.json": ("Files of people, groups and access", "`identities/**/*.yaml`"),
    "reconciler.schema.json": ("Configuration", "`identities/reconciler.yaml`"),
    "approvals.schema.json": ("Approvals", "`identities/approvals/*.yaml`"),
}


def _fields() -> str:
    lines = [f"{_HEAD}# Every field\n"]
    lines.append(
        "What may be written, as `reconciler validate` checks it. Editors use the same as JSON Schema.\n"
    )
    for name, (title, where) in _FILES.items():
        schema = json.loads((ROOT / "schemas" / name).read_text("utf-8"))
        lines.append(f"## {title}\n\n{where}. {_sentence(schema)}\n")
        lines += _table(schema, schema)
        for key, part in sorted(schema.get("$defs", {}).items()):
            if "properties" in part:
                lines.append(f"### {_title(key)}\n\n{_sentence(part)}\n")
                lines += _table(part, schema)
    return "\n".join(lines)


def _table(part: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    properties = part.get("properties", {})
    if not properties:
        return
    required = part.get("required", ())
    yield "| field | takes | |\n|---|---|---|"
    for key, one in properties.items():
        mark = ", required" if key in required else ""
        yield f"| `{key}` | {_cell(_takes(one, schema))}{mark} | {_cell(one.get('description', ''))} |"
    yield ""


def _takes(one: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """What a field takes, in words; each possibility once."""
    return " or ".join(dict.fromkeys(_possibilities(one, schema)))


def _possibilities(one: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    if "$ref" in one:
        key = one["$ref"].rpartition("/")[2]
        part = schema["$defs"][key]
        yield from [_title(key)] if "properties" in part else _possibilities(part, schema)
    elif "anyOf" in one or "oneOf" in one:
        for each in one.get("anyOf") or one["oneOf"]:
            yield from _possibilities(each, schema)
    elif "enum" in one:
        yield ", ".join(f"`{each}`" for each in one["enum"])
    elif "const" in one:
        yield f"`{one['const']}`"
    else:
        yield from _plain(one, schema)


def _plain(one: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    kinds = one.get("type", ())
    for kind in [kinds] if isinstance(kinds, str) else kinds:
        if kind == "array":
            yield f"list of {_takes(one.get('items', {}), schema) or 'anything'}"
        elif kind == "object":
            inner = one.get("additionalProperties")
            # That an entry may be empty goes without saying, and would read as if the map were.
            held = [one for one in _possibilities(inner, schema) if one != "null"] if inner else []
            yield f"map to {' or '.join(dict.fromkeys(held))}" if held else "map"
        elif "string" in kinds and kind in ("number", "integer", "boolean"):
            continue  # text may be written without quotes
        else:
            yield _WORDS.get(kind, kind)


def _title(key: str) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", key.removesuffix("Document")).lower()
    return words.replace("_", " ")


def _sentence(part: Mapping[str, Any]) -> str:
    return " ".join(str(part.get("description", "")).split())


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").replace("<", "&lt;").split())


_WORDS = {"string": "text", "integer": "number", "boolean": "true or false"}


# Commands, from click.


def _commands() -> str:
    lines = [f"{_HEAD}# Every command\n", "[Commands](../cli.md) says what they are for.\n"]
    context = click.Context(cli, info_name="reconciler")
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        lines += _command(command, click.Context(command, parent=context, info_name=name), "##")
    return "\n".join(lines)


def _command(command: click.Command, context: click.Context, level: str) -> Iterator[str]:
    yield f"{level} {context.command_path}\n"
    yield f"```text\n{command.get_usage(context)}\n```\n"
    yield f"{_cell(re.sub(chr(8), '', command.help or ''))}\n"
    options = [
        one
        for one in command.params
        if isinstance(one, click.Option) and not one.hidden and one.name != "help"
    ]
    if options:
        yield "| option | |\n|---|---|"
        for one in options:
            record = one.get_help_record(context)
            if record is not None:
                yield f"| `{record[0].replace('|', chr(92) + '|')}` | {_cell(record[1])} |"
        yield ""
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                yield from _command(inner, click.Context(inner, parent=context, info_name=name), level + "#")


# Codes, from the catalogue.


def _codes() -> str:
    lines = [f"{_HEAD}# Every code\n"]
    lines.append("Findings, guards and rules, as `reconciler explain CODE` prints them.\n")
    for title, codes in SECTIONS.items():
        lines.append(f"## {title}\n")
        for one in codes:
            head, *rest = explained(one, asked=one.name).splitlines()
            severities = head.partition("(")[2].rstrip(")")
            lines.append(f"### {one.name}\n\n*{severities}*. {_cell(' '.join(rest))}\n")
    return "\n".join(lines)


if __name__ == "__main__":
    write()
