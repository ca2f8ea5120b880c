"""Documents that attack their reader, and signatures that are moved, changed or made by others."""

from __future__ import annotations

import sys
from datetime import datetime
from xml.etree.ElementTree import Element

import pytest

from reconciler.doctor.saml.facts import Metadata, Signature, Signed
from reconciler.errors import InputError
from reconciler.saml.document import MAX_BYTES, MAX_DEPTH, MAX_ELEMENTS, parse
from reconciler.saml.metadata import read_metadata
from reconciler.saml.signature import Trust, verified
from tests.support.saml import NOW, AdFs, Made, certificate, current, signed

ATTACKER = "https://attacker.example.com/adfs/ls/"


def refusal(data: str | bytes) -> str:
    with pytest.raises(InputError) as caught:
        parse(data.encode() if isinstance(data, str) else data, "m.xml")
    return str(caught.value)


BOMB = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
DOCTYPES = {
    "empty": "<!DOCTYPE a>",
    "entity": '<!DOCTYPE a [<!ENTITY x "y">]>',
    "bomb": f'<!DOCTYPE a [<!ENTITY a0 "ha">{BOMB}]>',
    "quadratic": f'<!DOCTYPE a [<!ENTITY x "{"y" * 50_000}">]>',
    "file": '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    "network": '<!DOCTYPE a [<!ENTITY x SYSTEM "http://127.0.0.1:1/x">]>',
    "parameter": '<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:1/x"> %x;]>',
    "outside": '<!DOCTYPE a SYSTEM "http://127.0.0.1:1/a.dtd">',
    "public": '<!DOCTYPE a PUBLIC "-//a//b" "http://127.0.0.1:1/a.dtd">',
    "ids": "<!DOCTYPE a [<!ATTLIST b c ID #IMPLIED>]>",
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("doctype", DOCTYPES.values(), ids=DOCTYPES)
def test_document_types_are_refused(doctype: str, encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?>\n{doctype}<a>&x;</a>'
    words = refusal(text.encode(encoding))
    assert words.startswith("m.xml:2:")
    assert "a document type or an entity is declared" in words


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no",
        b"<a>",
        b"<a></b>",
        b"<a>&x;</a>",
        b"<a/><b/>",
        b"\x00\xff",
        b"<a>\xff</a>",
        b"<a b='1' b='2'/>",
        b"<a xmlns:b='c' xmlns:d='c' b:e='1' d:e='2'/>",
        b"<x:a/>",
        b"<?xml version='1.0' encoding='no-such'?><a/>",
        b"<?xml version='1.0' encoding='shift_jis'?><a/>",
        b"<?xml version='1.0' encoding='rot13'?><a/>",
        b"<?xml version='1.0' encoding='utf-7'?><a/>",
    ],
)
def test_what_is_not_xml_has_a_place(data: bytes) -> None:
    assert refusal(data).startswith("m.xml:1:")


def test_bounds() -> None:
    parse(b"<a>" * MAX_DEPTH + b"</a>" * MAX_DEPTH, "m.xml")
    assert "levels deep" in refusal("<a>" * (MAX_DEPTH + 1) + "</a>" * (MAX_DEPTH + 1))
    assert "levels deep" in refusal("<a>" * 1_000_000)
    assert f"more than {MAX_ELEMENTS:,} elements" in refusal(f"<a>{'<b/>' * MAX_ELEMENTS}</a>")
    assert "more than 10 MiB" in refusal(b"<a>" + b" " * MAX_BYTES + b"</a>")


@pytest.mark.parametrize(
    "inner",
    [
        "<b ID='x'/>",
        "<b Id='x'/>",
        "<b id='x'/>",
        "<b xml:id='x'/>",
        "<b xmlns:n='urn:n' n:ID='x'/>",
        "<b><c><d ID='y'/></c></b><e ID='y'/>",
    ],
)
def test_ids_that_are_not_unique_are_refused(inner: str) -> None:
    words = refusal(f"<a ID='x'>\n{inner}</a>")
    assert words.startswith("m.xml:2:")
    assert "two elements have the ID" in words


