"""`reconciler drift --adopt`: what was made outside git is accepted into the files, or none is changed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reconciler.sandbox import Console
from tests.cli.conftest import Done
from tests.cli.stage import CONFIG, Real
from tests.cli.test_adopt import texts

DEV, PROD, TEST = "210000000001", "210000000002", "210000000003"
AWS = "arn:aws:iam::aws:policy/"
PEOPLE = """\
users:  # who is who
  ada: {user_name: ada@example.com, given_name: Ada, family_name: Okafor, title: 'Engineer'}  # from Basel
  bob:
    user_name: bob@example.com
    given_name: Bob
    family_name: Keller
    title: Lead       # since May
  cyd: {user_name: cyd@example.com, given_name: Cyd, family_name: Lind}
"""
TEAM = """\
accounts: {dev: "210000000001", prod: "210000000002", test: "210000000003"}
groups:
  # runs it all
  ops: {description: Operations, members: [ada, {user: bob, reason: OPS-1}]}
  dev:
    members:
      - cyd   # for now
  guests: {shared: true, members: [cyd]}
permission_sets:
  Read: {managed_policies: [ReadOnlyAccess], tags: {team: ops}}
  Deploy: {inline_policy: deploy.json}
assignments:
  # all of them
  reading: {groups: [ops, dev], permission_sets: [Read, Deploy], accounts: [dev, prod, test]}
  one: {groups: [guests], permission_sets: [Read], accounts: [dev]}
