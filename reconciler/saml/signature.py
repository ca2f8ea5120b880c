"""Whether a document is signed by a certificate that somebody named; what was signed is what is read.

Sources: XML Signature Syntax and Processing 1.1; SAML V2.0 Core (saml-core-2.0-os), section 5.4 (one
reference, to the element itself; enveloped-signature and exclusive canonicalization, and no other transform).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from xml.etree.ElementTree import Element

from reconciler.doctor.saml.facts import Signature, Signed
from reconciler.errors import InputError
from reconciler.saml.certificate import from_base64, read_certificate
from reconciler.saml.document import parse
from reconciler.saml.metadata import DS, ENTITY

_SIGNATURE = f"{{{DS}}}Signature"
_EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
_CANONICAL = frozenset((_EXCLUSIVE, f"{_EXCLUSIVE}WithComments"))
_TRANSFORMS = frozenset((f"{DS}enveloped-signature", *_CANONICAL))
# As signxml names them: RSA and ECDSA, with SHA-2 or SHA-3.
_KINDS = ("RSA_SHA", "ECDSA_SHA", "SHA2", "SHA3", "SHA5")


@dataclass(frozen=True, slots=True)
class Trust:
    """Certificates (DER) that may sign, and SHA-256 fingerprints of such, in lower-case hex."""

    certificates: tuple[bytes, ...] = ()
    fingerprints: frozenset[str] = frozenset()

    @property
    def known(self) -> frozenset[str]:
        """The fingerprints of all of them."""
        return self.fingerprints | {hashlib.sha256(one).hexdigest() for one in self.certificates}


def verified(data: bytes, root: Element, trust: Trust, now: datetime) -> tuple[Signature, Element]:
    """What is known of the signature of the document, and the element to read.

    That is the signed one, parsed anew from the bytes that were verified, wherever a signature fits.
    """
    signatures = root.findall(_SIGNATURE)
    if not signatures:
        elsewhere = any(True for _ in root.iter(_SIGNATURE))
        why = "the document is not signed" + (", only a part of it is" if elsewhere else "")
        if trust.known:
            # Whoever can change a document can also take its signature away.
            why += ", and one of the certificates that were named must have signed it"
            return Signature(Signed.BROKEN, why), root
        return Signature(Signed.NOT, why), root
    if not trust.known:
        return Signature(Signed.UNVERIFIED, "no certificate is named that may sign it"), root
    wrong = _form(root, signatures)
    if wrong:
        return Signature(Signed.BROKEN, wrong), root
    candidates = [*trust.certificates, *_named(root, trust.fingerprints)]
    if not candidates:
        why = "it is signed by a certificate that is not among those that were named"
        return Signature(Signed.BROKEN, why), root
    try:
        import signxml  # noqa: F401  # an extra: asked for before anything of it is used
    except ImportError:
        return Signature(Signed.UNVERIFIED, "verifying needs the extra `saml` (signxml)"), root
    why = ""
    for der in dict.fromkeys(candidates):
        found = _fits(data, der, now)
        if isinstance(found, bytes):
            return _signed(found, root, hashlib.sha256(der).hexdigest())
        why = why or found
    return Signature(Signed.BROKEN, why), root


def _form(root: Element, signatures: Sequence[Element]) -> str:
    """What is wrong with the form; empty where it signs the whole document and nothing else."""
    if root.tag != ENTITY or len(signatures) != 1:
        return "the document must have one signature, as a child of its EntityDescriptor"
    infos = signatures[0].findall(f"{{{DS}}}SignedInfo")
    references = [one for info in infos for one in info.findall(f"{{{DS}}}Reference")]
    if len(infos) != 1 or len(references) != 1:
        return "the signature must have one reference"
    own = root.get("ID")
    if references[0].get("URI") not in ("", f"#{own}" if own else ""):
        return "the signature is not of the document but of something in it"
    methods = {one.get("Algorithm") for one in references[0].iter(f"{{{DS}}}Transform")}
    if not methods <= _TRANSFORMS:
        return "the signature asks for a transform that is refused"
    if any(
        one.get("Algorithm") not in _CANONICAL for one in infos[0].findall(f"{{{DS}}}CanonicalizationMethod")
    ):
        return "the signature asks for a canonicalization that is refused"
    return ""


def _named(root: Element, fingerprints: Collection[str]) -> list[bytes]:
    """Certificates of the document that have one of these fingerprints."""
    found = []
    for one in root.iter(f"{{{DS}}}X509Certificate"):
        try:
            der = from_base64(one.text or "")
            read_certificate(der)
        except ValueError:
            continue
        if hashlib.sha256(der).hexdigest() in fingerprints:
            found.append(der)
    return found


def _fits(data: bytes, der: bytes, now: datetime) -> bytes | str:
    """The bytes that were signed by this certificate, or why the signature does not fit."""
    from cryptography import x509
    from lxml import etree
    from signxml.algorithms import DigestAlgorithm, SignatureMethod
    from signxml.exceptions import InvalidCertificate
    from signxml.verifier import SignatureConfiguration, XMLVerifier

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    configuration = SignatureConfiguration(
        location="./",
        expect_references=1,
        signature_methods=frozenset(one for one in SignatureMethod if one.name.startswith(_KINDS)),
        digest_algorithms=frozenset(one for one in DigestAlgorithm if "SHA1" not in one.name),
        verification_time=now,
    )
    try:
        result: Any = XMLVerifier().verify(
            data, x509_cert=x509.load_der_x509_certificate(der), parser=parser, expect_config=configuration
        )
        signed: bytes = result.signed_data
    except InvalidCertificate:
        return "the certificate that was named is not valid now"
    except Exception:  # noqa: BLE001  # signxml lets every kind out, and each says that it is not verified
        return "the document was changed after it was signed, or signed by another certificate"
    return signed


def _signed(signed: bytes, root: Element, by: str) -> tuple[Signature, Element]:
    """The element that was verified. It must be the one that the document shows, in its place."""
    try:
        element = parse(signed, "the signed part")
    except InputError:
        return Signature(Signed.BROKEN, "what was signed is not a document"), root
    if (
        element.tag != ENTITY
        or element.get("ID") != root.get("ID")
        or element.get("entityID") != root.get("entityID")
    ):
        return Signature(Signed.BROKEN, "what was signed is not what the document shows"), root
    return Signature(Signed.VERIFIED, by=by), element
