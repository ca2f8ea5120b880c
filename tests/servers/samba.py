"""Samba as an Active Directory domain controller, on a loopback address of its own, with what a test adds.

The domain is provisioned once for all workers; each test starts a copy of it. The ports of LDAP are fixed
and take root: where the tests run as somebody else, `sudo` without a password does it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import warnings
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from socket import create_connection
from tempfile import mkdtemp
from typing import Any

import pytest

from reconciler.wire.clock import SystemClock
from tests.servers.running import missing
from tests.support.ldap_server import certificate
from tests.support.patience import PATIENCE, end

REALM, BASE, HOST = "AD.EXAMPLE.TEST", "DC=ad,DC=example,DC=test", "dc1.ad.example.test"
ADMIN = f"CN=Administrator,CN=Users,{BASE}"
# Whom an import binds as: a user like others, who may read what everybody may.
READER = f"CN=reader,CN=Users,{BASE}"
PASSWORD = "Correct-h0rse"
VARIABLE = "AD_PASSWORD"
# The value of userAccountControl of an account without a password that may be used, and of one that may not.
ENABLED, DISABLED = 0x220, 0x222
# Where its programs are, also for those who are not root.
PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"))
_PROGRAMS = ("samba", "samba-tool", "ldbadd")
# Seconds until a server that ends is killed.
_FAREWELL = 10
# One transaction of many entries takes longer for each of them than several of few.
_BATCH = 250
_PROVISION = (
    f"--realm={REALM}", "--domain=ADTEST", f"--adminpass={PASSWORD}", "--server-role=dc",
    "--dns-backend=NONE", "--host-name=dc1", "--host-ip=127.0.0.10", "--use-rfc2307",
    "--option=interfaces=127.0.0.10/8", "--option=bind interfaces only=yes",
    "--option=vfs objects=dfs_samba4 acl_xattr xattr_tdb",
)  # fmt: skip


@dataclass
class Domain:
    """A domain that a controller serves at `address`; its files are in `folder`, its CA in `ca_file`."""

    address: str
    folder: Path
    ca_file: Path
    _loads: int = field(default=0)

    @property
    def url(self) -> str:
        return f"ldaps://{self.address}"

    def config(self, *lines: str, url: str | None = None) -> str:
        """A configuration of `import ad` that reads this domain, and more lines of it."""
        return "\n".join(
            (
                f"url: {url or self.url}",
                f"ca_file: {self.ca_file}",
                f"server_name: {HOST}",
                f"bind_dn: {READER}",
                f"password: {{env: {VARIABLE}}}",
                f"timeout: {PATIENCE}",
                *lines,
                "",
            )
        )

    @cached_property
    def _admin(self) -> Any:
        """A connection of the administrator."""
        import ldap3

        server = ldap3.Server(
            self.address, port=636, use_ssl=True, get_info=ldap3.NONE, tls=ldap3.Tls(validate=0)
        )
        return ldap3.Connection(server, ADMIN, PASSWORD, auto_bind=True, check_names=False)

    def add(self, dn: str, kind: str, **attributes: object) -> None:
        """Add an entry of this class."""
        self._do("add", dn, kind, attributes)

    def unit(self, name: str) -> str:
        """Add an organisational unit; its distinguished name."""
        dn = f"OU={name},{BASE}"
        self.add(dn, "organizationalUnit")
        return dn

    def person(self, unit: str, name: str, given: str, family: str, **attributes: object) -> str:
        """Add an enabled account; its distinguished name. `unit` is that of an organisational unit."""
        dn = f"CN={given} {family},{unit}"
        values = {
            "sAMAccountName": name,
            "userPrincipalName": f"{name}@example.test",
            "mail": f"{name}@example.test",
            "givenName": given,
            "sn": family,
            "displayName": f"{given} {family}",
            "userAccountControl": ENABLED,
            **attributes,
        }
        self.add(dn, "user", **values)
        return dn

    def group(self, unit: str, name: str, members: Sequence[str] = ()) -> str:
        """Add a security group; its distinguished name."""
        dn = f"CN={name},{unit}"
        self.add(dn, "group", sAMAccountName=name, **({"member": list(members)} if members else {}))
        return dn

    def change(self, dn: str, **attributes: object) -> None:
        """Give attributes of an entry other values."""
        changes = {name: [("MODIFY_REPLACE", [value])] for name, value in attributes.items()}
        self._do("modify", dn, changes)

    def join(self, group: str, member: str) -> None:
        self._do("modify", group, {"member": [("MODIFY_ADD", [member])]})

    def leave(self, group: str, member: str) -> None:
        self._do("modify", group, {"member": [("MODIFY_DELETE", [member])]})

    def move(self, dn: str, unit: str | None = None, name: str | None = None) -> str:
        """Move an entry to another unit, or give it another name there; its new distinguished name."""
        first, _, parent = dn.partition(",")
        first = f"CN={name}" if name else first
        self._do("modify_dn", dn, first, new_superior=unit)
        return f"{first},{unit or parent}"

    def delete(self, dn: str) -> None:
        self._do("delete", dn)

    def name_service(self, name: str) -> None:
        """Let the controller be found under this name of a service; one that keeps its own names has it."""
        changes = {"servicePrincipalName": [("MODIFY_ADD", [name])]}
        self._do("modify", f"CN=DC1,OU=Domain Controllers,{BASE}", changes)

    def load(self, entries: Sequence[str]) -> None:
        """Add many entries, each as LDIF, past LDAP: what takes seconds there takes less here."""
        for at in range(0, len(entries), _BATCH):
            self._loads += 1
            file = self.ca_file.parent / f"load-{self._loads}.ldif"
            file.write_text("\n\n".join(entries[at : at + _BATCH]) + "\n", encoding="utf-8")
            _run("ldbadd", "--nosync", "-H", str(self.folder / "private" / "sam.ldb"), str(file))

    def _do(self, what: str, *arguments: object, **more: object) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # ldap3 2.9.1 uses old names of pyasn1
            done = getattr(self._admin, what)(*arguments, **more)
            assert done, (what, arguments, self._admin.result)

    def close(self) -> None:
        """Hang up, where the administrator ever called."""
        if "_admin" in self.__dict__:
            self._admin.unbind()
            del self.__dict__["_admin"]


def entry(dn: str, kind: str, attributes: Mapping[str, object]) -> str:
    """An entry as LDIF; a value that is a list is several values."""
    lines = [f"dn:: {b64encode(dn.encode()).decode()}", f"objectClass: {kind}"]
    for name, value in attributes.items():
        for one in value if isinstance(value, list) else [value]:
            data = one if isinstance(one, bytes) else str(one).encode()
            lines.append(f"{name}:: {b64encode(data).decode()}")
    return "\n".join(lines)


def provisioned(factory: pytest.TempPathFactory) -> Path:
    """The folder of a domain with nobody in it but the reader: made once, by the first worker that asks."""
    lacking = [name for name in _PROGRAMS if shutil.which(name, path=PATH) is None]
    if lacking:
        missing(f"Samba is not installed ({', '.join(lacking)}); `make directories` installs it")
    if os.geteuid() != 0 and not _may_sudo():
        missing("Samba takes root for its ports: run the tests as root, or allow sudo without a password")
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with (shared / "samba.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder, done = shared / "samba", shared / "samba.done"
        if not done.exists():
            provision(folder)
            done.touch()
    return folder


def provision(folder: Path) -> None:
    """Make a domain with nobody in it but the reader in this folder, which is new."""
    folder.mkdir()
    domain = folder / "domain"
    _run("samba-tool", "domain", "provision", f"--targetdir={domain}", *_PROVISION)
    # Samba would make keys of its own at its first start, which takes seconds.
    certificate(folder, HOST)
    for source, name in (("key.pem", "key.pem"), ("ca.pem", "cert.pem"), ("ca.pem", "ca.pem")):
        target = domain / "private" / "tls" / name
        _run("install", "-D", "-m", "600", str(folder / source), str(target))
    quoted = f'"{PASSWORD}"'.encode("utf-16-le")
    names = {"sAMAccountName": "reader", "userAccountControl": 0x10200, "unicodePwd": quoted}
    Domain("", domain, folder / "ca.pem").load([entry(READER, "user", names)])


@contextmanager
def controller(template: Path) -> Iterator[Domain]:
    """A controller that serves a copy of the domain in `template`, while the block runs."""
    place = Path(mkdtemp(prefix="samba-"))
    folder = place / "domain"
    _run("cp", "-a", str(template / "domain"), str(folder))
    shutil.copy(template / "ca.pem", place / "ca.pem")
    domain = Domain(_address(), folder, place / "ca.pem")
    try:
        with _running(domain):
            yield domain
    finally:
        domain.close()
        _run("rm", "-rf", str(place))


@contextmanager
def _running(domain: Domain) -> Iterator[None]:
    folder = domain.folder
    options = {
        "interfaces": f"{domain.address}/8",
        "bind interfaces only": "yes",
        "server services": "ldap, kdc",
        # As Windows: inside of TLS, a bind by Kerberos needs no layer of its own.
        "ldap server require strong auth": "allow_sasl_over_tls",
        "private dir": folder / "private",
        "lock directory": folder,
        "state directory": folder / "state",
        "cache directory": folder / "cache",
        "pid directory": folder,
        "ncalrpc dir": folder / "ncalrpc",
        "log file": folder / "log.%m",
    }
    # It ends when its standard input does, also where the tests are killed.
    command = ["samba", "-i", "--no-process-group", "-M", "single", "-s", str(folder / "etc" / "smb.conf")]
    command += [f"--option={name}={value}" for name, value in options.items()]
    with (domain.ca_file.parent / "said").open("wb") as said:
        process = subprocess.Popen(
            _as_root(command), stdin=subprocess.PIPE, stdout=said, stderr=said, env=_environment()
        )
    assert process.stdin is not None
    try:
        _wait(domain, process)
        yield
    finally:
        process.stdin.close()
        try:
            process.wait(_FAREWELL)
        except subprocess.TimeoutExpired:
            end(process)


def _wait(domain: Domain, process: subprocess.Popen[bytes]) -> None:
    clock = SystemClock()
    ends = clock.monotonic() + PATIENCE
    while clock.monotonic() < ends:
        if process.poll() is not None:
            said = (domain.ca_file.parent / "said").read_text("utf-8", "replace")
            pytest.fail(f"Samba ended with {process.returncode} before it answered:\n{said}")
        with suppress(OSError), create_connection((domain.address, 636), 1):
            return
        clock.sleep(0.02)
    pytest.fail(f"no answer from {domain.url} within {PATIENCE} seconds")


def _address() -> str:
    """An address of 127.0.0.0/8 that no other process on this machine has: 22 bits say which this is."""
    pid = os.getpid()
    return f"127.{64 + (pid >> 16) % 64}.{(pid >> 8) % 256}.{pid % 256}"


def _may_sudo() -> bool:
    sudo = shutil.which("sudo")
    if sudo is None:
        return False
    return (
        subprocess.run([sudo, "-n", "true"], capture_output=True, timeout=PATIENCE, check=False).returncode
        == 0
    )


def _as_root(command: Sequence[str]) -> list[str]:
    found = shutil.which(command[0], path=PATH) or command[0]
    return [*([] if os.geteuid() == 0 else ["sudo", "-n"]), found, *command[1:]]


def _environment() -> dict[str, str]:
    return {**os.environ, "PATH": PATH}


def _run(*command: str) -> None:
    done = subprocess.run(
        _as_root(command), capture_output=True, env=_environment(), timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, (command[0], (done.stderr or done.stdout).decode("utf-8", "replace")[-2000:])
