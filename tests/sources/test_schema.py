"""The JSON Schema of an import's configuration takes what the reader takes."""

from __future__ import annotations

from pathlib import Path

import check_jsonschema
import pytest
from click.testing import CliRunner

from reconciler.sources.schema import import_schemas
from tests.sources.test_settings import GOOD

ROOT = Path(__file__).resolve().parents[2]


def is_right(folder: Path, text: str) -> bool:
    file = folder / "ad.yaml"
    file.write_text(text)
    arguments = ["--schemafile", str(ROOT / "schemas" / "ad.schema.json"), str(file)]
    return CliRunner().invoke(check_jsonschema.main, arguments).exit_code == 0


def test_what_is_in_the_folder_is_what_the_code_makes() -> None:
    for name, text in import_schemas().items():
        assert (ROOT / "schemas" / name).read_text("utf-8") == text, "run `reconciler schema`"


@pytest.mark.parametrize(
    "text",
    [GOOD, "kind: ldap\nbase: dc=x\nenabled: all\n", "base: DC=x\nauth: kerberos\nurl: ldaps://dc1.x\n"],
)
def test_a_right_file_is_right(tmp_path: Path, text: str) -> None:
    assert is_right(tmp_path, text)


@pytest.mark.parametrize(
    "text",
    [
        "url: ldaps://dc1.x\n",
        "base: DC=x\nurl: http://dc1.x\n",
        "base: DC=x\ngon: keep\n",
        "base: DC=x\npassword: hunter2\n",
        "base: DC=x\nattributes: [cost_centre]\n",
        "kind: ldap\nbase: dc=x\nenabled: some\n",
    ],
)
def test_a_wrong_file_is_wrong(tmp_path: Path, text: str) -> None:
    assert not is_right(tmp_path, text)
