"""Examines SAML metadata, and who of the files could sign in with what an identity provider sends."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from reconciler.doctor.check import Examination
from reconciler.doctor.saml.facts import Person
from reconciler.doctor.saml.judge import judge
from reconciler.errors import InputError, Place, Problem, UsageError
from reconciler.files.tree import FolderTree
from reconciler.loading.load import load
from reconciler.model.resources import USER_ATTRIBUTES, User, defaults
from reconciler.saml.certificate import from_pem
from reconciler.saml.document import parse
from reconciler.saml.fetch import read_source
from reconciler.saml.metadata import read_metadata
from reconciler.saml.signature import Trust, verified
from reconciler.session.settings import Settings
from reconciler.sources.settings import SOURCES
from reconciler.wire.clock import SystemClock

# By which column of a file of claims people are found: the key, or what is the same at both ends.
_COLUMNS = ("key", "external_id", "user_name")
_MAX_CLAIMS = 64 * 2**20
# How UTF-16 begins, and how a document in it begins without that mark (XML 1.0, appendix F).
_WIDE = (b"\xff\xfe", b"\xfe\xff")
_UNMARKED = {b"<\0": "utf-16-le", b"\0<": "utf-16-be"}
_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)


def examine_saml(
    settings: Settings,
    metadata: str,
    trust: Trust,
    uploaded: frozenset[str] = frozenset(),
    issued: str | None = None,
    claims: str | None = None,
    ca_file: str | None = None,
    within: timedelta = timedelta(),
) -> Sequence[Examination]:
    """One document, and the people of the files where there are files. Writes nothing.

    `uploaded` are the SHA-256 fingerprints of certificates that Identity Center was given, beside those that
    may sign; `issued` is the attribute that is sent as NameID; `claims` a CSV file with the values instead.
    Raises InputError for a document or files that are not valid, UsageError for options, ServiceError where a
    URL does not answer. What must be done `within` this time is a problem, and not a warning.
    """
    clock = SystemClock()
    now = settings.now or clock.now()
    if issued is not None and claims is not None:
        raise UsageError("--issued names an attribute, and --claims gives the values: use one of them")
    if issued is not None and issued not in USER_ATTRIBUTES:
        names = {there.lower(): here for here, there in SOURCES.items()} | {"userprincipalname": "user_name"}
        ours = names.get(issued.lower())
        instead = f"an import writes it as {ours}, if it is imported; " if ours else ""
        raise UsageError(
            f"--issued {issued}: the files have no such attribute of a person; {instead}"
            "give the values of another one with --claims"
        )
    people = None
    if issued or claims or settings.identities.is_dir():
        people = _people(settings, issued, claims)
    data = read_source(metadata, clock, ca_file)
    root = parse(data, metadata)
    signature, element = verified(data, root, trust, now)
    facts = read_metadata(element, metadata, characters=_characters(data), signature=signature)
    return [judge(facts, now, trust.known | uploaded, people, issued or claims, within)]


def read_trust(files: Sequence[str], fingerprints: Sequence[str]) -> Trust:
    """Certificates in PEM files, and SHA-256 fingerprints in hex, with or without colons.

    Raises InputError for a file without certificates, and UsageError for what is not a fingerprint.
    """
    certificates: list[bytes] = []
    for name in files:
        try:
            data = Path(name).read_bytes()
            # What other tools write beside a certificate, such as a friendly name, may be in any encoding.
            certificates += from_pem(data.decode("utf-16" if data[:2] in _WIDE else "latin-1"))
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "it holds no certificate in PEM form"
            raise InputError([Problem(f"{name}: {why}", "export the certificate as Base-64 X.509")]) from None
    plain = frozenset(re.sub(r"[\s:]", "", one).lower() for one in fingerprints)
    if not all(_HEX.fullmatch(one) for one in plain):
        raise UsageError("--expect-fingerprint takes SHA-256 in hex, 64 digits, with or without colons")
    return Trust(tuple(certificates), plain)


def _characters(data: bytes) -> int:
    encoding = "utf-16" if data[:2] in _WIDE else _UNMARKED.get(data[:2], "utf-8-sig")
    return len(data.decode(encoding, errors="replace"))


def _people(settings: Settings, issued: str | None, claims: str | None) -> list[Person]:
    """Everybody of the files who is to sign in: not those who are inactive."""
    loaded = load(FolderTree(settings.identities))
    users = [
        one
        for one in loaded.identities.users.values()
        if one.active is not False and isinstance(one.attributes.get("user_name"), str)
    ]
    places = loaded.locate([one.origin for one in users])
    values = _claims(claims) if claims is not None else None
    return [
        Person(
            one.key,
            str(places.get(one.origin, "")),
            str(one.attributes["user_name"]),
            _attribute(one, issued) if values is None else _claimed(one, values),
        )
        for one in users
    ]


def _attribute(user: User, issued: str | None) -> str | None:
    if issued is None:
        return None
    value = {**defaults(user.attributes), **user.attributes}.get(issued)
    return value if isinstance(value, str) else None


def _claimed(user: User, values: tuple[str, Mapping[str, str]]) -> str | None:
    column, by_name = values
    own = user.key if column == "key" else user.attributes.get(column)
    return by_name.get(own.casefold()) if isinstance(own, str) else None


def _claims(name: str) -> tuple[str, Mapping[str, str]]:
    """The first column of a CSV file, and what the second says for each value of it, in lower case."""
    try:
        with Path(name).open("rb") as file:
            data = file.read(_MAX_CLAIMS + 1)
        if len(data) > _MAX_CLAIMS:
            raise InputError(
                [Problem(f"{name} has more than {_MAX_CLAIMS // 2**20} MiB", "give fewer columns")]
            )
        # Windows PowerShell 5 writes UTF-16 unless it is told.
        text = data.decode("utf-16" if data[:2] in _WIDE else "utf-8-sig")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise InputError([Problem(f"{name}: {why}", "export it again with -Encoding utf8")]) from None
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    found: dict[str, str] = {}
    column = ""
    try:
        for row in rows:
            if not row:
                continue
            if len(row) != 2:
                raise _at(name, rows.line_num, "a line must have two columns")
            first, second = row[0].strip(), row[1].strip()
            if not column:
                column = first
                if column not in _COLUMNS:
                    raise _at(
                        name,
                        rows.line_num,
                        f"the first column must be {', '.join(_COLUMNS[:-1])} or {_COLUMNS[-1]}",
                    )
            elif first and found.setdefault(first.casefold(), second) != second:
                raise _at(name, rows.line_num, f"{first} has two values")
    except csv.Error as error:
        raise _at(name, rows.line_num, f"this is not CSV: {error}") from None
    if not column:
        raise _at(name, 1, "the first line with the names of the columns is missing")
    return column, found


def _at(name: str, line: int, message: str) -> InputError:
    fix = "write the header `external_id,issued`, and a line for each person"
    return InputError([Problem(message, fix, Place(name, max(line, 1), 1))])
