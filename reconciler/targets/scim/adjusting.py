"""A profile with what the configuration states in place of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reconciler.config.scim_settings import ScimSettings
from reconciler.targets.scim.profile import Memberships, Paging, Profile, Removal

# The forms of a removal that are habits of a service, and no part of a profile.
_HABITS = {"one-by-one": "service.members-removal:one", "put": "service.members-removal:put"}


def adjusted(profile: Profile, settings: ScimSettings) -> Profile:
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


def _lists(profile: Profile, settings: ScimSettings) -> dict[str, Any]:
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


def _rates(settings: ScimSettings) -> dict[str, float]:
    stated = {"read": settings.reads_per_second, "write": settings.writes_per_second}
    return {family: rate for family, rate in stated.items() if rate is not None}
