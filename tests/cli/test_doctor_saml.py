"""`reconciler doctor saml`: each check with metadata in which it is ok, and with some in which it is not."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli.stage import FILES, Ended, Played
from tests.support.saml import (
    EMAIL,
    NOW,
    PERSISTENT,
    POST,
    REDIRECT,
    SOAP,
    AdFs,
    IdentityCenter,
    Made,
    certificate,
    current,
    key_descriptor,
)
from tests.support.saml import signed as sign

NEXT = (-2.0, 363.0)


@dataclass
class Desk:
    """A folder with people, and a document."""

    stage: Played

    def ask(self, document: str | bytes, *arguments: str, form: str = "json") -> Ended:
        data = document.encode() if isinstance(document, str) else document
        (self.stage.root / "metadata.xml").write_bytes(data)
        now = ("--now", f"{NOW:%Y-%m-%dT%H:%M:%SZ}")
        return self.stage.run(
            "doctor", "saml", "--metadata", "metadata.xml", *now, "--format", form, *arguments
        )

    def checks(self, document: str | bytes, *arguments: str, code: int = 0) -> dict[str, dict[str, Any]]:
        """The checks by name; it ended with this code."""
        ended = self.ask(document, *arguments)
        assert ended.code == code, ended.output
        body = json.loads(ended.out)
        assert (body["about"], body["healthy"]) == ("saml", code == 0)
        (examination,) = body["examinations"]
        names = [one["name"] for one in examination["checks"]]
        assert len(names) == len(set(names))
        return {one["name"]: one for one in examination["checks"]}

    def outcome(self, name: str, document: str | bytes, *arguments: str, code: int = 0) -> tuple[str, str]:
        one = self.checks(document, *arguments, code=code)[name]
        return one["outcome"], " ".join([one["found"], one["fix"] or "", *one["details"]])

    def given(self, *those: Made, option: str = "--uploaded") -> tuple[str, ...]:
        (self.stage.root / "trust.pem").write_text("".join(one.pem for one in those), encoding="ascii")
        return (option, "trust.pem")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    stage = Played(tmp_path / "access", monkeypatch, capsys)
    stage.write(FILES)
    return Desk(stage)


def people(desk: Desk, *lines: str) -> None:
    desk.stage.write(
        {"people.yaml": "users:\n" + "".join(f"  {one}\n" for one in lines), "groups.yaml": None}
    )


def test_a_provider_with_which_all_is_well(desk: Desk) -> None:
    found = desk.checks(
        sign(AdFs().text(), current()), *desk.given(current(), option="--trust"), "--issued", "email"
    )
    assert {one["outcome"] for one in found.values()} == {"ok"}
    text = desk.ask(AdFs().text(), form="text")
    assert text.code == 0
    assert "http://sts.example.com/adfs/services/trust: " in text.out
    # What nobody verified is not ok.
    assert "not checked: signature: the document is not signed" in text.out


def test_identity_center_itself(desk: Desk) -> None:
    found = desk.checks(IdentityCenter().text())
    assert {name for name, one in found.items() if one["outcome"] != "ok"} == {"signature", "name-id"}
    assert "rollover" not in found
    assert "SPSSODescriptor" in found["roles"]["found"]
    bad = IdentityCenter(formats=[PERSISTENT], keys=key_descriptor("encryption", current().base64))
    found = desk.checks(bad.text(), code=1)
    assert found["encryption"]["outcome"] == found["name-id-format"]["outcome"] == "problem"
    for consumer in ([], [(SOAP, "https://x.example.com")], [(POST, "http://x.example.com")]):
        answer = desk.outcome("assertion-consumer", IdentityCenter(consumer=consumer).text(), code=1)
        assert answer[0] == "problem"
    ended = IdentityCenter(keys=key_descriptor(None, certificate(-400, -1).base64))
    assert (
        desk.outcome(f"certificate:{certificate(-400, -1).thumbprint}", ended.text(), code=1)[0] == "problem"
    )


@pytest.mark.parametrize(
    ("days", "outcome", "words"),
    [
        (61, "ok", "in 61 days"),
        (60, "warning", "warning of 60 days"),
        (30.5, "warning", "warning of 60 days"),
        (30, "warning", "warning of 30 days"),
        (14, "warning", "warning of 14 days"),
        (7, "warning", "warning of 7 days"),
        (0.5, "warning", "in 0 days (warning of 7 days)"),
        (0, "problem", "ended on 2026-11-29"),
        (-40, "problem", "ended on 2026-10-20"),
    ],
)
def test_the_end_of_a_certificate(desk: Desk, days: float, outcome: str, words: str) -> None:
    made = certificate(-300, days)
    found = desk.outcome(
        f"certificate:{made.thumbprint}", AdFs(signing=[made]).text(), code=int(outcome == "problem")
    )
    assert found[0] == outcome
    assert words in found[1]
    assert made.fingerprint in found[1]
    if outcome == "warning":
        assert ("AutoCertificateRollover" in found[1]) is (days <= 20)


def test_more_certificates_than_anybody_needs(desk: Desk) -> None:
    one = AdFs(signing=[certificate(-9 + number / 100, 300, "many") for number in range(25)])
    found = desk.checks(one.text(), code=1)
    assert sum(name.startswith("certificate:") for name in found) == 20
    assert "there are 25" in found["signing-certificates"]["found"]


def test_nothing_in_a_document_that_was_changed_counts(desk: Desk) -> None:
    """It must not lead anybody to upload the certificate of an attacker."""
    evil = certificate(-2, 300, "evil")
    for document in (
        AdFs(signing=[current(), evil]).text().encode(),
        sign(AdFs(signing=[current(), evil]).text(), evil),
        sign(AdFs().text(), current()).replace(b"https://sts", b"https://evil"),
    ):
        ended = desk.ask(document, *desk.given(current(), option="--trust"))
        assert ended.code == 1
        assert evil.fingerprint not in ended.output
        assert "evil" not in ended.out
        found = {one["name"]: one for one in json.loads(ended.out)["examinations"][0]["checks"]}
        assert found["signature"]["outcome"] == "problem"
        assert found["metadata"]["outcome"] == "not checked"
        assert set(found) == {"signature", "metadata", "user-names", "name-id"}


def test_words_of_a_document_are_words(desk: Desk) -> None:
    """Line breaks and marks of direction in a document begin no line of the output."""
    nasty = "x&#10;::error::gone&#13;&#9;&#x202e;y"
    document = AdFs(
        entity_id=nasty, formats=[nasty], sign_on=[(nasty, nasty)], attributes=f'validUntil="{nasty}"'
    )
    for form in ("text", "json"):
        ended = desk.ask(document.text(), form=form)
        assert ended.code == 1
        assert not any(line.lstrip().startswith("::") for line in ended.output.splitlines())
        assert "\u202e" not in ended.output
        assert "\r" not in ended.output


@pytest.mark.parametrize(
    ("days", "within", "outcome"), [(14, "14d", "problem"), (14.5, "14d", "warning"), (14, "0d", "warning")]
)
def test_what_is_due_within_a_time_is_a_problem(desk: Desk, days: float, within: str, outcome: str) -> None:
    made, code = certificate(-300, days), int(outcome == "problem")
    name = f"certificate:{made.thumbprint}"
    assert desk.outcome(name, AdFs(signing=[made]).text(), "--within", within, code=code)[0] == outcome
    # The next one is there: what is due is its upload, unless that is done.
    both = AdFs(signing=[made, certificate(*NEXT)]).text()
    found = desk.checks(both, "--within", "2d")
    assert (found[name]["outcome"], found["rollover"]["outcome"]) == ("warning", "warning")
    found = desk.checks(both, "--within", "3d", code=1)
    assert (found[name]["outcome"], found["rollover"]["outcome"]) == ("warning", "problem")
    uploaded = desk.given(made, certificate(*NEXT))
    assert desk.outcome("rollover", both, "--within", "3d", *uploaded)[0] == "ok"


def test_a_certificate_that_begins_later(desk: Desk) -> None:
    made = certificate(1, 365)
    found = desk.outcome(f"certificate:{made.thumbprint}", AdFs(signing=[made]).text())
    assert found[0] == "warning"
    assert "begins on 2026-11-30" in found[1]


def test_a_certificate_that_is_too_long(desk: Desk) -> None:
    long = certificate(-1, 300, "long", 80)
    assert len(long.pem) > 2_500
    found = desk.outcome(f"certificate:{long.thumbprint}", AdFs(signing=[long]).text(), code=1)
    assert found[0] == "problem"
    assert f"{len(long.pem):,} characters; Identity Center takes 2,500" in found[1]


def test_certificates_that_are_missing_or_unreadable(desk: Desk) -> None:
    assert desk.outcome("signing-certificates", AdFs(signing=[]).text(), code=1)[0] == "problem"
    for broken in ("AAAA", "!!", "", current().base64[:-40], current().base64 + "AAAA"):
        more = AdFs(more=key_descriptor("signing", broken))
        found = desk.outcome("signing-certificates", more.text(), code=1)
        assert found[0] == "problem"
        assert "a certificate cannot be read" in found[1]
    bare = AdFs(more="<KeyDescriptor><ds:KeyInfo><ds:KeyName>a</ds:KeyName></ds:KeyInfo></KeyDescriptor>")
    assert "without its certificate" in desk.outcome("signing-certificates", bare.text(), code=1)[1]
    three = AdFs(signing=[certificate(-9, 300, str(number)) for number in range(3)])
    assert desk.outcome("signing-certificates", three.text(), code=1)[0] == "warning"


def test_a_rollover_says_what_to_upload_and_until_when(desk: Desk) -> None:
    old, new = certificate(-347, 18), certificate(*NEXT)
    document = AdFs(signing=[old, new]).text()
    outcome, words = desk.outcome("rollover", document)
    assert outcome == "warning"
    assert f"thumbprint {new.thumbprint}, SHA-256 {new.fingerprint}" in words
    assert f"to be uploaded by {NOW + timedelta(days=3):%Y-%m-%d %H:%M} UTC" in words
    assert old.fingerprint not in words
    # The order in the document says nothing.
    assert desk.outcome("rollover", AdFs(signing=[new, old]).text()) == (outcome, words)
    # Once it was uploaded and named, all is well; and the old one alone is not enough.
    assert desk.outcome("rollover", document, *desk.given(old, new))[0] == "ok"
    assert desk.outcome("rollover", document, *desk.given(old))[0] == "warning"
    # Who may sign was uploaded, too.
    both = ("--expect-fingerprint", old.fingerprint, "--expect-fingerprint", new.fingerprint.upper())
    assert desk.outcome("rollover", sign(document, old), *both)[0] == "ok"


def test_a_rollover_whose_window_is_over(desk: Desk) -> None:
    old, new = certificate(-350, 15), certificate(-5, 360)
    outcome, words = desk.outcome("rollover", AdFs(signing=[old, new]).text(), code=1)
    assert outcome == "problem"
    assert f"was to be uploaded by {NOW:%Y-%m-%d %H:%M} UTC" in words
    # The old one ends before the five days are over.
    late = desk.outcome("rollover", AdFs(signing=[certificate(-364, 1), certificate(*NEXT)]).text())
    assert f"to be uploaded by {NOW + timedelta(days=1):%Y-%m-%d %H:%M} UTC" in late[1]


def test_a_rollover_that_nobody_followed(desk: Desk) -> None:
    new = certificate(-30, 335)
    outcome, words = desk.outcome("rollover", AdFs(signing=[new]).text(), *desk.given(current()), code=1)
    assert outcome == "problem"
    assert new.fingerprint in words
    assert desk.outcome("rollover", AdFs(signing=[new]).text(), *desk.given(new))[0] == "ok"


@pytest.mark.parametrize(
    ("formats", "outcome", "code"),
    [
        ((EMAIL,), "ok", 0),
        ((PERSISTENT, EMAIL), "ok", 0),
        ((PERSISTENT,), "problem", 1),
        ((), "not checked", 0),
    ],
)
def test_formats_of_name_id(desk: Desk, formats: Sequence[str], outcome: str, code: int) -> None:
    assert desk.outcome("name-id-format", AdFs(formats=formats).text(), code=code)[0] == outcome


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        ([], "the metadata has no such endpoint"),
        ([(SOAP, "https://sts.example.com/a")], "no endpoint has a binding that is used"),
        ([(POST, "http://sts.example.com/a")], "not https"),
        ([(POST, "https://sts.example.com/a"), (REDIRECT, "http://sts.example.com/b")], "not https"),
        ([(POST, "https://ada:pw@sts.example.com/a")], "not addresses"),
        ([(POST, "https://[")], "not addresses"),
        ([(POST, "")], "not addresses"),
        ([(POST, "javascript:alert(1)")], "not https"),
    ],
)
def test_endpoints_of_sign_on(desk: Desk, ends: Sequence[tuple[str, str]], words: str) -> None:
    outcome, said = desk.outcome("sign-on", AdFs(sign_on=ends).text(), code=1)
    assert outcome == "problem"
    assert words in said


def test_endpoints_of_logout(desk: Desk) -> None:
    assert desk.outcome("logout", AdFs(logout=[]).text()) == ("ok", "none ")
    assert (
        desk.outcome("logout", AdFs(logout=[(POST, "http://a.example.com")]).text(), code=1)[0] == "problem"
    )


def test_encryption(desk: Desk) -> None:
    found = desk.outcome("encryption", AdFs(encryption=[certificate(-1, 300)]).text())
    assert found[0] == "warning"
    assert "-EncryptClaims $false" in found[1]
    # Without `use` it is for both.
    both = AdFs(signing=[], more=key_descriptor(None, current().base64))
    found_both = desk.checks(both.text())
    assert found_both["encryption"]["outcome"] == "warning"
    assert found_both["signing-certificates"]["outcome"] == "ok"


@pytest.mark.parametrize(
    ("written", "outcome"),
    [
        ('WantAuthnRequestsSigned="true"', "warning"),
        ('WantAuthnRequestsSigned="1"', "warning"),
        ('WantAuthnRequestsSigned="0"', "ok"),
        ("", "ok"),
        ('WantAuthnRequestsSigned="yes"', "not checked"),
    ],
)
def test_signed_requests(desk: Desk, written: str, outcome: str) -> None:
    assert desk.outcome("signed-requests", AdFs(role_attributes=written).text())[0] == outcome


@pytest.mark.parametrize(
    ("written", "outcome"),
    [
        ("", "ok"),
        ('cacheDuration="PT8H"', "ok"),
        ('validUntil="2027-01-01T00:00:00Z"', "ok"),
        ('validUntil="2026-12-06T13:00:00+01:00"', "warning"),
        ('validUntil="2026-11-29T12:00:00.000Z"', "problem"),
        ('validUntil="2026-11-29T12:30:00+01:00"', "problem"),
        ('validUntil="2026-11-29T11:00:00"', "problem"),
        ('validUntil="soon"', "problem"),
        ('validUntil="9999-12-31T23:59:59-10:00"', "problem"),
    ],
)
def test_validity(desk: Desk, written: str, outcome: str) -> None:
    for document in (AdFs(attributes=written), AdFs(role_attributes=written)):
        found = desk.outcome("validity", document.text(), code=int(outcome == "problem"))
        assert found[0] == outcome


def test_size_and_identity(desk: Desk) -> None:
    text = AdFs().text()
    just = AdFs(
        more=f"<Extensions>{'é' * (75_000 - len(text) - len('<Extensions></Extensions>'))}</Extensions>"
    ).text()
    assert len(just) == 75_000
    assert desk.outcome("size", just)[0] == "ok"
    assert (
        desk.outcome("size", just.replace("utf-8", "utf-16").replace("é", "", 1).encode("utf-16"))[0] == "ok"
    )
    unmarked = AdFs(more=f"<Extensions>{'x' * 40_000}</Extensions>").text().replace("utf-8", "utf-16")
    for encoding in ("utf-16-le", "utf-16-be"):
        outcome, found_ = desk.outcome("size", unmarked.encode(encoding))
        assert (outcome, f"{len(unmarked):,} characters" in found_) == ("ok", True)
    assert desk.outcome("size", just + "\n", code=1)[0] == "problem"
    for wrong in (None, "", "x" * 1_025):
        assert desk.outcome("entity-id", AdFs(entity_id=wrong).text(), code=1)[0] == "problem"
    old = text.replace("urn:oasis:names:tc:SAML:2.0:protocol", "urn:oasis:names:tc:SAML:1.1:protocol")
    found = desk.checks(old, code=1)
    assert found["roles"]["outcome"] == "problem"
    assert "sign-on" not in found


def test_what_is_sent_as_name_id_is_compared_with_everybody(desk: Desk) -> None:
    people(
        desk,
        "ada: {user_name: ada@example.com, nick_name: ada@example.com, given_name: A, family_name: O}",
        "bob: {user_name: bob@example.com, nick_name: Bob@Example.com, given_name: B, family_name: K}",
        "cyd: {user_name: cyd@example.com, nick_name: cyd@corp.example, given_name: C, family_name: L}",
        "dan: {user_name: dan@example.com, nick_name: ada@example.com, given_name: D, family_name: L}",
        "eve: {user_name: eve@example.com, given_name: E, family_name: L}",
        "fay: {user_name: fay@example.com, nick_name: x, active: false, given_name: F, family_name: L}",
    )
    found = desk.checks(AdFs().text(), "--issued", "nick_name", code=1)
    assert found["name-id"]["outcome"] == "problem"
    assert found["name-id"]["found"] == "3 of 5 could not sign in as themselves (nick_name)"
    lines = "\n".join(found["name-id"]["details"])
    assert "people.yaml:4:" in lines
    assert "cyd: cyd@corp.example is sent, and the user_name is cyd@example.com" in lines
    assert "that is the user_name of ada, who would be signed in" in lines
    assert "eve: no value is sent for eve@example.com" in lines
    assert "bob" not in lines
    assert found["name-id-case"]["outcome"] == "warning"
    (line,) = found["name-id-case"]["details"]
    assert line.endswith("bob: Bob@Example.com is sent, and the user_name is bob@example.com")
    assert found["name-id-shared"]["details"] == ["ada@example.com: ada, dan"]
    same = desk.checks(AdFs().text(), "--issued", "user_name")
    assert same["name-id"]["outcome"] == "ok"
    assert "name-id-case" not in same


def test_user_names_that_no_name_id_can_be(desk: Desk) -> None:
    assert desk.outcome("user-names", AdFs().text())[0] == "ok"
    people(
        desk,
        "ada: {user_name: ada, email: ada@example.com, given_name: A, family_name: O}",
        'bob: {user_name: "CORP\\\\bob", email: bob@example.com, given_name: B, family_name: O}',
        "cyd: {user_name: cyd.@example.com, given_name: C, family_name: O}",
        "dan: {user_name: d.an+x@example.com, given_name: D, family_name: O}",
    )
    one = desk.checks(AdFs().text(), code=1)["user-names"]
    assert (one["outcome"], one["found"].split(" are")[0]) == ("problem", "3 of 4")
    assert not any("d.an+x" in line for line in one["details"])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_values_of_a_file(desk: Desk, encoding: str) -> None:
    people(
        desk,
        "ada: {user_name: ada@example.com, external_id: 0a-1b, given_name: A, family_name: O}",
        "bob: {user_name: bob@example.com, external_id: 0a-2b, given_name: B, family_name: O}",
    )
    sheet = '"external_id","mail"\r\n"0A-1B","ada@example.com"\r\n\r\n"0a-2b","bob@corp.example"\r\n'
    (desk.stage.root / "claims.csv").write_bytes(sheet.encode(encoding))
    one = desk.checks(AdFs().text(), "--claims", "claims.csv", code=1)["name-id"]
    (line,) = one["details"]
    assert "bob@corp.example is sent" in line


@pytest.mark.parametrize(
    ("sheet", "words"),
    [
        ("", "claims.csv:1:1: the first line"),
        ("mail,x\n", "claims.csv:1:1: the first column must be key, external_id or user_name"),
        ("key,x\nada\n", "claims.csv:2:1: a line must have two columns"),
        ("key,x\nada,a@b.c\nada,d@b.c\n", "claims.csv:3:1: ada has two values"),
        ('key,x\n"ada', "this is not CSV"),
    ],
)
def test_files_of_values_that_are_none(desk: Desk, sheet: str, words: str) -> None:
    (desk.stage.root / "claims.csv").write_text(sheet, encoding="utf-8")
    ended = desk.ask(AdFs().text(), "--claims", "claims.csv", form="text")
    assert ended.code == 1
    assert words in ended.err


def test_options_that_make_no_sense(desk: Desk) -> None:
    for arguments, code, words in (
        (("--issued", "shoe_size"), 64, "no such attribute of a person; give the values"),
        (("--issued", "mail"), 64, "an import writes it as email"),
        (("--issued", "UserPrincipalName"), 64, "an import writes it as user_name"),
        (("--issued", "email", "--claims", "x"), 64, "use one of them"),
        (("--claims", "absent.csv"), 1, "No such file"),
        (("--trust", "absent.pem"), 1, "No such file"),
        (("--trust", "metadata.xml"), 1, "no certificate in PEM form"),
        (("--expect-fingerprint", "ab"), 64, "64 digits"),
        (("--format", "markdown"), 64, "markdown"),
    ):
        ended = desk.ask(AdFs().text(), *arguments, form="text")
        assert ended.code == code, ended.output
        assert words in ended.err


@pytest.mark.parametrize(
    "written",
    [
        lambda pem: f"\ufeff{pem}".encode(),
        lambda pem: pem.encode("utf-16"),
        lambda pem: "Bag Attributes\n    friendlyName: Zoë\n".encode("latin-1") + pem.encode(),
        lambda pem: pem.replace("\n", "\r\n").encode(),
    ],
    ids=["bom", "utf-16", "latin-1", "crlf"],
)
def test_certificates_in_files_of_other_tools(desk: Desk, written: Callable[[str], bytes]) -> None:
    (desk.stage.root / "trust.pem").write_bytes(written(current().pem))
    document = sign(AdFs().text(), current())
    assert desk.outcome("signature", document, "--trust", "trust.pem")[0] == "ok"
    assert desk.outcome("rollover", AdFs().text(), "--uploaded", "trust.pem")[0] == "ok"


def test_without_files_of_people(desk: Desk) -> None:
    found = desk.checks(AdFs().text(), "--identities", "nowhere")
    assert "user-names" not in found
    assert desk.ask(AdFs().text(), "--identities", "nowhere", "--issued", "email").code != 0
