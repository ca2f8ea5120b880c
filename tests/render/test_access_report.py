"""Answers about access hold no markup, no command and no formula, whatever people and services are called."""

from __future__ import annotations

import csv
import io
import json

import pytest

from reconciler.access.asking import TargetAccess
from reconciler.model.access import Holding
from reconciler.render.access_report import access_csv, access_json, access_text

HOSTILE = [
    '=HYPERLINK("http://x")',
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\x1b[31mred",
    "::error::x",
    "##[group]x",
    'a\r\nb,c"d',
    "\u202eabc",
]


def answer(name: str) -> TargetAccess:
    row = Holding(name, (name,), ("210000000020",), (name, ""), (name, ""))
    return TargetAccess("aws", (row,), names={"210000000020": name})


@pytest.mark.parametrize("name", HOSTILE)
def test_no_cell_is_a_formula_and_every_line_has_its_columns(name: str) -> None:
    lines = list(csv.reader(io.StringIO(access_csv([answer(name)]), newline="")))

    assert len(lines) == 2
    assert len(lines[1]) == len(lines[0])
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in lines[1])
    assert not any(ord(character) < 32 for cell in lines[1] for character in cell)


@pytest.mark.parametrize("name", HOSTILE)
def test_text_has_no_command_and_no_control_character(name: str) -> None:
    output = access_text([answer(name)])

    assert all(character.isprintable() for character in output.replace("\n", ""))
    assert not any(line.lstrip().startswith("::") for line in output.splitlines())
    assert "##[" not in output


@pytest.mark.parametrize("name", HOSTILE)
def test_json_gives_names_back_as_they_are(name: str) -> None:
    text = access_json([answer(name)])

    assert json.loads(text)["targets"][0]["access"][0]["people"] == [name]
    assert text.isascii()
