"""Reads that lag behind writes, and other looks that settle nothing at once: scripted, call by call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.model.change import Action
from reconciler.model.observer import Silent
from reconciler.model.plan import Step
from reconciler.model.report import Outcome, Status
from reconciler.targets.identity_center.target import IdentityCenter
from reconciler.wire.aws import Aws
from tests.targets.centers import Ids, group, membership, person, step, submit, user
from tests.wire.clocks import FakeClock
from tests.wire.scripted import DROP, Reply, error, serve

STORE = "d-1111111111"
U, G, M, N = (f"1111111111-{digit * 8}-0000-0000-0000-000000000000" for digit in "1234")
IDS: Ids = {user("ada"): U, group("team"): G, membership("team", "ada"): M}

TAKEN = error("ConflictException", "Duplicate", Reason="UNIQUENESS_CONSTRAINT_VIOLATION")
ABSENT = error("ResourceNotFoundException", ResourceType="USER")
LOST = Reply(DROP)
CREATE = step(user("ada"), Action.CREATE, person("ada"))
ADA = {
    "UserId": U,
    "UserName": "ada",
    "DisplayName": "Ada",
    "Name": {"GivenName": "Ada", "FamilyName": "X"},
    "Revision": "7",
}


def run(one: Step, **replies: list[Reply]) -> tuple[Outcome, list[str], FakeClock]:
    """The outcome of one step against these answers (the last is repeated), what was asked, and the clock."""
    instance = {"InstanceArn": "arn:aws:sso:::instance/ssoins-1111111111111111", "IdentityStoreId": STORE}
    left = {"ListInstances": [Reply({"Instances": [instance]})]} | replies

    def answer(operation: str, _params: Mapping[str, Any]) -> Reply:
        rest = left[operation]
        return rest.pop(0) if len(rest) > 1 else rest[0]

    clock = FakeClock()
    with serve(answer=answer) as script:
        aws = Aws("aws", region="eu-central-1", endpoint_url=script.url, clock=clock, sandbox=True)
        outcome = submit(IdentityCenter(aws, clock=clock, observer=Silent()), one, dict(IDS))
    return outcome, [operation for operation, _ in script.asked[1:]], clock


def test_a_conflict_whose_object_is_not_visible_yet_is_looked_at_again() -> None:
    found = Reply({"UserId": U})

    outcome, _, clock = run(
        CREATE, CreateUser=[TAKEN], GetUserId=[ABSENT, ABSENT, found], DescribeUser=[Reply(ADA)]
    )

    assert (outcome.status, outcome.remote_id, outcome.version) == (Status.DONE, U, "7")
    assert clock.monotonic() >= 4


def test_a_create_that_was_lost_and_is_not_visible_yet_makes_no_second_object() -> None:
    """Sent again, because every look shows nothing; the conflict then shows that it had been done."""
    lagging = [ABSENT, ABSENT, ABSENT, Reply({"UserId": U})]

    outcome, asked, _ = run(CREATE, CreateUser=[LOST, TAKEN], GetUserId=lagging, DescribeUser=[Reply(ADA)])

    assert (outcome.status, outcome.remote_id) == (Status.DONE, U)
    assert asked.count("CreateUser") == 2


def test_a_conflict_whose_object_is_never_visible_fails() -> None:
    outcome, asked, _ = run(CREATE, CreateUser=[TAKEN], GetUserId=[ABSENT])

    assert (outcome.status, outcome.remote_id) == (Status.FAILED, "")
    assert asked.count("CreateUser") == 1


def test_a_lost_update_is_not_sent_again_over_what_somebody_else_wrote_meanwhile() -> None:
    change = step(user("ada"), Action.UPDATE, {"title": "new"}, before={"title": "old"})

    outcome, asked, _ = run(change, UpdateUser=[LOST], DescribeUser=[Reply(ADA | {"Title": "theirs"})])

    assert (outcome.status, outcome.moved) == (Status.FAILED, True)
    assert asked == ["UpdateUser", "DescribeUser"]


def test_a_lost_update_of_what_is_gone_fails() -> None:
    change = step(user("ada"), Action.UPDATE, {"title": "new"})

    outcome, _, _ = run(change, UpdateUser=[LOST], DescribeUser=[ABSENT])

    assert (outcome.status, outcome.moved) == (Status.FAILED, False)


def test_a_membership_that_keeps_coming_back_under_new_ids_is_given_up() -> None:
    gone = error("ResourceNotFoundException", ResourceType="GROUP_MEMBERSHIP")
    change = step(membership("team", "ada"), Action.DELETE)

    outcome, asked, _ = run(
        change, DeleteGroupMembership=[gone], GetGroupMembershipId=[Reply({"MembershipId": N})]
    )

    assert (outcome.status, outcome.moved) == (Status.FAILED, True)
    assert asked.count("DeleteGroupMembership") == 3


def test_a_store_that_is_not_there_is_never_a_user_who_is_gone() -> None:
    wrong = error("ResourceNotFoundException", ResourceType="IDENTITY_STORE")

    outcome, _, _ = run(step(user("ada"), Action.DELETE), DeleteUser=[wrong])

    assert outcome.status is Status.FAILED
    assert "identity store" in outcome.message


def test_a_create_without_an_id_in_its_answer_is_looked_up() -> None:
    found = Reply({"UserId": U})

    outcome, _, _ = run(CREATE, CreateUser=[Reply({})], GetUserId=[found], DescribeUser=[Reply(ADA)])

    assert (outcome.status, outcome.remote_id) == (Status.DONE, U)
