"""What a metadata document says, as values: SAML V2.0 Metadata (OASIS saml-metadata-2.0-os)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from reconciler.doctor.check import Unseen

EMAIL_FORMAT = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"


class RoleKind(StrEnum):
    """Which side of a sign-in a role is; the values are names of elements."""

    IDENTITY_PROVIDER = "IDPSSODescriptor"
    SERVICE_PROVIDER = "SPSSODescriptor"


class Service(StrEnum):
    """What an endpoint is for; the values are names of elements."""

    SIGN_ON = "SingleSignOnService"
    CONSUMER = "AssertionConsumerService"
    LOGOUT = "SingleLogoutService"


class Signed(StrEnum):
    """What is known of the signature of the document."""

    NOT = "not signed"
    UNVERIFIED = "signed, not verified"
    VERIFIED = "verified"
    BROKEN = "does not fit"


@dataclass(frozen=True, slots=True)
class Signature:
    """`why` is a sentence without a full stop; `by` the fingerprint of the certificate that it fits."""

    state: Signed
    why: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Certificate:
    """An X.509 certificate. `fingerprint` is SHA-256 and `thumbprint` SHA-1 (as Windows shows it), in hex.

    `characters` is the length of its PEM form, the moments are aware.
    """

    fingerprint: str
    thumbprint: str
    not_before: datetime
    not_after: datetime
    characters: int


@dataclass(frozen=True, slots=True)
class Key:
    """A KeyDescriptor; without `use` it is for both."""

    use: str | None
    certificate: Certificate | Unseen

    @property
    def signs(self) -> bool:
        """Whether signatures may be made with it."""
        return self.use != "encryption"

    @property
    def encrypts(self) -> bool:
        """Whether others may encrypt for it."""
        return self.use != "signing"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address to which messages are sent, by which binding; `locations` are one or two URLs."""

    service: Service
    binding: str
    locations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Role:
    """A role that speaks SAML 2.0. `wants_signed` is WantAuthnRequestsSigned of an identity provider."""

    kind: RoleKind
    keys: tuple[Key, ...]
    name_id_formats: tuple[str, ...]
    endpoints: tuple[Endpoint, ...]
    wants_signed: bool | Unseen = False


@dataclass(frozen=True, slots=True)
class Metadata:
    """One EntityDescriptor.

    `valid_until` holds every such moment of the entity and its roles, `cache_durations` likewise;
    `characters` is the length of the whole document.
    """

    subject: str
    entity_id: str
    characters: int
    roles: tuple[Role, ...]
    signature: Signature
    valid_until: tuple[datetime | Unseen, ...] = ()
    cache_durations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is to sign in. `issued` is what the identity provider sends as NameID; None: nothing."""

    key: str
    place: str
    user_name: str
    issued: str | None = None
