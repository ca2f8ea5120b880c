"""Which accounts have the role of which permission set, found from the side that takes fewer calls."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from reconciler.errors import IncompleteRead, NotFound, Rejected
from reconciler.targets.crew import each
from reconciler.targets.identity_center.access.api import OUTDATED, Sso

_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
Key = TypeVar("Key")


@dataclass(slots=True)
class Provisioned:
    """The accounts that have a role of a set, by its ARN, and those of them whose role lags behind.

    A set that was gone when it was asked is absent.
    """

    accounts: dict[str, frozenset[str]] = field(default_factory=dict)
    outdated: dict[str, frozenset[str]] = field(default_factory=dict)


class Discovery:
    """Asks where permission sets are provisioned. Thread-safe; raises IncompleteRead, ServiceError."""

    def __init__(self, sso: Sso, target: str) -> None:
        self._sso, self._target = sso, target

    def find(self, sets: Sequence[str], accounts: Sequence[str] | None, *, outdated: bool) -> Provisioned:
        """For `sets`, which are all there are where `accounts`, which must be all too, are given.

        Two lists a set, or an account; one where there is nothing to lag behind, or unless `outdated`. By
        account, a role in an account that has left the organization is not seen; it opens nothing to anybody.
        """
        if accounts is not None and len(accounts) < len(sets):
            found = self._by_account(sets, accounts, outdated=outdated)
            if found is not None:
                return found
        found = Provisioned()
        for arn, rows in each(lambda arn: self._of_set(arn, outdated=outdated), sets):
            if rows is None and self._sso.permission_set(arn) is not None:
                message = f"the accounts of {arn} are not found, and yet the permission set is"
                raise self._incomplete("ListAccountsForProvisionedPermissionSet", message)
            if rows is not None:
                found.accounts[arn], found.outdated[arn] = rows
        return found

    def _of_set(self, arn: str, *, outdated: bool) -> tuple[frozenset[str], frozenset[str]] | None:
        """Accounts of one set, and those that lag behind; None when the set is not found."""
        try:
            for _ in range(2):
                every = self._whole(self._sso.accounts_of(arn))
                behind = (
                    self._whole(self._sso.accounts_of(arn, OUTDATED)) if every and outdated else frozenset()
                )
                if behind <= every:
                    break
        except NotFound:
            return None
        self._check(every, behind, arn)
        wrong = sorted(account for account in every if not _ACCOUNT.fullmatch(account))
        if wrong:
            message = f"{arn} is provisioned to {wrong[0]}, which is not a valid account id of twelve digits"
            raise self._incomplete("ListAccountsForProvisionedPermissionSet", message)
        return every, behind

    def _by_account(
        self, sets: Sequence[str], accounts: Sequence[str], *, outdated: bool
    ) -> Provisioned | None:
        """The same from the accounts; None when one of them is not known to Identity Center."""
        every: dict[str, set[str]] = {arn: set() for arn in sets}
        behind: dict[str, set[str]] = {arn: set() for arn in sets}
        for account, rows in each(lambda account: self._of_account(account, outdated=outdated), accounts):
            if rows is None:
                return None
            for arn in rows[0]:
                every.setdefault(arn, set()).add(account)
            for arn in rows[1]:
                behind.setdefault(arn, set()).add(account)
        return Provisioned(
            {arn: frozenset(found) for arn, found in every.items()},
            {arn: frozenset(found) for arn, found in behind.items()},
        )

    def _of_account(self, account: str, *, outdated: bool) -> tuple[frozenset[str], frozenset[str]] | None:
        # What is answered of an account that is closed, or has just left, is not documented.
        try:
            for _ in range(2):
                every = self._whole(self._sso.sets_of(account))
                behind = (
                    self._whole(self._sso.sets_of(account, OUTDATED)) if every and outdated else frozenset()
                )
                if behind <= every:
                    break
        except (NotFound, Rejected):
            return None
        self._check(every, behind, account)
        return every, behind

    def _check(self, every: frozenset[str], behind: frozenset[str], whose: str) -> None:
        """Between two lists a role may come; that twice running some are missing is a page that was lost."""
        if not behind <= every:
            some = min(behind - every)
            message = f"{whose} has roles that are not provisioned, and that are in no list of all: {some}"
            raise self._incomplete("ListAccountsForProvisionedPermissionSet", message)

    @staticmethod
    def _whole(pages: Iterator[Sequence[str]]) -> frozenset[str]:
        return frozenset(item for page in pages for item in page)

    def _incomplete(self, operation: str, message: str) -> IncompleteRead:
        return IncompleteRead(message, target=self._target, request=f"sso-admin.{operation}")
