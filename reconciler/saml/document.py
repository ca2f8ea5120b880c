"""XML from a stranger to elements: no DTD, no entities, nothing fetched, and bounds on everything.

Sources: OWASP, "XML External Entity Prevention"; SAML V2.0 Metadata, section 2.2.1 (`ID` is of type ID).
"""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from reconciler.errors import InputError, Place, Problem

# Bytes; levels of elements; elements; characters of text in one element or attribute. Federation metadata of
# AD FS has some 80,000 bytes, 8 levels and 300 elements.
MAX_BYTES, MAX_DEPTH, MAX_ELEMENTS = 10 * 2**20, 64, 50_000
_CHUNK = 2**16


class _Bounded(TreeBuilder):
    """Builds elements, and refuses documents that are too deep, too large, or name two elements alike."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = self._count = 0
        self._ids: set[str] = set()

    def start(self, tag: Any, attrs: dict[Any, Any], /) -> Element:
        self._depth += 1
        self._count += 1
        if self._depth > MAX_DEPTH:
            raise _RefusedError(f"elements are nested more than {MAX_DEPTH} levels deep")
        if self._count > MAX_ELEMENTS:
            raise _RefusedError(f"there are more than {MAX_ELEMENTS:,} elements")
        # Whatever a verifier takes for an ID: a reference must lead to one element.
        names = {value for name, value in attrs.items() if name.rpartition("}")[2].lower() == "id"}
        for name in sorted(names):
            if name in self._ids:
                raise _RefusedError(f"two elements have the ID {name[:80]!r}")
        self._ids |= names
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)


class _RefusedError(Exception):
    """The document goes past a bound; the message is a sentence without a full stop."""


def parse(data: bytes, name: str) -> Element:
    """The root element of the document `data`; `name` is what errors call it.

    Raises InputError, with line and column, for what is not XML and for what is refused.
    """
    if len(data) > MAX_BYTES:
        fix = "give the metadata of one entity"
        raise InputError([Problem(f"{name} has more than {MAX_BYTES // 2**20} MiB", fix)])
    parser: Any = DefusedXMLParser(
        target=_Bounded(), forbid_dtd=True, forbid_entities=True, forbid_external=True
    )
    try:
        for start in range(0, len(data), _CHUNK):
            parser.feed(data[start : start + _CHUNK])
        root: Element = parser.close()
    except ParseError as error:
        line, column = error.position
        message, fix = f"this is not XML: {str(error).partition(': ')[0]}", "save it again from its source"
        raise InputError([Problem(message, fix, Place(name, line, column + 1))]) from None
    except DefusedXmlException:
        message = "a document type or an entity is declared, and such documents are refused"
        raise _at(parser, name, message) from None
    except _RefusedError as error:
        raise _at(parser, name, f"{error}, and such documents are refused") from None
    except (LookupError, ValueError):
        # Of the encoding: expat asks Python for those that it does not know.
        fix = "save it as UTF-8"
        raise InputError([Problem("the encoding is not known", fix, Place(name, 1, 1))]) from None
    return root


def _at(parser: Any, name: str, message: str) -> InputError:
    expat = parser.parser
    place = Place(name, expat.CurrentLineNumber, expat.CurrentColumnNumber + 1)
    return InputError(
        [Problem(message, "metadata does not need that; fetch it again from its source", place)]
    )
