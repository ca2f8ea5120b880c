"""Elements of a metadata document to facts. Source: SAML V2.0 Metadata (saml-metadata-2.0-os), section 2."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from xml.etree.ElementTree import Element

from reconciler.doctor.check import Unseen
from reconciler.doctor.saml.facts import Endpoint, Key, Metadata, Role, RoleKind, Service, Signature
from reconciler.errors import InputError, Problem
from reconciler.saml.certificate import from_base64, read_certificate

MD, DS = "urn:oasis:names:tc:SAML:2.0:metadata", "http://www.w3.org/2000/09/xmldsig#"
ENTITY = f"{{{MD}}}EntityDescriptor"
_ENTITIES = f"{{{MD}}}EntitiesDescriptor"
_SAML2 = "urn:oasis:names:tc:SAML:2.0:protocol"
# XML Schema Part 2, dateTime; a fraction finer than a second tells nothing here.
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)?", re.ASCII)


def check_entity(root: Element, name: str) -> None:
    """Raises InputError where the root is not one EntityDescriptor."""
    if root.tag == ENTITY:
        return
    if root.tag == _ENTITIES:
        count = sum(1 for _ in root.iter(ENTITY))
        raise InputError(
            [Problem(f"{name} holds {count:,} entities in an EntitiesDescriptor", "give the metadata of one")]
        )
    found = root.tag.rpartition("}")[2][:60]
    fix = (
        "give the federation metadata, such as https://HOST/FederationMetadata/2007-06/FederationMetadata.xml"
    )
    space = root.tag.rpartition("}")[0].removeprefix("{")[:80]
    of = f" of the namespace {space!r}, and not of {MD!r}" if found == "EntityDescriptor" else ""
    raise InputError([Problem(f"{name} is not SAML metadata: its root is {found!r}{of}", fix)])


def read_metadata(root: Element, name: str, *, characters: int, signature: Signature) -> Metadata:
    """The facts of one EntityDescriptor. Raises InputError for another element."""
    check_entity(root, name)
    entity_id = (root.get("entityID") or "").strip()
    roles = [
        (kind, element)
        for kind in RoleKind
        for element in root.findall(f"{{{MD}}}{kind}")
        # A role of SAML 1.1 alone is nothing to Identity Center.
        if _SAML2 in (element.get("protocolSupportEnumeration") or "").split()
    ]
    dated = [root, *(element for _, element in roles)]
    return Metadata(
        subject=entity_id or name,
        entity_id=entity_id,
        characters=characters,
        roles=tuple(_role(kind, element) for kind, element in roles),
        signature=signature,
        valid_until=tuple(_moment(text) for one in dated if (text := one.get("validUntil")) is not None),
        cache_durations=tuple(text for one in dated if (text := one.get("cacheDuration")) is not None),
    )


def _role(kind: RoleKind, element: Element) -> Role:
    wants = element.get("WantAuthnRequestsSigned", "false").strip()
    return Role(
        kind=kind,
        keys=tuple(key for one in element.findall(f"{{{MD}}}KeyDescriptor") for key in _keys(one)),
        name_id_formats=tuple(
            text for one in element.findall(f"{{{MD}}}NameIDFormat") if (text := (one.text or "").strip())
        ),
        endpoints=tuple(
            Endpoint(service, (one.get("Binding") or "").strip(), _locations(one))
            for service in Service
            for one in element.findall(f"{{{MD}}}{service}")
        ),
        # XML Schema Part 2, boolean.
        wants_signed=wants in ("true", "1")
        if wants in ("true", "false", "1", "0")
        else Unseen("WantAuthnRequestsSigned is neither true nor false"),
    )


def _locations(element: Element) -> tuple[str, ...]:
    other = element.get("ResponseLocation")
    first = (element.get("Location") or "").strip()
    return (first,) if other is None else (first, other.strip())


def _keys(element: Element) -> Iterator[Key]:
    use = element.get("use")
    texts = [
        one.text or "" for one in element.findall(f"{{{DS}}}KeyInfo/{{{DS}}}X509Data/{{{DS}}}X509Certificate")
    ]
    if not texts:
        yield Key(use, Unseen("a key is given without its certificate"))
    for text in texts:
        try:
            yield Key(use, read_certificate(from_base64(text)))
        except ValueError as error:
            # Those of base64 itself speak of padding.
            why = str(error) if str(error).startswith(("it ", "its ", "there ")) else "it is not base64"
            yield Key(use, Unseen(f"a certificate cannot be read: {why}"))


def _moment(text: str) -> datetime | Unseen:
    found = _MOMENT.fullmatch(text.strip())
    try:
        if found is None:
            raise ValueError
        # Without a zone it is UTC: saml-core-2.0-os, section 1.3.3.
        moment = datetime.fromisoformat(found[1] + (found[2] or "Z").replace("Z", "+00:00"))
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return Unseen(f"validUntil {text[:60]!r} is not a moment")
