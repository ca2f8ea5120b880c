"""What is read of a certificate is what `cryptography` reads of it; what is not one is told in a sentence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from reconciler.saml.certificate import from_base64, from_pem, read_certificate
from tests.support.saml import current

KEY = ec.generate_private_key(ec.SECP256R1())
MOMENTS = st.datetimes(datetime(1950, 1, 1), datetime(9999, 12, 30)).map(  # noqa: DTZ001  # a zone is given below
    lambda one: one.replace(microsecond=0, tzinfo=UTC)
)


@given(
    begin=MOMENTS,
    seconds=st.integers(1, 10**9),
    serial=st.integers(1, 2**159 - 1),
    name=st.text("ab é", max_size=60),
)
def test_certificates_are_read_as_by_a_library(begin: datetime, seconds: int, serial: int, name: str) -> None:
    end = min(begin, datetime(9950, 1, 1, tzinfo=UTC)) + timedelta(seconds=seconds)
    begin = min(begin, end)
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name or "a")])
    built = x509.CertificateBuilder().subject_name(who).issuer_name(who).public_key(KEY.public_key())
    made = built.serial_number(serial).not_valid_before(begin).not_valid_after(end).sign(KEY, hashes.SHA256())
    der = made.public_bytes(serialization.Encoding.DER)
    found = read_certificate(der)
    assert (found.not_before, found.not_after) == (made.not_valid_before_utc, made.not_valid_after_utc)
    assert bytes.fromhex(found.fingerprint) == made.fingerprint(hashes.SHA256())
    assert bytes.fromhex(found.thumbprint) == made.fingerprint(hashes.SHA1())
    assert found.characters == len(made.public_bytes(serialization.Encoding.PEM))


@given(st.binary(max_size=400))
def test_bytes_that_are_no_certificate(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"^(it|its|there) "):
        read_certificate(data)


@given(st.data())
def test_a_certificate_of_which_one_byte_is_another(data: st.DataObject) -> None:
    der = bytearray(current().der)
    der[data.draw(st.integers(0, len(der) - 1))] = data.draw(st.integers(0, 255))
    try:
        read_certificate(bytes(der))
    except ValueError as error:
        said = str(error)
        told = said.startswith(("it ", "its ", "there "))
    else:
        said, told = "", True
    assert told, said


def test_pem_and_base64() -> None:
    made = current()
    assert from_pem(f"Bag Attributes\n{made.pem}\n{made.pem}") == [made.der] * 2
    assert from_base64(f"\n  {made.base64[:40]}\n\t{made.base64[40:]} ") == made.der
    for wrong in ("", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "nothing"):
        with pytest.raises(ValueError):
            from_pem(wrong)
    key = made.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with pytest.raises(ValueError):
        from_pem(key.decode())
