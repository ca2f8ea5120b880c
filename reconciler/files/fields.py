"""Kinds of text that several files share: keys, plain text, reasons, choices."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ConfigDict, StringConstraints, WithJsonSchema
from pydantic.config import JsonDict

from reconciler.files.shapes import Shape, refused

# What the Identity Store API takes in text (botocore model, SensitiveStringType): letters, marks, symbols,
# numbers, punctuation and three kinds of space. Line ends and tabs only where a text may have lines.
_VISIBLE = r"\p{L}\p{M}\p{S}\p{N}\p{P}"
_SPACES = r" \u00a0\u3000"
MAX_TEXT = 1024

# A map that takes the fields that it knows and no others.
STRICT = ConfigDict(extra="forbid")

# In a JSON Schema: nothing but a quoted scalar will do (loading/schema.py widens the type "string").
QUOTED: JsonDict = {"type": ["string"]}

Key = Annotated[
    str,
    Shape(
        r"[A-Za-z0-9._@+/\-]{1,256}",
        "is not a valid key: a key is 1 to 256 letters (A to Z), digits, or . _ @ + / -",
        "rename it; names for people go into fields such as display_name",
    ),
]

Text = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_TEXT),
    Shape(
        rf"[{_VISIBLE}{_SPACES}]+",
        "has a character that does not fit here (a tab, a line end, or one that cannot be seen)",
        "write it on one line, with ordinary spaces",
    ),
]

Lines = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_TEXT),
    Shape(rf"[{_VISIBLE}{_SPACES}\t\r\n]+", "has a character that does not fit here", "write ordinary text"),
]

# UserName and ExternalIdIdentifier of the Identity Store API: no space of any kind.
UserName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=128),
    Shape(rf"[{_VISIBLE}]+", "has a space in it", "remove the space; it must equal the SAML NameID"),
]
ExternalId = Annotated[
    str,
    StringConstraints(min_length=1, max_length=256),
    Shape(rf"[{_VISIBLE}]+", "has a space in it", "write the id as the source of truth has it"),
]

Region = Annotated[
    str,
    Shape(r"[a-z]{2}(-[a-z]+)+-[0-9]{1,2}", "is not an AWS Region", "write it as eu-central-1"),
]

# A shell pattern over names or keys.
Pattern = Text


def _path(value: str) -> str:
    if value.startswith("/") or ".." in value.split("/"):
        raise refused("leaves the folder of the identities", "write it relative to that folder, as teams/**")
    if value.endswith("/"):
        raise refused("is a folder, and matches no file", f"write {value}**")
    return value


# A shell pattern over the paths of files.
PathPattern = Annotated[str, StringConstraints(min_length=1, max_length=1024), AfterValidator(_path)]


def _flag(value: Any) -> bool:
    if value == "true":
        return True
    if value == "false":
        return False
    raise refused("is neither true nor false", "write true or false")


Flag = Annotated[Any, BeforeValidator(_flag), WithJsonSchema({"type": "boolean"})]


def _whole(value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 10:
        return int(value)
    raise refused("is not a whole number", "write digits, such as 20")


Whole = Annotated[Any, BeforeValidator(_whole), WithJsonSchema({"type": "integer", "minimum": 0})]


def _positive(value: Any) -> int:
    number = _whole(value)
    if number:
        return number
    raise refused("is 0, which allows nothing", "write 1 or more, or delete the entry")


Positive = Annotated[Any, BeforeValidator(_positive), WithJsonSchema({"type": "integer", "minimum": 1})]


def _percent(value: Any) -> float:
    try:
        number = float(value) if isinstance(value, str) and value.isascii() else -1.0
    except ValueError:
        number = -1.0
    if 0 <= number <= 100:
        return number
    raise refused("is not a percentage", "write a number from 0 to 100")


Percent = Annotated[
    Any, BeforeValidator(_percent), WithJsonSchema({"type": "number", "minimum": 0, "maximum": 100})
]
