"""Identity Center by its SCIM endpoint, and another service beside it, on the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.sandbox import Sandbox
from tests.cli.stage import GROUPS, PEOPLE, SPEED, TEAM, Ended, Played, Real

CANARY = "CANARY0123456789abcdefghijklmnopqrstuvwxyz"


@pytest.fixture
def chat() -> Iterator[Sandbox]:
    """Another organisation's endpoint, which stands for any service that speaks SCIM."""
    with Sandbox(None, speed=SPEED, latency=0.0) as sandbox:
        yield sandbox


def config(aws: Sandbox, chat: Sandbox | None = None, *, more: str = "", token: str = "AWS_SIDE") -> str:
    text = (
        "format: 1\ntargets:\n  aws:\n    type: identity-center\n    region: us-east-1\n"
        f"    directory: {{scim: {{url: '{aws.scim_url}', token: {{env: {token}}}{more}}}}}\n"
    )
    if chat is not None:
        text += (
            f"  chat: {{type: scim, profile: aws, url: '{chat.scim_url}', token: {{env: CHAT_SIDE}}, "
            "provision: {groups: [ops]}}\n"
        )
    return text


@pytest.fixture
def tokens(monkeypatch: pytest.MonkeyPatch, aws: Sandbox, chat: Sandbox) -> None:
    monkeypatch.setenv("AWS_SIDE", aws.scim_token())
    monkeypatch.setenv("CHAT_SIDE", chat.scim_token())


def scim_writes(sandbox: Sandbox) -> list[str]:
    reads = ("List", "Get", "ServiceProviderConfig")
    return [
        each.label
        for each in sandbox.requests
        if each.label.startswith("scim.") and not each.operation.startswith(reads)
    ]


def test_an_instance_and_a_service_are_planned_and_applied_together(
    real: Real, aws: Sandbox, chat: Sandbox, tokens: None
) -> None:
    real.commit({"reconciler.yaml": config(aws, chat)})

    real.converge("--first-apply")

    assert aws.store.memberships() == TEAM
    assert chat.store.memberships() == {"ops": TEAM["ops"]}
    assert chat.store.users().keys() == aws.store.users().keys()
    assert "identitystore.CreateUser" not in real.written()
    tags = real.work.git("tag", "--list", "reconciler/applied/*").split()
    assert tags == ["reconciler/applied/aws", "reconciler/applied/chat"]


def test_a_leaver_is_disabled_at_both_and_the_plan_says_what_that_means(
    real: Real, aws: Sandbox, chat: Sandbox, tokens: None
) -> None:
    real.commit({"reconciler.yaml": config(aws, chat)})
    real.converge("--first-apply")
    real.commit({"blocked.yaml": "blocked: {bob: {reason: SEC-1}}\n"})

    planned = real.run("plan")
    assert planned.output.count("deactivation-means") == 2
    assert "no sign-in and no permission set" in planned.output
    assert real.run("reconcile").code == 0

    for sandbox in (aws, chat):
        assert sandbox.store.users()["bob@example.com"]["UserStatus"] == "DISABLED"
        assert sandbox.store.memberships()["ops"] == {"ada@example.com"}


LEFT = "bob: {active: false, title: Emeritus, "


def test_a_leaver_loses_everything_without_a_review_and_the_rest_waits_for_one(
    real: Real, aws: Sandbox, chat: Sandbox, tokens: None
) -> None:
    real.commit({"reconciler.yaml": config(aws, chat)})
    real.converge("--first-apply")
    tag = real.tag()
    real.commit({"people.yaml": PEOPLE.replace("bob: {", LEFT)})

    ended = real.run("reconcile", "--detailed-exitcode")

    assert ended.code == 2, ended.output
    for sandbox in (aws, chat):
        bob = sandbox.store.users()["bob@example.com"]
        assert (bob["UserStatus"], bob.get("Title")) == ("DISABLED", None)
        assert sandbox.store.memberships()["ops"] == {"ada@example.com"}
    assert "git: waits for review" in ended.output
    assert real.tag() == tag
    # A run that finds the leaver gone leaves the edit to its review, and that completes it.
    assert real.run("reconcile", "--detailed-exitcode").code == 2
    real.converge()
    for sandbox in (aws, chat):
        bob = sandbox.store.users()["bob@example.com"]
        assert (bob["UserStatus"], bob.get("Title")) == ("DISABLED", "Emeritus")
    assert real.tag() != tag
    back = real.commit({"people.yaml": PEOPLE})
    assert real.run("reconcile", "--detailed-exitcode").code == 2
    assert aws.store.users()["bob@example.com"]["UserStatus"] == "DISABLED"
    real.converge()
    assert aws.store.users()["bob@example.com"]["UserStatus"] == "ENABLED"
    assert aws.store.memberships() == TEAM
    assert real.tag() == back


