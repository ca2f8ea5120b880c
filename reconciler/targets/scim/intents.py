"""A step made ready to be sent, and how it is told that it is as wished. Shared by all who write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reconciler.errors import OutcomeUnknown
from reconciler.model.address import Address, Kind
from reconciler.model.names import bare, fold
from reconciler.model.report import Status
from reconciler.model.resources import Value
from reconciler.targets.objects import Intent
from reconciler.targets.scim import mapping
from reconciler.targets.scim.mapping import Raw
from reconciler.targets.settlement import TRIES

UNREADABLE = "the service does not show who is in a group, so nothing is written that nobody could check"
# The reason of a conflict with a precondition (HTTP 412).
MOVED = "MOVED"


def who(membership: Address) -> Address:
    """The user of a membership."""
    return membership.user


def gave_up(lost: OutcomeUnknown | None) -> tuple[Status, str]:
    """How something ends that was sent as often as it may, while each look showed nothing done.

    What was answered is a failure, in the service's words; only what was not leaves the end open.
    """
    if lost is not None and lost.code:
        return Status.FAILED, f"{lost}; it was sent {TRIES} times, and each look showed nothing done"
    if lost is not None and lost.answered:
        return (
            Status.FAILED,
            f"answered with success {TRIES} times, and each look showed nothing done: {lost}",
        )
    return Status.UNKNOWN, f"the answer was lost {TRIES} times, and each look showed nothing done: {lost}"


@dataclass(frozen=True, slots=True)
class WriteIntent(Intent):
    """What a user or a group shall be, by our names, `active` among them, with the manager by remote id."""

    extensions: Sequence[str] = ()
    # Of a new group: by id somebody who enters it, "" where nobody is there yet.
    member: str = ""
    manager_value: str = "value"

    def live(self, raw: Raw) -> Mapping[str, Value]:
        """The live object by our names."""
        if self.kind is Kind.GROUP:
            return mapping.group_attributes(raw)
        attributes = mapping.user_attributes(
            raw, extensions=self.extensions, manager_value=self.manager_value
        )
        return {**attributes, "active": mapping.active(raw)}

    def version_of(self, raw: Raw) -> str | None:
        """The ETag that it shows."""
        return mapping.version(raw)

    def shares(self, raw: Raw, name: str, *, has: Value, lacks: Value) -> bool:
        """Whether a list of which one entry is git's holds that entry, or (None) the other one no more."""
        if self.kind is not Kind.USER or name not in mapping.SHARED:
            return False
        values = mapping.values_of(raw, name)
        return has in values if has is not None else lacks not in values

    def spelled(self, raw: Raw, *, ours: bool) -> str:
        """The name's attribute where the live object has the wished name in a spelling of its own, else "".

        Unless it is `ours`, not so where only the case differs: by such a name it would have been found when
        the plan was made.
        """
        name = "user_name" if self.kind is Kind.USER else "display_name"
        wished, found = str(self.attributes.get(name) or ""), str(self.live(raw).get(name) or "")
        return name if bare(wished) == bare(found) and (ours or fold(wished) != fold(found)) else ""

    def names(self, raw: Raw) -> bool:
        """Whether a live object is the one that is meant, by its name or its external id."""
        live = self.live(raw)
        name = "user_name" if self.kind is Kind.USER else "display_name"
        wished, found = self.attributes.get(name), live.get(name)
        if wished and found and bare(str(wished)) == bare(str(found)):
            return True
        external = self.attributes.get("external_id")
        return bool(external) and live.get("external_id") == external
