"""Imports from a real domain controller: what was deleted, and what is missing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli.main import run
from reconciler.errors import ServiceError
from reconciler.files.tree import FolderTree
from reconciler.loading.load import load
from reconciler.sources.ldap import read_directory
from reconciler.sources.settings import Scope, Server, Settings
from tests.servers.samba import ADMIN, BASE, HOST, PASSWORD, READER, REALM, VARIABLE, Domain
from tests.support.patience import PATIENCE

pytestmark = pytest.mark.slow
Import = Callable[..., Any]


@pytest.fixture
def importing(
    tmp_path: Path, samba: Domain, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Import:
    """Import with these lines of configuration, as this reader; the report, or the exit code of a failure."""
    monkeypatch.setenv(VARIABLE, PASSWORD)
    (tmp_path / "identities").mkdir()

    def call(*lines: str, reader: str = READER, options: tuple[str, ...] = ()) -> Any:
        config = tmp_path / "ad.yaml"
        config.write_text(samba.config(*lines).replace(READER, reader))
        arguments = ["--config", str(config), "--identities", str(tmp_path / "identities")]
        code = run(["import", "ad", *arguments, "--format", "json", *options])
        printed = capsys.readouterr()
        return json.loads(printed.out) if code == 0 else (code, printed.err)

    return call


def codes(report: Any) -> list[str]:
    return [one["code"] for one in report["findings"]]


@pytest.mark.parametrize("reader", [READER, ADMIN])
def test_who_was_deleted_is_told_from_who_is_missing_where_deleted_objects_can_be_seen(
    tmp_path: Path, samba: Domain, importing: Import, reader: str
) -> None:
    unit = samba.unit(f"Team of {reader.partition(',')[0].removeprefix('CN=')}")
    inside, outside = f"OU=Inside,{unit}", f"OU=Outside,{unit}"
    for each in (inside, outside):
        samba.add(each, "organizationalUnit")
    start = reader[3:5].lower()
    who = [samba.person(inside, f"{start}{at:02}", "Ada", f"Nr {at}") for at in range(12)]
    scope = f"base: {inside}"
    assert codes(importing(scope, reader=reader)) == []

    samba.delete(who[0])
    samba.move(who[1], unit=outside)
    found = importing(scope, reader=reader)

    loaded = load(FolderTree(tmp_path / "identities")).identities
    assert {key for key, one in loaded.users.items() if one.active is False} == {f"{start}00", f"{start}01"}
    if reader == ADMIN:
        assert codes(found) == ["missing"]
        assert f"{start}01 (" in found["findings"][0]["dn"]
        assert "was not deleted" in found["findings"][0]["message"]
    else:
        assert codes(found) == ["deleted-unknown"]
    assert codes(importing(scope, reader=reader)) == []


# Where Debian has the package; it fits Debian's own Python alone.
_OF_DEBIAN = "/usr/lib/python3/dist-packages"
_KRB5 = """\
[libdefaults]
default_realm = {realm}
dns_lookup_kdc = false
dns_canonicalize_hostname = false
rdns = false
[realms]
{realm} = {{
 kdc = {address}
}}
"""


def test_a_ticket_is_enough_to_read(tmp_path: Path, samba: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path, _OF_DEBIAN])
    pytest.importorskip("gssapi", reason="gssapi is not there for this Python", exc_type=ImportError)
    (tmp_path / "krb5.conf").write_text(_KRB5.format(realm=REALM, address=samba.address))
    monkeypatch.setenv("KRB5_CONFIG", str(tmp_path / "krb5.conf"))
    monkeypatch.setenv("KRB5CCNAME", f"FILE:{tmp_path / 'tickets'}")
    server = Server(samba.url, "", kerberos=True, ca_file=samba.ca_file, server_name=HOST)
    settings = Settings(server, Scope((BASE,)), Scope((BASE,)))
    with pytest.raises(ServiceError, match="get a ticket with kinit"):
        read_directory(settings)

    samba.name_service(f"ldap/{HOST}")
    subprocess.run(
        ["kinit", "reader"], input=f"{PASSWORD}\n".encode(), capture_output=True, timeout=PATIENCE, check=True
    )

    assert READER in {one.dn for one in read_directory(settings)}
