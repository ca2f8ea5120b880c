"""Reads a whole site: directory, organization and access, three APIs with quotas of their own, at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from reconciler.errors import IncompleteRead
from reconciler.model.address import Kind
from reconciler.model.organization import NO_ORGANIZATION, Organization
from reconciler.model.pairs import Principal
from reconciler.targets.base import ReadRequest
from reconciler.targets.crew import together
from reconciler.targets.identity_center.access.reading import Access, AccessReader
from reconciler.targets.identity_center.directory.reading import Read, Reader
from reconciler.targets.identity_center.instance import Caller
from reconciler.targets.identity_center.organization.reading import Accounts, OrganizationReader, is_active


@dataclass(slots=True)
class Site:
    """What was read of each."""

    directory: Read
    access: Access
    organization: Organization = NO_ORGANIZATION


@dataclass(slots=True)
class _Lists:
    """What there is, before any of it is looked at more closely; None: nobody asked."""

    directory: Read
    sets: tuple[str, ...] = ()
    accounts: Accounts | None = None


@dataclass(frozen=True, slots=True)
class SiteReader:
    """Reads them together. Thread-safe; raises IncompleteRead, or another ServiceError."""

    directory: Reader
    access: AccessReader
    organization: OrganizationReader

    def read(self, request: ReadRequest, standing: Caller) -> Site:
        """What `request` asks for; nothing of access and accounts where the instance assigns none."""
        if not standing.assigns:
            request = replace(request, permission_sets=(), assignments=(), organization=False)
        lists = self._lists(request, standing.management)
        site = self._details(request, lists, standing)
        self._know_principals(request, site)
        if lists.accounts is not None:
            self._know_accounts(request, site, standing)
        return site

    def _lists(self, request: ReadRequest, management: str) -> _Lists:
        lists = _Lists(Read())

        def directory() -> None:
            lists.directory = self.directory.lists(request)

        def sets() -> None:
            lists.sets = self.access.list_sets()

        def accounts() -> None:
            lists.accounts = self.organization.accounts(management)

        jobs: list[Callable[[], None]] = [directory]
        if request.permission_sets is None or request.assignments is None:
            jobs.append(sets)
        if request.organization:
            jobs.append(accounts)
        together(*jobs)
        return lists

    def _details(self, request: ReadRequest, lists: _Lists, standing: Caller) -> Site:
        site = Site(Read(), Access())
        accounts, groups = lists.accounts, lists.directory.groups

        def directory() -> None:
            site.directory = self.directory.read(request, lists.directory)

        def access() -> None:
            site.access = self.access.read(
                request,
                lists.sets,
                accounts=None
                if accounts is None
                else {each: is_active(raw) for each, raw in accounts.items()},
                groups=tuple(groups) if request.groups is None else None,
            )

        def organization() -> None:
            if accounts is not None:
                site.organization = self._organization(accounts, request, standing)

        together(directory, access, organization)
        return site

    def _know_principals(self, request: ReadRequest, site: Site) -> None:
        """Whoever is assigned something and exists must be known, where all were to be read."""
        principals: set[Principal] = set().union(*site.access.assignments.values())

        def some(kind: Kind) -> set[str]:
            return {principal.id for principal in principals if principal.kind is kind}

        self.directory.know(
            site.directory,
            some(Kind.USER) if request.users is None else (),
            some(Kind.GROUP) if request.groups is None else (),
        )

    def _know_accounts(self, request: ReadRequest, site: Site, standing: Caller) -> None:
        """Every account in which something is provisioned is in the organization, or has left it."""
        wanted: set[str] = {account for account, _ in site.access.assignments}
        wanted.update(account for one in site.access.sets.values() for account in one.provisioned)
        if not self.organization.lacks(site.organization, wanted):
            return
        site.organization = self._organization(
            self.organization.accounts(standing.management), request, standing
        )
        if self.organization.lacks(site.organization, wanted):
            message = "access is assigned in accounts of the organization that are in no list of accounts"
            raise IncompleteRead(message, request="organizations.ListAccounts")

    def _organization(self, accounts: Accounts, request: ReadRequest, standing: Caller) -> Organization:
        return self.organization.organization(
            accounts, standing.management, units=request.units, tags=request.tags
        )
