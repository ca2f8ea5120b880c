"""What every target must do. A package makes a subclass that says how a service is made (docs/targets.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from types import MappingProxyType

from reconciler.errors import ServiceError
from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, FieldChange
from reconciler.model.plan import Step
from reconciler.model.report import Outcome, Status
from reconciler.model.resources import USER_ATTRIBUTES, User
from reconciler.model.state import Identities, Live
from reconciler.targets.base import NOTHING
from reconciler.testing.service import GOOD, NOW, Service, World

# What may be changed of a user without being a name of the user, in the order of preference.
_CHANGEABLE = ("title", "nick_name", "family_name", "display_name", "user_type")
NO_IDS: Mapping[Address, str] = MappingProxyType({})


class TargetConformance:
    """Tests as methods. Each makes a service of its own with `service`."""

    # More than one page of a list.
    many = 120

    def service(self) -> AbstractContextManager[Service]:
        """A fresh, empty service with a target in front of it. Every subclass has its own."""
        raise NotImplementedError

    # Reading.

    def test_it_says_which_instance_it_is(self) -> None:
        """Text by text, the same each time: the memory is kept by it."""
        with self.service() as service:
            identity = service.target.identity()
            assert identity, "identity() is empty"
            assert all(isinstance(one, str) for pair in identity.items() for one in pair)
            assert service.target.identity() == identity, "identity() changes"

    def test_a_read_is_complete(self) -> None:
        """Every user and every member, however many pages that takes."""
        with self.service() as service:
            world = World(service)
            people = [world.user(f"person{number:03}") for number in range(self.many)]
            world.converge(world.git(people, {"everybody": [one.key for one in people]}))
            assert world.names() == sorted(one.key for one in people), "a read lacks users"
            if _can(service, Kind.MEMBERSHIP):
                assert world.crews()["everybody"] == world.names(), "a read lacks members"

    def test_a_read_that_cannot_be_completed_is_an_error(self) -> None:
        """An error of the project's types, and nothing that could be taken for everything."""
        with self.service() as service:
            world = World(service)
            world.converge(_start(world))
            service.break_reads()
            _must_fail(service)
            service.restore()
            assert len(world.names()) == 4, "the service is not as before"

    def test_what_is_asked_for_is_read_and_nothing_else(self) -> None:
        """By id; an object that no longer exists is absent from the answer, without an error."""
        with self.service() as service:
            world = World(service)
            world.converge(_start(world))
            live = service.target.read(NOTHING)
            found = [*live.users, *live.groups, *live.members]
            assert not found, "what nobody asked for is read"
            ada = _id_of(service, "ada")
            assert set(service.target.read(replace(NOTHING, users=(ada,))).users) == {ada}
            if _deletes(world):
                world.converge(_without(world, "ada"))
                assert service.target.read(replace(NOTHING, users=(ada,))).users == {}

    # Writing.

    def test_creations_changes_and_removals_converge(self) -> None:
        """After each apply the service shows what git says, and the next plan is empty."""
        with self.service() as service:
            world = World(service)
            world.converge(_start(world))
            assert world.names() == ["ada", "bob", "cyd", "dan"]
            name = next(
                (one for one in _CHANGEABLE if one in service.target.capabilities.user_attributes), None
            )
            if name is not None:
                world.converge(_start(world, ada={name: "Changed"}))
                assert _attributes(service, "ada")[name] == "Changed"
            world.converge(_without(world, "dan"))
            if _deletes(world):
                assert world.names() == ["ada", "bob", "cyd"]

    def test_members_enter_and_leave(self) -> None:
        """One by one and several at once."""
        with self.service() as service:
            if not _can(service, Kind.MEMBERSHIP):
                return
            world = World(service)
            for members in (["ada"], ["ada", "bob", "cyd"], ["cyd", "dan"], ["dan"]):
                world.converge(world.git(_people(world), {"crew": members}))
                assert world.crews()["crew"] == members

    def test_a_write_whose_answer_is_lost_after_it_was_done_is_not_done_twice(self) -> None:
        """Looked up, and found done."""
        self._lose(carried_out=True)

    def test_a_write_that_was_lost_before_it_was_done_is_done(self) -> None:
        """Looked up, found missing, and sent again."""
        self._lose(carried_out=False)

    def test_what_is_there_already_is_not_made_twice(self) -> None:
        """A creation that meets its own object adopts it, or fails; it never makes a second one."""
        with self.service() as service:
            world = World(service)
            planned = world.plan(world.git([world.user("ada")]))
            first, second = (_one(service, planned.steps) for _ in range(2))
            assert first.status is Status.DONE, first.message
            assert first.remote_id == _id_of(service, "ada"), "a creation ends without the remote id"
            assert second.status in (*GOOD, Status.FAILED), second.message
            assert world.names() == ["ada"]

    # What it must not do.

    def test_nobody_elses_objects_are_touched(self) -> None:
        """What git never declared stays as it is while other objects change."""
        with self.service() as service:
            theirs = World(service)
            theirs.converge(theirs.git([theirs.user("eve"), theirs.user("fay")], {"guests": ["eve"]}))
            before = _of_others(service)
            world = World(service)
            world.converge(_start(world))
            world.converge(_without(world, "dan"))
            assert _of_others(service) == before

    def test_an_attribute_that_it_cannot_write_is_refused(self) -> None:
        """The step fails; nothing of it is written."""
        with self.service() as service:
            world = World(service)
            world.converge(_start(world))
            known = service.target.capabilities.user_attributes
            beyond = [
                one
                for one in USER_ATTRIBUTES
                if one not in known and one not in ("manager", "address", "photos")
            ]
            if not beyond:
                return
            before = _attributes(service, "ada")
            outcome = _change(world, "ada", beyond[0])
            assert outcome.status is Status.FAILED, f"{beyond[0]} is taken, and not among the capabilities"
            assert _attributes(service, "ada") == before

    def test_a_refusal_is_an_outcome_and_not_an_exception(self) -> None:
        """Of an object that is gone: a change fails, a deletion is unnecessary."""
        with self.service() as service:
            world = World(service)
            if not _deletes(world):
                return
            world.converge(_start(world))
            planned = world.plan(_without(world, "dan"))
            deletions = [
                one for one in planned.steps if one.action is Action.DELETE and one.address.kind is Kind.USER
            ]
            gone = _id_of(service, "dan")
            world.converge(_without(world, "dan"))
            outcome = _one(service, deletions, planned.ids)
            assert outcome.status is Status.UNNECESSARY, outcome.message
            outcome = _change(world, "dan", next(one for one in _CHANGEABLE if one in USER_ATTRIBUTES), gone)
            assert outcome.status is Status.FAILED, "a change of what is gone is said to be done"
            assert "dan" not in world.names()

    def test_it_can_be_asked_at_any_time(self) -> None:
        """What calls nobody calls nobody, and nothing that was never pending is looked after."""
        with self.service() as service:
            target = service.target
            target.ready(NOW, 0)
            before = dict(target.calls)
            assert list(target.poll(())) == []
            assert all(one.code for one in target.notices(NOW))
            assert target.capabilities.kinds
            assert dict(target.calls) == before, "capabilities, notices or poll(()) call the service"

    def _lose(self, *, carried_out: bool) -> None:
        with self.service() as service:
            world = World(service)
            world.plan(world.git(()))  # what is asked once is asked
            stages = [
                world.git([world.user("ada")]),
                _start(world),
                _start(world, groups={"crew": ["ada", "cyd"], "spare": ["cyd", "dan"]}),
                _start(world, ada={"family_name": "Changed"}),
                _without(world, "dan"),
            ]
            for stage in stages:
                service.lose_answer(carried_out)
                world.converge(stage)
                service.restore()
                assert len(set(world.names())) == len(world.names()), f"made twice: {world.names()}"
                assert set(stage.users) <= set(world.names()), "a user is missing"
            if _can(service, Kind.MEMBERSHIP):
                assert world.crews()["crew"] == ["ada", "bob"]


