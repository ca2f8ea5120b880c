"""Reading a directory over the wire, from a stand-in with the caps of Windows."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli.main import run
from reconciler.errors import Denied, IncompleteRead, ReconcilerError, ServiceError
from reconciler.files.tree import FolderTree
from reconciler.loading.load import load
from reconciler.sources.asking import escape_filter
from reconciler.sources.ldap import read_directory
from reconciler.sources.settings import Scope, Server, Settings
from tests.support.directories import BASE, group, person
from tests.support.ldap_server import PASSWORD, READER, Directory, Served, serving

Read = Callable[..., int]


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AD_PASSWORD", PASSWORD)


def settings(served: Served, scheme: str = "ldaps", host: str = "localhost", **more: object) -> Settings:
    values: dict[str, object] = {
        "url": f"{scheme}://{host}:{served.port}",
        "bind_dn": READER,
        "password_env": "AD_PASSWORD",
        "ca_file": served.ca_file,
        "timeout": 5,
        **more,
    }
    scope = Scope((BASE,))
    return Settings(server=Server(**values), users=scope, groups=scope)  # type: ignore[arg-type]  # of a test


def company(count: int) -> Directory:
    people = [person(number, f"p{number:05}") for number in range(count)]
    return Directory([*people, group(90_000, "everybody", people)])


def test_everything_comes_in_pages_and_ranges(tmp_path: Path) -> None:
    directory = company(1_700)
    with serving(directory, tmp_path) as served:
        found = read_directory(settings(served))
    assert len(found) == 1_701
    everybody = next(one for one in found if one.values("member"))
    assert everybody.values("member") == directory.entries[-1].values("member")
    assert found[0].guid() == directory.entries[0].guid()
    kinds = [kind for _base, kind, _names in directory.searches]
    assert (kinds.count("user"), kinds.count("single")) == (4, 1)
    assert directory.binds == [(READER, PASSWORD, True)]


def test_a_group_that_changes_while_its_members_come_is_read_anew(tmp_path: Path) -> None:
    """A member that goes moves those behind it: the one at the seam would be in no part."""
    people = [person(number, f"p{number:05}") for number in range(25)]
    directory = Directory([*people, group(90, "everybody", people, uSNChanged="7")], values=10)
    left = 1

    def change() -> None:
        nonlocal left
        if left:
            left -= 1
            now = [one for one in people if one is not people[left]]
            directory.entries = [*people, group(90, "everybody", now, uSNChanged=str(100 - left))]

    directory.before_single = change
    with serving(directory, tmp_path) as served:
        found = read_directory(settings(served))
        everybody = next(one for one in found if one.values("member"))
        assert everybody.values("member") == directory.entries[-1].values("member")
        assert len(everybody.values("member")) == 24
        assert everybody.values("uSNChanged") == ()
        left = 1_000
        people = [person(number, f"p{number:05}") for number in range(1_001)]
        with pytest.raises(IncompleteRead, match="changed again and again"):
            read_directory(settings(served))


def test_start_tls_comes_before_the_password(tmp_path: Path) -> None:
    directory = company(3)
    with serving(directory, tmp_path, secure=False) as served:
        assert len(read_directory(settings(served, "ldap"))) == 4
    assert directory.binds == [(READER, PASSWORD, True)]


def test_without_tls_the_password_is_never_sent(tmp_path: Path) -> None:
    directory = company(3)
    directory.start_tls = False
    with (
        serving(directory, tmp_path, secure=False) as served,
        pytest.raises(ServiceError, match=r"does not take StartTLS.* write ldaps://"),
    ):
        read_directory(settings(served, "ldap"))
    assert directory.binds == []


@pytest.mark.parametrize("scheme", ["ldaps", "ldap"])
def test_a_certificate_must_be_trusted_and_name_the_server(tmp_path: Path, scheme: str) -> None:
    directory = company(3)
    with serving(directory, tmp_path, "dc1.example.com", secure=scheme == "ldaps") as served:
        for wrong in (settings(served, scheme), settings(served, scheme, ca_file=None)):
            with pytest.raises(ServiceError, match=r"no TLS with the directory.*certificate"):
                read_directory(wrong)
        assert directory.binds == []
        assert len(read_directory(settings(served, scheme, server_name="dc1.example.com"))) == 4


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "ca.pem cannot be used: No such file"),
        (b"", "ca.pem cannot be used: no certificate in PEM form"),
        (b"junk", "ca.pem cannot be used: no certificate in PEM form"),
        (b"\x30\x82\x01\x00", "ca.pem cannot be used: no certificate in PEM form"),
    ],
)
def test_a_ca_that_cannot_be_used_is_named(tmp_path: Path, content: bytes | None, words: str) -> None:
    directory = company(1)
    file = tmp_path / "given" / "ca.pem"
    file.parent.mkdir()
    if content is not None:
        file.write_bytes(content)
    with serving(directory, tmp_path) as served, pytest.raises(ReconcilerError, match=words):
        read_directory(settings(served, ca_file=file))
    assert directory.binds == []


@pytest.mark.parametrize("at_page", [0, 1, 2])
@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("code-4", IncompleteRead),
        ("code-3", ServiceError),
        ("code-10", ServiceError),
        ("code-50", Denied),
        ("code-51", ServiceError),
        ("code-52", ServiceError),
        ("no-cookie", IncompleteRead),
        ("same-page", IncompleteRead),
        ("hang-up", ServiceError),
        ("garbage", ServiceError),
    ],
)
def test_a_read_that_is_not_whole_is_an_error(
    tmp_path: Path, fault: str, kind: type[ServiceError], at_page: int
) -> None:
    directory = company(12)
    directory.page, directory.fault, directory.at_page = 5, fault, at_page
    with serving(directory, tmp_path) as served, pytest.raises(kind) as told:
        read_directory(settings(served))
    assert PASSWORD not in str(told.value)


def test_a_wrong_password_is_told_without_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AD_PASSWORD", "Tr0ub4dor")
    with serving(company(1), tmp_path) as served, pytest.raises(Denied, match="data 52e") as told:
        read_directory(settings(served))
    assert "Tr0ub4dor" not in str(told.value)


@pytest.mark.parametrize("content", ["", "\n", None])
def test_without_a_password_nothing_is_asked(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "password"
    if content is not None:
        file.write_text(content)
    directory = company(1)
    with serving(directory, tmp_path) as served:
        for wrong in (
            settings(served, password_env=None, password_file=file),
            settings(served, password_env="NOT_SET"),
        ):
            with pytest.raises(ReconcilerError, match="password"):
                read_directory(wrong)
        file.write_text(f"{PASSWORD}\n")
        assert read_directory(settings(served, password_env=None, password_file=file))
    assert len(directory.binds) == 1


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
@pytest.mark.parametrize("by_file", [True, False])
def test_a_line_end_is_no_part_of_the_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str, *, by_file: bool
) -> None:
    directory = company(1)
    file = tmp_path / "password"
    file.write_bytes(f"{PASSWORD}{end}".encode())
    monkeypatch.setenv("AD_PASSWORD", f"{PASSWORD}{end}")
    source: dict[str, Any] = {"password_env": None, "password_file": file} if by_file else {}
    with serving(directory, tmp_path) as served:
        assert read_directory(settings(served, **source))
    assert directory.binds == [(READER, PASSWORD, True)]


@pytest.mark.parametrize("content", [f"{PASSWORD}\nsecond\n".encode(), PASSWORD.encode("utf-16-le")])
def test_more_than_a_password_is_told_before_anything_is_sent(tmp_path: Path, content: bytes) -> None:
    directory = company(1)
    file = tmp_path / "password"
    file.write_bytes(content)
    with (
        serving(directory, tmp_path) as served,
        pytest.raises(ReconcilerError, match="password holds more than a password") as told,
    ):
        read_directory(settings(served, password_env=None, password_file=file))
    assert "horse" not in str(told.value)
    assert directory.binds == []


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # ldap3 leaves a socket behind that found nobody
def test_nobody_listens(tmp_path: Path) -> None:
    with serving(company(1), tmp_path) as served:
        pass
    with pytest.raises(ServiceError, match="cannot be read") as told:
        read_directory(settings(served))
    del told
    gc.collect()


def test_the_extra_that_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ldap3", None)
    with (
        serving(company(1), tmp_path) as served,
        pytest.raises(ReconcilerError, match=r"identity-reconciler\[ad\]"),
    ):
        read_directory(settings(served))


def test_kerberos_takes_an_extra_that_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gssapi", None)
    directory = company(1)
    with (
        serving(directory, tmp_path) as served,
        pytest.raises(ReconcilerError, match=r"identity-reconciler\[ad,kerberos\]"),
    ):
        read_directory(settings(served, bind_dn="", password_env=None, kerberos=True))
    assert directory.binds == []


def test_values_in_filters_are_escaped() -> None:
    assert escape_filter("CN=a*(b)\\,c\0") == "CN=a\\2a\\28b\\29\\5c,c\\00"
    assert escape_filter("Zoë") == "Zoë"


def test_an_import_from_a_server_and_half_an_answer_later(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    identities = tmp_path / "identities"
    identities.mkdir()
    directory = company(30)
    directory.page = directory.values = 8
    with serving(directory, tmp_path) as served:
        config = tmp_path / "ad.yaml"
        config.write_text(
            f"url: ldaps://localhost:{served.port}\nca_file: ca.pem\nbind_dn: {READER}\n"
            f"password: {{env: AD_PASSWORD}}\nbase: {BASE}\n"
        )
        arguments = ["import", "ad", "--config", str(config), "--identities", str(identities)]
        assert run([*arguments, "--detailed-exitcode"]) == 2
        assert len(load(FolderTree(identities)).identities.groups["everybody"].members or ()) == 30
        state = {one: one.stat().st_mtime_ns for one in identities.rglob("*")}
        assert run([*arguments, "--detailed-exitcode"]) == 0
        directory.fault, directory.at_page = "no-cookie", 1
        capsys.readouterr()
        assert run(arguments) == 1
        assert "does not say whether more follows" in capsys.readouterr().err
        directory.fault, directory.entries = "", directory.entries[15:]
        assert run(arguments) == 3
        assert {one: one.stat().st_mtime_ns for one in identities.rglob("*")} == state
