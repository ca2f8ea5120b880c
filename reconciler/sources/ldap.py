"""Reading a domain controller over LDAPS or StartTLS. The only file that imports ldap3.

Every read is a full one, in pages, and either whole or an error: nobody may be taken for gone because an
answer broke off. Sources: RFC 4511 (LDAP), RFC 2696 (paging), MS-ADTS 3.1.1.3.1.3.3 (ranges), RFC 4513
section 5.1.2 (a bind without a password does not authenticate).
"""

from __future__ import annotations

import contextlib
import ssl
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from reconciler.errors import Denied, IncompleteRead, ReconcilerError, ServiceError
from reconciler.files.characters import show
from reconciler.sources.asking import TOMBSTONES, VERSION, domains, password_of, questions
from reconciler.sources.deleted import CONTAINER
from reconciler.sources.entry import Entry, entry, normal, part_of_range
from reconciler.sources.settings import Server, Settings

PAGE_SIZE = 500
_PAGED = "1.2.840.113556.1.4.319"
_SHOW_DELETED = "1.2.840.113556.1.4.417"
# Answers of who may not look there, or has no such place: unavailableCriticalExtension, noSuchObject,
# insufficientAccessRights, unwillingToPerform (RFC 4511 section 4.1.9).
_NOT_SHOWN = ("12", "32", "50", "53")
_SUCCESS, _SIZE_LIMIT, _BAD_CREDENTIALS, _NO_ACCESS = 0, 4, 49, 50
# Pages without a new entry, one after the other: a server that goes on so does not end.
_EMPTY_PAGES = 100
# How often an entry is read that changes meanwhile.
_TRIES = 3


def read_directory(settings: Settings) -> list[Entry]:
    """Every user and group in the scope, each once, with all values of its attributes.

    Raises ReconcilerError where the extra `ad` is not installed or the password is not there, Denied where
    the directory refuses the bind, IncompleteRead where an answer is not whole, ServiceError for the rest.
    """
    if settings.server is None:
        raise ReconcilerError("the configuration names no server: add `url: ldaps://…`, or read an --ldif")
    password = "" if settings.server.kerberos else password_of(settings.server)
    with warnings.catch_warnings():
        # ldap3 2.9.1 uses names that pyasn1 calls deprecated.
        warnings.simplefilter("ignore", DeprecationWarning)
        library = _library()
        reader = _Reader(library, settings.server)
        try:
            reader.connect(password)
            return _whole(reader, settings)
        except ReconcilerError:
            raise
        except Exception as error:
            # ldap3 has errors of its own, and lets those of its decoder through when an answer is not LDAP.
            raise reader.failed(error) from error
        finally:
            reader.close()


def _whole(reader: _Reader, settings: Settings) -> list[Entry]:
    found: dict[tuple[str, ...], Entry] = {}
    for each in questions(settings):
        for base in each.bases:
            for one in reader.search(base, each.text, each.attributes):
                found[normal(one.dn)] = one
    for base in domains(settings):
        for one in reader.deleted(f"{CONTAINER},{base}"):
            found.setdefault(normal(one.dn), one)
    return list(found.values())


def _library() -> Any:
    try:
        import ldap3
    except ImportError as error:
        raise ReconcilerError(
            "reading a domain controller takes the extra `ad`, which is not installed: "
            "pip install 'identity-reconciler[ad]'"
        ) from error
    return ldap3


class _ChangedError(Exception):
    """An entry changed while its values were read in parts."""


def _version(attributes: Mapping[str, list[bytes]]) -> list[bytes]:
    """The number of the last change of an entry; none where it was not asked for, or is not shown."""
    return [one for name, values in attributes.items() if name.lower() == VERSION.lower() for one in values]


