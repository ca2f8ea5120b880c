from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.model.address import Address, Kind
from reconciler.model.change import Action
from reconciler.model.plan import Step
from reconciler.model.report import Outcome, Pending, Status
from reconciler.sandbox import FaultKind, Sandbox
from reconciler.targets.identity_center.target import IdentityCenter
from tests.targets.centers import Ids, center, group, membership, person, step, submit, user, versions_of
from tests.wire.clocks import SharedClock

ADA, BOSS, TEAM = user("ada"), user("boss"), group("team")
EMAILS = ({"value": "old@example.com", "type": "home", "primary": True},)

# What happens to a write on the way, with whether it is carried out.
LOST = [
    FaultKind.DROP_BEFORE,
    FaultKind.DROP_AFTER,
    FaultKind.ERROR,
    FaultKind.ERROR_AFTER,
    FaultKind.CUT_OFF,
    FaultKind.TRUNCATED,
    FaultKind.EMPTY,
    FaultKind.HTML,
    FaultKind.GARBAGE,
    FaultKind.THROTTLE,
]


class World:
    """The users `ada` and `bob`, and a group `team` with ada in it."""

    def __init__(self, sandbox: Sandbox, target: IdentityCenter) -> None:
        self.store, self.target = sandbox.store, target
        self.ids: Ids = {
            ADA: self.store.add_user("ada", attributes={"Title": "Engineer"}),
            TEAM: self.store.add_group("team", description="old"),
            user("bob"): self.store.add_user("bob"),
        }
        self.ids[membership("team", "ada")] = self.store.add_member("team", "ada")
        self.ids[membership("team", "bob")] = ""

    def submit(self, one: Step, versions: Mapping[Address, str] | None = None) -> Outcome:
        return submit(self.target, one, self.ids, versions)


WRITES: dict[str, tuple[str, Step, Any]] = {
    "create a user": (
        "CreateUser",
        step(user("eve"), Action.CREATE, person("eve", email="eve@example.com", department="Platform")),
        lambda world: world.store.users().keys() == {"ada", "bob", "eve"},
    ),
    "create a group": (
        "CreateGroup",
        step(group("ops"), Action.CREATE, {"display_name": "ops", "description": "Operations"}),
        lambda world: "ops" in world.store.groups(),
    ),
    "create a membership": (
        "CreateGroupMembership",
        step(membership("team", "bob"), Action.CREATE),
        lambda world: world.store.members("team") == {"ada", "bob"},
    ),
    "update a user": (
        "UpdateUser",
        step(ADA, Action.UPDATE, {"title": "Principal"}, before={"title": "Engineer"}),
        lambda world: world.store.users()["ada"]["Title"] == "Principal",
    ),
    "update a group": (
        "UpdateGroup",
        step(TEAM, Action.UPDATE, {"description": "new"}, before={"description": "old"}),
        lambda world: world.store.groups()["team"]["Description"] == "new",
    ),
    "delete a user": (
        "DeleteUser",
        step(ADA, Action.DELETE),
        lambda world: "ada" not in world.store.users(),
    ),
    "delete a group": (
        "DeleteGroup",
        step(TEAM, Action.DELETE),
        lambda world: world.store.groups() == {},
    ),
    "delete a membership": (
        "DeleteGroupMembership",
        step(membership("team", "ada"), Action.DELETE),
        lambda world: world.store.members("team") == frozenset(),
    ),
}


@pytest.fixture
def world(sandbox: Sandbox, target: IdentityCenter) -> World:
    return World(sandbox, target)


@pytest.mark.parametrize("versioned", [True, False], ids=["with its version", "without a version"])
@pytest.mark.parametrize("what", WRITES)
def test_a_step_does_what_it_says(world: World, what: str, versioned: bool) -> None:  # noqa: FBT001  # a table column
    _, one, holds = WRITES[what]
    versions = versions_of(world.target, world.ids) if versioned else {}

    outcome = world.submit(one, versions)

    assert (outcome.status, outcome.message) == (Status.DONE, "")
    assert holds(world)
    assert bool(outcome.remote_id) is (one.action is Action.CREATE)


@pytest.mark.parametrize("versioned", [True, False], ids=["with its version", "without a version"])
@pytest.mark.parametrize("kind", LOST)
@pytest.mark.parametrize("what", WRITES)
def test_whatever_happens_to_the_answer_the_step_is_done_once(
    sandbox: Sandbox,
    world: World,
    what: str,
    kind: FaultKind,
    versioned: bool,  # noqa: FBT001  # a table column
) -> None:
    operation, one, holds = WRITES[what]
    versions = versions_of(world.target, world.ids) if versioned else {}
    sandbox.faults.add(kind, f"identitystore.{operation}")

    outcome = world.submit(one, versions)

    assert (outcome.status, outcome.message) == (Status.DONE, "")
    assert holds(world)
    if one.action is Action.CREATE:
        assert outcome.remote_id in known_ids(world)


