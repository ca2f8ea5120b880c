"""Somebody is out, from a laptop: everywhere, at once, and nothing is given to anybody by it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.cli import offboard
from reconciler.execution import denying
from reconciler.model.address import AccountId, Arn, Kind
from reconciler.model.capabilities import Capabilities
from reconciler.model.denials import EMPTY
from reconciler.model.organization import LiveAccount, Organization
from reconciler.model.pairs import Principal
from reconciler.model.policy import Mode, Scope
from reconciler.model.state import Live, LiveGroup, LivePermissionSet, LiveUser
from reconciler.planning.offboarding import Seen, only_takes, people, removal
from reconciler.planning.reaches import reaches
from reconciler.sandbox import Sandbox
from reconciler.sandbox.call import Call
from reconciler.sandbox.console_base import group_named
from reconciler.session.offboarding import Offboarded
from reconciler.session.offboarding_again import new_since
from tests.cli.clones import first_clone, push
from tests.cli.stage import CONFIG, FILES, SPEED, TEAM, Real
from tests.cli.test_out_at_once import watch

ACCESS = """\
accounts: {prod: "210000000020"}
permission_sets:
  Read: {session_duration: 8h, managed_policies: [ReadOnlyAccess]}
assignments:
  ops: {groups: [ops], permission_sets: [Read], accounts: [prod]}
  bob: {users: [bob], permission_sets: [Read], accounts: [prod]}
