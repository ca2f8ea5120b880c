"""`reconciler apply`: what was reviewed happens, and everything else is said, left out or stopped."""

from __future__ import annotations

import json

import pytest

from reconciler.sandbox import FaultKind
from tests.cli.stage import CONFIG, GROUPS, PEOPLE, TEAM, Ended, Played, Real

PROMOTED = PEOPLE.replace("Engineer", "Lead")
MORE = "groups:\n  ops: {members: [ada, bob, cyd]}\n  dev: {members: [cyd]}\n"


def digest(ended: Ended) -> str:
    """The digest of the only target of a plan printed as JSON."""
    (part,) = json.loads(ended.out)["targets"]
    return str(part["digest"])


def test_what_was_reviewed_is_done_and_nothing_is_left(played: Played) -> None:
    played.run("plan", "--out", "plan.json")

    ended = played.run("apply", "plan.json")

    assert ended.code == 0
    assert "Applied 8 of 8 changes." in ended.out
    assert played.memberships() == TEAM
    assert played.run("plan", "--detailed-exitcode").code == 0


def test_applying_twice_does_nothing_the_second_time(played: Played) -> None:
    played.converge()

    ended = played.run("apply", "plan.json")

    assert ended.code == 0
    assert "Unnecessary: 8" in ended.out
    assert "Applied 0 of 8 changes" in ended.out


@pytest.mark.parametrize("format_", ["json", "markdown", "github"])
def test_the_report_comes_in_the_format_that_was_asked_for(played: Played, format_: str) -> None:
    played.run("plan", "--out", "plan.json")

    ended = played.run("apply", "plan.json", "--format", format_)

    assert ended.code == 0
    lines = ended.out.strip().splitlines()
    if format_ == "json":
        assert json.loads(ended.out)["statuses"] == {"done": 8}
    elif format_ == "markdown":
        assert lines[0] == "### Applied 8 of 8 changes."
        assert (lines[2], lines[-1]) == ("```text", "```")
    else:
        assert lines[0].startswith("::stop-commands::")
        assert lines[-1] == lines[0].replace("stop-commands::", "") + "::"


def test_a_digest_that_was_approved_takes_the_place_of_a_plan(played: Played) -> None:
    approved = digest(played.run("plan", "--format", "json"))

    ended = played.run("apply", "--expect-digest", approved)

    assert ended.code == 0
    assert played.memberships() == TEAM
    assert played.run("apply", "--expect-digest", approved).code == 0, "nothing is left to approve"


def test_a_digest_can_be_for_one_target_alone(played: Played) -> None:
    approved = digest(played.run("plan", "--format", "json"))

    assert played.run("apply", "--expect-digest", f"aws={approved}").code == 0
    assert played.memberships() == TEAM


def test_one_digest_each_lets_several_targets_go(played: Played) -> None:
    second = "  other: {type: identity-center, region: us-east-1, paths: [none/**]}\n"
    played.write({"reconciler.yaml": CONFIG + second})
    parts = json.loads(played.run("plan", "--format", "json").out)["targets"]

    named = [f"--expect-digest={part['target']}={part['digest']}" for part in parts]
    ended = played.run("apply", *named)

    assert ended.code == 0
    assert played.memberships() == TEAM


def test_a_digest_of_a_target_that_is_not_configured_is_named(played: Played) -> None:
    approved = digest(played.run("plan", "--format", "json"))

    ended = played.run("apply", "--expect-digest", f"azure={approved}")

    assert ended.code == 1
    assert "for the target azure; configured are: aws" in ended.output


def test_another_digest_than_approved_stops_even_what_nobody_needs_to_review(played: Played) -> None:
    played.converge()
    approved = digest(played.run("plan", "--format", "json"))
    with played.console() as console:
        console.add_user("eve@example.com")
        console.add_member("ops", "eve@example.com")

    ended = played.run("apply", "--expect-digest", approved)

    assert ended.code == 4
    assert "is not part of what was approved" in ended.output
    assert "eve@example.com" in played.memberships()["ops"]


