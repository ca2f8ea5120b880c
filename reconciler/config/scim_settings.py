"""What a user states of a SCIM service in place of its profile, so that an odd one needs no Python file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal

from pydantic import Field, with_config
from typing_extensions import TypedDict

from reconciler.config.fields import STRICT

_MAX_PAGE, _MAX_RATE = 100_000, 1_000.0


@with_config(STRICT)
class SettingsDocument(TypedDict, total=False):
    """How a SCIM service keeps to the standard, where its profile says otherwise."""

    paging: Annotated[
        Literal["auto", "index", "cursor", "none"],
        Field(description="How lists are read: by `startIndex`, by cursor, or all at once (`none`)."),
    ]
    page_size: Annotated[
        Annotated[int, Field(ge=1, le=_MAX_PAGE)] | None,
        Field(description="How many are asked for with one page; null: no `count` is sent."),
    ]
    totals: Annotated[
        Literal["ignored", "checked", "trusted"],
        Field(
            description=(
                "`totalResults`: nothing rests on it, it is held against what came, or it ends a list "
                "without another look."
            )
        ),
    ]
    filters: Annotated[
        Literal["none", "checked", "trusted"],
        Field(
            description=(
                "Filters: never sent, every hit is looked at and none proves nothing, or finding nothing "
                "means that nothing is there."
            )
        ),
    ]
    patch: Annotated[bool, Field(description="Whether objects are changed by PATCH; false: by PUT.")]
    put: Annotated[bool, Field(description="Whether the service has PUT.")]
    removal: Annotated[
        Literal["by-path", "one-by-one", "by-value", "put"],
        Field(
            description=(
                'How members leave a group: `members[value eq "…"]`, the same in one request each, a list '
                "of values, or the whole group by PUT."
            )
        ),
    ]
    memberships: Annotated[
        Literal["in-group", "by-filter", "in-user", "nowhere"],
        Field(description="Where it is read who is in a group."),
    ]
    discovery: Annotated[bool, Field(description="Whether what the service says of itself is used.")]
    bulk: Annotated[bool, Field(description="Whether Bulk is used where it is announced.")]
    single_values: Annotated[
        bool, Field(description="Whether a list of addresses, numbers or roles takes one entry only.")
    ]
    reads_per_second: Annotated[float, Field(gt=0, le=_MAX_RATE, description="Reads a second, at most.")]
    writes_per_second: Annotated[float, Field(gt=0, le=_MAX_RATE, description="Writes a second, at most.")]


@dataclass(frozen=True, slots=True)
class ScimSettings:
    """The same as values; None is "as the profile says". `counted` says that `page_size` was stated."""

    paging: str | None = None
    page_size: int | None = None
    counted: bool = False
    totals: str | None = None
    filters: str | None = None
    patch: bool | None = None
    put: bool | None = None
    removal: str | None = None
    memberships: str | None = None
    discovery: bool | None = None
    bulk: bool | None = None
    single_values: bool | None = None
    reads_per_second: float | None = None
    writes_per_second: float | None = None


AS_PROFILED = ScimSettings()


def build_settings(written: Mapping[str, Any]) -> ScimSettings:
    """The settings of a target."""
    known = {each.name for each in fields(ScimSettings)}
    stated = {name: value for name, value in written.items() if name in known}
    return ScimSettings(**stated, counted="page_size" in stated)
