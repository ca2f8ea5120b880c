"""What tests of SCIM targets are made of: a client before an odd service, identities in few words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from reconciler.execution.apply import Job, apply
from reconciler.model.address import Kind
from reconciler.model.observer import Silent
from reconciler.model.plan import Finding
from reconciler.model.policy import Approval, Guards, Limit, MaxRemovals, OnRemoval, TargetPolicy
from reconciler.model.report import Status, TargetReport
from reconciler.model.resources import Group, Origin, User
from reconciler.model.state import Declared, Identities, Live, Receipt, Remembered
from reconciler.planning.prepared import PreparedPlan
from reconciler.planning.review import Review
from reconciler.sandbox import Sandbox
from reconciler.targets.scim.profile import Profile
from reconciler.targets.scim.profile_list import profile
from reconciler.targets.scim.target import Scim
from reconciler.wire.http import Endpoint, Http
from reconciler.wire.pool import Pool
from reconciler.wire.tokens import TokenSource
from tests.support.site import Site
from tests.targets.scim.odd import Odd, serving
from tests.wire.clocks import FakeClock

TOKEN = "RECONCILER_TEST_ODD_TOKEN"
NEXT = "RECONCILER_TEST_ODD_TOKEN_NEXT"
_HERE = Origin("all.yaml", 1)
_ANY = Limit(1000, 100)
# The guards have tests of their own.
POLICY = TargetPolicy(
    "aws",
    guards=Guards(
        max_removals=MaxRemovals(
            users=_ANY,
            groups=_ANY,
            memberships=_ANY,
            per_group=_ANY,
            assignments=_ANY,
            per_account=_ANY,
            permission_sets=_ANY,
            total=_ANY,
        )
    ),
)
_APPROVALS = {
    f"{guard}-{kind}": Approval(
        f"{guard}-{kind}", _HERE, guard, 1000, datetime(2030, 1, 1, tzinfo=UTC), "a story", kind=kind
    )
    for guard in ("set-emptied", "source-shrank", "max-removals")
    for kind in (Kind.USER, Kind.GROUP, Kind.MEMBERSHIP)
}


def user(key: str, **more: Any) -> User:
    active = more.pop("active", None)
    return User(key, {"user_name": key, "given_name": key, "family_name": "X", **more}, _HERE, active=active)


def git(users: Sequence[User], **groups: Sequence[str] | None) -> Identities:
    """Users, and groups by name with the keys of their members (None: not managed)."""
    made = {
        name: Group(name, {}, _HERE, members=None if members is None else dict.fromkeys(members, 1))
        for name, members in groups.items()
    }
    return Identities(users={each.key: each for each in users}, groups=made, approvals=_APPROVALS)


@dataclass
class Patient(Site):
    """A site where nobody waits."""

    clock: FakeClock = field(default_factory=FakeClock)

    def carry_out(self, git: Identities, fresh: PreparedPlan, verdict: Review) -> TargetReport:
        job = Job(self.target, fresh, verdict)
        (report,) = apply([job], pool=Pool, clock=self.clock, observer=Silent()).targets
        if report.whole:
            receipt = Receipt("aws", fresh.plan.identity, report.digest, "", self.now, unkept=report.unkept)
            self.memory = Remembered(receipt, Declared("state", git, self.policy), ())
        return report


@dataclass
class Field:
    """An odd service, the client in front of it, and what git remembers."""

    odd: Odd
    target: Scim
    site: Site
    clock: FakeClock = field(default_factory=FakeClock)

    def read(self) -> Live:
        return self.target.read()

    def plan(self, wish: Identities) -> PreparedPlan:
        return self.site.plan(wish)

    def changes(self, wish: Identities) -> list[str]:
        return sorted(f"{one.action} {one.address}" for one in self.plan(wish).plan.changes)

    def apply(self, wish: Identities) -> TargetReport:
        return self.site.apply(wish)

    def converge(self, wish: Identities) -> None:
        """Apply, and expect everything to be done and nothing left."""
        report = self.apply(wish)
        assert [one for one in report.results if one.status not in (Status.DONE, Status.UNNECESSARY)] == []
        assert self.changes(wish) == []

    def members(self) -> dict[str, set[str]]:
        """Who is in which group as the client reads it, by names."""
        live = self.read()
        return {
            str(live.groups[group].attributes["display_name"]): {
                str(live.users[one].attributes["user_name"]) for one in members
            }
            for group, members in live.members.items()
        }

    def findings(self) -> dict[str, Finding]:
        return {one.code: one for one in self.read().findings}


@contextmanager
def facing(
    odd: Odd,
    known: Profile | str = "generic",
    *,
    policy: TargetPolicy = POLICY,
    extensions: Sequence[str] = (),
    expires: datetime | None = None,
    with_next: bool = False,
) -> Iterator[Field]:
    """The real client in front of an odd service."""
    one = profile(known) if isinstance(known, str) else known
    with pytest.MonkeyPatch.context() as patched, serving(odd) as url:
        patched.setenv(TOKEN, odd.token)
        clock = FakeClock()
        following = TokenSource(env=NEXT) if with_next else None
        http = Http(
            "aws",
            Endpoint(url, TokenSource(env=TOKEN), following),
            rate=one.rate,
            clock=clock,
            headers=one.headers,
            chance=lambda: 0.5,
        )
        target = Scim(http, one, clock=clock, observer=Silent(), extensions=extensions, expires=expires)
        yield Field(odd, target, Patient(cast(Sandbox, None), target, policy, clock=clock), clock)


DELETING = TargetPolicy("aws", guards=POLICY.guards, on_removal=OnRemoval.DELETE)
MEMBERSHIP = Kind.MEMBERSHIP
