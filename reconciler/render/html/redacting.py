"""A report without values of people, for readers who shall not see who they are: `--redact pii`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reconciler.access.asking import TargetAccess
from reconciler.access.facts import AccountFacts, EntryFacts, Facts, GroupFacts, PersonFacts, SetFacts
from reconciler.access.page import AccessPage, TargetPage
from reconciler.model.access import AccessChange, AccessRule, ApplicationGrant, Holding
from reconciler.model.drift import Difference, TargetDrift, UnmanagedGrant
from reconciler.model.resources import Origin
from reconciler.render.redacting import People, redacted_address, redacted_change, redacted_findings


def redacted_page(page: AccessPage, people: People) -> AccessPage:
    """The report with pseudonyms for people, the same everywhere in it, and without their values."""
    findings, places = redacted_findings((one for _, one in page.findings), page.places, people)
    targets = [name for name, _ in page.findings]
    return replace(
        page,
        made=replace(page.made, redacted=True, changed=tuple(map(people.path, page.made.changed))),
        targets=tuple(_Redacting(people).target(one) for one in page.targets),
        findings=tuple(zip(targets, findings, strict=True)),
        places=places,
    )


class _Redacting:
    def __init__(self, people: People) -> None:
        self._people, self._said = people, people.sentence

    def target(self, one: TargetPage) -> TargetPage:
        return replace(
            one,
            facts=self._facts(one.facts),
            access=None if one.access is None else self._access(one.access),
            rules=None if one.rules is None else tuple(map(self._rule, one.rules)),
            changes=None if one.changes is None else tuple(map(self._row, one.changes)),
            drift=None if one.drift is None else self._drift(one.drift),
        )

    def _facts(self, facts: Facts) -> Facts:
        return Facts(
            people=tuple(sorted(map(self._person, facts.people), key=lambda one: one.key)),
            groups=tuple(map(self._group, facts.groups)),
            sets=tuple(map(self._set, facts.sets)),
            accounts=tuple(map(self._account, facts.accounts)),
            entries=tuple(map(self._entry, facts.entries)),
        )

    def _person(self, one: PersonFacts) -> PersonFacts:
        return replace(
            one,
            key=self._people.called(one.key),
            name="",
            display="",
            reason=self._said(one.reason),
            origin=self._line(one.origin),
        )

    def _group(self, one: GroupFacts) -> GroupFacts:
        members = one.members
        if members is not None:
            called = sorted((self._people.called(key), why) for key, why in members.items())
            members = {key: replace(why, origin=self._line(why.origin)) for key, why in called}
        return replace(
            one,
            name=self._said(one.name),
            description=self._said(one.description),
            members=members,
            includes=tuple((group, self._path(origin)) for group, origin in one.includes),
            origin=self._line(one.origin),
        )

    def _set(self, one: SetFacts) -> SetFacts:
        return replace(
            one,
            description=self._said(one.description),
            carries=tuple(map(self._said, one.carries)),
            origin=self._line(one.origin),
        )

    def _account(self, one: AccountFacts) -> AccountFacts:
        return replace(
            one, name=self._said(one.name), unit=self._said(one.unit), origin=self._line(one.origin)
        )

    def _entry(self, one: EntryFacts) -> EntryFacts:
        # `adopt` makes keys of the people who have something directly.
        return replace(
            one,
            key=self._said(one.key),
            origin=self._path(one.origin),
            accounts=tuple(map(self._said, one.accounts)),
            excepted=tuple(map(self._said, one.excepted)),
            reason=self._said(one.reason),
        )

    def _line(self, origin: Origin | None) -> Origin | None:
        return None if origin is None else self._path(origin)

    def _path(self, origin: Origin) -> Origin:
        return replace(origin, path=self._people.path(origin.path))

    def _keys(self, people: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sorted(map(self._people.called, people)))

    def _row(self, one: AccessChange) -> AccessChange:
        return replace(one, people=self._keys(one.people))

    def _rule(self, one: AccessRule) -> AccessRule:
        return replace(
            one,
            entry=self._said(one.entry),
            people=self._keys(one.people),
            accounts=tuple(map(self._said, one.accounts)),
            excepted=tuple(map(self._said, one.excepted)),
        )

    def _names(self, names: Mapping[str, str]) -> Mapping[str, str]:
        pseudonyms = self._people.pseudonyms
        return {key: self._said(name) for key, name in names.items() if key not in pseudonyms}

    def _access(self, one: TargetAccess) -> TargetAccess:
        def held(row: Holding) -> Holding:
            entries = tuple(map(self._said, row.entries))
            return replace(row, people=self._keys(row.people), entries=entries)

        def granted(row: ApplicationGrant) -> ApplicationGrant:
            return replace(row, application=self._said(row.application), people=self._keys(row.people))

        return replace(
            one,
            holdings=tuple(map(held, one.holdings)),
            changes=tuple(map(self._row, one.changes)),
            names=self._names(one.names),
            gaps=tuple(
                replace(gap, scope=self._said(gap.scope), reason=self._said(gap.reason)) for gap in one.gaps
            ),
            applications=None if one.applications is None else tuple(map(granted, one.applications)),
            unread=tuple(map(self._said, one.unread)),
        )

    def _drift(self, one: TargetDrift) -> TargetDrift:
        def difference(each: Difference) -> Difference:
            change = redacted_change(each.change, self._people)
            return replace(each, change=change, withheld=self._said(each.withheld), ids=(), author=None)

        def grant(each: UnmanagedGrant) -> UnmanagedGrant:
            address = redacted_address(each.address, self._people)
            return replace(each, address=address, ids=(), author=None)

        return replace(
            one,
            differences=tuple(map(difference, one.differences)),
            unmanaged=tuple(map(grant, one.unmanaged)),
            findings=(),
            names=self._names(one.names),
            gaps=tuple((kind, self._said(scope), self._said(reason)) for kind, scope, reason in one.gaps),
            error=self._said(one.error),
        )
