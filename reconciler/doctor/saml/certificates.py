"""When signing certificates end, and what to upload during a rollover.

AD FS makes the next token-signing certificate 20 days before the end of the current one, and signs with it
5 days after that (Set-AdfsProperties, CertificateGenerationThreshold and CertificatePromotionThreshold).
Identity Center does not read metadata by itself: it must have been given the certificate by then, beside the
old one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from reconciler.doctor.check import Check, Unseen, ok, problem, warning
from reconciler.doctor.saml.facts import Certificate, Role, RoleKind

GENERATION, PROMOTION = timedelta(days=20), timedelta(days=5)
# Days before the end at which the warning becomes another one.
MARKS = (7, 14, 30, 60)
# "IAM Identity Center quotas": characters of a certificate of an identity provider.
MAX_CHARACTERS = 2_500
# The current certificate and the next one.
_USUAL, MAX_SHOWN = 2, 20
_UPLOAD = (
    "in Identity Center: Settings, Actions, Manage authentication, Manage SAML 2.0 certificates, Import "
    "certificate; leave the old one there until AD FS signs with the new one"
)


def signing(roles: Sequence[Role]) -> list[Certificate]:
    """The certificates that sign, each once, the oldest first."""
    found = {
        key.certificate.fingerprint: key.certificate
        for one in roles
        for key in one.keys
        if key.signs and isinstance(key.certificate, Certificate)
    }
    return sorted(found.values(), key=lambda one: (one.not_before, one.not_after, one.fingerprint))


def certificates(roles: Sequence[Role], now: datetime, within: timedelta) -> Iterator[Check]:
    """Whether there are signing certificates that can be read, and when each of them ends.

    It is a problem where one ends `within` this time and no other is there.
    """
    name, found = "signing-certificates", signing(roles)
    keys = [key for one in roles for key in one.keys if key.signs]
    unread = list(dict.fromkeys(key.certificate.why for key in keys if isinstance(key.certificate, Unseen)))
    provider = roles[0].kind is RoleKind.IDENTITY_PROVIDER
    if unread:
        yield problem(
            name, "there are keys that cannot be used", "publish each with its X.509 certificate", unread
        )
    elif not found and provider:
        fix = "publish the certificate that signs; Identity Center refuses metadata without one"
        yield problem(name, "the metadata has none", fix)
    elif len(found) > _USUAL:
        fix = "remove those that are not used any more"
        yield warning(name, f"there are {len(found)}; one, or two during a rollover, is what is usual", fix)
    else:
        yield ok(
            name, f"there are {len(found)}" if found else "the metadata has none, so that nothing is signed"
        )
    # A provider has a few; what publishes more must not hide the rest of the answer.
    for one in found[-MAX_SHOWN:]:
        yield _end(one, found, now, within, provider=provider)


def _end(
    one: Certificate, among: Sequence[Certificate], now: datetime, within: timedelta, *, provider: bool
) -> Check:
    name = f"certificate:{one.thumbprint}"
    details = [f"SHA-256 {one.fingerprint}", f"valid from {_day(one.not_before)} to {_day(one.not_after)}"]
    newer = any(each.not_before > one.not_before for each in among)
    if one.not_after <= now:
        fix = (
            "remove it at the identity provider and then from Identity Center"
            if newer
            else "renew it, and upload the new one: sign-in does not work with it"
        )
        return problem(name, f"ended on {_day(one.not_after)}", fix, details)
    if provider and one.characters > MAX_CHARACTERS:
        found = f"{one.characters:,} characters; Identity Center takes {MAX_CHARACTERS:,}"
        return problem(name, found, "sign with a certificate that has fewer names and extensions", details)
    left = one.not_after - now
    if one.not_before > now:
        return warning(
            name, f"begins on {_day(one.not_before)}, later than now", "compare the clocks", details
        )
    step = _next_step(left, newer=newer, provider=provider)
    if left <= within and not newer:
        return problem(name, f"ends on {_day(one.not_after)}, in {left.days} days", step, details)
    mark = next((each for each in MARKS if left <= timedelta(days=each)), None)
    if mark is None:
        return ok(name, f"ends on {_day(one.not_after)}, in {left.days} days", details)
    found = f"ends on {_day(one.not_after)}, in {left.days} days (warning of {mark} days)"
    return warning(name, found, step, details)


def _next_step(left: timedelta, *, newer: bool, provider: bool) -> str:
    if not provider:
        return "rotate it in Identity Center, and give the new metadata to AD FS"
    if newer:
        return "see the check `rollover`: the next one is there"
    if left > GENERATION:
        return "AD FS makes the next one 20 days before the end; run this check daily until then"
    return (
        "the next one should be there: look at AutoCertificateRollover (Get-AdfsProperties), or renew it "
        "(Update-AdfsCertificate -CertificateType Token-Signing) and upload the new one"
    )


def rollover(roles: Sequence[Role], now: datetime, known: frozenset[str], within: timedelta) -> Check:
    """Which certificate Identity Center must be given, and until when; `known` are those that it has.

    It is a problem after that moment, and already where it is `within` this time.
    """
    name, found = "rollover", [one for one in signing(roles) if one.not_after > now]
    lacking = [one for one in found if one.fingerprint not in known] if known else found[1:]
    if not lacking:
        if known and found:
            return ok(name, "every signing certificate is among those that were named as uploaded")
        return ok(
            name, "the metadata has one signing certificate" if found else "no certificate is to be uploaded"
        )
    others = [one for one in found if one not in lacking or not known]
    details, past, soon = [], False, False
    for one in lacking[-MAX_SHOWN:]:
        until = _deadline(one, others)
        past, soon = past or until <= now, soon or until - now <= within
        word = "was to be uploaded by" if until <= now else "to be uploaded by"
        details.append(
            f"thumbprint {one.thumbprint}, SHA-256 {one.fingerprint}: {word} {until:%Y-%m-%d %H:%M} UTC"
        )
    also = "" if known else "; where Identity Center has them, name them all with --uploaded"
    if past or (known and len(lacking) == len(found)):
        what = "AD FS signs, or may sign, with a certificate that Identity Center may not have"
        return problem(name, what, f"upload it now, {_UPLOAD}{also}", details)
    what = "a rollover is under way: the next certificate is published, and AD FS signs with it 5 days later"
    tell = problem if soon else warning
    return tell(name, what, f"upload it by then, {_UPLOAD}{also}", details)


def _deadline(one: Certificate, others: Sequence[Certificate]) -> datetime:
    """When AD FS signs with it: five days after it was made, and no later than the last older one ends."""
    older = [each.not_after for each in others if each.not_before < one.not_before]
    return min(one.not_before + PROMOTION, max(older, default=one.not_before + PROMOTION))


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