def known_ids(world: World) -> set[str]:
    live = world.target.read()
    memberships = {each for members in live.members.values() for each in members.values()}
    return set(live.users) | set(live.groups) | memberships


@pytest.mark.parametrize("what", WRITES)
def test_a_step_that_was_done_already_changes_nothing_more(world: World, what: str) -> None:
    _, one, holds = WRITES[what]
    versions = versions_of(world.target, world.ids)
    first = world.submit(one, versions)

    # Delivered twice, or done by somebody else in the meantime: the same request, on the same version.
    second = world.submit(one, versions)

    assert second.status in (Status.UNNECESSARY, Status.DONE)
    assert second.remote_id == first.remote_id
    assert holds(world)


@pytest.mark.parametrize("status", [400, 401, 403])
@pytest.mark.parametrize("what", WRITES)
def test_a_refusal_stops_all_further_writes(sandbox: Sandbox, world: World, what: str, status: int) -> None:
    operation, one, _ = WRITES[what]
    sandbox.faults.add(FaultKind.DENY, f"identitystore.{operation}", status=status)

    outcome = world.submit(one)

    assert (outcome.status, outcome.stop) == (Status.FAILED, True)
    assert f"identitystore:{operation}" in outcome.message
    assert outcome.request_id


def test_expired_credentials_stop_all_further_writes(sandbox: Sandbox, world: World) -> None:
    sandbox.faults.add(FaultKind.EXPIRED, "*", count=None)

    outcome = world.submit(WRITES["update a user"][1])

    assert (outcome.status, outcome.stop) == (Status.FAILED, True)
    assert "expired" in outcome.message


@pytest.mark.parametrize("what", WRITES)
def test_a_step_that_is_never_answered_ends_in_bounded_tries(
    sandbox: Sandbox, world: World, what: str
) -> None:
    operation, one, _ = WRITES[what]
    sandbox.faults.add(FaultKind.DROP_BEFORE, f"identitystore.{operation}", count=None)

    outcome = world.submit(one)

    assert outcome.status is Status.UNKNOWN
    assert sandbox.requests.counts()[f"identitystore.{operation}"] == 3


@pytest.mark.parametrize("what", WRITES)
def test_where_looking_fails_as_well_the_outcome_is_unknown(
    sandbox: Sandbox, world: World, what: str
) -> None:
    operation, one, _ = WRITES[what]
    world.target.identity()
    sandbox.faults.add(FaultKind.DROP_AFTER, f"identitystore.{operation}")
    for looking in ("Get*", "Describe*"):
        sandbox.faults.add(FaultKind.DENY, f"identitystore.{looking}", count=None)

    outcome = world.submit(one)

    assert (outcome.status, outcome.stop) == (Status.UNKNOWN, True)
    assert "looking did not settle it" in outcome.message


# Conflicts.


@pytest.mark.parametrize("what", ["update a user", "update a group", "delete a user", "delete a group"])
def test_what_somebody_else_changed_meanwhile_is_not_overwritten(world: World, what: str) -> None:
    _, one, holds = WRITES[what]
    versions = versions_of(world.target, world.ids)
    world.store.set_user("ada", "nickName", "A")
    world.store.set_group("team", "description", "theirs")

    outcome = world.submit(one, versions)

    assert (outcome.status, outcome.moved) == (Status.FAILED, True)
    assert not holds(world)


@pytest.mark.parametrize("what", WRITES)
def test_a_conflict_by_concurrency_asks_for_another_look(sandbox: Sandbox, world: World, what: str) -> None:
    operation, one, holds = WRITES[what]
    sandbox.faults.add(FaultKind.CONFLICT, f"identitystore.{operation}")

    outcome = world.submit(one)

    assert (outcome.status, outcome.moved, outcome.stop) == (Status.FAILED, True, False)
    assert not holds(world)


def test_a_user_who_exists_exactly_as_planned_is_adopted(world: World) -> None:
    fields = person("eve", email="eve@example.com", manager="ada")
    made = world.submit(step(user("eve"), Action.CREATE, fields))

    again = world.submit(step(user("eve"), Action.CREATE, fields))

    assert (again.status, again.remote_id, again.version) == (Status.DONE, made.remote_id, made.version)
    assert "adopted" in again.message