"""
WIDE = "guards: {max_removals: {memberships: {percent: 100, per_group: {percent: 100}}}}\n"
POLICY = "p-cutsoff1"
FOREIGN = '[{"Effect":"Allow","Action":"*","Resource":"*"}]'
MORE = (
    "groups:\n  ops: {members: [ada, bob]}\n  dev: {members: [cyd, bob, ada]}\n  new: {members: [bob, cyd]}\n"
)


@pytest.fixture
def laptop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], aws: Sandbox
) -> Real:
    """A clone of a repository, applied; and the remote is away from now on."""
    aws.store.create_account("210000000020", "prod")
    stage = first_clone(tmp_path, monkeypatch, capsys, aws)
    stage.commit({**FILES, "access.yaml": ACCESS, "reconciler.yaml": CONFIG + WIDE})
    push(stage)
    stage.converge("--first-apply")
    (tmp_path / "origin.git").rename(tmp_path / "away.git")
    stage.forget()
    return stage


def holders(aws: Sandbox) -> list[str]:
    """To whom the set is assigned, by name."""
    return sorted(name for _, _, _, name in aws.store.assignments())


def tags(stage: Real) -> str:
    return stage.work.git("for-each-ref", "refs/tags")


def test_a_person_is_out_from_a_laptop_while_the_remote_is_down(laptop: Real, aws: Sandbox) -> None:
    before = tags(laptop)
    # The files declare more than is live: nothing of that is given to anybody.
    laptop.write({"groups.yaml": MORE})
    ended = laptop.run("offboard", "bob", "--yes")
    assert ended.code == 0, ended.output
    assert laptop.memberships() == {"ops": {"ada@example.com"}, "dev": {"cyd@example.com"}}
    assert holders(aws) == ["ops"]
    assert [one.rpartition(".")[2] for one in laptop.written()] == [
        "DeleteGroupMembership",
        "DeleteAccountAssignment",
    ]
    assert tags(laptop) == before
    assert "aws: 2 of 2 taken away" in ended.out
    assert "Read on prod (210000000020), directly, through ops; a session lasts 8" in ended.output
    assert "Read on prod (210000000020): no new session; an open one lives until" in ended.out
    assert "any reviewed apply may give the access again" in ended.output
    people = (laptop.root / "identities/people.yaml").read_text("utf-8")
    assert "\nblocked:\n  bob: {reason: " in people
    # Again: there is nothing left, and the files are as they are.
    laptop.forget()
    again = laptop.run("offboard", "bob@EXAMPLE.com", "--yes")
    assert (again.code, laptop.written()) == (0, [])
    assert (laptop.root / "identities/people.yaml").read_text("utf-8") == people
    # Once it is merged, git agrees.
    (laptop.root.parent / "away.git").rename(laptop.root.parent / "origin.git")
    laptop.write({"groups.yaml": FILES["groups.yaml"]})
    laptop.work.commit(message="bob is out")
    push(laptop)
    plan = laptop.run("plan")
    assert "+ bob" not in plan.out
    assert plan.code == 0, plan.output


def test_files_stay_with_revoke_only_and_where_they_cannot_be_written(laptop: Real) -> None:
    people = laptop.root / "identities/people.yaml"
    before = people.read_bytes()
    assert laptop.run("offboard", "ada", "--yes", "--revoke-only").code == 0
    assert people.read_bytes() == before
    # Files that do not load are said, with the way on.
    people.write_bytes(before + b"blocked: {dan: {reason: x}, <<: {}}\n")
    ended = laptop.run("offboard", "bob", "--yes")
    assert (ended.code, "git worktree add ../last HEAD" in ended.output) == (1, True)
    people.write_bytes(before)


def test_a_file_that_cannot_be_edited_holds_up_no_removal(laptop: Real) -> None:
    """Where it is written too oddly, or no file can be made, the line to write is said."""
    text = "users: {eve: {user_name: e@example.com}}\n? blocked\n: ? eve\n  : {reason: x}\n"
    laptop.write({"blocked.yaml": text})
    ended = laptop.run("offboard", "bob", "--yes")
    assert ended.code == 0, ended.output
    assert laptop.memberships()["ops"] == {"ada@example.com"}
    found = (laptop.root / "identities/blocked.yaml").read_text("utf-8")
    if found == text:
        assert "Write it yourself: `blocked: {bob: {reason: offboarded" in ended.output
    else:
        assert "bob" in found


def test_who_has_no_name_is_nobody_else_who_has_none() -> None:
    nobody = {one: LiveUser(one, {"email": ""}) for one in ("u1", "u2")}
    seen = {"t": Seen(Live(target="t", users=nobody), {}), "s": Seen(Live(target="s", users=nobody), {})}
    assert [dict(one.ids) for one in people("u2", {}, {"t": seen["t"]})] == [{"t": ("u2",)}]
    assert [dict(one.ids) for one in people("u2", {}, seen)] == [{"t": ("u2",)}, {"s": ("u2",)}]
    for blank in ("", " ", "\n"):
        assert people(blank, {}, seen) == []


@pytest.mark.parametrize(("active", "changes"), [(None, 0), (True, 1), (False, 0)])
def test_a_service_that_shows_no_status_does_not_seem_to_enable_people_again(
    *, active: bool | None, changes: int
) -> None:
    live = Live(target="t", users={"u": LiveUser("u", {"user_name": "u"}, active=active)})
    found = removal(live, ["u"], Capabilities(kinds=frozenset(Kind), status=True), Scope())
    assert len(found.prepared.plan.changes) == (active is not False)
    assert len(new_since(found, Offboarded(), "t").prepared.plan.changes) == changes


@pytest.mark.parametrize("reason", ["a\nb \u202e\t\udcff", " \n", "]}: {", "x" * 3000])
def test_any_reason_is_written_as_far_as_a_file_holds_it(laptop: Real, reason: str) -> None:
    ended = laptop.run("offboard", "bob", "--yes", "--reason", reason)
    assert ended.code == 0, ended.output
    assert "people.yaml says `blocked` now" in ended.output
    assert laptop.run("validate").code == 0


def test_a_delegated_administrator_says_what_is_left_to_the_management_account() -> None:
    arn = Arn("arn:one")
    accounts = {each: LiveAccount(each, f"a{each}") for each in ("1", "2")}
    live = Live(
        target="t",
        users={"u": LiveUser("u", {"user_name": "u"})},
        permission_sets={arn: LivePermissionSet(arn, {"name": "One", "session_duration": "PT12H"})},
        assignments={(AccountId(each), arn): frozenset({Principal(Kind.USER, "u")}) for each in ("1", "2")},
        organization=Organization(accounts, management="1"),
        delegated=True,
    )
    found = removal(live, ["u"], Capabilities(kinds=frozenset(Kind)), Scope())
    assert [one.name for one in found.prepared.plan.changes] == ["One on a2 (2)"]
    assert [(one.name, "management account" in why) for one, why in found.left] == [("One on a1 (1)", True)]
    assert [(one.account, one.seconds, one.management) for one in found.reaches] == [
        ("a1 (1)", 43_200, True),
        ("a2 (2)", 43_200, False),
    ]


def test_somebody_whom_git_does_not_know(laptop: Real, aws: Sandbox) -> None:
    identifier = aws.store.add_user("eve@example.com", email="shared@example.com")
    # Somebody signs in by what is the key of another one in git.
    aws.store.add_user("CYD")
    aws.store.add_member("dev", "eve@example.com")
    aws.store.put_assignment("210000000020", "Read", user="eve@example.com")
    ended = laptop.run("offboard", "cyd", "--yes")
    assert (ended.code, "may mean 2 people" in ended.output) == (64, True)
    assert "cyd (cyd@example.com): " in ended.output
    for name in ("nobody", "", "*", "eve"):
        ended = laptop.run("offboard", name, "--yes")
        assert (ended.code, "nobody has the key" in ended.output) == (64, True)
    assert laptop.written() == []
    ended = laptop.run("offboard", identifier, "--yes")
    assert ended.code == 0, ended.output
    assert laptop.memberships() == TEAM
    assert holders(aws) == ["bob@example.com", "ops"]
    assert "Git does not know this person" in ended.output


def test_names_at_a_service_are_text_of_others(laptop: Real, aws: Sandbox) -> None:
    """They end no line of a log, and command no terminal and no runner."""
    aws.store.add_user("::error::x", email="one@example.com")
    aws.store.add_user("one@example.com")
    aws.store.add_group("::warning::y")
    aws.store.add_member("::warning::y", "::error::x")
    ended = laptop.run("offboard", "one@example.com", "--yes")
    assert ended.code == 64
    cut = laptop.run("offboard", "::error::x", "--yes")
    assert cut.code == 0, cut.output
    for line in (ended.out + ended.err + cut.out + cut.err).splitlines():
        assert "\x1b" not in line
        assert not line.strip().startswith("::")


def test_protected_people_and_who_runs_it_are_refused(
    laptop: Real, aws: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    (laptop.root.parent / "away.git").rename(laptop.root.parent / "origin.git")
    guards = WIDE.replace("guards: {", "guards: {protected: {users: [ada]}, min_members: {ops: 2}, ")
    laptop.commit({"reconciler.yaml": CONFIG + guards})
    push(laptop)
    for name in ("ada", "ada@example.com", "ADA@example.com"):
        ended = laptop.run("offboard", name, "--yes")
        assert (ended.code, "protected by `guards.protected`" in ended.output) == (64, True)
    # The files under work may say otherwise: the trusted branch counts.
    laptop.write({"reconciler.yaml": CONFIG + WIDE})
    assert laptop.run("offboard", "ada", "--yes").code == 64
    assert laptop.written() == []
    # A least number of members holds up no removal.
    assert laptop.run("offboard", "bob", "--yes").code == 0
    assert laptop.memberships()["ops"] == {"ada@example.com"}


def test_it_asks_and_does_nothing_without_a_yes(laptop: Real, monkeypatch: pytest.MonkeyPatch) -> None:
    assert laptop.run("offboard", "bob").code == 64
    monkeypatch.setattr(offboard, "on_terminal", lambda: True)
    monkeypatch.setattr(offboard, "ask", lambda _: False)
    ended = laptop.run("offboard", "bob")
    assert (ended.code, "Not confirmed" in ended.output, laptop.written()) == (1, True, [])
    assert "  - leaves the group ops\n  - loses Read on prod (210000000020)\n" in ended.out
    monkeypatch.setattr(offboard, "ask", lambda _: True)
    assert laptop.run("offboard", "bob").code == 0


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """The policy of denials settles in the time of the sandbox."""
    monkeypatch.setattr(denying, "_SETTLED", 0.0)


@pytest.fixture
def cut(laptop: Real, aws: Sandbox, fast: None) -> Real:
    """The same, with a policy of denials at the root; the remote is there."""
    aws.store.found_scp(POLICY, EMPTY)
    (laptop.root.parent / "away.git").rename(laptop.root.parent / "origin.git")
    text = CONFIG.replace("us-east-1}", f"us-east-1, deny_policy: {POLICY}}}")
    laptop.commit({"reconciler.yaml": text + WIDE})
    push(laptop)
    laptop.converge()
    laptop.forget()
    return laptop


def test_who_is_denied_stays_out_whatever_was_reviewed(cut: Real, aws: Sandbox) -> None:
    # A plan that gives Bob more, reviewed and merged; and the remote goes away.
    cut.commit({"groups.yaml": MORE})
    push(cut)
    assert cut.plan().code == 0
    (cut.root.parent / "origin.git").rename(cut.root.parent / "away.git")
    ended = cut.run("offboard", "bob", "--yes", "--revoke-only")
    assert ended.code == 0, ended.output
    assert [one.rpartition(".")[2] for one in cut.written()] == [
        "UpdatePolicy",
        "DeleteGroupMembership",
        "DeleteAccountAssignment",
    ]
    assert aws.store.denied("bob@example.com") == {"210000000020"}
    assert "Read on prod (210000000020): cut, open sessions too" in ended.out
    assert "Nothing is granted to them, reviewed or not" in ended.output

    # The old plan is applied: everybody else gets what was reviewed, or nobody does; Bob gets nothing.
    (cut.root.parent / "away.git").rename(cut.root.parent / "origin.git")
    applied = cut.run("apply", cut.file)
    assert "bob@example.com" not in {one for names in cut.memberships().values() for one in names}, applied
    cut.run("reconcile")
    cut.plan()
    cut.run("apply", cut.file)
    assert "bob@example.com" not in {one for names in cut.memberships().values() for one in names}
    assert "bob@example.com" not in holders(aws)
    assert "cyd@example.com" in cut.memberships()["new"]
    assert aws.store.denied("bob@example.com") == {"210000000020"}

    # Only an undo lets git give it again.
    ended = cut.run("offboard", "bob", "--yes", "--undo")
    assert (ended.code, aws.store.denied("bob@example.com")) == (0, frozenset()), ended.output
    assert "bob@example.com" not in {one for names in cut.memberships().values() for one in names}
    cut.plan()
    assert cut.run("apply", cut.file).code == 0
    assert "bob@example.com" in cut.memberships()["new"]
    assert "not denied by offboard any more" in cut.run("offboard", "bob", "--yes", "--undo").out


def test_git_takes_a_block_over(cut: Real, aws: Sandbox) -> None:
    assert cut.run("offboard", "bob", "--yes").code == 0
    cut.work.commit(message="bob is out")
    push(cut)
    assert cut.run("reconcile").code == 0
    assert aws.store.denied("bob@example.com") == {"210000000020"}
    assert "Offboarded" not in aws.store.scp_document(POLICY)
    ended = cut.run("offboard", "bob", "--yes", "--undo")
    assert (ended.code, "git blocks them" in ended.output) == (6, True)


def test_a_policy_that_cannot_be_written_holds_up_no_removal(cut: Real, aws: Sandbox) -> None:
    aws.store.update_scp(POLICY, '{"Version":"2012-10-17","Statement":[]}'.replace("[]", FOREIGN))
    ended = cut.run("offboard", "bob", "--yes", "--revoke-only")
    assert (ended.code, "NOT DENIED" in ended.out) == (6, True), ended.output
    assert cut.memberships()["ops"] == {"ada@example.com"}
    assert holders(aws) == ["ops"]
    assert "no new session; an open one lives until" in ended.out
    assert "any reviewed apply may give the access again" in ended.output


@pytest.fixture
def chat() -> Iterator[Sandbox]:
    with Sandbox(None, speed=SPEED, latency=0.0) as sandbox:
        yield sandbox


def test_every_target_is_cut_and_one_that_fails_holds_up_no_other(
    real: Real, aws: Sandbox, chat: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SIDE", aws.scim_token())
    monkeypatch.setenv("CHAT_SIDE", chat.scim_token())
    config = (
        "format: 1\ntargets:\n"
        f"  chat: {{type: scim, profile: aws, url: '{chat.scim_url}', token: {{env: CHAT_SIDE}}}}\n"
        "  aws:\n    type: identity-center\n    region: us-east-1\n"
        f"    directory: {{scim: {{url: '{aws.scim_url}', token: {{env: AWS_SIDE}}}}}}\n"
    )
    real.commit({"reconciler.yaml": config})
    real.converge("--first-apply")
    chat.requests.clear()
    # It is away: it holds up nothing, and the exit code says so.
    monkeypatch.setenv("CHAT_SIDE", "wrong")
    ended = real.run("offboard", "bob", "--yes")
    assert ended.code == 6, ended.output
    assert "chat: NOT LOOKED AT" in ended.out
    assert aws.store.memberships()["ops"] == {"ada@example.com"}
    assert aws.store.users()["bob@example.com"]["UserStatus"] == "DISABLED"
    assert chat.store.memberships()["ops"] == TEAM["ops"]
    monkeypatch.setenv("CHAT_SIDE", chat.scim_token())
    ended = real.run("offboard", "bob", "--yes")
    assert ended.code == 0, ended.output
    assert chat.store.memberships()["ops"] == {"ada@example.com"}
    assert chat.store.users()["bob@example.com"]["UserStatus"] == "DISABLED"


IDS = [f"u{number}" for number in range(4)]
GROUPS = [f"g{number}" for number in range(3)]
SETS = [Arn(f"arn:{name}") for name in ("one", "two")]
LIVES = st.builds(
    lambda members, assigned, active: Live(
        target="t",
        users={each: LiveUser(each, {"user_name": each}, active=active.get(each)) for each in IDS},
        groups={each: LiveGroup(each, {"display_name": each}) for each in GROUPS},
        members=members,
        permission_sets={each: LivePermissionSet(each, {"name": each[4:]}) for each in SETS},
        assignments=assigned,
    ),
    st.dictionaries(st.sampled_from(GROUPS), st.dictionaries(st.sampled_from(IDS), st.just("m"))),
    st.dictionaries(
        st.tuples(st.sampled_from(["1", "2"]), st.sampled_from(SETS)),
        st.frozensets(
            st.one_of(
                st.builds(Principal, st.just(Kind.USER), st.sampled_from(IDS)),
                st.builds(Principal, st.just(Kind.GROUP), st.sampled_from(GROUPS)),
            ),
            min_size=1,
        ),
    ),
    st.dictionaries(st.sampled_from(IDS), st.booleans()),
)


@settings(max_examples=60, deadline=None)
@given(LIVES, st.booleans(), st.frozensets(st.sampled_from(IDS), min_size=1))
def test_whatever_is_live_it_is_taken_from_one_person_and_nothing_is_given(
    live: Live, status: object, ids: frozenset[str]
) -> None:
    can = Capabilities(kinds=frozenset(Kind), status=bool(status))
    found = removal(live, sorted(ids), can, Scope())
    changes = found.prepared.plan.changes
    assert all(map(only_takes, changes))
    taken = {
        (found.prepared.ids[one.address.group], found.prepared.ids[one.address.user])
        for one in changes
        if one.address.kind is Kind.MEMBERSHIP
    }
    left = {
        group: {each: "m" for each in members if (group, each) not in taken}
        for group, members in live.members.items()
    }
    assert {each for members in left.values() for each in members} & ids == set()
    assert sum(map(len, left.values())) == sum(map(len, live.members.values())) - len(taken)
    gone = {
        (one.address.account, found.prepared.ids[one.address.permission_set], one.address.principal.own_key)
        for one in changes
        if one.address.kind is Kind.ASSIGNMENT
    }
    held = {
        (account, arn, f"~{one.id}")
        for (account, arn), principals in live.assignments.items()
        for one in principals
        if one.kind is Kind.USER and one.id in ids
    }
    assert gone == held
    disabled = {found.prepared.ids[one.address] for one in changes if one.address.kind is Kind.USER}
    assert disabled == ({each for each in ids if live.users[each].active is not False} if status else set())
    # Everybody reaches exactly what is named before, and nobody of them anything after.
    after = {
        pair: frozenset(one for one in principals if one.kind is Kind.GROUP)
        for pair, principals in live.assignments.items()
    }
    assert list(reaches(replace(live, members=left, assignments=after), sorted(ids))) == []


def test_what_is_only_observed_is_left_and_said(laptop: Real) -> None:
    live = Live(
        target="t",
        users={"u": LiveUser("u", {"user_name": "u"})},
        groups={"g": LiveGroup("g", {"display_name": "G"})},
        members={"g": {"u": "m"}},
    )
    found = removal(live, ["u"], Capabilities(kinds=frozenset(Kind)), Scope(memberships=Mode.OBSERVE))
    assert found.prepared.plan.changes == ()
    assert [(one.name, "only observed" in why) for one, why in found.left] == [("G", True)]


def test_what_comes_while_it_asks_and_while_it_writes_is_taken_away_as_well(
    cut: Real, aws: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes no lock: an apply that began before may still write what it planned."""
    monkeypatch.setattr(offboard, "on_terminal", lambda: True)

    def asked(_: str) -> bool:
        aws.store.add_member("dev", "bob@example.com")
        aws.store.put_assignment("210000000020", "Read", user="ada@example.com")
        aws.store.put_assignment("111111111111", "Read", user="bob@example.com")
        return True

    monkeypatch.setattr(offboard, "ask", asked)
    ended = cut.run("offboard", "bob", "--revoke-only")
    assert ended.code == 0, ended.output
    assert "bob@example.com" not in {one for names in cut.memberships().values() for one in names}
    assert "bob@example.com" not in holders(aws)
    assert "ada@example.com" in holders(aws)
    assert "Given by others meanwhile, and taken away as well:\n" in ended.out
    assert "  aws: leaves the group dev\n" in ended.out
    assert "  aws: loses Read on management (111111111111)\n" in ended.out
    assert "Read on management (111111111111): no new session; an open one lives until" in ended.out
    again = cut.run("offboard", "bob", "--revoke-only", "--yes")
    assert (again.code, "meanwhile" in again.output) == (0, False)
    assert "they reach nothing now, so that nobody knows which roles they had" in again.out


