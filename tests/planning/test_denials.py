"""The policy of denials as values: who is entered, who goes, what fits; whatever happens in between."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.address import Address, Kind
from reconciler.model.change import Action
from reconciler.model.denials import (
    EMPTY,
    LARGEST,
    OPEN,
    Denials,
    Entry,
    fits,
    fitted,
    parse,
    render,
    whole_minute,
    with_room,
)
from reconciler.model.ledger import Ledger
from reconciler.model.plan import Step
from reconciler.model.policy import Protected, TargetPolicy
from reconciler.model.report import Status
from reconciler.model.resources import Block, Origin, Value, Window
from reconciler.model.state import Gap, Identities, Live
from reconciler.planning.planner import plan_target
from reconciler.planning.prepared import PreparedPlan
from tests.planning.world import CAN_ALL, NOW, POLICY, World, group, identities, person, remembered

PEOPLE = ("ada", "bob", "cyd")
# So many that no guard asks about three of them.
STAFF = (*PEOPLE, *(f"staff{number}" for number in range(20)))
ACCOUNT = "210000000020"


class Cutting(World):
    """A world with a policy of denials, and a group of somebody else's that reaches an account."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[str, Entry] = {}
        self.foreign: tuple[str, ...] = ()
        self.ids = {key: self.add_user(f"{key}@example.com", given_name=key.title(), family_name="Test",
                                       display_name=f"{key.title()} Test") for key in STAFF}  # fmt: skip
        self.add_group("team", *self.ids.values())
        self.add_group("outside")
        self.add_set("Read")
        for name in ("team", "outside"):
            self.assign(ACCOUNT, "Read", self.group_principal(name))

    def live(self) -> Live:
        return replace(super().live(), denials=Denials("p-cutsoff1", dict(self.entries), self.foreign))

    def _write(self, step: Step, values: Mapping[str, Value], ids: Mapping[Address, str]) -> str:
        if step.address.kind is not Kind.DENIAL:
            return super()._write(step, values, ids)
        identifier = ids[step.address]
        if step.action is Action.DELETE:
            del self.entries[identifier]
        elif (end := values.get("end")) in (None, "open"):
            self.entries[identifier] = OPEN
        else:
            self.entries[identifier] = Entry(whole_minute(datetime.fromisoformat(str(end))))
        return ""

    def reached(self) -> set[str]:
        """The keys of people whom a live grant reaches."""
        return {name.partition("@")[0] for name, _, _ in self.reach()}

    def denied(self) -> set[str]:
        """The keys of people in the policy."""
        keys = {identifier: key for key, identifier in self.ids.items()}
        return {keys[one] for one in self.entries}