"""
POLICY = '{"Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}\n'
EVERYWHERE, TEAMS, SETS = (DEV, PROD, TEST), ("ops", "dev"), ("Read", "Deploy")
Change = Callable[[Console], object]


@pytest.fixture
def stage(done: Done) -> Real:
    """Files that people wrote by hand, applied."""

    def applied(made: Real) -> None:
        for number, name in enumerate(("dev", "prod", "test"), 1):
            made.sandbox.store.create_account(f"21000000000{number}", name, unit="Workloads")
        made.commit(
            {"reconciler.yaml": CONFIG, "people.yaml": PEOPLE, "team.yaml": TEAM, "deploy.json": POLICY}
        )
        made.converge("--first-apply")

    return done("drift-adopt", applied)


def accept(stage: Real, code: int = 0) -> str:
    """Accept the drift; afterwards nothing differs."""
    ended = stage.run("drift", "--adopt")
    assert ended.code == code, ended.output
    stage.commit()
    if code == 0:
        left = stage.run("drift")
        assert left.code == 0, left.output
    return ended.output


def revoke(*grants: tuple[str, str, str]) -> Change:
    def change(console: Console) -> None:
        for account, name, group in grants:
            console.remove_assignment(account, name, group=group)

    return change


def without_guests(console: Console) -> None:
    console.remove_assignment(DEV, "Read", group="guests")
    console.remove_group("guests")


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [
        (lambda c: c.set_user("ada@example.com", "title", "CTO"), "title: 'Engineer'}", "title: 'CTO'}"),
        (
            lambda c: c.set_user("bob@example.com", "title", "yes: no"),
            "title: Lead       # since May",
            'title: "yes: no"       # since May',
        ),
        (lambda c: c.set_user("bob@example.com", "title", None), "    title: Lead       # since May\n", ""),
        (lambda c: c.set_group("ops", "description", "Run"), "description: Operations", "description: Run"),
        (lambda c: c.rename_group("ops", "SRE"), "OPS-1}]}", "display_name: SRE"),
        (lambda c: c.remove_member("ops", "bob@example.com"), ", {user: bob, reason: OPS-1}", ""),
        (lambda c: c.add_member("ops", "cyd@example.com"), "reason: OPS-1}]", "reason: OPS-1}, cyd]"),
        (lambda c: c.add_member("guests", "ada@example.com"), "members: [cyd]", "members: [cyd, ada]"),
        (lambda c: c.remove_member("dev", "cyd@example.com"), "      - cyd   # for now\n", ""),
        (
            lambda c: c.attach_policy("Read", f"{AWS}AdministratorAccess"),
            "[ReadOnlyAccess]",
            "[AdministratorAccess, ReadOnlyAccess]",
        ),
        (lambda c: c.detach_policy("Read", f"{AWS}ReadOnlyAccess"), "managed_policies:", "tags: {team"),
        (lambda c: c.tag_permission_set("Read", {"team": "sre"}), "team: ops", "team: sre"),
        (lambda c: c.set_boundary("Read", f"{AWS}PowerUserAccess"), "", "{managed_policy: PowerUserAccess}"),
        (
            lambda c: c.set_inline_policy(
                "Deploy", {"Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
            ),
            "s3:Get*",
            '"Deny"',
        ),
        (lambda c: c.put_assignment(PROD, "Read", group="guests"), "", "accounts: [prod]"),
        (lambda c: c.put_assignment(PROD, "Read", user="ada@example.com"), "", "users: [ada]"),
        (revoke((DEV, "Read", "guests")), "  one: {groups: [guests]", ""),
        (
            revoke(*((PROD, name, group) for name in ("Read", "Deploy") for group in ("ops", "dev"))),
            "accounts: [dev, prod, test]",
            "accounts: [dev, test]",
        ),
        (
            revoke(*((account, "Deploy", team) for account in EVERYWHERE for team in TEAMS)),
            "permission_sets: [Read, Deploy]",
            "permission_sets: [Read]",
        ),
        (
            revoke(*((account, name, "dev") for account in EVERYWHERE for name in SETS)),
            "groups: [ops, dev]",
            "groups: [ops]",
        ),
        (revoke((PROD, "Deploy", "dev")), "groups: [ops, dev]", "except: [prod]"),
        (lambda c: c.remove_user("bob@example.com"), "  bob:\n", ""),
        (without_guests, "  guests: {shared: true", ""),
    ],
)  # fmt: skip
def test_what_was_made_outside_git_is_written_where_it_stands(
    stage: Real, change: Change, before: str, after: str
) -> None:
    was = "".join(texts(stage).values())
    assert before in was
    change(stage.sandbox.store)

    accept(stage)

    now = "".join(texts(stage).values())
    assert after in now
    assert not before or before not in now
    for comment in ("# who is who", "# from Basel", "# runs it all", "# all of them"):
        assert comment in now


def test_many_at_once(stage: Real) -> None:
    store = stage.sandbox.store
    store.set_user("ada@example.com", "title", "CTO")
    without_guests(store)
    store.add_member("dev", "ada@example.com")
    store.remove_assignment(PROD, "Deploy", group="dev")
    store.remove_assignment(DEV, "Read", group="ops")
    store.put_assignment(TEST, "Read", user="cyd@example.com")
    store.settle()
    stage.forget()

    accept(stage)

    stage.converge()
    assert stage.written() == []


def test_what_git_brings_about_is_not_accepted(stage: Real) -> None:
    stage.commit({"people.yaml": PEOPLE.replace("'Engineer'", "Architect")})

    ended = stage.run("drift", "--adopt")

    assert ended.code == 0, ended.output
    assert "no file was changed" in ended.output
    assert "Architect" in texts(stage)["people.yaml"]


def test_what_cannot_be_accepted_is_named_and_the_rest_is(stage: Real) -> None:
    store = stage.sandbox.store
    store.add_user("eve@example.com")
    store.add_member("ops", "eve@example.com")
    store.set_user("ada@example.com", "title", "CTO")
    store.add_group("leavers")
    store.put_assignment(DEV, "Read", group="leavers")
    store.remove_group("leavers")

    said = accept(stage, code=2)

    assert "not accepted: aws/membership/ops/~" in said
    assert "whom it is for no longer exists" in said
    assert "`reconciler adopt` declares it" in said
    assert "accepted: aws/user/ada" in said
    assert stage.run("adopt").code == 0
    assert "aws/membership/ops/eve" in accept(stage, code=2)


def test_what_no_file_can_have_does_not_come_into_the_files(stage: Real) -> None:
    stage.sandbox.store.set_user("ada@example.com", "title", "Boss\tof all")
    before = texts(stage)

    ended = stage.run("drift", "--adopt")

    assert ended.code == 2, ended.output
    assert "cannot be written to a file" in ended.output
    assert texts(stage) == before


def test_a_protected_user_who_is_gone_stays_in_the_files(stage: Real) -> None:
    stage.commit({"reconciler.yaml": CONFIG + "guards: {protected: {users: [bob]}}\n"})
    stage.sandbox.store.remove_user("bob@example.com")
    before = texts(stage)

    ended = stage.run("drift", "--adopt")

    assert ended.code == 2, ended.output
    assert texts(stage) == before


def test_privileged_access_is_marked_in_the_answer_and_in_the_files(stage: Real) -> None:
    stage.commit({"sets.yaml": "permission_sets:\n  Admin: {managed_policies: [AdministratorAccess]}\n"})
    stage.converge()
    store = stage.sandbox.store
    store.put_assignment(DEV, "Admin", group="guests")
    store.put_assignment(PROD, "Read", user="ada@example.com")
    store.attach_policy("Deploy", f"{AWS}IAMFullAccess")

    said = accept(stage)

    assert f"accepted: aws/assignment/{DEV}/Admin/group:guests (PRIVILEGED)" in said
    assert "accepted: aws/permission-set/Deploy (PRIVILEGED)" in said
    assert f"accepted: aws/assignment/{PROD}/Read/user:ada accepted" not in said
    assert said.index("(PRIVILEGED)") < said.index("user:ada")
    assert "2 of 3 accepted are privileged" in said
    written = texts(stage)["team.yaml"]
    assert "  # privileged: Admin\n  guests-Admin: {groups: [guests]" in written
    assert written.count("# privileged") == 1
    assert stage.run("plan", "--detailed-exitcode").code == 0


def test_what_a_rule_would_refuse_the_plan_for_is_not_accepted(stage: Real) -> None:
    rule = 'rules: {say: {require: [reason], permission_sets: ["Read"], accounts: [prod]}}\n'
    reasoned = TEAM.replace("accounts: [dev, prod, test]", "accounts: [dev, prod, test], reason: OPS-2")
    stage.commit({"reconciler.yaml": CONFIG + rule, "team.yaml": reasoned})
    stage.converge()
    store = stage.sandbox.store
    store.put_assignment(PROD, "Read", group="guests")
    store.put_assignment(TEST, "Read", group="guests")
    store.set_user("ada@example.com", "title", "CTO")

    said = accept(stage, code=2)

    assert f"not accepted: aws/assignment/{PROD}/Read/group:guests" in said
    assert "refused by rule-require: say: 1 entry" in said
    assert f"accepted: aws/assignment/{TEST}/Read/group:guests" in said
    assert "accepted: aws/user/ada" in said
    assert stage.run("plan", "--detailed-exitcode").code == 0


def test_what_only_a_guard_of_the_whole_refuses_is_told_with_what_lifts_it(stage: Real) -> None:
    # Something that git takes away, and that is not applied.
    stage.commit(
        {"team.yaml": TEAM.replace("guests: {shared: true, members: [cyd]}", "guests: {members: []}")}
    )
    for account in EVERYWHERE:
        for group in TEAMS:
            for name in SETS:
                stage.sandbox.store.remove_assignment(account, name, group=group)

    ended = stage.run("drift", "--adopt")

    assert ended.code == 1
    assert "source-shrank" in ended.output
    assert "`reconciler explain source-shrank` says what lifts it" in ended.output