@pytest.mark.parametrize(("times", "code"), [(1, 0), (9, 6)])
def test_who_is_put_back_meanwhile_is_taken_out_again_and_not_without_end(
    cut: Real, aws: Sandbox, monkeypatch: pytest.MonkeyPatch, times: int, code: int
) -> None:
    bob, left = aws.store.user_id("bob@example.com"), (["ops", "dev"] * 9)[-times:]

    def put_back(call: Call) -> None:
        group = group_named(call.directory, left[-1] if left else "ops").id
        if left and not call.directory.memberships.find(group, bob):
            left.pop()
            call.directory.memberships.add(group, bob, call.hand)

    watch(monkeypatch, "DeleteGroupMembership", put_back)
    ended = cut.run("offboard", "bob", "--revoke-only", "--yes")
    assert ended.code == code, ended.output
    assert ("Something gives this person access" in ended.output) == bool(code)
    assert ("bob@example.com" in {one for each in cut.memberships().values() for one in each}) == bool(code)
    assert aws.store.denied("bob@example.com") == {"210000000020"}


def test_an_entry_that_others_overwrite_meanwhile_is_written_again(
    cut: Real, aws: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def emptied(call: Call) -> None:
        call.db.execute("UPDATE scps SET content = ? WHERE id = ?", (EMPTY, POLICY))

    watch(monkeypatch, "DeleteGroupMembership", emptied)
    ended = cut.run("offboard", "bob", "--revoke-only", "--yes")
    assert ended.code == 0, ended.output
    assert aws.store.denied("bob@example.com") == {"210000000020"}
    assert "  aws: denied once more\n" in ended.out
