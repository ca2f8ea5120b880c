"""The file of `--config`: where the directory is, which part of it is read, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, Required

from pydantic import BeforeValidator, Field, TypeAdapter, with_config
from typing_extensions import TypedDict

from reconciler.errors import InputError, Problem
from reconciler.files.documents import Document
from reconciler.files.faults import Faults
from reconciler.files.fields import STRICT, Positive, Text
from reconciler.files.shapes import Shape, refused
from reconciler.files.tree import MAX_FILE_BYTES, MemoryTree

# From which attribute of the directory each of ours comes, unless `from` says otherwise (facts: MS-ADSC).
SOURCES: Mapping[str, str] = {
    "given_name": "givenName",
    "family_name": "sn",
    "display_name": "displayName",
    "middle_name": "middleName",
    "honorific_suffix": "generationQualifier",
    "email": "mail",
    "phone_number": "telephoneNumber",
    "title": "title",
    "preferred_language": "preferredLanguage",
    "website": "wWWHomePage",
    "employee_number": "employeeID",
    "cost_center": "departmentNumber",
    "organization": "company",
    "division": "division",
    "department": "department",
    "user_type": "employeeType",
    "nick_name": "displayNamePrintable",
}
# What AWS asks for at every person (facts: CreateUser of IAM Identity Center's SCIM endpoint).
ALWAYS = ("given_name", "family_name", "display_name")
DEFAULT_ATTRIBUTES = ("email", "title", "department", "manager")
_CHOICES = (*sorted(SOURCES.keys() - set(ALWAYS)), "manager")


def _attribute_name(value: Any) -> str:
    if value in _CHOICES:
        return str(value)
    raise refused("is not an attribute that can be imported", f"choose from {', '.join(_CHOICES)}")


def _filter(value: Any) -> str:
    if isinstance(value, str) and value.startswith("(") and value.endswith(")") and _balanced(value):
        return value
    raise refused("is not an LDAP filter", "write it as in RFC 4515, in parentheses: (department=Payments)")


def _balanced(text: str) -> bool:
    depth = 0
    for at, character in enumerate(text):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth <= 0 and at + 1 < len(text):
            return False
    return depth == 0


Dn = Annotated[
    str,
    Shape(r"[A-Za-z0-9.\-]+ *=.*", "is not a distinguished name", "write it as OU=People,DC=example,DC=com"),
]
Filter = Annotated[Any, BeforeValidator(_filter)]
AttributeName = Annotated[Any, BeforeValidator(_attribute_name)]
LdapName = Annotated[
    str,
    Shape(r"[A-Za-z][A-Za-z0-9\-]{0,63}", "is not the name of an LDAP attribute", "write it as department"),
]
Url = Annotated[
    str,
    Shape(
        r"(ldaps|ldap)://[A-Za-z0-9.\-]+(:[0-9]{1,5})?/?",
        "is not the address of an LDAP server",
        "write ldaps://dc1.example.com, or ldap://dc1.example.com for StartTLS",
    ),
]


def _no_secret(value: Any) -> Any:
    """Refuse a password in the file before anything else complains, and would show it."""
    if isinstance(value, dict):
        if all(isinstance(one, str) for one in value.values()) and value.keys() <= {"env", "file"}:
            return value
        raise refused("takes env or file, and text for it", "write {env: AD_PASSWORD} or {file: PATH}")
    raise refused("is not a place to find it at", "write {env: AD_PASSWORD} or {file: PATH}, no password")


@with_config(STRICT)
class _Password(TypedDict, total=False):
    env: Text
    file: Text


@with_config(STRICT)
class _Users(TypedDict, total=False):
    bases: Annotated[list[Dn], Field(min_length=1)]
    filter: Filter
    member_of: Annotated[list[Dn], Field(min_length=1)]


@with_config(STRICT)
class _Groups(TypedDict, total=False):
    bases: Annotated[list[Dn], Field(min_length=1)]
    filter: Filter
    names: Annotated[list[Text], Field(min_length=1)]


@with_config(STRICT)
class _SettingsDocument(TypedDict, total=False):
    url: Url
    ca_file: Text
    server_name: Text
    bind_dn: Text
    password: Annotated[_Password, BeforeValidator(_no_secret)]
    timeout: Positive
    base: Required[Dn]
    users: _Users
    groups: _Groups
    user_name: Literal["userPrincipalName", "mail"]
    group_name: Literal["sAMAccountName", "cn", "displayName"]
    nested: Literal["include", "flatten"]
    gone: Literal["keep", "remove"]
    attributes: list[AttributeName]
    from_: Annotated[dict[str, LdapName], Field(alias="from")]


_ADAPTER: TypeAdapter[_SettingsDocument] = TypeAdapter(_SettingsDocument)


@dataclass(frozen=True, slots=True)
class Server:
    """How the directory is reached. `ldap://` means StartTLS: nothing is ever sent without TLS.

    `timeout` is in seconds, for connecting and for each answer. The password is read when it is needed.
    """

    url: str
    bind_dn: str
    password_env: str | None = None
    password_file: Path | None = None
    ca_file: Path | None = None
    server_name: str | None = None
    timeout: int = 30


@dataclass(frozen=True, slots=True)
class Scope:
    """Which users or groups are meant: below one of `bases`, in a filter, and in or of these names."""

    bases: tuple[str, ...] = ()
    filter: str | None = None
    names: tuple[str, ...] = ()

    @property
    def narrowed(self) -> bool:
        """Whether only a server can say who is meant."""
        return self.filter is not None or bool(self.names)


@dataclass(frozen=True, slots=True)
class Rules:
    """What becomes of what was read; `attributes` are those of ours beside ALWAYS, `sources` where from."""

    user_name: str = "userPrincipalName"
    group_name: str = "sAMAccountName"
    flatten: bool = False
    keep_gone: bool = True
    attributes: tuple[str, ...] = DEFAULT_ATTRIBUTES
    sources: Mapping[str, str] = field(default_factory=lambda: dict(SOURCES))


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that the file says. Without a `server` only a recorded directory can be imported."""

    server: Server | None = None
    users: Scope = Scope()
    groups: Scope = Scope()
    mapping: Rules = Rules()


