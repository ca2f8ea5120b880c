"""When two names are one, and when two names merely look like one."""

from __future__ import annotations

import unicodedata

# Letters that are drawn like a Latin one (Cyrillic, Greek, Armenian, and Latin's own variants); what is
# compatible with a Latin letter (full width, mathematical) is NFKC's business. After Unicode TR 39.
_LATIN = {
    "ABESIJKMHOPCTYXbGQW": "АВЕЅІЈКМНОРСТУХЬԌԚԜ",  # looking alike is the point
    "aesijopcyxhdqwllvg": "аеѕіјорсухһԁԛԝӏӀѵԍ",  # looking alike is the point
    "ABEZHIKMNOPTYXCM": "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹϺ",  # noqa: RUF001  # looking alike is the point
    "ayikvoptuxcj": "αγικνορτυχϲϳ",  # looking alike is the point
    "ouhngqjOU": "օսհոցքյՕՍ",  # looking alike is the point
    "iagivyn": "ıɑɡɩʋʏɴ",  # looking alike is the point
}
_LOOKALIKES = {
    ord(other): latin
    for latins, others in _LATIN.items()
    for latin, other in zip(latins, others, strict=True)
}


def fold(name: str) -> str:
    """What two spellings of one name have in common (RFC 7643 section 4.1.1: userName is not case exact)."""
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def same_value(one: object, other: object) -> bool:
    """Whether two values of an attribute are one, where services may write text in another case."""
    if isinstance(one, str) and isinstance(other, str):
        return fold(one) == fold(other)
    return one == other


def tidy(name: str) -> str:
    """A name without white space at its ends, one space for more of it, and in Unicode's form NFC."""
    return unicodedata.normalize("NFC", " ".join(name.split()))


def bare(name: str) -> str:
    """What two names share that differ in case, white space or Unicode's compatible forms (NFKC) alone."""
    return fold("".join(unicodedata.normalize("NFKC", name).split()))


def skeleton(name: str) -> str:
    """What two names that look alike have in common: folded, look-alikes made Latin (UTS #39, section 4)."""
    if name.isascii():
        return name.lower()
    return fold(unicodedata.normalize("NFKC", name).translate(_LOOKALIKES))
