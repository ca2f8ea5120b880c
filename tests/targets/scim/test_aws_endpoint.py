"""Identity Center's own endpoint, as the sandbox serves it: read and written within what is documented."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil

import pytest

from reconciler.model.address import Kind
from reconciler.model.observer import Silent
from reconciler.model.report import Status
from reconciler.model.resources import User
from reconciler.sandbox import Sandbox
from reconciler.targets.scim.profile_list import profile
from reconciler.targets.scim.target import Scim
from reconciler.wire.http import Endpoint, Http
from reconciler.wire.tokens import TokenSource
from tests.targets.scim.fields import POLICY, TOKEN, Patient, git, user
from tests.wire.clocks import SharedClock


@dataclass
class Endpoints:
    """The client, what it plans with, and the console behind."""

    sandbox: Sandbox
    target: Scim
    site: Patient

    def crews(self) -> dict[str, set[str]]:
        return {name: set(who) for name, who in self.sandbox.store.memberships().items()}

    def converge(self, wish: object) -> None:
        report = self.site.apply(wish)  # type: ignore[arg-type]  # identities that the story built
        assert [one for one in report.results if one.status is not Status.DONE] == []
        assert self.site.plan(wish).plan.changes == ()  # type: ignore[arg-type]  # identities that the story built


@contextmanager
def endpoint() -> Iterator[Endpoints]:
    shared = SharedClock(100_000)
    with (
        pytest.MonkeyPatch.context() as patched,
        Sandbox(None, clock=shared, latency=0.0) as sandbox,
    ):
        patched.setenv(TOKEN, sandbox.scim_token())
        clock, aws = shared.ours, profile("aws")
        http = Http("aws", Endpoint(sandbox.scim_url, TokenSource(env=TOKEN)), rate=aws.rate, clock=clock)
        target = Scim(http, aws, clock=clock, observer=Silent())
        yield Endpoints(sandbox, target, Patient(sandbox, target, POLICY, clock=clock))


def person(key: str) -> User:
    return user(key, display_name=key)


def crowd(size: int) -> list[User]:
    return [person(f"p{number}") for number in range(size)]


def test_many_enter_and_leave_by_a_hundred_and_never_all_at_once() -> None:
    people = crowd(250)
    everybody = [one.key for one in people]
    with endpoint() as here:
        here.converge(git(people, crew=everybody))
        assert here.crews() == {"crew": set(everybody)}
        assert here.target.calls["scim.PatchGroup"] == 3
        here.converge(git(people, crew=[]))
        assert here.crews() == {"crew": set()}
        assert here.target.calls["scim.PatchGroup"] == 6


@pytest.mark.parametrize(("people", "groups"), [(150, 3), (3, 150)])
def test_all_memberships_are_read_with_as_few_calls_as_the_data_allow(people: int, groups: int) -> None:
    wish = {
        f"crew{number}": [f"p{one}" for one in range(people) if (one + number) % 2]
        for number in range(groups)
    }
    with endpoint() as here:
        here.converge(git(crowd(people), **wish))
        live = here.target.read()
        assert sum(len(members) for members in live.members.values()) == sum(
            len(one) for one in wish.values()
        )
        by_group = sum(max(1, ceil(len(members) / 100)) for members in wish.values())
        held = [sum(f"p{one}" in members for members in wish.values()) for one in range(people)]
        by_user = sum(max(1, ceil(count / 100)) for count in held)
        lists = ceil(people / 100) + ceil(groups / 100)
        assert sum(live.calls.values()) == lists + min(by_group, by_user)


def test_a_group_whose_name_no_filter_takes_is_adopted_all_the_same() -> None:
    with endpoint() as here:
        wish = git([person("ada")], **{'Zürich "west" + 50%': ["ada"]})
        planned = here.site.plan(wish)
        step = next(each for each in planned.steps if each.address.kind is Kind.GROUP)
        first = here.target.submit((step,), {}, {})[0]
        again = here.target.submit((step,), {}, {})[0]
        assert first.status is again.status is Status.DONE  # type: ignore[union-attr]  # nothing is ever pending
        assert first.remote_id == again.remote_id  # type: ignore[union-attr]  # see above
        here.converge(wish)


def test_nothing_is_asked_that_the_endpoint_does_not_have() -> None:
    with endpoint() as here:
        here.converge(git(crowd(3), crew=["p0"]))
        here.converge(
            git([user("p0", display_name="p0", title="x", email="p0@x.example"), *crowd(3)[1:]], crew=[])
        )
        assert set(here.target.calls) <= {
            "scim.ListUsers",
            "scim.ListGroups",
            "scim.GetUser",
            "scim.GetGroup",
            "scim.CreateUser",
            "scim.CreateGroup",
            "scim.PatchUser",
            "scim.PatchGroup",
        }


def test_deleting_is_left_to_who_sees_the_assignments() -> None:
    with endpoint() as here:
        assert not here.target.capabilities.safe_deletion
        assert not here.target.capabilities.versions