class Company:
    """What git says, and what it said."""

    def __init__(self) -> None:
        self.world, self.now = Cutting(), NOW
        self.blocked: set[str] = set()
        self.left: set[str] = set()
        self.by_hand: set[str] = set()
        self.states: list[Identities] = []
        self.base = self.said()
        self.ledger = Ledger()

    def said(self) -> Identities:
        return identities(
            [replace(person(key), active=False if key in self.left else None) for key in STAFF],
            [group("team", STAFF), replace(group("outside", None), external=True)],
            blocked={key: Block(key, Origin("blocked.yaml", 1), reason="lost") for key in self.blocked},
        )

    def plan(self, *, by_rule: bool) -> PreparedPlan:
        memory = replace(remembered(self.base, *self.states, at=self.now), ledger=self.ledger)
        return plan_target(self.said(), memory, self.world.live(), POLICY, CAN_ALL, self.now, by_rule=by_rule)

    def run(self, *, by_rule: bool) -> None:
        world, out = self.world, self.blocked | self.left
        before, reached, members = world.denied(), world.reached(), world.members_of("team")
        held = {
            key
            for key in self.by_hand - out
            if (entry := world.entries.get(world.ids[key])) is not None and not entry.over(self.now)
        }
        self.carry_out(by_rule=by_rule)
        after = world.denied()
        assert after - before <= out, "nobody is entered whom git wants"
        assert out & reached <= after, "who is out and reached is denied"
        assert not (before - after) & out & reached, "nobody goes while a grant reaches them"
        assert held <= after, "who was entered by hand stays"
        joined = {name.partition("@")[0] for name in world.members_of("team") - members}
        assert not joined & held, "and is granted nothing"
        if not by_rule:
            assert after - out <= self.by_hand, "who is wanted again is denied no more"

    def carry_out(self, *, by_rule: bool) -> None:
        planned = self.plan(by_rule=by_rule)
        self.world.carry_out(planned)
        ended = {change.address: Status.DONE for change in planned.plan.changes}
        self.ledger = planned.given_after(ended, planned.ids)
        if not by_rule:
            self.base, self.states = self.said(), []

    def happen(self, event: str, key: str) -> None:
        before = self.said()
        identifier = self.world.ids[key]
        outside = self.world.members[self.world.group_id("outside")]
        if event == "block":
            self.blocked ^= {key}
        elif event == "leave":
            self.left ^= {key}
        elif event == "enter":
            self.world.entries[identifier] = Entry(offboarded=True)
            self.by_hand.add(key)
        elif event == "take out":
            self.world.entries.pop(identifier, None)
            self.by_hand.discard(key)
        elif event == "outside" and identifier in outside:
            del outside[identifier]
        elif event == "outside":
            outside[identifier] = "by hand"
        elif event == "wait":
            self.now += timedelta(hours=7)
        else:
            # Once git has them, an entry is git's own.
            self.by_hand -= self.blocked | self.left
            self.run(by_rule=event == "reconcile")
        if self.said() != before:
            self.states.insert(0, before)


EVENTS = ("block", "leave", "enter", "take out", "outside", "wait", "reconcile", "apply")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(EVENTS), st.sampled_from(PEOPLE)), max_size=14))
def test_no_sequence_denies_somebody_whom_git_wants(events: list[tuple[str, str]]) -> None:
    company = Company()
    for event, key in events:
        company.happen(event, key)
    company.run(by_rule=True)
    company.run(by_rule=False)


def test_a_denial_ends_by_itself_in_three_runs_and_nothing_is_left_to_do() -> None:
    company = Company()
    company.happen("block", "bob")
    for hours in (0, 1, 14):
        company.now = NOW + timedelta(hours=hours)
        company.run(by_rule=True)
        assert company.world.denied() == ({"bob"} if hours < 14 else set())
    assert company.plan(by_rule=True).steps == ()


@pytest.mark.parametrize("kind", [Kind.MEMBERSHIP, Kind.ASSIGNMENT])
def test_what_was_not_read_leaves_an_entry_open(kind: Kind) -> None:
    company = Company()
    company.happen("block", "bob")
    company.run(by_rule=True)
    company.world.gaps = (Gap(kind, "*", "not asked for"),)

    company.run(by_rule=True)

    assert list(company.world.entries.values()) == [OPEN]


def test_a_first_apply_denies_only_whom_a_grant_reaches() -> None:
    company = Company()
    company.happen("block", "bob")
    company.happen("block", "cyd")
    company.world.members[company.world.group_id("team")].pop(company.world.ids["cyd"])
    planned = plan_target(
        company.said(), remembered(None), company.world.live(), POLICY, CAN_ALL, NOW, by_rule=False
    )

    assert [str(one.address) for one in planned.plan.changes if one.address.kind is Kind.DENIAL] == [
        "aws/denial/bob"
    ]


def test_the_digest_of_a_plan_does_not_depend_on_the_time() -> None:
    company = Company()
    company.happen("block", "bob")
    company.run(by_rule=True)
    digests = set()
    for minutes in (1, 2):
        company.now = NOW + timedelta(minutes=minutes)
        digests.add(company.plan(by_rule=False).plan.digest)

    assert len(digests) == 1


ME = "arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/{}@example.com"


