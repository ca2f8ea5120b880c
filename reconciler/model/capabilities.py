"""What a target can do, as data. Everything defaults to "cannot"."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.address import Kind


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What one target, through the channel that is configured for it, can be asked to write.

    `kinds` can be applied at all; `user_attributes` and `group_attributes` can be written; `status`
    says whether a user can be disabled and enabled; `required` must be there to create a user.
    `safe_deletion` says that deleting a user or a group leaves no grant behind unseen.
    `versions` says that an update or a deletion carries the version it was planned on, and that the
    service refuses it when the object moved. `writes_per_second` is the rate of each kind of write
    that the client keeps to, for estimates. `membership_batch` is how many membership changes of one
    group fit one request. `poll_seconds` lie between two looks at what the service finishes on its own
    time.
    """

    kinds: frozenset[Kind] = frozenset()
    user_attributes: frozenset[str] = frozenset()
    group_attributes: frozenset[str] = frozenset()
    required: tuple[str, ...] = ("user_name",)
    status: bool = False
    safe_deletion: bool = False
    versions: bool = False
    writes_per_second: float = 16.0
    membership_batch: int = 1
    poll_seconds: float = 2.0