def test_planning_an_instance_needs_no_token_of_scim_and_applying_says_that_it_does(
    real: Real, aws: Sandbox
) -> None:
    real.commit({"reconciler.yaml": config(aws)})

    assert real.plan().code == 0
    assert not [each for each in real.sandbox.requests if each.label.startswith("scim.")]
    ended = real.run("apply", real.file, "--first-apply")

    assert ended.code == 1
    assert "the environment variable AWS_SIDE is not set, or empty; set it" in ended.output
    assert real.written() == []
    assert real.work.git("tag", "--list") == ""


@pytest.mark.parametrize(
    ("expires", "code", "says"),
    [
        pytest.param("2020-01-31", 1, "the token of aws has ended on 2020-01-31", id="over"),
        pytest.param("2099-12-31", 0, "", id="far away"),
    ],
)
def test_a_token_that_would_die_within_the_apply_lets_none_begin(
    real: Real, aws: Sandbox, tokens: None, expires: str, code: int, says: str
) -> None:
    real.commit({"reconciler.yaml": config(aws, more=f", expires: {expires}")})

    planned = real.plan()
    ended = real.run("apply", real.file, "--first-apply")

    assert ("token-expires" in planned.output) is bool(code)
    assert says in planned.output
    assert ended.code == code
    assert bool(real.written()) is not bool(code)