def denials(company: Company, live: Live, policy: TargetPolicy = POLICY) -> dict[str, Action]:
    """What becomes of the policy of denials, by key."""
    planned = plan_target(company.said(), remembered(company.base), live, policy, CAN_ALL, NOW)
    return {
        one.address.own_key: one.action for one in planned.plan.changes if one.address.kind is Kind.DENIAL
    }


@pytest.mark.parametrize("case", ["bob", "BOB"])
def test_the_one_who_runs_it_is_never_entered(case: str) -> None:
    company = Company()
    company.happen("block", "bob")
    company.happen("block", "cyd")
    live = replace(company.world.live(), caller=ME.format(case))

    assert denials(company, live) == {"cyd": Action.CREATE}


def test_the_protected_are_never_entered_also_where_git_calls_them_otherwise() -> None:
    company = Company()
    company.happen("block", "bob")
    protecting = replace(POLICY, guards=replace(POLICY.guards, protected=Protected(users=("bob",))))
    assert denials(company, company.world.live(), protecting) == {}
    # By hand, in a group of somebody else's: a review may take them out.
    company.blocked.clear()
    company.world.entries[company.world.ids["bob"]] = OPEN
    assert denials(company, company.world.live(), protecting) == {"bob": Action.DELETE}


def test_somebody_of_another_directory_is_entered_when_git_blocks_them() -> None:
    company = Company()
    company.happen("block", "bob")
    said = company.said()
    users = {**said.users, "bob": replace(said.users["bob"], external=True)}
    planned = plan_target(
        replace(said, users=users), remembered(company.base), company.world.live(), POLICY, CAN_ALL, NOW
    )

    found = {str(one.address) for one in planned.plan.changes}
    assert {"aws/denial/bob", "aws/membership/team/bob"} <= found


def test_who_was_made_anew_is_held_by_the_entry_of_their_former_id() -> None:
    company = Company()
    company.run(by_rule=False)
    company.world.entries[company.world.ids["bob"]] = Entry(offboarded=True)
    old = company.world.ids["bob"]
    del company.world.users[old]
    company.world.members[company.world.group_id("team")].pop(old)
    company.world.ids["bob"] = company.world.add_user(
        "bob@example.com", given_name="Bob", family_name="Test", display_name="Bob Test"
    )

    planned = company.plan(by_rule=False)

    assert "aws/membership/team/bob" not in {str(one.address) for one in planned.plan.changes}
    assert [str(one.address) for one in planned.withheld.denied] == ["aws/membership/team/bob"]


class Returning(Company):
    """Bob goes, or begins later, and comes back."""

    how = ""

    def said(self) -> Identities:
        said = super().said()
        if self.how == "gone":
            users = {key: user for key, user in said.users.items() if key != "bob"}
            team = group("team", [key for key in STAFF if key != "bob"])
            return replace(said, users=users, groups={**said.groups, "team": team})
        if self.how == "later":
            later = replace(said.users["bob"], window=Window(NOW + timedelta(hours=6)))
            return replace(said, users={**said.users, "bob": later})
        return said

    def goes(self, how: str) -> None:
        before = self.said()
        self.how = how
        self.states.insert(0, before)


@pytest.mark.parametrize("killed", [False, True])
@pytest.mark.parametrize("outside", [False, True])
@pytest.mark.parametrize("how", ["gone", "later"])
def test_who_comes_back_is_taken_out_whatever_kept_them_out(how: str, *, outside: bool, killed: bool) -> None:
    company = Returning()
    company.carry_out(by_rule=False)
    if outside:
        company.happen("outside", "bob")
    company.goes(how)
    if killed:
        # A run was killed after the denial, before it could say so in a receipt.
        company.world.entries[company.world.ids["bob"]] = OPEN
    company.carry_out(by_rule=False)
    company.now = NOW + timedelta(hours=1)
    company.carry_out(by_rule=True)
    assert company.world.denied() == {"bob"}

    company.now = NOW + timedelta(hours=7)
    company.goes("")
    company.carry_out(by_rule=True)
    assert company.world.denied() == {"bob"}, "a review sees it"
    company.carry_out(by_rule=False)

    assert company.world.denied() == set()
    assert "bob@example.com" in company.world.members_of("team")