def _can(service: Service, kind: Kind) -> bool:
    return kind in service.target.capabilities.kinds


def _deletes(world: World) -> bool:
    can = world.target.capabilities
    return can.deletes_users and can.safe_deletion


def _people(world: World, **more: dict[str, str]) -> list[User]:
    known = world.target.capabilities.user_attributes
    return [
        world.user(key, **{name: one for name, one in more.get(key, {}).items() if name in known})
        for key in ("ada", "bob", "cyd", "dan")
    ]


def _start(world: World, groups: dict[str, list[str]] | None = None, **more: dict[str, str]) -> Identities:
    return world.git(_people(world, **more), groups or {"crew": ["ada", "bob"], "spare": ["cyd", "dan"]})


def _without(world: World, key: str) -> Identities:
    groups = {"crew": ["ada", "bob"], "spare": ["cyd", "dan"]}
    left = {name: [one for one in members if one != key] for name, members in groups.items()}
    return world.git([one for one in _people(world) if one.key != key], left)


def _must_fail(service: Service) -> None:
    try:
        live = service.target.read()
    except ServiceError:
        return
    raise AssertionError(
        f"a read that cannot be completed shows {len(live.users)} users and {len(live.groups)} groups"
    )


def _id_of(service: Service, name: str) -> str:
    return next(
        key for key, one in service.target.read().users.items() if one.attributes.get("user_name") == name
    )


def _attributes(service: Service, name: str) -> dict[str, object]:
    return dict(service.target.read().users[_id_of(service, name)].attributes)


def _of_others(service: Service) -> tuple[object, object]:
    live: Live = service.target.read()
    names = {key: one.attributes.get("user_name") for key, one in live.users.items()}
    users = {key: dict(one.attributes) for key, one in live.users.items() if names[key] in ("eve", "fay")}
    groups = {
        key: (dict(one.attributes), sorted(live.members.get(key, ())))
        for key, one in live.groups.items()
        if one.attributes.get("display_name") == "guests"
    }
    return users, groups


def _one(service: Service, steps: Sequence[Step], ids: Mapping[Address, str] = NO_IDS) -> Outcome:
    """Submit the first step alone, which no service finishes on its own time."""
    (answer,) = service.target.submit((steps[0],), ids, {})
    assert isinstance(answer, Outcome), f"{steps[0].id} ends as {type(answer).__name__}"
    assert answer.step == steps[0].id
    return answer


def _change(world: World, key: str, name: str, identifier: str = "") -> Outcome:
    """Submit a change of one attribute, as no plan would contain it."""
    address = Address.of(world.target.name, Kind.USER, key)
    step = Step(str(address), address, Action.UPDATE, (address,), (FieldChange(name, None, "Changed"),))
    return _one(world.service, [step], {address: identifier or _id_of(world.service, key)})