def test_documents_of_something_else() -> None:
    def words(text: str) -> str:
        with pytest.raises(InputError) as caught:
            read_metadata(parse(text.encode(), "m"), "m", characters=1, signature=Signature(Signed.NOT))
        return str(caught.value)

    assert "its root is 'html'" in words("<html/>")
    inside = "<EntityDescriptor/>"
    several = (
        f"<EntitiesDescriptor xmlns='urn:oasis:names:tc:SAML:2.0:metadata'>{inside}</EntitiesDescriptor>"
    )
    assert "holds 1 entities" in words(several)
    assert "its root is 'EntityDescriptor' of the namespace 'urn:other'" in words(
        "<EntityDescriptor xmlns='urn:other'/>"
    )
    assert "of the namespace '', and not of 'urn:oasis:names:tc:SAML:2.0:metadata'" in words(inside)


def look(data: bytes, trust: Trust, now: datetime = NOW) -> tuple[Signature, Metadata]:
    root = parse(data, "m.xml")
    signature, element = verified(data, root, trust, now)
    return signature, read_metadata(element, "m.xml", characters=1, signature=signature)


def of(*those: Made) -> Trust:
    return Trust(tuple(one.der for one in those))


def where(facts: Metadata) -> set[str]:
    return {each for role in facts.roles for end in role.endpoints for each in end.locations}


def test_a_signature_that_fits() -> None:
    data = signed(AdFs().text(), current())
    other = certificate(-10, 10)
    for trust in (
        of(current()),
        of(other, current()),
        Trust(fingerprints=frozenset([current().fingerprint])),
    ):
        signature, facts = look(data, trust)
        assert (signature.state, signature.by) == (Signed.VERIFIED, current().fingerprint)
        assert facts.entity_id == "http://sts.example.com/adfs/services/trust"
    # A document without an ID is referred to as a whole.
    whole = signed(AdFs(id="").text().replace(' ID=""', ""), current())
    assert look(whole, of(current()))[0].state is Signed.VERIFIED


def test_without_a_trusted_certificate_it_is_not_verified() -> None:
    assert look(AdFs().text().encode(), Trust())[0].state is Signed.NOT
    assert look(signed(AdFs().text(), current()), Trust())[0].state is Signed.UNVERIFIED


def test_a_signature_that_was_taken_away() -> None:
    for text in (AdFs().text(), _wrapped()["signed document inside, signature left"]):
        signature, _ = look(text.encode(), of(current()))
        assert signature.state is Signed.BROKEN
        assert "is not signed" in signature.why


def test_without_the_extra_it_is_not_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    data = signed(AdFs().text(), current())
    monkeypatch.setitem(sys.modules, "signxml", None)
    signature, _ = look(data, of(current()))
    assert signature.state is Signed.UNVERIFIED
    assert "extra `saml`" in signature.why
    # What needs no key to be seen is seen all the same.
    assert look(data, of(certificate(-10, 10)))[0].state is not Signed.VERIFIED


def test_a_signature_by_another_certificate() -> None:
    other = certificate(-10, 10)
    data = signed(AdFs().text(), other)
    assert look(data, of(current()))[0].state is Signed.BROKEN
    assert (
        look(data, Trust(fingerprints=frozenset([certificate(-9, 9).fingerprint])))[0].state is Signed.BROKEN
    )
    # The right certificate stands in it, and the signature is another's.
    assert look(data, Trust(fingerprints=frozenset([current().fingerprint])))[0].state is Signed.BROKEN


def test_a_signature_by_a_certificate_that_ended() -> None:
    old = certificate(-300, -1)
    signature, _ = look(signed(AdFs().text(), old), of(old))
    assert signature == Signature(Signed.BROKEN, "the certificate that was named is not valid now")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"https://sts.example.com/adfs/ls/", ATTACKER.encode()),
        (b"http://sts.example.com/adfs/services/trust", b"http://sts.example.com/adfs/services/trusts"),
        (b"<IDPSSODescriptor ", b"<IDPSSODescriptor validUntil='2030-01-01T00:00:00Z' "),
        (b"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", b"http://www.w3.org/2000/09/xmldsig#rsa-sha1"),
        (
            b"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            b"http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        ),
        (
            b"http://www.w3.org/2000/09/xmldsig#enveloped-signature",
            b"http://www.w3.org/TR/1999/REC-xslt-19991116",
        ),
        (
            b"http://www.w3.org/2000/09/xmldsig#enveloped-signature",
            b"http://www.w3.org/TR/1999/REC-xpath-19991116",
        ),
        (
            b"http://www.w3.org/2000/09/xmldsig#enveloped-signature",
            b"http://www.w3.org/2000/09/xmldsig#base64",
        ),
        (b'URI="#_3f2c"', b'URI="http://127.0.0.1:1/x"'),
        (b'URI="#_3f2c"', b'URI="#xpointer(/)"'),
        (b'URI="#_3f2c"', b'URI="#other"'),
        (b'URI="#_3f2c"', b'URI=""'),
        (b'URI="#_3f2c"', b""),
        (b"<ds:SignatureValue>", b"<ds:SignatureValue>A"),
        (b"ds:SignatureValue>", b"ds:Unknown>"),
        (b"ds:DigestValue>", b"ds:Unknown>"),
    ],
)
def test_documents_that_were_changed(old: bytes, new: bytes) -> None:
    data = signed(AdFs().text(), current())
    assert old in data
    assert look(data.replace(old, new), of(current()))[0].state is Signed.BROKEN