@pytest.mark.parametrize("hours", [2, 20])
def test_who_was_offboarded_stays_out_though_git_drops_and_adds_them_again(hours: int) -> None:
    company = Returning()
    company.carry_out(by_rule=False)
    company.world.entries[company.world.ids["bob"]] = Entry(offboarded=True)
    company.goes("gone")
    company.carry_out(by_rule=False)
    for passed in (1, hours):
        company.now = NOW + timedelta(hours=passed)
        company.carry_out(by_rule=True)
    assert company.world.denied() == {"bob"}

    company.goes("")
    company.carry_out(by_rule=False)
    company.carry_out(by_rule=False)

    assert company.world.denied() == {"bob"}
    assert "bob@example.com" not in company.world.members_of("team")
    # A block explains it, and then git alone decides.
    company.happen("block", "bob")
    company.carry_out(by_rule=False)
    company.happen("block", "bob")
    company.carry_out(by_rule=False)
    assert company.world.denied() == set()
    assert "bob@example.com" in company.world.members_of("team")


@pytest.mark.parametrize("spelled", [str, str.upper])
def test_who_stands_in_what_is_not_understood_is_granted_nothing(spelled: Callable[[str], str]) -> None:
    company = Company()
    company.carry_out(by_rule=False)
    for key in ("bob", "cyd"):
        company.world.members[company.world.group_id("team")].pop(company.world.ids[key])
    bob = frozenset({spelled(company.world.ids["bob"])})
    live = replace(company.world.live(), denials=Denials("p-cutsoff1", {}, ("statement 1",), named=bob))

    planned = plan_target(company.said(), remembered(company.base), live, POLICY, CAN_ALL, NOW)

    assert [str(one.address) for one in planned.withheld.denied] == ["aws/membership/team/bob"]
    # Of others, what was reviewed is done.
    assert "aws/membership/team/cyd" in {str(one.address) for one in planned.plan.changes}


def test_who_cannot_be_taken_out_now_is_given_nothing_and_is_taken_out_later() -> None:
    company = Company()
    company.carry_out(by_rule=False)
    company.happen("block", "bob")
    company.carry_out(by_rule=False)
    company.happen("block", "bob")
    company.world.foreign = ("statement 2",)
    company.carry_out(by_rule=False)
    assert company.world.denied() == {"bob"}
    assert "bob@example.com" not in company.world.members_of("team")

    company.world.foreign = ()
    company.carry_out(by_rule=False)

    assert company.world.denied() == set()
    assert "bob@example.com" in company.world.members_of("team")


# The document.


def user_id(number: int, *, long: bool) -> str:
    plain = str(uuid.UUID(int=number, version=4))
    return f"906739fc20-{plain}" if long else plain


@pytest.mark.parametrize(("long", "people"), [(True, 201), (False, 258)])
def test_so_many_people_fit_and_one_more_does_not(people: int, *, long: bool) -> None:
    everybody = [user_id(number, long=long) for number in range(people + 1)]

    assert len(with_room({}, everybody)) == people
    assert fits(dict.fromkeys(everybody[:-1], OPEN))
    assert not fits(dict.fromkeys(everybody, OPEN))


