"""Blocked means now: who is blocked is in the policy of denials before anything else happens to them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import pytest

from reconciler.model.denials import EMPTY, Entry, parse, render
from reconciler.sandbox import identitystore, organizations, scp
from reconciler.sandbox.answers import ApiError
from reconciler.sandbox.call import Answer, Call, Handler
from tests.cli.stage import GROUPS, PEOPLE, Ended, Played, Real
from tests.cli.test_reconcile_by_change import blocked

POLICY = "p-cutsoff1"
CONFIG = f"format: 1\ntargets:\n  aws: {{type: identity-center, region: us-east-1, deny_policy: {POLICY}}}\n"
PROD, DATA = "210000000020", "210000000021"
ACCESS = f"""\
accounts: {{prod: "{PROD}", data: "{DATA}"}}
permission_sets: {{Read: {{managed_policies: [ReadOnlyAccess]}}}}
assignments:
  ops-read: {{groups: [ops], permission_sets: [Read], accounts: [prod]}}
"""
FILES = {"reconciler.yaml": CONFIG, "access.yaml": ACCESS}
NOV_20 = "2026-11-20T12:00:00Z"
NOV_21 = "2026-11-21T09:00:00Z"
BOB = "bob@example.com"
BOTH = frozenset({PROD, DATA})
OUT = {"blocked.yaml": blocked(["bob"])}


def begun(played: Played) -> None:
    """A stage on which everybody has what git says."""
    played.write({"reconciler.yaml": CONFIG, "access.yaml": ACCESS})
    played.converge("--now", NOV_20)


def entries(played: Played) -> dict[str, str]:
    """Who is in the policy, by user name, and until when."""
    with played.console() as console:
        found = parse(POLICY, console.scp_document(POLICY))
        assert not found.foreign
        names = {console.user_id(name): name for name in console.users()}
    return {
        names.get(one, one): ("offboarded " if entry.offboarded else "") + str(entry)
        for one, entry in found.entries.items()
    }


def edit(played: Played, **people: Entry) -> None:
    """Write the policy by hand: these people alone."""
    with played.console() as console:
        found = {console.user_id(f"{name}@example.com"): entry for name, entry in people.items()}
        console.update_scp(POLICY, render(found))


def reconcile(played: Played, now: str, code: int = 0) -> Ended:
    ended = played.run("reconcile", "--now", now)
    assert ended.code == code, ended.output
    return ended


def denied(played: Played, user: str = BOB) -> frozenset[str]:
    with played.console() as console:
        return console.denied(user)


def test_a_blocked_person_is_denied_first_and_until_no_session_can_be_left(played: Played) -> None:
    begun(played)
    played.write(OUT)

    planned = played.run("plan", "--now", NOV_21)
    assert "Denied at once: 1 to create" in planned.output, planned.output
    ended = reconcile(played, NOV_21)

    assert denied(played) == BOTH
    assert BOB not in played.memberships()["ops"]
    assert entries(played) == {BOB: "open"}
    # The next run has seen that nothing reaches them any more.
    reconcile(played, "2026-11-21T09:20:30Z")
    assert entries(played) == {BOB: "until 2026-11-21T21:21:00Z"}, ended.output
    assert played.run("plan", "--now", "2026-11-21T09:30:00Z", "--detailed-exitcode").code == 0
    reconcile(played, "2026-11-21T21:20:00Z")
    assert denied(played) == BOTH
    reconcile(played, "2026-11-21T21:22:00Z")
    assert denied(played) == frozenset()
    with played.console() as console:
        assert console.scp_document(POLICY) == EMPTY
    assert played.run("plan", "--now", "2026-11-21T21:30:00Z", "--detailed-exitcode").code == 0


@pytest.fixture
def cut(real: Real) -> Real:
    """A repository that was applied, with a policy of denials at the root, and Bob about to be blocked."""
    console = real.sandbox.store
    console.found_scp(POLICY, EMPTY)
    for account, name in ((PROD, "prod"), (DATA, "data")):
        console.create_account(account, name)
    real.commit({"reconciler.yaml": CONFIG, "access.yaml": ACCESS})
    real.converge("--first-apply")
    real.commit(OUT)
    real.forget()
    return real


def watch(monkeypatch: pytest.MonkeyPatch, operation: str, look: Callable[[Call], None]) -> None:
    """Look at the world whenever the sandbox is about to carry out an operation."""
    for operations in (identitystore.OPERATIONS, organizations.OPERATIONS):
        handler = operations.get(operation)
        if handler is not None:
            monkeypatch.setitem(operations, operation, _watched(handler, look))


def _watched(handler: Handler, look: Callable[[Call], None]) -> Handler:
    def carried_out(call: Call) -> Answer:
        look(call)
        return handler(call)

    return carried_out


def denied_now(call: Call, user: str) -> frozenset[str]:
    return scp.denied(call.db, call.meta["root_id"], call.meta["management_account"], user)


def test_the_first_write_denies_and_removals_follow(cut: Real, monkeypatch: pytest.MonkeyPatch) -> None:
    bob = cut.sandbox.store.user_id(BOB)
    seen: list[frozenset[str]] = []
    watch(monkeypatch, "DeleteGroupMembership", lambda call: seen.append(denied_now(call, bob)))

    ended = cut.run("reconcile")

    assert ended.code == 0, ended.output
    assert cut.written() == ["organizations.UpdatePolicy", "identitystore.DeleteGroupMembership"]
    assert seen == [BOTH]
    # It binds every account but the management account, and nobody else.
    assert cut.sandbox.store.denied("ada@example.com") == frozenset()


@pytest.mark.parametrize("how", ["refused", "foreign", "gone", "unreadable", "another type"])
def test_a_policy_that_cannot_be_written_holds_up_no_removal(
    cut: Real, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    console = cut.sandbox.store
    if how == "refused":
        watch(monkeypatch, "UpdatePolicy", refused)
    elif how == "unreadable":
        watch(monkeypatch, "DescribePolicy", refused)
    elif how == "gone":
        console.remove_scp(POLICY)
    elif how == "foreign":
        console.update_scp(POLICY, EMPTY.replace('"nobody"', '"somebody"'))
    else:
        console.remove_scp(POLICY)
        console.found_scp(POLICY, '{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}')
    before = console.scp_document(POLICY) if how != "gone" else ""

    ended = cut.run("reconcile")

    assert ended.code == 6, ended.output
    assert "aws/denial/bob" in ended.output
    assert BOB not in cut.memberships()["ops"]
    assert how == "gone" or console.scp_document(POLICY) == before


def refused(call: Call) -> None:
    raise ApiError("AccessDeniedException", "You don't have permissions to access this resource.")


def test_a_run_that_was_killed_after_the_denial_is_finished_by_the_next(
    cut: Real, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        watch(patch, "DeleteGroupMembership", refused)
        assert cut.run("reconcile").code != 0
    assert cut.sandbox.store.denied(BOB) == BOTH
    assert BOB in cut.memberships()["ops"]
    cut.forget()

    ended = cut.run("reconcile")

    assert ended.code == 0, ended.output
    assert cut.written() == ["identitystore.DeleteGroupMembership"]


def test_a_denial_that_failed_is_made_up_for_though_the_access_is_gone(
    cut: Real, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        watch(patch, "UpdatePolicy", refused)
        assert cut.run("reconcile").code == 6
    assert cut.sandbox.store.denied(BOB) == frozenset()

    assert cut.run("reconcile").code == 0

    assert cut.sandbox.store.denied(BOB) == BOTH


def test_an_unblock_takes_them_out_at_once_and_before_any_grant(
    cut: Real, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cut.run("reconcile").code == 0
    cut.commit({"blocked.yaml": None})
    # Without a review nothing is given back.
    waiting = cut.run("reconcile")
    assert waiting.code == 0
    assert cut.sandbox.store.denied(BOB) == BOTH
    bob = cut.sandbox.store.user_id(BOB)
    seen: list[frozenset[str]] = []
    watch(monkeypatch, "CreateGroupMembership", lambda call: seen.append(denied_now(call, bob)))
    planned = cut.plan()
    assert "(grants; blocked no more)" in planned.output, planned.output

    applied = cut.run("apply", cut.file)

    assert applied.code == 0, applied.output
    assert seen == [frozenset()]
    assert BOB in cut.memberships()["ops"]
    assert cut.sandbox.store.scp_document(POLICY) == EMPTY


def test_an_unblock_that_fails_gives_nothing_and_is_tried_again(
    cut: Real, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cut.run("reconcile").code == 0
    cut.commit({"blocked.yaml": None})
    cut.plan()
    with monkeypatch.context() as patch:
        watch(patch, "UpdatePolicy", refused)
        assert cut.run("apply", cut.file).code != 0
    assert BOB not in cut.memberships()["ops"]

    cut.plan()
    assert cut.run("apply", cut.file).code == 0

    assert BOB in cut.memberships()["ops"]
    assert cut.sandbox.store.denied(BOB) == frozenset()


def test_who_is_entered_by_offboard_is_granted_nothing_by_an_old_plan(cut: Real) -> None:
    cut.commit({"blocked.yaml": None})
    console = cut.sandbox.store
    console.remove_member("ops", BOB)
    cut.plan()  # it would put Bob back
    console.update_scp(POLICY, render({console.user_id(BOB): Entry(offboarded=True)}))

    applied = cut.run("apply", cut.file)

    assert "denied-not-blocked" in cut.run("plan").output
    assert BOB not in cut.memberships()["ops"], applied.output
    assert console.denied(BOB) == BOTH
    # As soon as git blocks them the entry is git's own, and goes by the rules of git.
    cut.commit(OUT)
    assert cut.run("reconcile").code == 0
    assert not any(one.offboarded for one in parse(POLICY, console.scp_document(POLICY)).entries.values())


@pytest.mark.parametrize("entry", [Entry(), Entry(offboarded=True)])
def test_who_is_entered_by_hand_is_not_taken_out_and_granted_nothing(played: Played, entry: Entry) -> None:
    begun(played)
    edit(played, cyd=entry)
    with played.console() as console:
        console.remove_member("dev", "cyd@example.com")

    planned = played.run("plan", "--now", NOV_21, "--out", "plan.json")

    assert "denied-not-blocked: 1 person is denied everything" in planned.output, planned.output
    assert "aws/membership/dev/cyd" in planned.output
    played.run("apply", "plan.json", "--now", NOV_21)
    reconcile(played, "2026-11-25T09:00:00Z")
    assert "cyd@example.com" not in played.memberships()["dev"]
    assert denied(played, "cyd@example.com") == BOTH


def test_who_is_taken_out_by_hand_comes_back_until_no_session_can_be_left(played: Played) -> None:
    begun(played)
    played.write(OUT)
    reconcile(played, NOV_21)
    reconcile(played, "2026-11-21T09:20:30Z")
    edit(played)

    reconcile(played, "2026-11-21T10:00:00Z")

    assert entries(played) == {BOB: "open"}
    reconcile(played, "2026-11-21T10:10:30Z")
    assert entries(played) == {BOB: "until 2026-11-21T22:11:00Z"}
    reconcile(played, "2026-11-21T22:12:00Z")
    assert entries(played) == {}
    reconcile(played, "2026-11-21T23:00:00Z")
    assert entries(played) == {}


def test_who_is_taken_out_by_hand_comes_back_while_a_grant_reaches_them(played: Played) -> None:
    begun(played)
    with played.console() as console:
        console.add_group("outside")
        console.add_member("outside", BOB)
        console.put_assignment(PROD, "Read", group="outside")
    played.write({**OUT, "groups.yaml": GROUPS_WITH_EXTERNAL})
    reconcile(played, NOV_21)
    assert entries(played) == {BOB: "open"}
    edit(played)

    reconcile(played, "2026-11-21T10:00:00Z")

    assert entries(played) == {BOB: "open"}
    # A live grant of somebody else's keeps it there for as long as it lasts.
    reconcile(played, "2026-11-25T10:00:00Z")
    assert entries(played) == {BOB: "open"}
    with played.console() as console:
        console.remove_member("outside", BOB)
    reconcile(played, "2026-11-25T10:59:30Z")
    assert entries(played) == {BOB: "until 2026-11-25T23:00:00Z"}
    # A grant that comes back opens it again.
    with played.console() as console:
        console.add_member("outside", BOB)
    reconcile(played, "2026-11-26T11:00:00Z")
    assert entries(played) == {BOB: "open"}


GROUPS_WITH_EXTERNAL = """\
groups:
  ops: {members: [ada, bob]}
  dev: {members: [cyd]}
  outside: {external: true}
