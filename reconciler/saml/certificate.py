"""An X.509 certificate to its fingerprints and its dates: RFC 5280, section 4.1.

Only the outer structure is read, without a library: what `doctor saml` says of a certificate needs no more,
and verifying (`signature.py`) rests on `cryptography`.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import UTC, datetime

from reconciler.doctor.saml.facts import Certificate

_SEQUENCE, _INTEGER, _VERSION, _UTC_TIME, _GENERALIZED_TIME = 0x30, 0x02, 0xA0, 0x17, 0x18
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----", re.ASCII)
# Bytes; the largest certificates in use have a tenth.
_MOST = 2**16


@dataclass(slots=True)
class _Reader:
    """Elements of DER, one after the other."""

    data: bytes
    at: int = 0

    def peek(self) -> int:
        if self.at >= len(self.data):
            raise ValueError("it ends early")
        return self.data[self.at]

    def take(self, tag: int) -> bytes:
        """The content of the next element, which must have this tag."""
        if self.peek() != tag:
            raise ValueError("it is not built like a certificate")
        length, start = self.data[self.at + 1 : self.at + 2], self.at + 2
        if not length:
            raise ValueError("it ends early")
        size = length[0]
        if size & 0x80:
            # X.690, 8.1.3.5: so many bytes that hold the length.
            count = size & 0x7F
            if not 1 <= count <= 4:
                raise ValueError("it is not built like a certificate")
            size = int.from_bytes(self.data[start : start + count], "big")
            start += count
        if start + size > len(self.data):
            raise ValueError("it ends early")
        self.at = start + size
        return self.data[start : start + size]


def read_certificate(der: bytes) -> Certificate:
    """What there is to know of a certificate. Raises ValueError, in a sentence, for what is not one."""
    if len(der) > _MOST:
        raise ValueError("it is too long")
    whole = _Reader(der)
    body = _Reader(_Reader(whole.take(_SEQUENCE)).take(_SEQUENCE))
    if whole.at != len(der):
        raise ValueError("there is more behind its end")
    if body.peek() == _VERSION:
        body.take(_VERSION)
    for tag in (_INTEGER, _SEQUENCE, _SEQUENCE):  # serial number, algorithm, issuer
        body.take(tag)
    validity = _Reader(body.take(_SEQUENCE))
    encoded = len(b64encode(der))
    lines = -(-encoded // 64)
    return Certificate(
        fingerprint=hashlib.sha256(der).hexdigest(),
        thumbprint=hashlib.sha1(der, usedforsecurity=False).hexdigest(),
        not_before=_moment(validity),
        not_after=_moment(validity),
        characters=encoded + lines + len("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"),
    )


def from_base64(text: str) -> bytes:
    """The bytes of a ds:X509Certificate. Raises ValueError for what is not base64."""
    return b64decode("".join(text.split()), validate=True)


def from_pem(text: str) -> list[bytes]:
    """Every certificate of a PEM file. Raises ValueError where there is none, or one that is not."""
    found = [from_base64(one) for one in _PEM.findall(text)]
    if not found:
        raise ValueError("it holds no certificate in PEM form")
    for one in found:
        read_certificate(one)
    return found


def _moment(validity: _Reader) -> datetime:
    tag = validity.peek()
    text = validity.take(_UTC_TIME if tag == _UTC_TIME else _GENERALIZED_TIME).decode("latin-1")
    if tag == _UTC_TIME:
        # RFC 5280, 4.1.2.5.1: two digits of the year, from 1950 to 2049.
        text = ("19" if text[:2] >= "50" else "20") + text
    try:
        if not text[:-1].isascii() or not text[:-1].isdigit():
            # strptime takes digits of every script, and spaces.
            raise ValueError
        return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise ValueError("its dates cannot be read") from None
