"""Addresses: the names by which changes, findings and steps speak of things.

`aws/user/ada.lovelace`, `aws/membership/platform/ada.lovelace`. What has no key in git, because nobody
declared it, goes by its remote id behind a tilde: `aws/user/~906739fc-20c1-…`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple
from urllib.parse import quote, unquote

# ":" separates a principal's type from its key and "~" marks a remote id; neither may stand in a key.
_PLAIN = "@+~:"


class Kind(StrEnum):
    """The kinds of things that are planned, in the order in which they are shown."""

    USER = "user"
    GROUP = "group"
    MEMBERSHIP = "membership"
    PERMISSION_SET = "permission-set"
    # The role of one permission set in one account, where it lags behind the definition.
    PROVISIONING = "provisioning"
    ASSIGNMENT = "assignment"


def remote(identifier: str) -> str:
    """The key of something that git does not know: its remote id behind a tilde."""
    return "~" + identifier


class Address(NamedTuple):
    """Target, kind and key; `key` is percent-encoded, with `/` between the parts of a pair."""

    target: str
    kind: Kind
    key: str

    @classmethod
    def of(cls, target: str, kind: Kind, *parts: str) -> Address:
        """The address of `parts` (raw keys, or remote ids made by `remote`)."""
        return cls(target, kind, "/".join(quote(part, safe=_PLAIN) for part in parts))

    @classmethod
    def parse(cls, text: str) -> Address:
        """The address written as `text`; ValueError when it is none."""
        target, _, rest = text.partition("/")
        kind, _, key = rest.partition("/")
        if not (target and key):
            raise ValueError(f"{text!r} is not a valid address; one looks like aws/user/ada.lovelace")
        return cls(target, Kind(kind), key)

    @property
    def parts(self) -> tuple[str, ...]:
        """The raw keys, decoded."""
        return tuple(unquote(part) for part in self.key.split("/"))

    def __str__(self) -> str:
        return f"{self.target}/{self.kind}/{self.key}"