"""


@pytest.mark.parametrize("causes", ["[]", "[expiry]"])
def test_an_end_needs_no_cause_that_is_applied_by_rule(played: Played, causes: str) -> None:
    begun(played)
    played.write(OUT)
    reconcile(played, NOV_21)
    played.write({"reconciler.yaml": CONFIG + f"auto_apply: {causes}\n"})

    reconcile(played, "2026-11-21T09:20:30Z")
    assert entries(played) == {BOB: "until 2026-11-21T21:21:00Z"}
    reconcile(played, "2026-11-21T21:21:00Z")

    assert entries(played) == {}


def test_protected_people_are_never_entered_and_are_named(played: Played) -> None:
    played.write({"reconciler.yaml": CONFIG + "guards: {protected: {users: [bob]}}\n", "access.yaml": ACCESS})
    played.converge("--now", NOV_20)
    played.write(OUT)

    ended = played.run("reconcile", "--now", NOV_21)

    assert ended.code == 3
    assert denied(played) == frozenset()
    assert "never-denied" in played.run("plan", "--now", NOV_21).output


def test_a_denial_of_somebody_protected_is_shown_for_review(played: Played) -> None:
    begun(played)
    rule = "auto_apply: [expiry, block, leaver, drift]\n"
    played.write({"reconciler.yaml": CONFIG + rule + "guards: {protected: {users: [cyd]}}\n"})
    edit(played, cyd=Entry())

    # It lets somebody in, so that no rule does it.
    assert played.run("reconcile", "--now", NOV_21).code == 0
    assert entries(played) == {"cyd@example.com": "open"}
    planned = played.run("plan", "--now", NOV_21, "--out", "plan.json")

    assert "never denied: protected" in planned.output
    assert played.run("apply", "plan.json", "--now", NOV_21).code == 0
    assert denied(played, "cyd@example.com") == frozenset()


@pytest.mark.parametrize(("limit", "out"), [(1, False), (2, True)])
def test_people_and_their_denials_count_as_one(played: Played, limit: int, *, out: bool) -> None:
    guards = f"guards: {{max_removals: {{blocked: {{count: {limit}}}}}}}\n"
    played.write({"reconciler.yaml": CONFIG + guards, "access.yaml": ACCESS})
    played.converge("--now", NOV_20)
    played.write({"blocked.yaml": blocked(["ada", "bob"])})

    ended = played.run("reconcile", "--now", NOV_21)

    assert ended.code == (0 if out else 3), ended.output
    assert (denied(played) == BOTH) is out
    assert (BOB in played.memberships()["ops"]) is not out


def test_denials_past_their_count_hold_up_no_removal(played: Played) -> None:
    """Ada lost her access by hand before: she alone needs a denial and no removal."""
    guards = "guards: {max_removals: {blocked: {count: 1}}}\n"
    played.write({"reconciler.yaml": CONFIG + guards, "access.yaml": ACCESS})
    played.converge("--now", NOV_20)
    with played.console() as console:
        console.remove_member("ops", "ada@example.com")
    played.write({"blocked.yaml": blocked(["ada", "bob"])})

    ended = played.run("reconcile", "--now", NOV_21)

    assert ended.code == 6, ended.output
    assert entries(played) == {BOB: "open"}
    assert BOB not in played.memberships()["ops"]
    assert "aws/denial/ada" in ended.output


def test_who_does_not_fit_is_named_and_loses_everything_all_the_same(played: Played) -> None:
    begun(played)
    with played.console() as console:
        full = {one: Entry(offboarded=True) for one in ids(260)}
        while len(render(full).encode()) > scp.LARGEST - 30:
            full.popitem()
        console.update_scp(POLICY, render(full))
    played.write(OUT)

    planned = played.run("plan", "--now", NOV_21)
    assert "not-denied: 1 person is not denied at once" in planned.output, planned.output
    assert "bob: the policy p-cutsoff1 is full" in planned.output
    ended = played.run("reconcile", "--now", NOV_21)

    assert ended.code == 6, ended.output
    assert BOB not in played.memberships()["ops"]


def ids(count: int) -> Sequence[str]:
    return [f"{number:08x}-aaaa-4aaa-8aaa-aaaaaaaaaaaa" for number in range(count)]


@pytest.mark.parametrize("instead", ["", ", deny_policy: p-another1"])
def test_a_pull_request_that_gives_the_policy_up_is_shown_with_who_is_in_it(cut: Real, instead: str) -> None:
    console = cut.sandbox.store
    console.update_scp(POLICY, render({console.user_id(BOB): Entry(offboarded=True)}))
    cut.work.git("switch", "--quiet", "-c", "proposal")
    text = CONFIG.replace(f", deny_policy: {POLICY}", instead)
    cut.commit({"reconciler.yaml": text, "blocked.yaml": None})

    planned = cut.run("plan", "--trusted-ref", "main")

    assert "deny-policy-changed: the files name" in planned.output, planned.output
    assert "p-cutsoff1 is used until this is merged" in planned.output
    assert "bob: open, by offboard" in planned.output
    assert "deny_policy of aws is used as it is on the trusted branch" in planned.output


def test_the_receipts_in_git_tell_of_the_policy_that_was_given_up(cut: Real) -> None:
    console = cut.sandbox.store
    console.remove_member("ops", BOB)
    console.update_scp(POLICY, render({console.user_id(BOB): Entry(offboarded=True)}))
    cut.commit({"reconciler.yaml": CONFIG.replace(f", deny_policy: {POLICY}", ""), "blocked.yaml": None})
    for _ in range(2):
        planned = cut.plan()
        assert "p-cutsoff1 is still used while anybody is in it" in planned.output, planned.output
        assert cut.run("apply", cut.file).code == 0
    assert BOB not in cut.memberships()["ops"]

    console.update_scp(POLICY, EMPTY)
    cut.plan()
    assert cut.run("apply", cut.file).code == 0
    assert BOB in cut.memberships()["ops"]
    assert "deny-policy-changed" not in cut.run("plan").output


def test_other_policies_are_left_alone(cut: Real) -> None:
    console = cut.sandbox.store
    other = console.create_scp(
        "region", json.dumps({"Statement": {"Effect": "Deny", "Action": "ec2:*", "Resource": "*"}})
    )
    before = console.scp_document(other)

    assert cut.run("reconcile").code == 0

    assert console.scp_document(other) == before
    assert console.scp_document(scp.FULL_ACCESS).count("Allow") == 1


def test_the_plan_tells_a_denial_in_every_form(played: Played) -> None:
    begun(played)
    played.write(OUT)

    text = played.run("plan", "--now", NOV_21)
    markdown = played.run("plan", "--now", NOV_21, "--format", "markdown")
    found = json.loads(played.run("plan", "--now", NOV_21, "--format", "json").out)

    hidden = played.run("plan", "--now", NOV_21, "--redact", "pii", "--format", "json")
    assert "bob" not in hidden.out
    assert "aws/denial/" in hidden.out
    only = played.run("plan", "--now", NOV_21, "--only", "aws/denial/bob")
    assert "Plan: 1 to create; 1 person loses something" in only.output
    # What is taken from somebody is taken after the denial, also where nothing else was named.
    for address in ("aws/membership/ops/bob", "aws/user/bob"):
        only = played.run("plan", "--now", NOV_21, "--only", address)
        assert "Plan: 1 to create, 1 to delete; 1 person loses something" in only.output, only.output
    assert played.run("plan", "--now", NOV_21, "--only", "aws/denial/bbo").code == 64

    assert "+ bob (block: blocked: lost laptop)" in text.output
    assert "Denied at once: 1 to create" in markdown.output
    changes = [one for one in found["targets"][0]["changes"] if one["address"] == "aws/denial/bob"]
    assert [(one["action"], one["effect"], one["cause"]) for one in changes] == [
        ("create", "revoke", "block")
    ]


def test_a_person_whose_time_is_over_is_denied(played: Played) -> None:
    begun(played)
    played.write({"people.yaml": PEOPLE.replace("bob: {", "bob: {until: 2026-11-20, ")})

    reconcile(played, "2026-11-22T09:00:00Z")

    assert BOB not in played.memberships()["ops"]
    assert denied(played) == BOTH
    reconcile(played, "2026-11-22T09:10:00Z")
    reconcile(played, "2026-11-22T21:11:00Z")
    assert denied(played) == frozenset()


@pytest.mark.parametrize("deletes", [False, True])
def test_a_person_who_is_deleted_from_the_files_is_denied_until_no_session_can_be_left(
    played: Played, *, deletes: bool
) -> None:
    begun(played)
    if deletes:
        played.write({"reconciler.yaml": CONFIG.replace(f"{POLICY}}}", f"{POLICY}, on_removal: delete}}")})
    with played.console() as console:
        his = console.user_id(BOB)
    gone = "".join(line for line in PEOPLE.splitlines(keepends=True) if "bob" not in line)
    played.write({"people.yaml": gone, "groups.yaml": GROUPS.replace("ada, bob", "ada")})

    planned = played.run("plan", "--now", NOV_21)
    assert "Denied at once: 1 to create" in planned.output, planned.output
    played.converge("--now", NOV_21)

    assert BOB not in played.memberships()["ops"]
    with played.console() as console:
        assert (BOB in console.users()) != deletes
        assert parse(POLICY, console.scp_document(POLICY)).entries.keys() == {his}
    reconcile(played, "2026-11-21T09:10:00Z")
    reconcile(played, "2026-11-21T21:09:00Z")
    with played.console() as console:
        assert parse(POLICY, console.scp_document(POLICY)).entries.keys() == {his}
    reconcile(played, "2026-11-21T21:11:00Z")
    with played.console() as console:
        assert console.scp_document(POLICY) == EMPTY


def test_without_a_policy_plan_and_report_say_until_when(played: Played) -> None:
    played.write(
        {"access.yaml": ACCESS.replace("[ReadOnlyAccess]", "[ReadOnlyAccess], session_duration: PT8H")}
    )
    played.converge("--now", NOV_20)
    played.write(OUT)

    planned = played.run("plan", "--now", NOV_21)
    ended = reconcile(played, NOV_21)

    assert "sessions-live-on: sessions of 1 person may live on" in planned.output
    assert "bob: Read on prod until 2026-11-21T17:00:00Z" in planned.output
    assert '"identitystore:UserId":[' in planned.output
    assert "bob: Read on prod until 2026-11-21T17:00:00Z" in ended.output


def test_the_management_account_is_not_bound_and_is_said(cut: Real) -> None:
    management = cut.sandbox.management_account
    cut.commit({"access.yaml": ACCESS.replace(DATA, management).replace("[prod]", "[prod, data]"),
                "blocked.yaml": None})  # fmt: skip
    cut.converge()
    cut.commit(OUT)

    planned = cut.run("plan")

    assert "no policy binds the management account" in planned.output, planned.output
    assert "bob: Read on data until" in planned.output
    assert "bob: Read on prod until" not in planned.output


def test_a_leaver_is_denied_as_well(cut: Real) -> None:
    cut.commit({"blocked.yaml": None, "people.yaml": PEOPLE.replace("bob: {", "bob: {active: false, ")})

    ended = cut.run("reconcile")

    assert ended.code == 0, ended.output
    assert cut.written()[0] == "organizations.UpdatePolicy"
    assert cut.sandbox.store.denied(BOB) == BOTH


def test_an_apply_keeps_the_policy_up_to_date_with_any_plan(played: Played) -> None:
    begun(played)
    played.write(OUT)
    reconcile(played, NOV_21)
    played.write({"people.yaml": PEOPLE.replace("Engineer", "Lead")})
    assert played.run("plan", "--now", "2026-11-21T09:10:00Z", "--out", "plan.json").code == 0
    assert played.run("apply", "plan.json", "--now", "2026-11-21T09:20:30Z").code == 0
    assert entries(played) == {BOB: "until 2026-11-21T21:21:00Z"}
    assert played.run("plan", "--now", "2026-11-21T21:00:00Z", "--out", "plan.json").code == 0

    ended = played.run("apply", "plan.json", "--now", "2026-11-21T21:30:00Z")

    assert ended.code == 0, ended.output
    assert entries(played) == {}


def test_a_second_block_after_the_first_was_lifted_denies_again(played: Played) -> None:
    begun(played)
    for day, days in (("2026-11-21", "2026-11-22"), ("2026-11-24", "2026-11-25")):
        played.write(OUT)
        reconcile(played, f"{day}T09:00:00Z")
        assert denied(played) == BOTH
        reconcile(played, f"{day}T10:00:00Z")
        reconcile(played, f"{days}T10:00:00Z")
        assert entries(played) == {}
        played.write({"blocked.yaml": None})
        assert played.run("plan", "--now", f"{days}T11:00:00Z", "--out", "plan.json").code == 0
        assert played.run("apply", "plan.json", "--now", f"{days}T11:00:00Z").code == 0
        assert BOB in played.memberships()["ops"]
