"""Sessions of `aws login` and of MCP clients, and whose they surely are. Pure.

A row of ListSessions names the role and never the person behind it; GetSession adds a Region, a user agent
and the session it came from, and no person either (service model of `signin`, botocore 1.44.8). So a session
of a permission set's role is surely one person's only where nobody else is assigned to that set there.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.model.names import fold

LIST, REVOKE = "signin:ListSessions", "signin:BatchRevokeSessions"
# How the two are asked for at a time, and how long a reason may be (service model).
BATCH, LONGEST_REASON = 5, 256
_ROLE = re.compile(
    r"arn:[a-z-]+:iam::(?P<account>\d{12}):role/(?:[^\s]*/)?AWSReservedSSO_(?P<set>.+)_[0-9a-f]{16}", re.ASCII
)
_NAMED = re.compile(
    r"arn:[a-z-]+:(?:iam::(?P<account>\d{12}):user/(?:[^\s]*/)?|sts::(?P<other>\d{12}):federated-user/)"
    r"(?P<name>[^/]+)",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """An open session, as it is listed: its ARN, the identity that owns it, and the role ("": none)."""

    arn: str
    principal: str
    role: str = ""


class Whose(StrEnum):
    """Whose a session is, as far as its row and the assignments tell."""

    THEIRS = "theirs"  # the person's, surely
    SHARED = "shared"  # of a role that the person had, and others have as well
    OTHER = "other"  # of an identity that is not the person's


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for. `accounts` are ids, each with the permission sets that the person had there.

    A set is True where nobody else is assigned to it in that account. `names` are the person's user names.
    `everybody` ends what is shared as well. `reason` is kept by AWS beside each session.
    """

    accounts: Mapping[str, Mapping[str, bool]]
    names: Collection[str]
    everybody: bool
    reason: str


@dataclass(frozen=True, slots=True)
class AccountSessions:
    """What was found and done in one account.

    `theirs` and `shared` count open sessions by permission set, the person's own identities under "".
    `ended` are ARNs that are not open any more, `failed` those that are, each with why. `problem` says why
    nothing was looked at, or not to the end; `asked` is False where no role is named for the account.
    """

    account: str
    theirs: Mapping[str, int] = field(default_factory=dict)
    shared: Mapping[str, int] = field(default_factory=dict)
    ended: Sequence[str] = ()
    failed: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    asked: bool = True


def permission_set(session: SignedIn, account: str) -> str:
    """The permission set whose role in the account owns a session; "" for any other identity."""
    for arn in (session.role, session.principal):
        found = _ROLE.fullmatch(arn)
        if found is not None and found["account"] == account:
            return found["set"]
    return ""


def whose(session: SignedIn, account: str, search: Search) -> Whose:
    """Whose a session in an account is.

    An IAM user or a federated user is the person where it has their user name, and that is an address: a
    plain word such as `admin` may be anybody's.
    """
    held = search.accounts.get(account, {})
    name = permission_set(session, account)
    if name:
        return Whose.OTHER if name not in held else Whose.THEIRS if held[name] else Whose.SHARED
    found = _NAMED.fullmatch(session.principal)
    if found is None or account not in (found["account"], found["other"]) or "@" not in found["name"]:
        return Whose.OTHER
    return Whose.THEIRS if fold(found["name"]) in {fold(one) for one in search.names} else Whose.OTHER
