"""Findings of imports from a directory: they are of an entry there, and are in no plan."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# By code what it says, as `reconciler explain` puts it.
IMPORTED: Mapping[str, str] = MappingProxyType(
    {
        "unusable": "a required attribute is missing or refused, so the entry stays as it was imported last, "
        "and a newcomer is left out",
        "no-guid": "`objectGUID` is missing or cannot be read, so nobody can tell who it is",
        "duplicate": "a user name, address or display name is another's; upper and lower case, and letters "
        "that look alike, are the same",
        "key-taken": "the key is or was another's, so this one has a longer key",
        "name-of-gone": "the name is that of somebody who is gone and whom files of yours still name, so the "
        "newcomer waits",
        "name-of-leaver": "the name is that of somebody who is gone and is not written as a leaver yet, so "
        "the newcomer waits for the merge of the leavers",
        "end-unknown": "`accountExpires` cannot be read, so an end that was imported stays, and a new one is "
        "not known",
        "emptied": "a group that had members shows none: they were taken out, or `member` cannot be read",
        "refused-value": "an optional value does not fit and is left out",
        "manager-outside": "the manager is outside of what is imported",
        "member-outside": "members are outside of what is imported",
        "cycle": "a group is in itself, so its groups have the same members",
        "missing": "somebody who had access, or a group with members, is not there and was not deleted",
        "history-short": "the clone is shallow, so what imports took away in 24 hours is known in part",
        "deleted-unknown": "some are gone, and no deleted object can be seen, so nobody knows whether they "
        "were deleted",
    }
)
