"""Ending sessions of `aws login`: in the caller's own account, and by a role in others. Raises nothing.

`signin` answers for the account that calls, in one Region. The sessions of a role are revoked as that role's,
so that AWS refuses an ARN that belongs to another identity.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence

from reconciler.doctor.aws.facts import Caller, SessionFacts
from reconciler.doctor.check import Unseen
from reconciler.errors import Denied, IncompleteRead, ServiceError
from reconciler.model.signin import (
    BATCH,
    LIST,
    LONGEST_REASON,
    REVOKE,
    AccountSessions,
    Search,
    SignedIn,
    Whose,
    permission_set,
    whose,
)
from reconciler.targets.identity_center.managed_policies import partition
from reconciler.wire.aws import Aws
from reconciler.wire.pool import Pool

_SERVICE = "signin"
_SESSION = "reconciler-offboard"
# The most rows of a page, and accounts that are asked at once.
_PAGE, _AT_ONCE = 100, 6
# Accounts in which the doctor tries the role.
_EXAMINED = 20
# The rights that a session in another account is limited to.
_RIGHTS = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": [LIST, REVOKE], "Resource": "*"}],
    },
    separators=(",", ":"),
)
UNKNOWN = "the installed boto3 does not know them; 1.44.8 does"


class Sessions:
    """The sessions around one target. `role` is the name of a role in other accounts, if one is named."""

    def __init__(self, aws: Aws, role: str | None) -> None:
        self._aws, self.role = aws, role

    @property
    def known(self) -> bool:
        """Whether the installed botocore has the operations; asks nobody."""
        return all(self._aws.knows(_SERVICE, name) for name in ("ListSessions", "BatchRevokeSessions"))

    def end(self, search: Search) -> Iterator[AccountSessions]:
        """Account by account, the caller's own first, as they finish."""
        if not self.known:
            yield from (AccountSessions(one, problem=UNKNOWN) for one in sorted(search.accounts))
            return
        try:
            identity = self._aws.call("sts", "GetCallerIdentity", mutates=False, expects=("Account",))
        except ServiceError as error:
            yield from (AccountSessions(one, problem=_why(error)) for one in sorted(search.accounts))
            return
        own = str(identity["Account"])
        others = sorted(set(search.accounts) - {own})
        try:
            rows = _open(self._aws, own)
        except ServiceError as error:
            yield AccountSessions(own, problem=_why(error))
            if not error.code and not isinstance(error, IncompleteRead):
                # Nobody answers there: in no account, however long each of them is waited for.
                yield from (AccountSessions(one, problem=_why(error)) for one in others)
                return
        else:
            yield _end(self._aws, own, rows, search)
        if self.role is None:
            yield from (AccountSessions(one, asked=False) for one in others)
            return

        def there(account: str) -> AccountSessions:
            return self._inside(account, search)

        with Pool(_AT_ONCE) as pool:
            for _, found in pool.map(there, others):
                yield found

    def facts(self, caller: Caller | Unseen, accounts: Collection[str]) -> SessionFacts:
        """What the doctor sees: whether the role can be assumed in the first of these accounts, and look."""
        if self.role is None or isinstance(caller, Unseen):
            return SessionFacts(self.known, self.role or "")
        others = sorted(set(accounts) - {caller.account})

        def there(account: str) -> str:
            try:
                aws = self._assume(account)
                aws.call(_SERVICE, "ListSessions", mutates=False, principalArn=_all(account), maxResults=1)
            except ServiceError as error:
                return _why(error)
            return ""

        with Pool(_AT_ONCE) as pool:
            tried = dict(pool.map(there, others[:_EXAMINED] if self.known else ()))
        return SessionFacts(self.known, self.role, dict(sorted(tried.items())), len(others))

    def _assume(self, account: str) -> Aws:
        role = f"arn:{partition(self._aws.region())}:iam::{account}:role/{self.role}"
        return self._aws.assuming(role, _SESSION, _RIGHTS)

    def _inside(self, account: str, search: Search) -> AccountSessions:
        try:
            aws = self._assume(account)
            rows = _open(aws, account)
        except ServiceError as error:
            return AccountSessions(account, problem=_why(error))
        return _end(aws, account, rows, search)


def _end(aws: Aws, account: str, rows: Sequence[SignedIn], search: Search) -> AccountSessions:
    """End what is to be ended of the open sessions in an account, and look again."""
    mine = [one for one in rows if whose(one, account, search) is Whose.THEIRS]
    shared = [one for one in rows if whose(one, account, search) is Whose.SHARED]
    wanted = [*mine, *(shared if search.everybody else [])]
    failed, problem = _revoke(aws, wanted, search.reason[:LONGEST_REASON]), ""
    if wanted:
        # What was answered or lost, the list tells what is still open.
        try:
            left = {one.arn for one in _open(aws, account)}
        except ServiceError as error:
            left = set(failed)
            problem = f"{_why(error)}"
        failed = {
            one.arn: failed.get(one.arn, "it is still listed as active") for one in wanted if one.arn in left
        }
    return AccountSessions(
        account,
        theirs=Counter(permission_set(one, account) for one in mine),
        shared=Counter(permission_set(one, account) for one in shared),
        ended=tuple(one.arn for one in wanted if one.arn not in failed),
        failed=failed,
        problem=problem,
    )


def _open(aws: Aws, account: str) -> Sequence[SignedIn]:
    """Every active session in the account, to the end of the list. Raises ServiceError."""
    pages = aws.pages(
        _SERVICE,
        "ListSessions",
        "items",
        lambda item: item.get("sessionArn"),
        principalArn=_all(account),
        status="ACTIVE",
        maxResults=_PAGE,
    )
    return [
        SignedIn(str(one["sessionArn"]), str(one.get("principalArn", "")), str(one.get("role", "")))
        for page in pages
        for one in page
    ]


def _revoke(aws: Aws, wanted: Sequence[SignedIn], reason: str) -> dict[str, str]:
    """Revoke them, five at a time of one identity; those that were refused, by ARN, each with why."""
    failed: dict[str, str] = {}
    batches = _batches(wanted)
    for batch in batches:
        arns = [one.arn for one in batch]
        try:
            answer = aws.call(
                _SERVICE,
                "BatchRevokeSessions",
                # It is idempotent (service model), so that it is sent again where its answer was lost.
                mutates=False,
                sessionArns=arns,
                principalArn=batch[0].principal,
                reason=reason,
            )
        except ServiceError as error:
            failed |= dict.fromkeys(arns, _why(error))
            if isinstance(error, Denied):
                # Every further call would be refused alike.
                return failed | {one.arn: _why(error) for more in batches for one in more}
            continue
        for one in answer.get("errors") or ():
            says = f"{one.get('code', '')}: {one.get('message', '')}".strip(": ")
            failed[str(one.get("sessionArn", ""))] = says
    return failed


def _batches(wanted: Iterable[SignedIn]) -> Iterator[Sequence[SignedIn]]:
    by_owner: dict[str, list[SignedIn]] = {}
    for one in wanted:
        by_owner.setdefault(one.principal, []).append(one)
    for those in by_owner.values():
        for start in range(0, len(those), BATCH):
            yield those[start : start + BATCH]


def _all(account: str) -> str:
    """Everybody in an account; the pattern of the model has this partition alone, for every Region."""
    return f"arn:aws:iam::{account}:*"


def _why(error: ServiceError) -> str:
    """An error without the id of its request, so that accounts which answer alike are said together."""
    return f"{error.request}: {error.args[0]}" if error.request else str(error.args[0])
