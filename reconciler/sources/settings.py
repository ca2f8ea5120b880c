"""The file of `--config`: where the directory is, which part of it is read, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, Required

from pydantic import AfterValidator, BeforeValidator, Field, TypeAdapter, WithJsonSchema, with_config
from typing_extensions import TypedDict

from reconciler.errors import InputError, Problem
from reconciler.files.documents import Document
from reconciler.files.faults import Faults
from reconciler.files.fields import STRICT, Positive, Text
from reconciler.files.shapes import Shape, refused
from reconciler.files.tree import MAX_FILE_BYTES, MemoryTree
from reconciler.sources.entry import dn_fault
from reconciler.sources.filters import fault

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
# What a plain LDAP server calls otherwise (RFC 2798, RFC 4519).
PLAIN_SOURCES: Mapping[str, str] = {
    **SOURCES,
    "employee_number": "employeeNumber",
    "organization": "o",
    "division": "ou",
    "website": "labeledURI",
    "department": "departmentNumber",
}
# What AWS asks for at every person (facts: CreateUser of IAM Identity Center's SCIM endpoint).
ALWAYS = ("given_name", "family_name", "display_name")
# Where Microsoft's matching rules begin (MS-ADTS 3.1.1.3.4.4).
_MICROSOFT = "1.2.840.113556."
DEFAULT_ATTRIBUTES = ("email", "title", "department", "manager")
CHOICES = (*sorted(SOURCES.keys() - set(ALWAYS)), "manager")


def _attribute_name(value: Any) -> str:
    if value in CHOICES:
        return str(value)
    raise refused("is not an attribute that can be imported", f"choose from {', '.join(CHOICES)}")


def _filter(value: Any) -> str:
    says = fault(value) if isinstance(value, str) else "is not text"
    if says is None:
        return str(value)
    fix = "write it as in RFC 4515, in parentheses: (department=Payments)"
    raise refused(f"is not an LDAP filter: it {says}", fix)


def _dn(value: str) -> str:
    if (says := dn_fault(value)) is not None:
        raise refused(f"is not a distinguished name: it {says}", "write it as OU=People,DC=example,DC=com")
    return value


Dn = Annotated[
    str,
    Shape(r"[A-Za-z0-9.\-]+ *=.*", "is not a distinguished name", "write it as OU=People,DC=example,DC=com"),
    AfterValidator(_dn),
]
Filter = Annotated[
    Any, BeforeValidator(_filter), WithJsonSchema({"type": "string", "description": "As in RFC 4515."})
]
AttributeName = Annotated[Any, BeforeValidator(_attribute_name), WithJsonSchema({"enum": list(CHOICES)})]
LdapName = Annotated[
    str,
    Shape(r"[A-Za-z][A-Za-z0-9\-]{0,63}", "is not the name of an LDAP attribute", "write it as department"),
]
# 1 to 65535.
_PORT = "([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
Url = Annotated[
    str,
    Shape(
        rf"(ldaps|ldap)://[A-Za-z0-9.\-]+(:{_PORT})?/?",
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
class _Enabled(TypedDict, total=False):
    attribute: Required[LdapName]
    values: Annotated[list[Text], Field(min_length=1)]
    not_values: Annotated[list[Text], Field(min_length=1)]


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
    kind: Literal["ad", "ldap"]
    auth: Literal["simple", "kerberos"]
    enabled: Literal["all"] | _Enabled
    base: Required[Dn]
    users: _Users
    groups: _Groups
    user_name: Literal["userPrincipalName", "mail", "uid"]
    group_name: Literal["sAMAccountName", "cn", "displayName"]
    nested: Literal["include", "flatten"]
    gone: Literal["keep", "remove"]
    attributes: list[AttributeName]
    from_: Annotated[dict[str, LdapName], Field(alias="from")]


SETTINGS: TypeAdapter[_SettingsDocument] = TypeAdapter(_SettingsDocument)


@dataclass(frozen=True, slots=True)
class Server:
    """How the directory is reached. `ldap://` means StartTLS: nothing is ever sent without TLS.

    `timeout` is in seconds, for connecting and for each answer. The password is read when it is needed;
    with `kerberos` there is none, and the ticket of the credential cache says who reads.
    """

    url: str
    bind_dn: str
    password_env: str | None = None
    password_file: Path | None = None
    ca_file: Path | None = None
    server_name: str | None = None
    timeout: int = 30
    kerberos: bool = False


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
class Enabled:
    """Whom a plain LDAP server has enabled: all, or whose `attribute` has (`negative`: has not) a value."""

    attribute: str | None = None
    values: tuple[str, ...] = ()
    negative: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """What becomes of what was read; `attributes` are those of ours beside ALWAYS, `sources` where from."""

    user_name: str = "userPrincipalName"
    group_name: str = "sAMAccountName"
    flatten: bool = False
    keep_gone: bool = True
    attributes: tuple[str, ...] = DEFAULT_ATTRIBUTES
    sources: Mapping[str, str] = field(default_factory=lambda: dict(SOURCES))
    # Of plain LDAP servers alone: Active Directory says it itself.
    enabled: Enabled | None = None

    @property
    def standing(self) -> str:
        """The attribute that says whether somebody is enabled."""
        return (self.enabled and self.enabled.attribute) or "userAccountControl"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that the file says. Without a `server` only a recorded directory can be imported.

    `plain` is a server that is not Active Directory. `attributes_named` says that the attributes of `mapping`
    were asked for by name, and not chosen for want of it.
    """

    server: Server | None = None
    users: Scope = Scope()
    groups: Scope = Scope()
    mapping: Rules = Rules()
    plain: bool = False
    attributes_named: bool = False


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
    written = None if document is None else document.check(SETTINGS)
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
    plain = written.get("kind") == "ldap"
    (_plain if plain else _active_directory)(document, written)
    base = (written["base"],)
    return Settings(
        server=_server(document, written, folder) if "url" in written else None,
        users=Scope(tuple(users.get("bases", base)), users.get("filter"), tuple(users.get("member_of", ()))),
        groups=Scope(tuple(groups.get("bases", base)), groups.get("filter"), tuple(groups.get("names", ()))),
        mapping=Rules(
            user_name=written.get("user_name", "mail" if plain else "userPrincipalName"),
            group_name=written.get("group_name", "cn" if plain else "sAMAccountName"),
            flatten=written.get("nested") == "flatten",
            keep_gone=written.get("gone") != "remove",
            attributes=tuple(written.get("attributes", DEFAULT_ATTRIBUTES)),
            sources={**(PLAIN_SOURCES if plain else SOURCES), **written.get("from_", {})},
            enabled=_enabled(written.get("enabled")) if plain else None,
        ),
        plain=plain,
        attributes_named="attributes" in written,
    )


