"""slapd as a plain LDAP server, on a free port of loopback, over TLS, with what a test adds."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from socket import create_connection

import pytest

from reconciler.wire.clock import SystemClock
from tests.servers.running import free_port, missing
from tests.support.ldap_server import PASSWORD, certificate
from tests.support.patience import PATIENCE, end

BASE, ADMIN = "dc=example,dc=org", "cn=admin,dc=example,dc=org"
_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/lib/openldap"))
_SCHEMAS = Path("/etc/ldap/schema")


@contextmanager
def slapd(folder: Path, entries: Sequence[Mapping[str, object]]) -> Iterator[str]:
    """The configuration lines that reach a server with these entries, each with its `dn`."""
    program, loader = (shutil.which(name, path=_PATH) for name in ("slapd", "slapadd"))
    if program is None or loader is None or not _SCHEMAS.is_dir():
        missing("slapd is not installed; `make directories` installs it")
    cert, key = certificate(folder, "localhost")
    (folder / "data").mkdir()
    schemas = "\n".join(
        f"include {_SCHEMAS}/{name}.schema" for name in ("core", "cosine", "inetorgperson", "nis")
    )
    config = folder / "slapd.conf"
    config.write_text(
        # In quotes, because the path of the folder of temporary files may have a blank.
        f'{schemas}\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\npidfile "{folder}/pid"\n'
        f'TLSCACertificateFile "{cert}"\nTLSCertificateFile "{cert}"\nTLSCertificateKeyFile "{key}"\n'
        f'database mdb\nsuffix "{BASE}"\nrootdn "{ADMIN}"\nrootpw "{PASSWORD}"\ndirectory "{folder}/data"\n'
    )
    file = folder / "entries.ldif"
    file.write_text("\n".join(_text(one) for one in ({"dn": BASE, **_ROOT}, *entries)))
    command = [loader, "-f", str(config), "-l", str(file)]
    done = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr.decode()
    port = free_port()
    command = [program, "-d", "0", "-f", str(config), "-h", f"ldaps://127.0.0.1:{port}"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(process, port)
        yield (
            f"kind: ldap\nurl: ldaps://localhost:{port}\nca_file: {cert}\nbind_dn: {ADMIN}\n"
            f"password: {{env: AD_PASSWORD}}\nbase: {BASE}\n"
        )
    finally:
        end(process)


_ROOT = {"objectClass": ["top", "dcObject", "organization"], "o": "Example", "dc": "example"}


def _text(entry: Mapping[str, object]) -> str:
    lines = []
    for name, value in entry.items():
        lines += [f"{name}: {one}" for one in (value if isinstance(value, list) else [value])]
    return "\n".join(lines) + "\n"


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    clock = SystemClock()
    ends = clock.monotonic() + PATIENCE
    while clock.monotonic() < ends:
        assert process.poll() is None, "slapd ended before it answered"
        with suppress(OSError), create_connection(("127.0.0.1", port), 1):
            return
        clock.sleep(0.02)
    pytest.fail("no answer from slapd")