class _Reader:
    """One connection, and the searches over it."""

    def __init__(self, library: Any, server: Server) -> None:
        self._ldap3, self._server = library, server
        self._address = urlsplit(server.url)
        self._connection: Any = None

    def connect(self, password: str) -> None:
        """Connect with TLS, verified, and bind."""
        secure = self._address.scheme == "ldaps"
        host = str(self._address.hostname)
        made = self._ldap3.Server(
            host,
            port=self._address.port or (636 if secure else 389),
            use_ssl=secure,
            tls=_verifying(self._ldap3, self._server, host),
            get_info=self._ldap3.NONE,
            connect_timeout=self._server.timeout,
        )
        self._connection = self._ldap3.Connection(
            made,
            **(self._ticket(host) if self._server.kerberos else self._simple(password)),
            client_strategy=self._ldap3.SYNC,
            read_only=True,
            auto_referrals=False,
            auto_range=False,
            check_names=False,
            return_empty_attributes=False,
            receive_timeout=self._server.timeout,
        )
        self._connection.open()
        if not secure and not self._connection.start_tls():
            raise self._error("the directory does not take StartTLS", self._connection.result)
        if self._connection.closed or not isinstance(self._connection.socket, ssl.SSLSocket):
            # ldap3 would open a closed connection anew, without StartTLS, and send the password over it.
            raise ServiceError("TLS did not start", target=self._server.url)
        if not self._connection.bind():
            raise self._error("the directory refuses the bind", self._connection.result)

    def _simple(self, password: str) -> dict[str, Any]:
        return {
            "user": self._server.bind_dn,
            "password": password,
            "authentication": self._ldap3.SIMPLE,
        }

    def _ticket(self, host: str) -> dict[str, Any]:
        """A bind by GSSAPI: ldap3 asks for no layer of its own inside of TLS, and binds it to the channel."""
        try:
            import gssapi  # noqa: F401  # ldap3 imports it, and its own words would not name the extra
        except ImportError as error:
            raise ReconcilerError(
                "`auth: kerberos` takes the extra `kerberos`, which is not installed or finds no library of "
                "Kerberos: pip install 'identity-reconciler[ad,kerberos]' (it is compiled: gcc, libkrb5-dev)"
            ) from error
        return {
            "authentication": self._ldap3.SASL,
            "sasl_mechanism": self._ldap3.KERBEROS,
            "sasl_credentials": (self._server.server_name or host,),
        }

    def search(
        self, base: str, text: str, attributes: Sequence[str], controls: Sequence[Any] = ()
    ) -> Iterator[Entry]:
        """The entries below a base, page by page, each with its attributes whole."""
        cookie: bytes | None = None
        empty, seen = 0, set[str]()
        while True:
            found, result = self._ask(base, text, attributes, controls, cookie=cookie)
            cookie = self._cookie(base, result)
            empty = 0 if any(dn not in seen for dn, _values in found) else empty + 1
            seen.update(dn for dn, _values in found)
            for dn, values in found:
                yield self._completed(dn, values, attributes)
            if not cookie:
                return
            if empty > _EMPTY_PAGES:
                raise IncompleteRead(f"the search below {base} does not end", target=self._server.url)

    def deleted(self, base: str) -> Iterator[Entry]:
        """What was deleted, as far as the reader may see it; nothing where it may not look there at all."""
        controls = [(_SHOW_DELETED, True, None)]
        try:
            yield from self.search(base, TOMBSTONES, ("isDeleted", "objectClass", "objectGUID"), controls)
        except ServiceError as error:
            if str(error.code).partition(" ")[0] not in _NOT_SHOWN:
                raise

    def _ask(
        self,
        base: str,
        text: str,
        attributes: Sequence[str],
        controls: Sequence[Any] = (),
        *,
        cookie: bytes | None = None,
        single: bool = False,
    ) -> tuple[list[tuple[str, dict[str, list[bytes]]]], Any]:
        connection = self._connection
        paging = (
            {} if single else {"paged_size": PAGE_SIZE, "paged_criticality": True, "paged_cookie": cookie}
        )
        connection.search(
            base,
            text,
            search_scope=self._ldap3.BASE if single else self._ldap3.SUBTREE,
            attributes=list(attributes),
            controls=list(controls) or None,
            time_limit=0,
            **paging,
        )
        result = connection.result
        if not isinstance(result, dict) or result.get("result") != _SUCCESS:
            raise self._error(f"the search below {base} failed", result)
        found = []
        for each in connection.response or ():
            # What lies in another domain is not followed: a `searchResRef`.
            if each.get("type") == "searchResEntry":
                raw = each["raw_attributes"]  # None for an attribute without values
                found.append((str(each["dn"]), {str(name): list(raw[name] or ()) for name in raw}))
        return found, result

    def _cookie(self, base: str, result: Any) -> bytes:
        control = (result.get("controls") or {}).get(_PAGED)
        value = control.get("value") if isinstance(control, dict) else None
        cookie = value.get("cookie") if isinstance(value, dict) else None
        if not isinstance(cookie, bytes):
            raise IncompleteRead(
                f"the answer to the search below {base} does not say whether more follows",
                target=self._server.url,
            )
        return cookie

    def _completed(self, dn: str, attributes: dict[str, list[bytes]], asked: Sequence[str]) -> Entry:
        """The entry with what came as a part of a range read to its end.

        A value that goes meanwhile moves those behind it, and one of them would be in no part: an entry
        that changed is read anew.
        """
        for _ in range(_TRIES):
            whole: dict[str, list[bytes]] = {}
            try:
                for name, values in attributes.items():
                    part = part_of_range(name)
                    rest = () if part is None else self._rest(dn, part, len(values), _version(attributes))
                    whole.setdefault(part[0] if part else name.lower(), []).extend((*values, *rest))
            except _ChangedError:
                found, _result = self._ask(dn, "(objectClass=*)", asked, single=True)
                if len(found) != 1:
                    break
                attributes = found[0][1]
                continue
            whole.pop(VERSION.lower(), None)
            return entry(dn, whole.items())
        raise IncompleteRead(
            f"{dn} changed again and again while its values were read; import again", target=self._server.url
        )

    def _rest(
        self, dn: str, part: tuple[str, int, int | None], had: int, version: Sequence[bytes]
    ) -> Iterator[bytes]:
        name, first, last = part
        if first != 0:
            raise self._gap(dn, name)
        start = had
        while last is not None:
            if last + 1 != start:
                raise self._gap(dn, name)
            wanted = [f"{name};range={start}-*", *([VERSION] if version else [])]
            found, _result = self._ask(dn, "(objectClass=*)", wanted, single=True)
            if any(_version(attributes) != version for _dn, attributes in found):
                raise _ChangedError
            parts = [
                (next_part, values)
                for _dn, attributes in found
                for one, values in attributes.items()
                if (next_part := part_of_range(one)) is not None and next_part[0] == name
            ]
            if len(found) != 1 or len(parts) != 1 or parts[0][0][1] != start or not parts[0][1]:
                raise self._gap(dn, name)
            (_name, _first, last), values = parts[0]
            yield from values
            start += len(values)

    def _gap(self, dn: str, name: str) -> IncompleteRead:
        return IncompleteRead(f"the values of {name} of {dn} did not come whole", target=self._server.url)

    def close(self) -> None:
        """Hang up; a connection that broke needs no farewell."""
        if self._connection is not None:
            with contextlib.suppress(Exception):
                self._connection.unbind()
            with contextlib.suppress(Exception):
                self._connection.socket.close()

    def failed(self, error: Exception) -> ServiceError:
        """An error of the library or the network, without anything that was sent."""
        kind = type(error).__name__
        causes = [each for each in (error, error.__context__, error.__cause__) if each is not None]
        if any(isinstance(each, ssl.SSLError) for each in causes) or "certificate" in str(error):
            return ServiceError(
                f"no TLS with the directory: {show(str(error), 300)}; name the CA with ca_file, and the name "
                "in the certificate with server_name",
                target=self._server.url,
            )
        if kind == "LDAPStartTLSError":
            return ServiceError(
                f"the directory does not take StartTLS: {show(str(error), 300)}; write ldaps:// in url",
                target=self._server.url,
            )
        if type(error).__module__.startswith("gssapi"):
            return ServiceError(
                f"no bind with Kerberos: {show(str(error), 300)}; get a ticket with kinit, and write the "
                "full name of the controller as server_name",
                target=self._server.url,
            )
        return ServiceError(
            f"the directory cannot be read: {kind}: {show(str(error), 300)}", target=self._server.url
        )

    def _error(self, what: str, result: Any) -> ServiceError:
        number = result.get("result") if isinstance(result, dict) else None
        said = str(result.get("description", "")) if isinstance(result, dict) else "no result"
        words = str(result.get("message", "")).strip(" \0\r\n") if isinstance(result, dict) else ""
        kind: type[ServiceError] = ServiceError
        if number == _SIZE_LIMIT:
            kind = IncompleteRead
        elif number in (_BAD_CREDENTIALS, _NO_ACCESS):
            kind = Denied
        reason = show(words, 200) if words else ""
        return kind(what, target=self._server.url, code=f"{number} {said}".strip(), reason=reason)


def _verifying(library: Any, server: Server, host: str) -> Any:
    """The TLS of a connection: the certificate must be trusted, and name the server."""
    try:
        context = ssl.create_default_context(cafile=None if server.ca_file is None else str(server.ca_file))
    except OSError as error:
        # An SSLError is one, too, and does not name the file.
        why = "no certificate in PEM form" if isinstance(error, ssl.SSLError) else error.strerror
        raise ReconcilerError(
            f"ca_file {server.ca_file} cannot be used: {why}; export the CA as Base-64 X.509"
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    name = server.server_name or host

    class Verifying(library.Tls):  # type: ignore[misc]  # ldap3 ships no types
        """ldap3 compares names with code of its own; the standard library's is the one that is kept."""

        def wrap_socket(self, connection: Any, **_settings: Any) -> None:
            connection.socket = context.wrap_socket(connection.socket, server_hostname=name)

    return Verifying(validate=ssl.CERT_REQUIRED)