def test_a_group_that_is_there_is_adopted_only_while_nobody_is_in_it(
    sandbox: Sandbox, target: IdentityCenter
) -> None:
    """What the plan gives the new group was reviewed for a group with nobody in it."""
    sandbox.store.add_user("ada@example.com", given_name="Ada", family_name="X")
    sandbox.store.add_group("night-shift")
    address = Address.parse("aws/group/night-shift")
    create = step(address, Action.CREATE, {"display_name": "night-shift"})

    assert submit(target, create).status is Status.DONE

    sandbox.store.add_member("night-shift", "ada@example.com")
    ended = submit(target, create)
    assert ended.status is Status.FAILED
    assert "differs in members; plan again" in ended.message


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param(person("ada"), "differs in family_name, display_name", id="other names"),
        pytest.param(person("ADA"), "differs in user_name", id="another case of the same name"),
    ],
)
def test_a_user_who_exists_otherwise_is_left_alone_and_the_difference_said(
    sandbox: Sandbox, target: IdentityCenter, fields: dict[str, Any], expected: str
) -> None:
    first = (
        person("ada")
        if "user_name" in expected
        else {**person("ada"), "family_name": "Y", "display_name": "Z"}
    )
    submit(target, step(ADA, Action.CREATE, first))
    before = sandbox.store.users()

    outcome = submit(target, step(ADA, Action.CREATE, fields))

    assert outcome.status is Status.FAILED
    assert expected in outcome.message
    assert sandbox.store.users() == before


def test_an_address_that_belongs_to_somebody_else_is_said_with_whom(world: World) -> None:
    world.store.set_user("ada", "emails", [{"value": "a@example.com"}])

    outcome = world.submit(step(user("eve"), Action.CREATE, person("eve", email="a@example.com")))

    assert outcome.status is Status.FAILED
    assert world.ids[ADA] in outcome.message
    assert "eve" not in world.store.users()


@pytest.mark.parametrize(
    ("one", "code"),
    [
        pytest.param(step(ADA, Action.UPDATE, {"user_name": "bob"}), "UNIQUENESS", id="a name that is taken"),
        pytest.param(
            step(ADA, Action.UPDATE, {"display_name": None}), "Validation", id="a name that is required"
        ),
        pytest.param(
            step(user("x"), Action.CREATE, {"user_name": "x"}), "Validation", id="a user without names"
        ),
        pytest.param(
            step(TEAM, Action.UPDATE, {"display_name": ""}), "Validation", id="a group without a name"
        ),
    ],
)
def test_what_the_store_refuses_fails_with_its_words_and_stops_nothing_else(
    world: World, one: Step, code: str
) -> None:
    outcome = world.submit(one)

    assert (outcome.status, outcome.moved, outcome.stop) == (Status.FAILED, False, False)
    assert code in outcome.message


def test_a_full_store_fails_this_step_alone() -> None:
    with Sandbox(clock=SharedClock(100_000), latency=0, max_users=0) as sandbox:
        outcome = submit(center(sandbox), step(ADA, Action.CREATE, person("ada")))

    assert (outcome.status, outcome.stop) == (Status.FAILED, False)
    assert "ServiceQuotaExceededException" in outcome.message


@pytest.mark.parametrize("name", ["external_id", "active"])
def test_what_this_channel_cannot_write_is_never_dropped_silently(world: World, name: str) -> None:
    outcome = world.submit(step(ADA, Action.UPDATE, {"title": "T", name: "x"}))

    assert outcome.status is Status.FAILED
    assert name in outcome.message
    assert world.store.users()["ada"]["Title"] == "Engineer"


# What is gone.


@pytest.mark.parametrize("what", ["delete a user", "delete a group", "delete a membership"])
def test_what_is_gone_already_need_not_be_deleted(world: World, what: str) -> None:
    world.store.remove_user("ada")
    world.store.remove_group("team")

    assert world.submit(WRITES[what][1]).status is Status.UNNECESSARY


@pytest.mark.parametrize("field", ["title", "email"])
def test_what_is_gone_cannot_be_updated(world: World, field: str) -> None:
    world.store.remove_user("ada")

    outcome = world.submit(step(ADA, Action.UPDATE, {field: "x@example.com"}))

    assert (outcome.status, outcome.stop) == (Status.FAILED, False)


@pytest.mark.parametrize("gone", ["group", "user"])
def test_nobody_joins_what_is_gone(world: World, gone: str) -> None:
    (world.store.remove_group if gone == "group" else world.store.remove_user)(
        "team" if gone == "group" else "bob"
    )

    outcome = world.submit(step(membership("team", "bob"), Action.CREATE))

    assert (outcome.status, outcome.stop) == (Status.FAILED, False)
    assert "ResourceNotFoundException" in outcome.message


