"""Metadata documents as AD FS and Identity Center write them, and certificates for them.

Written from the structure that is documented for AD FS: RoleDescriptors of WS-Federation beside both roles of
SAML, the certificate of token-decryption in both, two signing certificates during a rollover.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from lxml import etree
from signxml.algorithms import CanonicalizationMethod
from signxml.signer import XMLSigner

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
SOAP = "urn:oasis:names:tc:SAML:2.0:bindings:SOAP"
_HEAD = (
    'xmlns="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:fed="http://docs.oasis-open.org/wsfed/federation/200706"'
)
_PROTOCOL = 'protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"'


@dataclass(frozen=True)
class Made:
    """A certificate, and its private key."""

    key: RSAPrivateKey
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def base64(self) -> str:
        return "".join(self.pem.splitlines()[1:-1])

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.der).hexdigest()

    @property
    def thumbprint(self) -> str:
        return hashlib.sha1(self.der).hexdigest()


@cache
def certificate(
    begin: float, end: float, name: str = "ADFS Signing - sts.example.com", names: int = 0
) -> Made:
    """Valid from `begin` to `end`, in days from NOW; with so many alternative names."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    built = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + timedelta(days=begin))
        .not_valid_after(NOW + timedelta(days=end))
    )
    if names:
        hosts = [x509.DNSName(f"host-{number:04}.example.com") for number in range(names)]
        built = built.add_extension(x509.SubjectAlternativeName(hosts), critical=False)
    return Made(key, built.sign(key, hashes.SHA256()))


def current() -> Made:
    """The usual certificate: half of its year is over."""
    return certificate(-180, 185)


def key_descriptor(use: str | None, base64: str) -> str:
    written = f' use="{use}"' if use else ""
    return (
        f"<KeyDescriptor{written}><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{base64}</ds:X509Certificate>"
        "</ds:X509Data></ds:KeyInfo></KeyDescriptor>"
    )


@dataclass
class AdFs:
    """What AD FS publishes. `more` is put into the IDPSSODescriptor, `attributes` into the root."""

    signing: Sequence[Made] = field(default_factory=lambda: (current(),))
    encryption: Sequence[Made] = ()
    formats: Sequence[str] = (EMAIL, PERSISTENT)
    sign_on: Sequence[tuple[str, str]] = (
        (REDIRECT, "https://sts.example.com/adfs/ls/"),
        (POST, "https://sts.example.com/adfs/ls/"),
    )
    logout: Sequence[tuple[str, str]] = ((REDIRECT, "https://sts.example.com/adfs/ls/"),)
    entity_id: str | None = "http://sts.example.com/adfs/services/trust"
    id: str = "_3f2c"
    attributes: str = ""
    role_attributes: str = 'WantAuthnRequestsSigned="false"'
    more: str = ""

    def text(self) -> str:
        keys = "".join(
            [key_descriptor("encryption", one.base64) for one in self.encryption]
            + [key_descriptor("signing", one.base64) for one in self.signing]
        )
        ends = "".join(
            f'<{name} Binding="{binding}" Location="{where}"/>'
            for name, those in (("SingleLogoutService", self.logout),)
            for binding, where in those
        )
        formats = "".join(f"<NameIDFormat>{one}</NameIDFormat>" for one in self.formats)
        on = "".join(
            f'<SingleSignOnService Binding="{binding}" Location="{where}"/>'
            for binding, where in self.sign_on
        )
        entity = f' entityID="{self.entity_id}"' if self.entity_id is not None else ""
        return (
            f'<?xml version="1.0" encoding="utf-8"?>\n'
            f'<EntityDescriptor ID="{self.id}"{entity} {self.attributes} {_HEAD}>'
            f'<RoleDescriptor xsi:type="fed:SecurityTokenServiceType" '
            f'protocolSupportEnumeration="http://docs.oasis-open.org/wsfed/federation/200706">'
            f"{keys}</RoleDescriptor>"
            f"<SPSSODescriptor {_PROTOCOL}>{keys}{ends}{formats}"
            f'<AssertionConsumerService Binding="{POST}" Location="https://sts.example.com/ls/" index="0"/>'
            f"</SPSSODescriptor>"
            f"<IDPSSODescriptor {self.role_attributes} {_PROTOCOL}>{keys}{self.more}{ends}{formats}{on}"
            f"</IDPSSODescriptor></EntityDescriptor>"
        )


@dataclass
class IdentityCenter:
    """What Identity Center gives to a provider of identities."""

    formats: Sequence[str] = (EMAIL,)
    keys: str = ""
    consumer: Sequence[tuple[str, str]] = (
        (POST, "https://us-east-1.signin.aws.amazon.com/platform/saml/acs/0123"),
    )

    def text(self) -> str:
        formats = "".join(f"<NameIDFormat>{one}</NameIDFormat>" for one in self.formats)
        ends = "".join(
            f'<AssertionConsumerService Binding="{binding}" Location="{where}" index="{number}"/>'
            for number, (binding, where) in enumerate(self.consumer)
        )
        return (
            '<?xml version="1.0" encoding="UTF-8"?><EntityDescriptor '
            f'entityID="https://us-east-1.signin.aws.amazon.com/platform/saml/d-9067" {_HEAD}>'
            f"<SPSSODescriptor {_PROTOCOL}>{self.keys}{formats}{ends}</SPSSODescriptor></EntityDescriptor>"
        )


def signed(text: str, by: Made) -> bytes:
    """The document with a signature as AD FS makes it: enveloped, exclusive, RSA with SHA-256."""
    root = etree.fromstring(text.encode())
    signer = XMLSigner(c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0)
    reference = f"#{root.get('ID')}" if root.get("ID") else None
    done = signer.sign(root, key=by.key, cert=[by.certificate], reference_uri=reference)
    written: bytes = etree.tostring(done, xml_declaration=True, encoding="utf-8")
    return written