def _parts() -> tuple[str, str]:
    """A document that is signed, without its declaration, and the signature in it."""
    text = signed(AdFs().text(), current()).decode().partition("?>")[2].strip()
    start, end = text.index("<ds:Signature"), text.index("</ds:Signature>") + len("</ds:Signature>")
    return text, text[start:end]


def _evil(signature: str, inner: str, name: str) -> str:
    """A document of an attacker that has the true signature, and the true document somewhere inside."""
    ends = [("urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST", ATTACKER)]
    text = AdFs(id=name, sign_on=ends, logout=[]).text().partition("?>")[2].strip()
    head, _, rest = text.partition(">")
    return f"{head}>{signature}<Extensions>{inner}</Extensions>{rest}"


def _wrapped() -> dict[str, str]:
    text, signature = _parts()
    bare = text.replace(signature, "")
    plain = signature.replace("</ds:Signature>", f"<ds:Object>{bare}</ds:Object></ds:Signature>")
    return {
        "signed document inside, signature moved": _evil(signature, bare, "_evil"),
        "signed document inside, signature left": _evil("", text, "_evil"),
        "signed document inside and signature at both": _evil(signature, text, "_evil"),
        "signed document in the signature": _evil(plain, "", "_evil"),
        "no ID at the root": _evil(signature, bare, "_evil").replace(' ID="_evil"', "", 1),
        "ID of another name": _evil(signature, bare.replace(' ID="_3f2c"', ' Id="_3f2c"'), "_evil"),
        "whole": _evil(signature.replace('URI="#_3f2c"', 'URI=""'), bare, "_evil"),
        "two signatures": text.replace(signature, signature * 2),
        "two references": text.replace(
            "</ds:Reference>",
            "</ds:Reference>"
            + signature[signature.index("<ds:Reference") : signature.index("</ds:SignedInfo>")],
        ),
        "two lists of references": text.replace(
            "<ds:SignatureValue>",
            signature[signature.index("<ds:SignedInfo") : signature.index("<ds:SignatureValue>")]
            + "<ds:SignatureValue>",
        ),
    }


def test_signatures_that_were_moved_count_for_nothing() -> None:
    found = {name: look(text.encode(), of(current()))[0].state for name, text in _wrapped().items()}
    assert found == dict.fromkeys(found, Signed.BROKEN)
    assert len(found) == 10


def test_two_elements_with_the_id_that_was_signed() -> None:
    text, signature = _parts()
    for name in ("ID", "Id", "id", "xml:id"):
        evil = _evil(signature, text.replace(signature, ""), "_3f2c").replace(" ID=", f" {name}=", 1)
        assert "two elements have the ID '_3f2c'" in refusal(evil)


def test_what_was_signed_is_what_is_read() -> None:
    """Comments are not part of what is signed: the text around them is read as it was signed, in one."""
    text, _ = _parts()
    changed = text.replace("nameid-format:emailAddress<", "nameid-format:email<!-- -->Address<")
    assert changed != text
    signature, facts = look(changed.encode(), of(current()))
    assert signature.state is Signed.VERIFIED
    assert facts == look(text.encode(), of(current()))[1]


def test_an_assertion_by_the_same_key_is_no_metadata() -> None:
    """Everybody who signs in has something that the same key signed."""
    assertion = '<Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion" ID="_a1"><Subject/></Assertion>'
    done = signed(assertion, current()).decode().partition("?>")[2]
    start, end = done.index("<ds:Signature"), done.index("</ds:Signature>") + len("</ds:Signature>")
    evil = _evil(done[start:end], done[:start] + done[end:], "_evil")
    assert look(evil.encode(), of(current()))[0].state is Signed.BROKEN


def test_the_root_is_an_element() -> None:
    assert isinstance(parse(b"<a/>", "m.xml"), Element)