def _plain(document: Document, written: _SettingsDocument) -> None:
    """Refuse what a plain LDAP server does not have, or answers with success and nothing."""
    if written.get("user_name") == "userPrincipalName":
        document.fault(("user_name",), "is of Active Directory alone", "write mail or uid")
    if written.get("group_name", "cn") != "cn":
        document.fault(("group_name",), "is of Active Directory alone", "write cn, or leave it out")
    if "member_of" in written.get("users", {}):
        says = "needs a matching rule that only Active Directory has; others would answer with nobody"
        document.fault(("users", "member_of"), says, "write a filter, or bases", key=True)
    for section in ("users", "groups"):
        scope: Any = written.get(section, {})
        if _MICROSOFT in str(scope.get("filter", "")):
            says = "has a matching rule that only Active Directory has; others would answer with nobody"
            document.fault((section, "filter"), says, "compare attributes in it")
    enabled = written.get("enabled")
    fix = "write `enabled: all`, or {attribute: NAME, values: [...]}, or {attribute: NAME, not_values: [...]}"
    if enabled is None:
        document.fault((), "does not say who is enabled, which a plain LDAP server does not say itself", fix)
    elif isinstance(enabled, dict) and ("values" in enabled) == ("not_values" in enabled):
        document.fault(("enabled",), "takes one of values and not_values", fix)


def _active_directory(document: Document, written: _SettingsDocument) -> None:
    if "enabled" in written:
        fix = "leave it out: userAccountControl says it; `kind: ldap` is for other servers"
        document.fault(("enabled",), "is of plain LDAP servers", fix, key=True)
    if written.get("user_name") == "uid":
        document.fault(("user_name",), "is of plain LDAP servers", "write userPrincipalName or mail")


def _enabled(written: Literal["all"] | _Enabled | None) -> Enabled | None:
    if written is None or isinstance(written, str):
        return Enabled()
    values = written.get("values", written.get("not_values", ()))
    return Enabled(written["attribute"], tuple(values), negative="not_values" in written)


def _server(document: Document, written: _SettingsDocument, folder: Path) -> Server | None:
    password, kerberos = written.get("password", {}), written.get("auth") == "kerberos"
    if kerberos and ("bind_dn" in written or "password" in written):
        fix = "leave bind_dn and password out: the ticket in the credential cache says who reads"
        document.fault(("auth",), "is kerberos, which needs no password", fix)
    if not kerberos and "bind_dn" not in written:
        document.fault((), "has a url and no bind_dn", "add `bind_dn: …`, who reads the directory")
    if not kerberos and len(password) != 1:
        fix = "write `password: {env: AD_PASSWORD}` or `password: {file: /run/secrets/ad}`"
        document.fault((), "has a url and no single source of the password", fix)
    if not kerberos and ("bind_dn" not in written or len(password) != 1):
        return None
    return Server(
        url=written["url"],
        bind_dn=written.get("bind_dn", ""),
        kerberos=kerberos,
        password_env=password.get("env"),
        password_file=folder / password["file"] if "file" in password else None,
        ca_file=folder / written["ca_file"] if "ca_file" in written else None,
        server_name=written.get("server_name"),
        timeout=written.get("timeout", 30),
    )