def test_a_service_that_cannot_be_written_keeps_the_others_from_being_half_done(
    real: Real, aws: Sandbox, chat: Sandbox, tokens: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are asked before either is written."""
    real.commit({"reconciler.yaml": config(aws, chat)})
    assert real.plan().code == 0
    monkeypatch.delenv("AWS_SIDE")

    assert real.run("apply", real.file, "--first-apply").code == 1

    assert real.written() == []
    assert scim_writes(chat) == []


def test_the_next_token_takes_over_when_the_first_is_refused(
    real: Real, aws: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SIDE", "x" * 40)
    monkeypatch.setenv("AWS_NEXT", aws.scim_token())
    real.commit({"reconciler.yaml": config(aws, more=", token_next: {env: AWS_NEXT}")})

    real.converge("--first-apply")

    assert aws.store.memberships() == TEAM


def test_a_refusal_half_way_stops_the_writes_to_that_service_and_the_next_run_goes_on(
    real: Real, aws: Sandbox, chat: Sandbox, tokens: None
) -> None:
    real.commit({"reconciler.yaml": config(aws, chat)})
    assert real.plan().code == 0
    aws.faults.add("expired", "scim.CreateUser", nth=2, count=None)

    ended = real.run("apply", real.file, "--first-apply")

    assert ended.code == 6
    assert "AWS_SIDE is not accepted" in ended.output
    assert chat.store.memberships() == {"ops": TEAM["ops"]}, "another service is written all the same"
    aws.faults.clear()
    real.converge("--first-apply")
    assert aws.store.memberships() == TEAM


def test_a_pull_request_cannot_send_the_token_elsewhere(
    real: Real, aws: Sandbox, chat: Sandbox, tokens: None
) -> None:
    real.commit({"reconciler.yaml": config(aws, chat)})
    real.converge("--first-apply")
    real.work.git("checkout", "-q", "-b", "proposal")
    text = config(aws, chat).replace(chat.scim_url, "http://127.0.0.1:9/scim/v2").replace("CHAT_SIDE", "HOME")
    real.commit({"reconciler.yaml": text, "groups.yaml": GROUPS.replace("[ada, bob]", "[ada, bob, cyd]")})

    ended = real.plan("--trusted-ref", "main")

    assert ended.code == 0
    assert "the endpoint of chat is used as it is on the trusted branch" in ended.output
    assert "chat/membership/ops/cyd" in Path(real.file).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "kind",
    [
        "html",
        "empty",
        "truncated",
        "garbage",
        "wrong-type",
        "missing-key",
        "wrong-schema",
        "redirect",
        "deny",
    ],
)
def test_whatever_a_service_answers_instead_is_named_and_nothing_is_removed(
    real: Real, aws: Sandbox, chat: Sandbox, tokens: None, kind: str
) -> None:
    real.commit({"reconciler.yaml": config(aws, chat)})
    real.converge("--first-apply")
    chat.faults.add(kind, "scim.ListUsers", count=None, reason="http://127.0.0.1:9/elsewhere")
    real.forget()

    ended = real.plan()

    assert ended.code == 1
    assert "chat scim.ListUsers" in ended.output
    assert not Path(real.file).exists() or real.run("show", real.file).code == 0
    chat.faults.clear()
    assert chat.store.memberships() == {"ops": TEAM["ops"]}
    assert real.written() == []


def test_a_token_is_in_nothing_that_is_printed_or_written(
    real: Real, aws: Sandbox, chat: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Also where it is refused, half of an answer is lost, and everything is told."""
    monkeypatch.setenv("AWS_SIDE", aws.scim_token())
    monkeypatch.setenv("CHAT_SIDE", CANARY)
    real.commit({"reconciler.yaml": config(aws, chat)})
    seen: list[Ended] = [real.run("plan", "-v"), real.run("plan", "--format", "json", "-v")]
    monkeypatch.setenv("AWS_SIDE", CANARY)
    monkeypatch.setenv("CHAT_SIDE", chat.scim_token())
    seen.append(real.plan("-v"))
    seen.append(real.run("apply", real.file, "--first-apply", "-v"))
    seen.append(real.shell("plan", "-v", env={"PYTHONDEVMODE": "1"}))
    assert {one.code for one in seen} == {0, 1, 6}

    secrets = (CANARY, aws.scim_token(), chat.scim_token())
    written = {str(path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    written |= {f"output {number}": (one.out + one.err).encode() for number, one in enumerate(seen)}
    written["tags"] = real.work.git("for-each-ref", "--format=%(contents)").encode()
    assert [
        (name, secret[:6])
        for name, content in written.items()
        for secret in secrets
        if secret.encode() in content
    ] == []


def test_a_token_in_the_file_itself_is_refused_and_not_shown(real: Real, aws: Sandbox) -> None:
    text = config(aws).replace("{env: AWS_SIDE}", CANARY)
    real.commit({"reconciler.yaml": text})

    for command in (("validate",), ("plan", "-v"), ("validate", "--format", "github")):
        ended = real.run(*command)
        assert ended.code == 1
        assert "does not say where the token is found" in ended.output
        assert CANARY not in ended.out + ended.err


def test_a_profile_that_does_not_exist_is_said_with_its_place(
    real: Real, aws: Sandbox, chat: Sandbox
) -> None:
    real.commit({"reconciler.yaml": config(aws, chat).replace("profile: aws", "profile: slak")})

    ended = real.run("validate")

    assert ended.code == 1
    assert "reconciler.yaml:7:31: targets.chat.profile is a profile that does not exist" in ended.output
    assert 'did you mean "slack"?' in ended.output


def test_the_sandbox_stands_in_for_aws_and_its_scim_endpoint_and_for_no_other_service(
    played: Played, aws: Sandbox, chat: Sandbox
) -> None:
    played.write({"reconciler.yaml": config(aws, chat)})

    planned = played.run("plan", "--out", "plan.json")
    assert planned.code == 0
    assert "Left out, because the sandbox replaces no SCIM service: chat." in planned.output
    played.converge()

    assert played.memberships() == TEAM
    with played.console() as console:
        assert console.users()["ada@example.com"]["UserStatus"] == "ENABLED"
    assert list(aws.requests) == list(chat.requests) == []


def test_the_sandbox_alone_has_nothing_to_do_with_other_services(played: Played, chat: Sandbox) -> None:
    played.write(
        {
            "reconciler.yaml": (
                f"format: 1\ntargets: {{chat: {{type: scim, url: '{chat.scim_url}', token: {{env: T}}}}}}\n"
            )
        }
    )

    ended = played.run("plan")

    assert ended.code == 64
    assert "the sandbox replaces AWS only, and no SCIM service (chat)" in ended.output
