"""Accounts by name, by place in the organization, or by tag: what people write, and as a value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints, with_config
from typing_extensions import TypedDict

from reconciler.files.documents import Document, Loc
from reconciler.files.faults import Faults, spots_of
from reconciler.files.fields import QUOTED, STRICT, Flag
from reconciler.files.shapes import OneOrMany, Shape, Short, refused
from reconciler.files.tree import Tree
from reconciler.model.resources import Selector

ACCOUNT_ID = re.compile(r"\d{12}", re.ASCII)


def _unit(value: str) -> str:
    """An organizational unit: its id, or its path from the root, `Workloads/Prod`.

    A name may begin as ids do (`ou-workloads`), so that only the organization tells which of both it is.
    """
    if not all(value.split("/")):
        raise refused(
            "is not a valid path: it begins or ends with /, or has // in it",
            "write names with / between, as Workloads/Prod",
        )
    return value


# Names of units: 1 to 128 characters (AWS Organizations API, OrganizationalUnit.Name).
Unit = Annotated[str, StringConstraints(min_length=1, max_length=1024), AfterValidator(_unit)]

# Keys and values of tags: IAM Identity Center API, TagKey and TagValue.
_TAG = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]"
TagKey = Annotated[
    str,
    StringConstraints(min_length=1, max_length=128),
    Shape(
        rf"{_TAG}+",
        "has a character that a tag cannot have",
        "use letters, digits, spaces and _ . : / = + - @",
    ),
]
TagValue = Annotated[
    str,
    StringConstraints(max_length=256),
    Shape(
        rf"{_TAG}*",
        "has a character that a tag cannot have",
        "use letters, digits, spaces and _ . : / = + - @",
    ),
]


@with_config(STRICT)
class SelectorDocument(TypedDict, total=False):
    """Accounts. Keys are AND, the items of one key are OR; only active accounts are selected."""

    account: Annotated[
        str,
        StringConstraints(min_length=1, max_length=256),
        Field(
            description="A key of `accounts`, or a quoted account id of twelve digits. Written alone.",
            json_schema_extra=QUOTED,
        ),
    ]
    ou: Annotated[
        Annotated[list[Unit], Field(min_length=1)],
        OneOrMany(),
        Field(description="Accounts in an organizational unit or below it: a path from the root, or an id."),
    ]
    direct: Annotated[Flag, Field(description="With `ou`: only accounts that lie directly in the unit.")]
    tag: Annotated[
        dict[TagKey, Annotated[Annotated[list[TagValue], Field(min_length=1)], OneOrMany()]],
        Field(min_length=1, description="Accounts with these tags: each key must have one of its values."),
    ]
    all: Annotated[
        Flag,
        Field(description="`true`: every active account but the management account. Written alone."),
    ]


SelectorEntry = Annotated[SelectorDocument, Short("account")]


def build_selectors(document: Document, loc: Loc, entries: Sequence[Mapping[str, Any]]) -> Iterator[Selector]:
    """The selectors of a list that stands at `loc`; combinations that make no sense are noted."""
    for index, entry in enumerate(entries):
        at = (*loc, index)
        node = document.origin(*at).node
        alone = [name for name in ("account", "all") if name in entry]
        if not entry:
            document.fault(
                at, "selects nothing", "name an account, or write {ou: …}, {tag: …} or {all: true}"
            )
        elif alone and len(entry) > 1:
            document.fault(
                at,
                f"has {alone[0]} beside other keys",
                f"{alone[0]} cannot be combined with other fields; write two selectors",
            )
        elif entry.get("all") is False:
            document.fault(
                (*at, "all"), "is false, which selects nothing", "write {all: true}, or delete the entry"
            )
        elif "direct" in entry and "ou" not in entry:
            document.fault((*at, "direct"), "has no ou to go with", "add ou, or delete direct")
        yield Selector(
            node=node,
            account=entry.get("account"),
            ou=tuple(entry.get("ou", ())),
            direct=entry.get("direct", False),
            tag={key: tuple(values) for key, values in entry.get("tag", {}).items()},
            all=entry.get("all", False),
        )


def selected_ids(at: Loc, entries: Any) -> Iterator[Loc]:
    """Where account ids stand in a list of selectors, as it was written."""
    if not isinstance(entries, list):
        return
    for index, entry in enumerate(entries):
        if _is_id(entry):
            yield (*at, index)
        elif isinstance(entry, dict) and _is_id(entry.get("account")):
            yield (*at, index, "account")


def check_quoted(document: Document, tree: Tree, ids: Iterable[Loc], faults: Faults) -> None:
    """Note account ids without quotes, which every other reader of YAML takes for numbers (YAML 1.1, "int").

    `ids` are the places of scalars; others than twelve digits are passed over.
    """
    origins = {document.origin(*loc): loc for loc in ids}
    if not origins:
        return
    for origin, spot in spots_of(tree, origins).items():
        if spot.plain:
            value = document.at(origins[origin])
            faults.add(origin, f"the account id {value} is not in quotes", f'write "{value}"', kept=True)


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and ACCOUNT_ID.fullmatch(value) is not None
