"""The file of `import ad --config`: every fault with its line and column."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.cli.main import run
from reconciler.errors import InputError
from reconciler.sources.settings import read_settings

GOOD = """\
url: ldaps://dc1.example.com
bind_dn: CN=reader,DC=x
password: {file: secret}
ca_file: ca.pem
base: DC=x
users: {bases: ["OU=People,DC=x"], filter: "(&(mail=*)(!(title=x)))"}
nested: flatten
gone: remove
attributes: [cost_center]
from: {cost_center: extensionAttribute1}
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "ad.yaml"
    file.write_text(text)
    return file


def test_a_whole_file(tmp_path: Path) -> None:
    found = read_settings(written(tmp_path, GOOD))
    assert found.server is not None
    assert (found.server.password_file, found.server.ca_file) == (tmp_path / "secret", tmp_path / "ca.pem")
    assert (found.users.bases, found.groups.bases) == (("OU=People,DC=x",), ("DC=x",))
    assert (found.mapping.flatten, found.mapping.keep_gone, found.mapping.attributes) == (
        True,
        False,
        ("cost_center",),
    )
    assert found.mapping.sources["cost_center"] == "extensionAttribute1"


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("ldaps://dc1.example.com", "http://dc1.example.com", "1:6"),
        ("ldaps://dc1.example.com", "ldaps://user:secret@dc1.example.com", "1:6"),
        ("ldaps://dc1.example.com", "ldaps://dc1.example.com:0", "1:6"),
        ("ldaps://dc1.example.com", "ldaps://dc1.example.com:65536", "1:6"),
        ("{file: secret}", "hunter2", "3:"),
        ("{file: secret}", "{value: hunter2}", "3:"),
        ("{file: secret}", "{env: [hunter2]}", "3:"),
        ("{file: secret}", "[hunter2]", "3:"),
        ("{file: secret}", "{file: a, env: b}", "1:1"),
        ("{file: secret}", "{}", "1:1"),
        ("bind_dn: CN=reader,DC=x\n", "", "1:1"),
        ("base: DC=x\n", "", "1:1"),
        ("base: DC=x", "base: example.com", "5:7"),
        ("nested: flatten", "nested: deep", "7:9"),
        ("gone: remove", "gon: remove", "8:1"),
        ("[cost_center]", "[cost_centre]", "9:14"),
        ("from: {cost_center:", "from: {manager:", "10:8"),
        ("(&(mail=*)(!(title=x)))", "(mail=*)(title=x)", "6:"),
        ("(&(mail=*)(!(title=x)))", "(&(mail=*)", "6:"),
        ("(&(mail=*)(!(title=x)))", "(mail=*))(|(cn=*)", "6:"),
        ("base: DC=x", "base: &a DC=x", "5:7"),
    ],
)
def test_a_fault_is_told_with_its_place_and_without_a_password(
    tmp_path: Path, old: str, new: str, place: str
) -> None:
    assert old in GOOD
    with pytest.raises(InputError) as told:
        read_settings(written(tmp_path, GOOD.replace(old, new)))
    assert f"ad.yaml:{place}" in str(told.value)
    assert "hunter2" not in str(told.value)
    assert "user:secret" not in str(told.value)


@pytest.mark.parametrize("port", ["1", "636", "3269", "10389", "60000", "65535"])
def test_a_port_is_taken(tmp_path: Path, port: str) -> None:
    found = read_settings(written(tmp_path, GOOD.replace("dc1.example.com", f"dc1.example.com:{port}")))
    assert found.server is not None
    assert found.server.url == f"ldaps://dc1.example.com:{port}"


def test_without_a_source_the_command_line_makes_no_sense(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["import", "ad"]) == 64
    assert run(["import", "ad", "--ldif", "x", "--max-shrink", "many"]) == 64
    narrowed = written(tmp_path, 'base: DC=x\ngroups: {names: ["x"]}\n')
    assert run(["import", "ad", "--ldif", "x", "--config", str(narrowed)]) == 64
    assert run(["import", "ad", "--config", str(tmp_path / "none.yaml")]) == 1
    capsys.readouterr()
    (tmp_path / "identities").mkdir()
    only_base = written(tmp_path, "base: DC=x\n")
    assert (
        run(["import", "ad", "--config", str(only_base), "--identities", str(tmp_path / "identities")]) == 1
    )
    assert "names no server" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name", ["OU=People;x", "OU=People, Engineering,DC=x", "OU=A+B,DC=x", "OU=,DC=x", "OU=x,,DC=x", "O U=x"]
)
@pytest.mark.parametrize("where", ["base: {}", "base: DC=x\nusers:\n  bases: [{}]"])
def test_a_distinguished_name_is_checked_part_by_part(tmp_path: Path, name: str, where: str) -> None:
    file = tmp_path / "ad.yaml"
    file.write_text(where.format(f'"{name}"'))
    if name == "OU=People;x":
        read_settings(file)  # a semicolon is a letter
        return
    with pytest.raises(InputError, match="is not a distinguished name") as told:
        read_settings(file)
    assert f"ad.yaml:{1 if where.startswith('base: {') else 3}:" in str(told.value)


@pytest.mark.parametrize(
    "name", ["OU=A\\\\, B\\\\+C,DC=x", "ou = x , dc = y", "2.5.4.11=x,DC=y", "CN=a+UID=7,DC=x"]
)
def test_a_distinguished_name_may_have_escapes(tmp_path: Path, name: str) -> None:
    file = tmp_path / "ad.yaml"
    file.write_text(f'base: "{name}"\n')
    assert read_settings(file).users.bases == (name.replace("\\\\", "\\"),)
