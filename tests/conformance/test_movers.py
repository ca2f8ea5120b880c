"""Who moves from group to group lacks both at no moment, and has what is meant at the end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.model.report import Status
from reconciler.sandbox.directory.memberships import Memberships
from tests.conformance.stories_access import BASE
from tests.conformance.test_access_in_trouble import site, write
from tests.support.site import FilesSite

ASSIGNED = """\
assignments:
  a: {groups: [ops], permission_sets: [Admin], accounts: [prod]}
  b: {groups: [dev], permission_sets: [Read], accounts: [dev]}
"""
# Ada moves to dev, and Bob to ops: neither may go before they came.
BEFORE = BASE + ASSIGNED
AFTER = BEFORE.replace(
    "ops: {members: [ada]}, dev: {members: [bob]}", "ops: {members: [bob]}, dev: {members: [ada]}"
)


@pytest.fixture
def moments(monkeypatch: pytest.MonkeyPatch) -> Callable[[FilesSite], list[frozenset[str]]]:
    """From now on, after each membership that is made or ended: who is in any group."""
    found: list[frozenset[str]] = []

    def watch(_: FilesSite) -> list[frozenset[str]]:
        for name in ("add", "remove"):
            before = getattr(Memberships, name)

            def also(self: Memberships, *given: object, _before: Callable[..., object] = before) -> object:
                answer = _before(self, *given)
                rows = self._db.execute(
                    "SELECT DISTINCT json_extract(u.body, '$.UserName') FROM memberships m "
                    "JOIN users u ON u.id = m.user_id"
                )
                found.append(frozenset(name for (name,) in rows))
                return answer

            monkeypatch.setattr(Memberships, name, also)
        return found

    return watch


def test_a_mover_never_lacks_both_groups(
    tmp_path: Path, moments: Callable[[FilesSite], list[frozenset[str]]]
) -> None:
    with site(tmp_path, BEFORE) as here:
        write(here, AFTER)
        seen = moments(here)

        here.converge([here.plan().plan])

        assert len(seen) == 4
        assert all(each >= {"ada", "bob"} for each in seen)
        assert here.sandbox.store.memberships() == {"ops": {"bob"}, "dev": {"ada"}}


def test_a_mover_whom_the_new_group_does_not_take_keeps_the_old_one(tmp_path: Path) -> None:
    with site(tmp_path, BEFORE) as here:
        write(here, AFTER)
        here.sandbox.faults.add("deny", "identitystore.CreateGroupMembership", count=None)

        report = here.apply()

        statuses = {str(one.address): one.status for one in report.results}
        assert statuses["aws/membership/ops/ada"] is Status.HELD
        assert here.sandbox.store.memberships() == {"ops": {"ada"}, "dev": {"bob"}}
