"""Whether an answer of AWS is one: JSON of the types that the service model names, or XML of the right name.

botocore's parser is lenient where we must not be: it reads an HTML page, half a body or an empty one with
status 200 as an answer in which everything is absent, which would be an empty list of users.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

_OK = 300  # from this status on it is not an answer but an error, or somebody else's redirection

# Bytes of an object in S3 that are read at most: what we keep there is far smaller.
_LONGEST = 65_536

_SCALARS: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "character": (str,),
    "blob": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (int, float, str),
}


class MalformedError(Exception):
    """The body is not what the service answers; `status` is the HTTP status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class CutOffError(Exception):
    """The connection ended in the middle of the body, which urllib3 as botocore drives it lets pass."""


def check(operation_model: Any, response_dict: Mapping[str, Any], **_: Any) -> None:
    """A handler of botocore's `before-parse` event. Unknown members are ignored.

    Raises CutOffError when less came than was announced, MalformedError when what came is not an answer.
    """
    status = int(response_dict["status_code"])
    body, headers = response_dict["body"], response_dict["headers"]
    protocol = operation_model.service_model.metadata.get("protocol")
    if protocol == "rest-xml" and (status < _OK or operation_model.http.get("method") == "HEAD"):
        return  # S3: what it has is the content of an object (see `content`), and headers
    announced = str(headers.get("content-length", ""))
    if announced.isdecimal() and "content-encoding" not in headers and len(body) < int(announced):
        raise CutOffError
    if not body:
        raise MalformedError("the answer is empty", status)
    if protocol in ("query", "rest-xml"):
        _check_xml(operation_model, status, body)
        return
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        raise MalformedError(f"the answer is not JSON but {_glimpse(body)}", status) from None
    if not isinstance(answer, dict):
        raise MalformedError(f"the answer is not a JSON object but {_glimpse(body)}", status)
    if status >= _OK:
        # REST services say it in a header (Smithy, AWS restJson1 protocol), the others in the body.
        code = answer.get("__type") or headers.get("x-amzn-errortype")
        if not isinstance(code, str):
            raise MalformedError(f"the answer is an error without a code: {_glimpse(body)}", status)
        return
    shape = operation_model.output_shape
    if shape is not None and (fault := _fault(shape, answer, "")):
        raise MalformedError(fault, status)


def content(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer with the content of an object (S3) read to its end, if it has any.

    Raises CutOffError when less came than was announced, MalformedError for more than `_LONGEST` bytes.
    """
    body = answer.get("Body")
    if body is None or isinstance(body, bytes):
        return answer
    read: bytes = body.read(_LONGEST + 1)
    if len(read) > _LONGEST:
        raise MalformedError(f"the object has more than {_LONGEST:,} bytes", _OK - 1)
    if len(read) < int(answer.get("ContentLength", 0)):
        raise CutOffError
    return {**answer, "Body": read}


def _check_xml(operation_model: Any, status: int, body: bytes) -> None:
    """The same of an answer in XML (STS, S3): whether it is about what was asked; botocore does the rest."""
    rest = operation_model.service_model.metadata.get("protocol") == "rest-xml"
    error = "Error" if rest else "ErrorResponse"
    wanted = error if status >= _OK else f"{operation_model.name}Response"
    try:
        # What answers is AWS, or somebody in its place who could as well answer properly.
        root = ET.fromstring(body)  # noqa: S314  # see above; expat limits what entities may grow to
    except (ET.ParseError, ValueError):
        raise MalformedError(f"the answer is not XML but {_glimpse(body)}", status) from None
    if root.tag.rpartition("}")[2] != wanted:
        raise MalformedError(f"the answer is not {wanted} but {_glimpse(body)}", status)


def _fault(shape: Any, value: Any, path: str) -> str:
    """What is wrong with `value` at `path`; "" when nothing is."""
    kind = shape.type_name
    if kind == "structure":
        return _structure_fault(shape, value, path)
    if kind == "list":
        if not isinstance(value, list):
            return _wrong(path, "a list", value)
        member = shape.member
        return next((fault for item in value if (fault := _fault(member, item, f"{path}[]"))), "")
    if kind == "map":
        if not isinstance(value, dict):
            return _wrong(path, "an object", value)
        member = shape.value
        return next(
            (fault for key, item in value.items() if (fault := _fault(member, item, f"{path}.{key}"))), ""
        )
    expected = _SCALARS.get(kind, ())
    if not isinstance(value, expected) or (isinstance(value, bool) and bool not in expected):
        return _wrong(path, f"a {kind}", value)
    return ""


def _structure_fault(shape: Any, value: Any, path: str) -> str:
    if shape.is_document_type:
        return ""
    if not isinstance(value, dict):
        return _wrong(path, "an object", value)
    members = shape.members
    for name, item in value.items():
        member = members.get(name)
        # Null is absence (that is how botocore reads it), except in a list, where it would be an item.
        if member is not None and item is not None and (fault := _fault(member, item, f"{path}.{name}")):
            return fault
    return ""


def _wrong(path: str, expected: str, value: Any) -> str:
    return f"{path.lstrip('.') or 'the answer'} should be {expected} and is of type {type(value).__name__}"


def _glimpse(body: bytes) -> str:
    """Enough of the beginning to recognise a proxy's page, as one line of plain text."""
    text = body[:80].decode("utf-8", "replace")
    return repr(text + ("…" if len(body) > len(text) else ""))