def test_more_than_was_reviewed_is_stale_and_writes_nothing(settled: Real) -> None:
    settled.commit({"people.yaml": PROMOTED})
    settled.plan()
    settled.commit({"groups.yaml": MORE})
    settled.forget()

    ended = settled.run("apply", settled.file)

    assert ended.code == 4
    assert ended.out == ""
    assert "STALE: 1 change not as reviewed; nothing was written." in ended.output
    assert "create aws/membership/ops/cyd was not reviewed" in ended.output
    assert settled.written() == []
    assert settled.memberships() == TEAM


def test_a_reviewed_change_that_finds_another_world_is_stale_and_shown_field_by_field(settled: Real) -> None:
    settled.commit({"people.yaml": PROMOTED})
    settled.plan()
    settled.sandbox.store.set_user("ada@example.com", "title", "Chief")
    settled.forget()

    ended = settled.run("apply", settled.file)

    assert ended.code == 4
    assert 'title: reviewed "Engineer" -> "Lead", now "Chief" -> "Lead"' in ended.output
    assert settled.written() == []


def test_the_digest_that_a_stale_apply_names_can_be_approved(settled: Real) -> None:
    settled.commit({"people.yaml": PROMOTED})
    settled.plan()
    settled.commit({"groups.yaml": MORE})
    stale = settled.run("apply", settled.file)
    _, _, named = stale.err.partition("aws would be ")

    ended = settled.run("apply", "--expect-digest", named.split()[0])

    assert ended.code == 0
    assert settled.memberships()["ops"] == TEAM["ops"] | {"cyd@example.com"}


def test_several_reviewed_plans_are_applied_together(played: Played) -> None:
    played.converge()
    played.write({"people.yaml": PROMOTED})
    played.run("plan", "--out", "one.json")
    played.write({"people.yaml": PEOPLE, "groups.yaml": MORE})
    played.run("plan", "--out", "other.json")
    played.write({"people.yaml": PROMOTED})

    assert played.run("apply", "one.json").code == 4
    ended = played.run("apply", "one.json", "other.json")

    assert ended.code == 0
    assert "Applied 2 of 2 changes." in ended.out
    assert played.run("plan", "--detailed-exitcode").code == 0


def test_what_somebody_else_did_meanwhile_is_left_for_its_own_review(played: Played) -> None:
    played.converge()
    played.write({"people.yaml": PROMOTED})
    played.run("plan", "--out", "plan.json")
    with played.console() as console:
        console.add_user("eve@example.com")
        console.add_member("ops", "eve@example.com")

    ended = played.run("apply", "plan.json")

    assert ended.code == 0
    assert "Left out: 1" in ended.out
    assert "Applied 1 of 2 changes" in ended.out
    assert "eve@example.com" in played.memberships()["ops"]


def test_a_refused_plan_is_shown_and_not_applied(settled: Real) -> None:
    settled.commit({"groups.yaml": GROUPS.replace("[ada, bob]", "[]")})
    settled.plan()
    settled.forget()

    ended = settled.run("apply", settled.file)

    assert ended.code == 3
    assert "set-emptied" in ended.out
    assert "Refused; nothing was written." in ended.err
    assert settled.written() == []
    assert settled.memberships() == TEAM


def test_an_approval_lets_a_refused_plan_go(settled: Real) -> None:
    terms = "kind: memberships, count: 9, until: 2100-01-01, reason: reorganisation"
    approval = f"approvals:\n  {{}}: {{{{guard: {{}}, {terms}}}}}\n"
    settled.commit(
        {
            "groups.yaml": GROUPS.replace("[ada, bob]", "[]"),
            "approvals/one.yaml": approval.format("empty", "set-emptied"),
            "approvals/other.yaml": approval.format("many", "max-removals"),
        }
    )

    settled.converge()

    assert settled.memberships()["ops"] == frozenset()


def test_a_plan_of_only_some_addresses_is_applied_as_far_as_it_goes(real: Real) -> None:
    real.plan("--only", "aws/user/ada")

    ended = real.run("apply", real.file, "--first-apply")

    assert ended.code == 0, ended.output
    assert set(real.sandbox.store.users()) == {"ada@example.com"}
    assert real.tag() is None, "an apply of a part is not whole"
    assert real.run("plan", "--detailed-exitcode").code == 2


