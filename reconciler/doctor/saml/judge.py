"""Facts from SAML metadata to checks: every check runs, also after a problem.

Sources: IAM Identity Center User Guide, "Using SAML and SCIM identity federation with external identity
providers" and "IAM Identity Center quotas".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from reconciler.doctor.check import Check, Examination, Unseen, not_checked, ok, problem, warning
from reconciler.doctor.saml.certificates import certificates, rollover
from reconciler.doctor.saml.facts import (
    EMAIL_FORMAT,
    Endpoint,
    Metadata,
    Person,
    Role,
    RoleKind,
    Service,
    Signed,
)
from reconciler.doctor.saml.names import name_ids, user_names

# Characters of a metadata document; of an entity ID, by saml-core-2.0-os, section 8.3.6.
MAX_CHARACTERS, MAX_ENTITY_ID = 75_000, 1_024
_SOON = timedelta(days=7)
_BINDINGS = "urn:oasis:names:tc:SAML:2.0:bindings:"
_POST, _REDIRECT = f"{_BINDINGS}HTTP-POST", f"{_BINDINGS}HTTP-Redirect"
_TAKEN = {
    Service.SIGN_ON: (_POST, _REDIRECT),
    Service.CONSUMER: (_POST,),
    Service.LOGOUT: (_POST, _REDIRECT),
}
_NEEDED = {
    RoleKind.IDENTITY_PROVIDER: (Service.SIGN_ON, Service.LOGOUT),
    RoleKind.SERVICE_PROVIDER: (Service.CONSUMER, Service.LOGOUT),
}
_NAMES = {Service.SIGN_ON: "sign-on", Service.CONSUMER: "assertion-consumer", Service.LOGOUT: "logout"}
_UNSIGNED_FIX = "fetch it over https from the identity provider itself, and compare the fingerprints there"


def judge(
    facts: Metadata,
    now: datetime,
    known: frozenset[str] = frozenset(),
    people: Sequence[Person] | None = None,
    issued: str | None = None,
    within: timedelta = timedelta(),
) -> Examination:
    """Every check of one document at the moment `now`.

    `known` are the SHA-256 fingerprints (lower-case hex) of the certificates that Identity Center was given,
    and `people` those who are to sign in (None: nobody was looked at), with the values of `issued`.
    What must be done `within` this time is a problem, and not a warning.
    """
    checks: list[Check] = [_signature(facts)]
    if facts.signature.state is Signed.BROKEN:
        why = "the document is not what was signed, so that nothing in it counts"
        checks.append(not_checked("metadata", why, "fetch it again from the identity provider itself"))
    else:
        checks += _document(facts, now, known, within)
    if people is not None:
        checks += user_names(people)
        checks += name_ids(people, issued)
    return Examination(facts.subject, tuple(checks))


def _document(facts: Metadata, now: datetime, known: frozenset[str], within: timedelta) -> Iterator[Check]:
    yield _entity(facts)
    yield _roles(facts)
    yield _validity(facts, now)
    provider = _main(facts)
    if provider is RoleKind.IDENTITY_PROVIDER:
        yield _size(facts)
    roles = [one for one in facts.roles if one.kind is provider]
    if not roles:
        return
    yield from certificates(roles, now, within)
    if provider is RoleKind.IDENTITY_PROVIDER:
        yield rollover(roles, now, known, within)
    yield _formats(roles)
    for service in _NEEDED[roles[0].kind]:
        yield _endpoints(
            service, [each for one in roles for each in one.endpoints if each.service is service]
        )
    yield _encryption(roles)
    if provider is RoleKind.IDENTITY_PROVIDER:
        yield _requests(roles)


def _main(facts: Metadata) -> RoleKind | None:
    """Which side the document stands for: AD FS describes itself as both, and signs people in."""
    kinds = {one.kind for one in facts.roles}
    return next((kind for kind in RoleKind if kind in kinds), None)


def _signature(facts: Metadata) -> Check:
    name, found = "signature", facts.signature
    if found.state is Signed.VERIFIED:
        return ok(name, f"signed by the certificate {found.by}")
    if found.state is Signed.BROKEN:
        return problem(
            name, found.why, "upload nothing of it; fetch it again from the identity provider itself"
        )
    if found.state is Signed.UNVERIFIED:
        fix = "install the extra `saml`, and name the certificate with --trust or --expect-fingerprint"
        return not_checked(name, f"signed, not verified: {found.why}", fix)
    return not_checked(name, found.why, _UNSIGNED_FIX)


def _entity(facts: Metadata) -> Check:
    name, fix = "entity-id", "give the entity an entityID; Identity Center refuses metadata without one"
    if not facts.entity_id:
        return problem(name, "the metadata has no entityID", fix)
    if len(facts.entity_id) > MAX_ENTITY_ID:
        return problem(name, f"the entityID has more than {MAX_ENTITY_ID:,} characters", fix)
    return ok(name, facts.entity_id)


def _roles(facts: Metadata) -> Check:
    name = "roles"
    if not facts.roles:
        fix = "give metadata with an IDPSSODescriptor (AD FS) or an SPSSODescriptor (Identity Center)"
        return problem(name, "nothing in it speaks SAML 2.0", fix)
    return ok(name, " and ".join(dict.fromkeys(str(one.kind) for one in facts.roles)))


def _validity(facts: Metadata, now: datetime) -> Check:
    name, fix = "validity", "fetch it again; where it is fresh, repair the identity provider"
    unseen = [one.why for one in facts.valid_until if isinstance(one, Unseen)]
    if unseen:
        return problem(name, unseen[0], fix)
    until = min((one for one in facts.valid_until if not isinstance(one, Unseen)), default=None)
    cached = f"; cacheDuration {', '.join(facts.cache_durations)}" if facts.cache_durations else ""
    if until is None:
        return ok(name, f"no validUntil{cached}")
    if until <= now:
        return problem(name, f"the document ended on {until:%Y-%m-%d %H:%M} UTC (validUntil)", fix)
    found = f"valid until {until:%Y-%m-%d %H:%M} UTC{cached}"
    # Identity Center reads it once, so that the end only tells whether this copy is fresh.
    return warning(name, found, fix) if until - now <= _SOON else ok(name, found)


def _size(facts: Metadata) -> Check:
    name = "size"
    found = f"{facts.characters:,} characters"
    if facts.characters > MAX_CHARACTERS:
        fix = (
            "enter the sign-in URL, the issuer and the certificate in Identity Center by hand, or upload the "
            "EntityDescriptor with the IDPSSODescriptor alone"
        )
        return problem(name, f"{found}; Identity Center takes {MAX_CHARACTERS:,}", fix)
    return ok(name, f"{found} of {MAX_CHARACTERS:,} that Identity Center takes")


def _formats(roles: Sequence[Role]) -> Check:
    name = "name-id-format"
    fix = f"add a rule to the relying party trust that sends the Name ID in the format Email ({EMAIL_FORMAT})"
    # Each role is one way to sign in; it is enough that one of them has the format.
    if any(EMAIL_FORMAT in one.name_id_formats for one in roles):
        return ok(name, "emailAddress is among the formats of NameID")
    offered = [each for one in roles for each in one.name_id_formats]
    if not offered:
        return not_checked(name, "the document names no format of NameID", fix)
    return problem(
        name,
        "emailAddress is not among the formats of NameID, and Identity Center takes no other",
        fix,
        offered,
    )


def _endpoints(service: Service, found: Sequence[Endpoint]) -> Check:
    name, taken = _NAMES[service], _TAKEN[service]
    needed = service is not Service.LOGOUT
    plain = [each for one in found for each in one.locations if not _encrypted(each)]
    if plain:
        fix = "give the endpoint an address with https and a host, and without credentials"
        return problem(name, "addresses are not https, or not addresses", fix, plain)
    usable = [one for one in found if one.binding in taken]
    if needed and not usable:
        wanted = " or ".join(each.removeprefix(_BINDINGS) for each in taken)
        fix = f"switch on an endpoint for {wanted}"
        what = "the metadata has no such endpoint" if not found else "no endpoint has a binding that is used"
        return problem(name, f"{service}: {what}", fix, [one.binding for one in found])
    if not found:
        return ok(name, "none")
    details = [f"{one.binding.removeprefix(_BINDINGS)}: {one.locations[0]}" for one in usable]
    return ok(name, f"{len(usable)} of {len(found)} endpoints have a binding that is used", details)


def _encrypted(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return False


def _encryption(roles: Sequence[Role]) -> Check:
    name = "encryption"
    keys = [key for one in roles for key in one.keys if key.encrypts]
    if not keys:
        return ok(name, "no key for encryption is offered")
    alone = sum(key.use == "encryption" for key in keys)
    if roles[0].kind is RoleKind.IDENTITY_PROVIDER:
        found = f"keys for encryption: {len(keys)} ({alone} for nothing else); Identity Center takes none"
        fix = (
            "upload the signing certificates alone; the relying party trust of Identity Center must have no "
            "encryption certificate (Set-AdfsRelyingPartyTrust -EncryptClaims $false)"
        )
        return warning(name, found, fix)
    fix = "remove the encryption certificate from the relying party trust of Identity Center"
    found = f"keys for encryption: {len(keys)}; Identity Center cannot read assertions that are encrypted"
    return problem(name, found, fix)


def _requests(roles: Sequence[Role]) -> Check:
    name = "signed-requests"
    unseen = [one.wants_signed for one in roles if isinstance(one.wants_signed, Unseen)]
    if unseen:
        return not_checked(name, unseen[0])
    if any(one.wants_signed is True for one in roles):
        fix = (
            "do not demand it of Identity Center (Set-AdfsRelyingPartyTrust -SignedSamlRequestsRequired "
            "$false), unless a sign-in showed that its requests are signed"
        )
        return warning(name, "requests for sign-in must be signed (WantAuthnRequestsSigned)", fix)
    return ok(name, "requests for sign-in need no signature")
