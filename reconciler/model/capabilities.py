"""What a target can do, as data. Everything defaults to "cannot"."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.address import Kind


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What one target, through the channel that is configured for it, can be asked to write.

    `kinds` can be applied at all; `service_kinds` are those that the service has, whether or not they can be
    applied: what git declares of another kind is meant for another target. `user_attributes` and
    `group_attributes` can be written; `status` says whether a user can be disabled and enabled; `required`
    must be there to create a user.
    `safe_deletion` says that deleting a user or a group leaves no grant behind unseen.
    `deletes_users` says that a user who is deleted is gone; elsewhere leaving means being disabled, in
    spite of the configuration.
    `versions` says that an update or a deletion carries the version it was planned on, and that the
    service refuses it when the object moved. `writes_per_second` is the rate of each kind of write
    that the client keeps to, for estimates. `membership_batch` is how many membership changes of one
    group and one direction fit one request, `bulk` how many creations of users and groups do.
    `poll_seconds` lie between two looks at what the service finishes on its own time. `deactivation` and
    `deletion` say for people what the service makes of a user who is disabled or deleted ("" where there
    is nothing to say). `disguised` are the attributes that it shows otherwise of disabled users: they
    are neither compared nor written as long as somebody is. `may_drop_attributes` says that the service may
    answer a write well and not keep all of it, so that an attribute that reads back as absent is one that it
    does not keep. `shared_lists` are the attributes of users that are lists there, of which git gives one
    entry: all other entries are somebody else's, and stay. `keeps_a_member` says that the service may
    take no group without a member: then a group is created after the people who enter it, with one of them
    where that is needed, and is deleted whether or not its members could be taken out before.
    """

    kinds: frozenset[Kind] = frozenset()
    service_kinds: frozenset[Kind] = frozenset(Kind)
    user_attributes: frozenset[str] = frozenset()
    group_attributes: frozenset[str] = frozenset()
    required: tuple[str, ...] = ("user_name",)
    status: bool = False
    safe_deletion: bool = False
    deletes_users: bool = True
    versions: bool = False
    writes_per_second: float = 16.0
    membership_batch: int = 1
    bulk: int = 1
    poll_seconds: float = 2.0
    deactivation: str = ""
    deletion: str = ""
    disguised: frozenset[str] = frozenset()
    may_drop_attributes: bool = False
    shared_lists: frozenset[str] = frozenset()
    keeps_a_member: bool = False