def test_a_plan_of_one_target_leaves_the_others_alone(played: Played) -> None:
    second = "  other: {type: identity-center, region: us-east-1, paths: [people.yaml]}\n"
    played.write({"reconciler.yaml": CONFIG + second})
    played.run("plan", "--out", "plan.json", "--target", "aws")

    ended = played.run("apply", "plan.json")

    assert ended.code == 0
    assert "other" not in ended.out
    neither = played.run("apply", "plan.json", "--target", "other")
    assert neither.code == 64
    assert "--target leaves nothing of what was reviewed" in neither.output


def test_a_plan_for_another_instance_is_refused(played: Played) -> None:
    played.run("plan", "--out", "plan.json")
    for file in (played.root / ".reconciler").glob("sandbox.sqlite*"):
        file.unlink()

    ended = played.run("apply", "plan.json")

    assert ended.code == 1
    assert "the plan is for another instance behind aws: " in ended.output
    assert played.memberships() == {}


def test_a_plan_for_a_target_that_is_not_configured_any_more_is_refused(played: Played) -> None:
    played.run("plan", "--out", "plan.json")
    played.write({"reconciler.yaml": CONFIG.replace("aws:", "prod:")})

    ended = played.run("apply", "plan.json")

    assert ended.code == 1
    assert "is for the target aws; configured are: prod" in ended.output


def test_a_plan_of_other_semantics_is_refused(played: Played) -> None:
    played.run("plan", "--out", "plan.json")
    file = played.root / "plan.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**content, "semantics_version": 99}), encoding="utf-8")

    ended = played.run("apply", "plan.json")

    assert ended.code == 1
    assert "which plans otherwise; plan again" in ended.output


def test_now_is_honoured_on_the_sandbox(played: Played) -> None:
    played.write({"people.yaml": PEOPLE.replace("title: Engineer", "until: 2026-12-31")})
    played.converge("--now", "2026-11-23T12:00:00Z")
    assert played.memberships() == TEAM

    later = "2027-01-01T00:00:00Z"
    played.run("plan", "--out", "plan.json", "--now", later)
    assert played.run("apply", "plan.json", "--now", later).code == 0

    assert played.memberships()["ops"] == {"bob@example.com"}


def test_what_fails_in_part_is_exit_code_6_and_the_next_apply_finishes(real: Real) -> None:
    real.plan()
    real.sandbox.faults.add(FaultKind.DENY, "identitystore.CreateGroup", count=None)

    ended = real.run("apply", real.file, "--first-apply")

    assert ended.code == 6
    assert "identitystore:CreateGroup" in ended.out
    assert "Run `reconciler plan` to see what is left." in ended.out
    assert set(real.sandbox.store.users()) == {"ada@example.com", "bob@example.com", "cyd@example.com"}
    assert real.tag() is None
    real.sandbox.faults.clear()
    assert real.run("apply", real.file, "--first-apply").code == 0
    assert real.memberships() == TEAM
    assert real.tag() is not None


def test_an_apply_that_wrote_nothing_because_all_of_it_failed_is_exit_code_1(real: Real) -> None:
    real.plan()
    real.sandbox.faults.add(FaultKind.DENY, "identitystore.Create*", count=None)

    ended = real.run("apply", real.file, "--first-apply")

    assert ended.code == 1
    assert "Failed: " in ended.out
    assert real.memberships() == {}


def test_a_record_that_cannot_be_read_stops_the_sandbox_before_any_write(played: Played) -> None:
    played.run("plan", "--out", "plan.json")
    record = played.root / ".reconciler" / "sandbox-record.json"
    record.write_text("{", encoding="utf-8")

    ended = played.run("apply", "plan.json")

    assert ended.code == 1
    assert "is damaged, or was written by another version; delete it" in ended.output
    assert played.memberships() == {}


def test_files_that_changed_after_the_review_do_not_slip_in(played: Played) -> None:
    played.run("plan", "--out", "plan.json")
    played.write({"people.yaml": PROMOTED})

    ended = played.run("apply", "plan.json")

    assert ended.code == 4
    assert "create aws/user/ada is not as it was when it was reviewed" in ended.output
    assert 'title: reviewed (none) -> "Engineer", now (none) -> "Lead"' in ended.output
    assert played.memberships() == {}