entries = st.dictionaries(
    st.integers(0, 2**64).map(lambda number: user_id(number, long=number % 2 == 0)),
    st.builds(
        Entry,
        st.none()
        | st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)).map(  # noqa: DTZ001  # made aware
            lambda moment: moment.replace(tzinfo=UTC, second=0, microsecond=0)
        ),
        st.booleans(),
    ),
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(entries)
def test_a_document_says_what_was_written_and_is_never_shortened(written: dict[str, Entry]) -> None:
    found = parse("p-cutsoff1", render(written))
    assert (found.entries, found.foreign) == (dict(sorted(written.items())), ())

    smaller = fitted(written)

    assert smaller.keys() == written.keys()
    for identifier, entry in written.items():
        kept = smaller[identifier]
        assert kept.offboarded == entry.offboarded
        assert (kept.end is None) == (entry.end is None)
        assert entry.end is None or (kept.end is not None and kept.end >= entry.end)
    if len(render(written).encode()) <= LARGEST:
        assert smaller == written


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("OffboardedOpen", "Offboarded"),
        ('"StringEquals"', '"StringLike"'),
        ('"Action":"*"', '"Action":"sso:*"'),
        ('"Effect"', '"Effect":"Deny","Effect"'),
        ('["', '["nobody","'),
        ("]}}}]}", ""),
    ],
)
def test_who_stands_in_an_entry_that_was_edited_by_hand_is_still_named(old: str, new: str) -> None:
    bob, cyd = user_id(1, long=True), user_id(2, long=False)
    document = render({bob: Entry(offboarded=True), cyd: Entry(offboarded=True)})
    assert old in document

    found = parse("p-cutsoff1", document.replace(old, new))

    assert (found.named, bool(found.unwritable)) == (frozenset({bob, cyd}), True)


@pytest.mark.parametrize("spelled", [str.upper, lambda one: one.replace("-", "\\u002d", 1)])
def test_an_id_is_named_however_it_is_spelled(spelled: Callable[[str], str]) -> None:
    bob = user_id(1, long=True)
    document = render({bob: Entry(offboarded=True)}).replace(f'"{bob}"', f'"nobody","{spelled(bob)}"')

    assert {one.lower() for one in parse("p-cutsoff1", document).named} == {bob}


EMPTIED = '{"Version":"2012-10-17","Statement":[]}'
ONE = render({user_id(1, long=True): OPEN})


@pytest.mark.parametrize(
    "document",
    [
        "",
        "[]",
        "{}",
        EMPTIED,
        '{"Version":"2012-10-17","Statement":[],"Statement":[]}',
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
        EMPTY.replace("nobody", "somebody"),
        EMPTY.replace("2012-10-17", "2008-10-17"),
        ONE.replace("Open", "Closed"),
        ONE.replace("Open", "Until20261301T180000Z"),
        ONE.replace('"Open"', "7"),
        ONE.replace("Deny", "Allow"),
        ONE.replace('"Action":"*"', '"Action":"s3:*"'),
        ONE.replace('"Resource":"*"', '"Resource":"arn:aws:s3:::*"'),
        ONE.replace('"Action"', '"NotAction"'),
        ONE.replace("StringEquals", "StringNotEquals"),
        ONE.replace("StringEquals", "StringLike"),
        ONE.replace("identitystore:UserId", "aws:userid"),
        ONE.replace("906739fc20", "*"),
        ONE.replace('"Condition":{', '"Condition":{"Bool":{"aws:ViaAWSService":"false"},'),
        ONE.replace('"StringEquals":{', '"StringEquals":{"aws:PrincipalTag/a":"b",'),
        '{"Version":"2012-10-17","Statement":' + "[" * 100_000,
    ],
)
def test_what_is_not_ours_is_foreign_and_raises_nothing(document: str) -> None:
    found = parse("p-cutsoff1", document)

    assert found.foreign or document == EMPTIED
    assert not found.entries


def test_another_head_is_foreign() -> None:
    assert parse("p-cutsoff1", ONE.replace('"Version"', '"Id":"mine","Version"')).foreign


def test_one_id_as_plain_text_and_one_statement_without_a_list_are_ours() -> None:
    one = user_id(1, long=True)
    plain = ONE.replace(f'["{one}"]', f'"{one}"').replace("[{", "{").replace("}]", "}")

    assert parse("p-cutsoff1", plain) == Denials("p-cutsoff1", {one: OPEN})


def test_who_stands_twice_has_the_later_end() -> None:
    one, end = user_id(1, long=True), datetime(2026, 12, 1, 18, tzinfo=UTC)
    twice = ONE.replace("}]}", "}," + render({one: Entry(end, offboarded=True)}).partition("[")[2])

    assert parse("p-cutsoff1", twice).entries == {one: Entry(None, offboarded=True)}
