"""What a user states of a SCIM service in place of its profile, so that an odd one needs no Python file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Annotated, Any, Literal

from pydantic import Field, with_config
from typing_extensions import TypedDict

from reconciler.files.fields import STRICT
from reconciler.targets.scim.profile import Memberships, Paging, Profile, Removal

# The forms of a removal that are habits of a service, and no part of a profile.
_HABITS = {"one-by-one": "service.members-removal:one", "put": "service.members-removal:put"}
_MAX_PAGE, _MAX_RATE = 100_000, 1_000.0


@with_config(STRICT)
class DeviationsDocument(TypedDict, total=False):
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
class Deviations:
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


AS_PROFILED = Deviations()


def build_deviations(written: Mapping[str, Any]) -> Deviations:
    """The settings of a target."""
    known = {each.name for each in fields(Deviations)}
    stated = {name: value for name, value in written.items() if name in known}
    return Deviations(**stated, counted="page_size" in stated)


def adjusted(profile: Profile, settings: Deviations) -> Profile:
    """The profile as `settings` have it."""
    said = _lists(profile, settings)
    if settings.filters is not None:
        said["filters_trusted"] = settings.filters == "trusted"
        if settings.filters == "none":
            said["user_filters"] = said["group_filters"] = frozenset()
    if settings.put is not None:
        said["put_users"] = said["put_groups"] = settings.put
    if settings.removal is not None:
        by_value = settings.removal == Removal.BY_VALUE
        said["removal"] = Removal.BY_VALUE if by_value else Removal.BY_PATH
        said["habits"] = (_HABITS[settings.removal],) if settings.removal in _HABITS else ()
    if settings.memberships is not None:
        said["memberships"] = Memberships(settings.memberships)
    for name in ("patch", "discovery", "bulk", "single_values"):
        if (value := getattr(settings, name)) is not None:
            said[name] = value
    return replace(profile, **said, rates={**profile.rates, **_rates(settings)})


def _lists(profile: Profile, settings: Deviations) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if settings.paging is not None:
        said["paging"] = Paging(settings.paging)
        # What stands in a query of a first page by cursor means nothing to another way.
        said["first"] = profile.first if said["paging"] is profile.paging else ""
    if settings.counted:
        said["page_size"] = settings.page_size
    if settings.totals is not None:
        said["total_counts"] = settings.totals != "ignored"
        said["total_trusted"] = settings.totals == "trusted"
    return said


def _rates(settings: Deviations) -> dict[str, float]:
    stated = {"read": settings.reads_per_second, "write": settings.writes_per_second}
    return {family: rate for family, rate in stated.items() if rate is not None}
