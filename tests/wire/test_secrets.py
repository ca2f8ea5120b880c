"""A token is found in every spelling in which an answer may repeat it."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote

import pytest

from reconciler.wire.secrets import scrub, shown_in

TOKEN = "s3cr3t/t0ken+of=the~service?0123"
HALF = len(TOKEN) // 2

SPELLINGS = {
    "as it is": TOKEN,
    "percent-encoded": quote(TOKEN, safe=""),
    "percent-encoded in lower case": "".join(
        f"%{ord(one):02x}" if not one.isalnum() else one for one in TOKEN
    ),
    "every character percent-encoded": "".join(f"%{ord(one):02X}" for one in TOKEN),
    "half of it percent-encoded": TOKEN[:HALF] + quote(TOKEN[HALF:], safe=""),
    "JSON with every slash escaped": TOKEN.replace("/", "\\/"),
    "JSON in ASCII escapes": "".join(f"\\u{ord(one):04x}" for one in TOKEN),
    "base64": b64encode(TOKEN.encode()).decode(),
    "base64 without padding": b64encode(TOKEN.encode()).decode().rstrip("="),
    "base64 for URLs": urlsafe_b64encode(TOKEN.encode()).decode(),
    "basic credentials": b64encode(f"ada:{TOKEN}".encode()).decode(),
    "a bearer in base64": b64encode(f"Bearer {TOKEN}, and more".encode()).decode(),
    "base64, percent-encoded": quote(b64encode(TOKEN.encode()).decode(), safe=""),
    "split by a space": f"{TOKEN[:HALF]} {TOKEN[HALF:]}",
    "split by line breaks": "\r\n".join(TOKEN[start : start + 8] for start in range(0, len(TOKEN), 8)),
    "base64 in lines": "\n".join(
        b64encode(TOKEN.encode()).decode()[start:][:10] for start in range(0, 50, 10)
    ),
}


def pieces(text: str) -> set[str]:
    """Runs of 8 of its characters: none of them may be left."""
    packed = "".join(text.split())
    return {packed[start : start + 8] for start in range(len(packed) - 7)}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_it_is_blotted_out_and_the_rest_stays(spelling: str) -> None:
    output = scrub(f"the service says: {spelling} is not known", TOKEN)

    assert output.startswith("the service says: ")
    assert output.endswith(" is not known")
    left = output.removeprefix("the service says: ").removesuffix(" is not known")
    token_in_base64 = b64encode(TOKEN.encode()).decode()
    assert not pieces(left) & (pieces(TOKEN) | pieces(token_in_base64))
    assert len(left) < len(spelling)


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_an_answer_that_repeats_it_is_known_as_one(spelling: str) -> None:
    assert shown_in(b'{"detail": "' + spelling.encode() + b'"}', TOKEN)


def test_what_does_not_hold_it_stays_as_it_is() -> None:
    text = "100% of \\u0041 a\\/b and c d: aGVsbG8="
    assert scrub(text, TOKEN) == text
    assert not shown_in(text.encode(), TOKEN)


def test_a_short_token_is_not_put_together_from_words() -> None:
    assert scrub("see a bc, and abc", "abc") == "see a bc, and …"
    assert not shown_in(b"abc", "abc")
