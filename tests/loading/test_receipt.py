"""A receipt is read as it was written, and nothing else passes for one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import RecordError
from reconciler.loading.receipt import (
    parse_receipt,
    render_begun,
    render_receipt,
    spent,
    tag_name,
    used_at_begin,
)
from reconciler.model.checked import Checked
from reconciler.model.state import Receipt

AT = datetime(2026, 11, 23, 22, 10, tzinfo=UTC)
RECEIPT = Receipt(
    target="aws",
    identity={"instance_arn": "arn:aws:sso:::instance/ssoins-12", "identity_store_id": "d-12"},
    digest="ab" * 32,
    tool_version="0.3.0",
    at=AT,
    commit="c" * 40,
)
TEXT = """\
reconciler receipt 2

target: aws
digest: abababababababababababababababababababababababababababababababab
tool-version: 0.3.0
at: 2026-11-23T22:10:00Z
identity.identity_store_id: d-12
identity.instance_arn: arn:aws:sso:::instance/ssoins-12
"""


def test_a_receipt_reads_like_this() -> None:
    assert render_receipt(RECEIPT) == TEXT
    assert parse_receipt(TEXT, "c" * 40) == RECEIPT


def test_spent_digests_stand_in_a_line_that_older_versions_ignore() -> None:
    used = replace(RECEIPT, used=("sha256:12", "sha256:34"))
    text = render_receipt(used)
    assert text == TEXT.replace("10:00Z\n", "10:00Z\nused: sha256:12 sha256:34\n")
    assert parse_receipt(text, "c" * 40) == used


def test_the_policy_of_denials_stands_in_a_line_that_older_versions_ignore() -> None:
    denying = replace(RECEIPT, deny_policy="p-1a2b3c4d5e")
    text = render_receipt(denying)
    assert text == TEXT.replace("10:00Z\n", "10:00Z\ndeny-policy: p-1a2b3c4d5e\n")
    assert parse_receipt(text, "c" * 40) == denying


def test_what_a_service_does_not_keep_stands_in_a_line_that_older_versions_ignore() -> None:
    """Names that this version does not know are read like the others."""
    names = ("device.colour", "user.title", "user.urn:example:2.0:User:nick", "user.user_name:case")
    unkept = replace(RECEIPT, used=("sha256:12",), unkept=names)
    text = render_receipt(unkept)
    added = f"used: sha256:12\nunkept: {' '.join(names)}\n"
    assert text == TEXT.replace("10:00Z\n", f"10:00Z\n{added}")
    assert parse_receipt(text, "c" * 40) == unkept
    assert render_receipt(replace(unkept, unkept=tuple(reversed(names)))) == text


def test_of_very_many_spent_digests_the_newest_are_kept_each_once() -> None:
    many = [f"sha256:{number}" for number in range(600)]
    assert spent(many, ["sha256:599", "sha256:x"]) == (*many[101:], "sha256:x")


def test_a_first_apply_remembers_what_it_spent() -> None:
    assert used_at_begin(render_begun("aws")) == ()
    assert used_at_begin(render_begun("aws", ["sha256:12", "sha256:34"])) == ("sha256:12", "sha256:34")


def test_a_tag_is_named_after_its_target() -> None:
    assert tag_name("aws") == "reconciler/applied/aws"


def test_equal_moments_and_identities_are_equal_bytes() -> None:
    zurich = AT.astimezone(timezone(timedelta(hours=1)))
    turned = dict(reversed(list(RECEIPT.identity.items())))
    same = Receipt("aws", turned, RECEIPT.digest, RECEIPT.tool_version, zurich)
    assert render_receipt(same) == TEXT


def test_what_a_later_version_adds_is_ignored() -> None:
    assert parse_receipt(TEXT + "\ncolour: blue\n", "c" * 40) == RECEIPT


def test_an_unknown_name_cannot_hide_that_it_came_twice() -> None:
    with pytest.raises(RecordError, match="two lines for colour"):
        parse_receipt(TEXT + "colour: blue\ncolour: red\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "first line is not that of a receipt", id="nothing"),
        pytest.param("Release 1.0\n", "first line is not that of a receipt", id="the tag of a release"),
        pytest.param(TEXT.replace("receipt 2", "receipt 3"), "format 3", id="a later format"),
        pytest.param(TEXT.replace("target: aws\n", ""), "no line for target", id="no target"),
        pytest.param(TEXT.replace("digest: ", "d: "), "no line for digest", id="no digest"),
        pytest.param(TEXT.replace("at: ", "noon: "), "no line for at", id="no time"),
        pytest.param(TEXT.replace("22:10:00Z", "22:10:00"), "no time zone", id="a time without a zone"),
        pytest.param(
            TEXT.replace("2026-11-23T22:10:00Z", "soon"), "not one of RFC 3339", id="no time at all"
        ),
        pytest.param(TEXT + "target: other\n", "two lines for target", id="two targets"),
        pytest.param(TEXT + "signed by nobody\n", "is not a name, a colon", id="a line of prose"),
        pytest.param(TEXT.replace("\n", "\r\n"), "first line is not", id="other line ends"),
        pytest.param(TEXT.replace("aws\n", "aws \n"), "is not a name, a colon", id="a trailing space"),
        pytest.param(TEXT.replace("aws\n", "a\u202ews\n"), "is not a name, a colon", id="a bidi override"),
        pytest.param(
            TEXT.replace("aws\n", "aws\u2028x: y\n"), "is not a name, a colon", id="a line separator"
        ),
    ],
)
def test_what_is_no_receipt_is_refused_with_a_reason(text: str, message: str) -> None:
    with pytest.raises(RecordError, match=message):
        parse_receipt(text)


@pytest.mark.parametrize(
    "value", ["a\nb", "a\r", "a\x00b", "a\u2028b", "", " a", "a ", "a\u202eb", "\x85"], ids=repr
)
def test_a_value_that_would_break_the_lines_is_refused(value: str) -> None:
    broken = Receipt("aws", {"store": value}, "d", "1", AT)
    with pytest.raises(RecordError, match=r"identity\.store"):
        render_receipt(broken)


@pytest.mark.parametrize("name", ["Instance", "a b", "a:b", "a\nb"])
def test_a_name_that_would_break_the_lines_is_refused(name: str) -> None:
    with pytest.raises(RecordError, match="cannot stand in a receipt"):
        render_receipt(Receipt("aws", {name: "x"}, "d", "1", AT))


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(RecordError, match="time zone"):
        render_receipt(Receipt("aws", {}, "d", "1", datetime(2026, 1, 1)))  # noqa: DTZ001  # the fault itself


TEXTS = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20)


@given(
    identity=st.dictionaries(st.from_regex(r"[a-z0-9._-]{1,9}", fullmatch=True), TEXTS),
    digest=st.lists(TEXTS, min_size=1, max_size=3).map(" ".join),
    at=st.datetimes(timezones=st.just(UTC)),
)
def test_whatever_can_be_written_is_read_back(identity: dict[str, str], digest: str, at: datetime) -> None:
    receipt = Receipt("aws", identity, digest, "1", at, "c")
    text = render_receipt(receipt)
    assert parse_receipt(text, "c") == receipt
    assert len(text.splitlines()) == 6 + len(identity)


def test_when_a_target_was_compared_stands_in_lines_that_older_versions_ignore() -> None:
    right = AT - timedelta(days=1)
    checked = Checked(AT, {"aws/user/ada o'kafor%20": right, "aws/group/ops;x": None})
    text = render_receipt(replace(RECEIPT, checked=checked))
    assert "\nchecked: 2026-11-23T22:10:00Z\ndiffering: aws/group/ops%3Bx;unknown " in text
    assert parse_receipt(text, "c" * 40) == replace(RECEIPT, checked=checked)
    for plain in (Checked(AT), Checked(AT, many=True)):
        assert parse_receipt(render_receipt(replace(RECEIPT, checked=plain)), "").checked == plain


@pytest.mark.parametrize("line", ["aws/user/ada", ";2026-11-23T22:10:00Z", "aws/user/ada;soon", "*;x"])
def test_a_line_of_differences_that_is_not_one_is_refused(line: str) -> None:
    text = f"{TEXT}checked: 2026-11-23T22:10:00Z\ndiffering: {line}\n"
    with pytest.raises(RecordError):
        parse_receipt(text)