@pytest.mark.parametrize("what", ["create a membership", "update a user", "update a group"])
def test_what_was_only_just_made_and_is_not_seen_everywhere_yet_is_waited_for(
    sandbox: Sandbox, world: World, what: str
) -> None:
    operation, one, holds = WRITES[what]
    sandbox.faults.add(FaultKind.NOT_FOUND, f"identitystore.{operation}", count=2)

    outcome = world.submit(one)

    assert (outcome.status, outcome.message) == (Status.DONE, "")
    assert holds(world)


def test_who_is_a_member_already_need_not_join(world: World) -> None:
    outcome = world.submit(step(membership("team", "ada"), Action.CREATE))

    assert (outcome.status, outcome.remote_id) == (
        Status.UNNECESSARY,
        world.ids[membership("team", "ada")],
    )


def test_a_membership_that_was_made_anew_since_is_removed_as_well(world: World) -> None:
    world.store.remove_member("team", "ada")
    world.store.add_member("team", "ada")

    outcome = world.submit(step(membership("team", "ada"), Action.DELETE))

    assert outcome.status is Status.DONE
    assert world.store.members("team") == frozenset()


def test_a_membership_whose_id_is_not_known_is_found_by_its_ends(world: World) -> None:
    del world.ids[membership("team", "ada")]

    outcome = world.submit(step(membership("team", "ada"), Action.DELETE))

    assert outcome.status is Status.DONE
    assert world.store.members("team") == frozenset()


# Attributes.


def test_a_manager_is_written_by_remote_id_and_cleared(world: World) -> None:
    world.ids[BOSS] = world.store.add_user("boss")

    assert world.submit(step(ADA, Action.UPDATE, {"manager": "boss"})).status is Status.DONE
    assert world.target.read().users[world.ids[ADA]].attributes["manager"] == world.ids[BOSS]

    assert world.submit(step(ADA, Action.UPDATE, {"manager": None})).status is Status.DONE
    assert "manager" not in world.target.read().users[world.ids[ADA]].attributes


def test_an_update_touches_nothing_that_it_does_not_name(world: World) -> None:
    world.store.set_user("ada", "emails", list(EMAILS))
    world.store.set_user("ada", "aws:identitystore:enterprise.department", "Platform")
    before = dict(world.store.users()["ada"])

    world.submit(step(ADA, Action.UPDATE, {"email": "new@example.com", "nick_name": "A"}))

    after = dict(world.store.users()["ada"])
    assert after.pop("Emails") == [{"Value": "new@example.com", "Type": "home", "Primary": True}]
    assert after.pop("NickName") == "A"
    del before["Emails"]
    assert after == before


def test_a_create_and_an_update_give_the_version_for_the_next_write(world: World) -> None:
    made = world.submit(step(user("eve"), Action.CREATE, person("eve")))
    world.ids[user("eve")] = made.remote_id

    changed = world.submit(step(user("eve"), Action.UPDATE, {"title": "T"}), {user("eve"): made.version})
    last = world.submit(step(user("eve"), Action.UPDATE, {"title": "U"}), {user("eve"): changed.version})

    assert last.status is Status.DONE
    assert len({made.version, changed.version, last.version}) == 3


def test_every_attribute_that_is_said_to_be_writable_is(world: World) -> None:
    special: dict[str, Any] = {
        "photos": ("https://example.com/1", "https://example.com/2"),
        "address": {
            "street_address": "Bundesplatz 3",
            "locality": "Bern",
            "postal_code": "3003",
            "country": "CH",
        },
        "manager": "ada",
        "birthdate": "1815-12-10",
    }
    names = world.target.capabilities.user_attributes
    fields = {name: special.get(name, f"{name}@example.com") for name in sorted(names)}

    outcome = world.submit(step(user("eve"), Action.CREATE, fields))

    assert outcome.status is Status.DONE, outcome.message
    live = world.target.read().users[outcome.remote_id].attributes
    assert live == fields | {"manager": world.ids[ADA]}


# What the target says of itself.


def test_the_capabilities_are_those_of_the_identity_store_api(target: IdentityCenter) -> None:
    can = target.capabilities

    assert can.kinds == frozenset(Kind) - {Kind.DENIAL}  # no `deny_policy` is configured
    assert {"photos", "website", "birthdate", "role", "manager", "email"} <= can.user_attributes
    assert "external_id" not in can.user_attributes | can.group_attributes
    assert can.group_attributes == {"display_name", "description"}
    assert can.required == ("user_name", "display_name", "given_name", "family_name")
    assert (can.status, can.versions, can.safe_deletion) == (False, True, True)


def test_what_another_version_left_pending_is_unknown_and_said(target: IdentityCenter) -> None:
    (outcome,) = target.poll([Pending("aws/user/ada")])

    assert isinstance(outcome, Outcome)
    assert (outcome.step, outcome.status) == ("aws/user/ada", Status.UNKNOWN)
