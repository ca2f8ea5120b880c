r"""Finds a token in a text in every spelling in which an answer may repeat it, and blots it out.

As it is; with some or all of its characters percent-encoded, in capitals or not, or as `\u0041` and `\/` in
JSON; inside a longer text in base64, of either alphabet; and any of these with white space put in.
"""

from __future__ import annotations

import re
from base64 import b64encode
from urllib.parse import unquote_to_bytes

# Characters from which on a token, or a part of one, is not met by chance.
TELLING = 16
SHOWN = "…"
_SPELLED = re.compile(r"%([0-9a-fA-F]{2})|\\\\?u00([0-9a-fA-F]{2})|\\\\?(/)|(.)", re.DOTALL)
_SPACE = b" \t\r\n\v\f"


def forms(token: str) -> list[str]:
    """What a text holds that holds the token, in base64 or not; the longest come first.

    What a token becomes in base64 depends on what stands before it; of each of the three ways, the characters
    that depend on the token alone.
    """
    data = token.encode()
    whole = b64encode(data).decode()
    found = {token, whole, whole.replace("+", "-").replace("/", "_")}
    for before in range(3):
        encoded = b64encode(b"\0" * before + data).decode().rstrip("=")
        core = encoded[-(-8 * before // 6) : 8 * (before + len(data)) // 6]
        if len(core) >= TELLING or (core and before == 0):
            found |= {core, core.replace("+", "-").replace("/", "_")}
    return sorted(found, key=lambda form: (-len(form), form))


def scrub(text: str, token: str) -> str:
    """`text` with the token blotted out."""
    if not token:
        return text
    wanted = forms(token)
    for form in wanted:
        text = text.replace(form, SHOWN)
    # Without white space a short one could be met by chance.
    characters, spans = _read(text, spaced=len(token) < TELLING)
    holes: list[tuple[int, int]] = []
    for form in wanted:
        start = characters.find(form)
        while start >= 0:
            holes.append((spans[start][0], spans[start + len(form) - 1][1]))
            start = characters.find(form, start + len(form))
    described, kept = [], 0
    for start, end in sorted(holes):
        if start >= kept:
            described += [text[kept:start], SHOWN]
        kept = max(kept, end)
    return "".join((*described, text[kept:]))


def shown_in(body: bytes, token: str) -> bool:
    """Whether `body` holds the token; one so short that it may stand there by chance does not count."""
    if len(token) < TELLING:
        return False
    wanted = [form.encode() for form in forms(token)]
    packed = body.translate(None, _SPACE)
    looked = {body, packed, packed.replace(b"\\/", b"/")}
    if b"%" in packed:
        looked.add(unquote_to_bytes(packed))
    if rb"\u00" in packed:
        looked.add(_read(packed.decode("latin-1"), spaced=False)[0].encode("latin-1"))
    return any(form in each for each in looked for form in wanted)


def _read(text: str, *, spaced: bool) -> tuple[str, list[tuple[int, int]]]:
    """The characters that a text spells, and where in it each of them stands."""
    characters: list[str] = []
    spans: list[tuple[int, int]] = []
    for found in _SPELLED.finditer(text):
        percent, escaped, slash, plain = found.groups()
        code = percent or escaped
        one = chr(int(code, 16)) if code else slash or plain
        if spaced or not one.isspace():
            characters.append(one)
            spans.append(found.span())
    return "".join(characters), spans