def read_settings(path: Path) -> Settings:
    """The settings of one file. Raises InputError with everything that is wrong, by line and column."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise InputError([Problem(f"{path} cannot be read: {error.strerror}", "check the path")]) from error
    if len(data) > MAX_FILE_BYTES:
        raise InputError([Problem(f"{path} is larger than {MAX_FILE_BYTES:,} bytes", "check the path")])
    tree = MemoryTree(path.parent.as_posix(), {path.name: data})
    faults = Faults(tree)
    document = Document.read(tree, path.name, faults)
    written = None if document is None else document.check(_ADAPTER)
    if document is not None and written is not None and not faults:
        settings = _settings(document, written, path.parent)
        if not faults:
            return settings
    raise faults.error()


def _settings(document: Document, written: _SettingsDocument, folder: Path) -> Settings:
    for name in written.get("from_", {}):
        if name not in SOURCES:
            says = "is not an attribute that comes from one of the directory's"
            document.fault(("from", name), says, f"choose from {', '.join(sorted(SOURCES))}", key=True)
    users, groups = written.get("users", {}), written.get("groups", {})
    base = (written["base"],)
    return Settings(
        server=_server(document, written, folder) if "url" in written else None,
        users=Scope(tuple(users.get("bases", base)), users.get("filter"), tuple(users.get("member_of", ()))),
        groups=Scope(tuple(groups.get("bases", base)), groups.get("filter"), tuple(groups.get("names", ()))),
        mapping=Rules(
            user_name=written.get("user_name", "userPrincipalName"),
            group_name=written.get("group_name", "sAMAccountName"),
            flatten=written.get("nested") == "flatten",
            keep_gone=written.get("gone") != "remove",
            attributes=tuple(written.get("attributes", DEFAULT_ATTRIBUTES)),
            sources={**SOURCES, **written.get("from_", {})},
        ),
    )


def _server(document: Document, written: _SettingsDocument, folder: Path) -> Server | None:
    password = written.get("password", {})
    if "bind_dn" not in written:
        document.fault((), "has a url and no bind_dn", "add `bind_dn: …`, who reads the directory")
    if len(password) != 1:
        fix = "write `password: {env: AD_PASSWORD}` or `password: {file: /run/secrets/ad}`"
        document.fault((), "has a url and no single source of the password", fix)
    if "bind_dn" not in written or len(password) != 1:
        return None
    return Server(
        url=written["url"],
        bind_dn=written["bind_dn"],
        password_env=password.get("env"),
        password_file=folder / password["file"] if "file" in password else None,
        ca_file=folder / written["ca_file"] if "ca_file" in written else None,
        server_name=written.get("server_name"),
        timeout=written.get("timeout", 30),
    )
