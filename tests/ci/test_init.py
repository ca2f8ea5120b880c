"""`reconciler init`: what it writes is valid, the same every time, and never over what is there."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml

from reconciler.cli.main import run
from reconciler.errors import UsageError
from reconciler.model.authorship import OWN_SESSION
from reconciler.scaffold.choices import Choices
from reconciler.scaffold.files import TEMPLATES, files
from reconciler.sources.settings import Settings, read_settings

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
FORGES = ("github", "gitlab")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("forge", FORGES)
@pytest.mark.parametrize("plan_with", ["snapshot", "role"])
def test_it_is_valid_at_once_and_the_same_every_time(
    forge: str,
    plan_with: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    options = [
        "--ci",
        forge,
        "--plan-with",
        plan_with,
        "--repository",
        "octo-org/access",
        "--branch",
        "trunk",
    ]
    for name in ("one", "two"):
        assert run(["init", str(tmp_path / name), *options]) == 0
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert run(["init", str(tmp_path / "one"), *options, "--check"]) == 0

    monkeypatch.chdir(tmp_path / "one")
    capsys.readouterr()
    assert run(["validate"]) == 0
    said = capsys.readouterr()
    assert "all fine" in said.out
    assert said.err == ""


@pytest.mark.parametrize("forge", FORGES)
def test_no_placeholder_is_left_and_every_template_is_used(forge: str) -> None:
    made = files(Choices(forge=forge)).items()
    assert [name for name, content in made if re.search(rb"@@\w", content)] == []


def test_with_a_directory_there_is_a_workflow_without_a_role_and_nothing_else_changes() -> None:
    plain, more = files(Choices()), files(Choices(source="ad", runner="near-the-dc"))
    assert more.keys() - plain.keys() == {
        ".github/reconciler/ad.yaml",
        ".github/workflows/import.yml",
        "IMPORT-GUIDE.md",
    }
    assert {name for name in plain if plain[name] != more[name]} == {
        ".github/workflows/drift.yml",
        "README.md",
    }
    jobs = yaml.safe_load(more[".github/workflows/import.yml"])["jobs"]
    assert jobs["read"]["runs-on"] == ["self-hosted", "near-the-dc"]
    assert all(job["permissions"] == {"contents": "read"} for job in jobs.values())
    # The password is handed to the step that reads, and the runner never has the key of the app.
    steps = {name: str(job["steps"]) for name, job in jobs.items()}
    assert [one.get("name") for one in jobs["read"]["steps"] if "AD_PASSWORD" in str(one)] == [
        "Read the directory, once"
    ]
    assert "IMPORT_APP_KEY" not in steps["read"]
    assert "AD_PASSWORD" not in steps["propose"] + steps["merge"]
    assert jobs["merge"]["if"].count("vars.IMPORT_MERGES_LEAVERS == 'true'") == 1
    config = read_settings_text(more[".github/reconciler/ad.yaml"])
    assert (config.server is not None and config.server.password_env) == "AD_PASSWORD"


def read_settings_text(content: bytes) -> Settings:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ad.yaml"
        path.write_bytes(content)
        return read_settings(path)


def test_at_gitlab_a_directory_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", str(tmp_path / "new"), "--ci", "gitlab", "--source", "ad"]) != 0
    printed = capsys.readouterr().err
    assert "for GitHub alone" in printed
    assert "cannot open, close or merge a merge request yet" in printed
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("runner", ["", "a b", '"', "x]", "-x", "é", "a\n"])
def test_the_label_of_a_runner_is_a_word(runner: str) -> None:
    with pytest.raises(UsageError, match="--runner"):
        Choices(source="ad", runner=runner)


def test_the_lock_has_what_an_import_and_signatures_need() -> None:
    locked = files(Choices())[".github/reconciler/requirements.txt"].decode()
    for name in ("ldap3", "pyasn1", "signxml"):
        assert re.search(rf"^{name}==", locked, re.MULTILINE), name


def filled(text: str, words: Mapping[str, str]) -> bytes:
    return re.sub(r"@@([a-z_]+)@@", lambda match: words[match[1]], text).encode()


def test_every_template_is_written_by_some_choice() -> None:
    used = set()
    for forge in FORGES:
        for plan_with, source in (
            ("snapshot", "ad" if forge == "github" else ""),
            ("role", ""),
            ("snapshot", ""),
        ):
            choices = Choices(forge=forge, plan_with=plan_with, source=source)
            words = choices.words()
            there = set(files(choices).values())
            for path in TEMPLATES.rglob("*"):
                if path.is_file() and filled(path.read_text("utf-8"), words) in there:
                    used.add(path)
    # What `demo --story ad` shows is not written by `init`.
    story = TEMPLATES / "story-ad"
    written = {path for path in TEMPLATES.rglob("*") if path.is_file() and story not in path.parents}
    assert written == used


def test_nothing_is_written_where_one_file_is_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "README.md").write_text("ours\n", encoding="utf-8")
    assert run(["init", str(tmp_path)]) == 64
    assert contents(tmp_path) == {"README.md": b"ours\n"}
    assert "README.md already" in capsys.readouterr().err


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / ".github").symlink_to(tmp_path / "elsewhere")
    assert run(["init", str(tmp_path / "new")]) == 64
    assert contents(tmp_path) == {}


def test_what_would_differ_is_shown_and_nothing_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["init", str(tmp_path)]) == 0
    (tmp_path / "README.md").unlink()
    (tmp_path / "BREAK-GLASS.md").write_text("ours\n", encoding="utf-8")
    before = contents(tmp_path)
    capsys.readouterr()

    assert run(["init", str(tmp_path), "--diff"]) == 0
    shown = capsys.readouterr().out
    assert "-ours" in shown
    assert "+++ b/README.md" in shown
    assert run(["init", str(tmp_path), "--check"]) == 1
    assert capsys.readouterr().out.split() == ["BREAK-GLASS.md", "README.md"]
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("repository", "octo-org"),
        ("repository", "octo-org/access; rm -rf /"),
        ("repository", "octo-org/access\n"),
        ("repository", "octo-org/../access"),
        ("repository", "octo-org/a/b"),
        ("repository", "octo-org/access.git"),
        ("branch", 'main" && true'),
        ("branch", "-main"),
        ("branch", "a..b"),
        ("branch", "${{ github.token }}"),
        ("branch", "@@account@@"),
        ("branch", "refs/heads/main"),
        ("branch", "main.lock"),
        ("branch", "main/"),
        ("region", "eu-central-1\n"),
        ("region", "nowhere"),
        ("account", "11111111111"),
        ("account", "\uff11" * 12),
        ("owners", "octo-org"),
        ("owners", "@a\n* @evil"),
        ("repository_id", "0"),
        ("owner_id", "1 OR 1"),
        ("plan_with", "hope"),
        ("forge", "elsewhere"),
        ("approvals", -1),
    ],
)
def test_a_value_that_is_not_what_it_must_be_is_refused(option: str, value: Any) -> None:
    with pytest.raises(UsageError):
        Choices(**{option: value})


def made(**chosen: Any) -> dict[str, Any]:
    """The JSON files, by the last part of their names."""
    return {
        name.rpartition("/")[2]: json.loads(content)
        for name, content in files(Choices(**chosen)).items()
        if name.endswith(".json")
    }


def actions(policy: Any, effect: str = "Allow") -> set[str]:
    return {action for one in policy["Statement"] if one["Effect"] == effect for action in one["Action"]}


def test_the_policies_are_those_of_the_readme_and_the_roles_nest() -> None:
    documents = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", README, re.DOTALL)]
    read, write, roles = (actions(one) for one in documents[:3])
    policies = made()
    plan = actions(policies["policy-plan.json"])
    assert plan == read | {"access-analyzer:ValidatePolicy", "iam:GetPolicy"}
    assert actions(policies["policy-apply.json"]) == plan | write
    assert actions(policies["policy-apply-management-account.json"]) == roles
    revoke = actions(policies["policy-revoke.json"])
    ending = {"signin:ListSessions", "signin:BatchRevokeSessions"}
    assert plan < revoke < plan | write | ending
    assert ending < revoke
    more = revoke - plan - ending
    assert not {action for action in more if not action.split(":")[1].startswith("Delete")}
    assert actions(policies["policy-revoke-management-account.json"]) < roles
    assert not {
        action for action in plan if re.match(r"\w+:(Create|Update|Delete|Put|Attach|Detach)", action)
    }
    assert "sso:DeleteInstance" in actions(policies["policy-apply.json"], "Deny")


def test_a_role_trusts_this_repository_by_its_numbers_and_nothing_else() -> None:
    policies = made(repository="octo-org/access", repository_id="456", owner_id="123", branch="trunk")
    (apply,) = policies["trust-apply.json"]["Statement"]
    given = apply["Condition"]
    assert set(given) == {"StringEquals"}
    claims = {name.partition(":")[2]: value for name, value in given["StringEquals"].items()}
    assert claims == {
        "aud": "sts.amazonaws.com",
        "repository_id": "456",
        "sub": [
            "repo:octo-org@123/access@456:environment:identity-apply",
            "repository_owner_id:123:repository_id:456:environment:identity-apply",
        ],
        "ref": "refs/heads/trunk",
        "job_workflow_ref": ["octo-org/access/.github/workflows/apply.yml@refs/heads/trunk"],
    }
    assert "pull_request" not in json.dumps(policies["trust-plan.json"])
    by_role = made(plan_with="role")
    assert "pull_request" in json.dumps(by_role["trust-plan-role.json"])
    assert "*" not in json.dumps([one for name, one in policies.items() if name.startswith("trust")])


@pytest.mark.parametrize(
    ("region", "partition"), [("us-gov-west-1", "aws-us-gov"), ("cn-north-1", "aws-cn"), ("eu-west-1", "aws")]
)
def test_names_of_roles_are_those_of_the_partition(region: str, partition: str) -> None:
    text = files(Choices(region=region))[".github/workflows/apply.yml"].decode()
    assert f'"arn:{partition}:iam::111111111111:role/identity-reconciler-apply"' in text


def test_the_tags_of_the_memory_move_by_a_deploy_key_alone() -> None:
    rules = made()["memory.json"]
    assert [one["type"] for one in rules["rules"]] == ["creation", "update", "deletion", "non_fast_forward"]
    assert [one["actor_type"] for one in rules["bypass_actors"]] == ["DeployKey"]
    assert made(approvals=2)["default-branch.json"]["bypass_actors"] == []


def test_a_wheel_is_shipped_and_pinned(tmp_path: Path) -> None:
    wheel = tmp_path / "identity_reconciler-9.9.9-py3-none-any.whl"
    wheel.write_bytes(b"wheel")
    written = files(Choices(wheel=wheel))
    assert written[f".github/reconciler/{wheel.name}"] == b"wheel"
    lock = written[".github/reconciler/requirements.txt"].decode()
    pins = re.sub(r"\\\n", " ", lock)
    assert all("--hash=sha256:" in line for line in pins.splitlines() if re.match(r"[a-z./]", line))
    with pytest.raises(UsageError):
        files(Choices(wheel=tmp_path / "nothing.whl"))
    (tmp_path / "evil.sh").write_bytes(b"")
    with pytest.raises(UsageError):
        files(Choices(wheel=tmp_path / "evil.sh"))


@pytest.mark.parametrize("forge", FORGES)
def test_nothing_of_a_checkout_is_imported_by_what_installs(forge: str) -> None:
    # `python -m` looks for modules where it runs: a file pip.py that was merged would be run.
    texts = [path.read_text("utf-8") for path in (TEMPLATES / forge).rglob("*.yml")]
    found = [line for text in texts for line in text.splitlines() if re.search(r"python\S* .*-m ", line)]
    assert found
    assert [line for line in found if "python -I -m pip " not in line] == []


def test_every_session_of_a_role_has_the_name_by_which_drift_knows_our_own_runs() -> None:
    found = 0
    for path in (TEMPLATES / "github" / "workflows").glob("*.yml"):
        for job in yaml.safe_load(path.read_text("utf-8"))["jobs"].values():
            for step in job["steps"]:
                if "configure-aws-credentials" in step.get("uses", ""):
                    assert step["with"]["role-session-name"] == OWN_SESSION + "${{ github.run_id }}"
                    found += 1
    assert found >= 6
    text = (TEMPLATES / "gitlab" / "template.yml").read_text("utf-8")
    assert f"    AWS_ROLE_SESSION_NAME: {OWN_SESSION}$CI_JOB_ID\n" in text


@pytest.mark.parametrize("forge", FORGES)
def test_a_policy_of_denials_comes_with_its_statements(forge: str) -> None:
    made = files(Choices(forge=forge, deny_policy="p-1a2b3c4d5e"))
    plain = files(Choices(forge=forge))
    folder = f".{forge}/reconciler/iam"
    for name in ("plan", "apply", "revoke"):
        path = f"{folder}/policy-{name}.json"
        more = [one for one in json.loads(made[path])["Statement"]
                if one not in json.loads(plain[path])["Statement"]]  # fmt: skip
        (statement,) = more
        assert statement["Resource"].endswith(":policy/*/service_control_policy/p-1a2b3c4d5e")
        assert ("organizations:UpdatePolicy" in statement["Action"]) is (name != "plan")
        assert "organizations:DescribePolicy" in statement["Action"]
    target = yaml.safe_load(made["identities/reconciler.yaml"])["targets"]["aws"]
    assert target["deny_policy"] == "p-1a2b3c4d5e"
    assert "deny_policy" not in plain["identities/reconciler.yaml"].decode()
    with pytest.raises(UsageError):
        Choices(deny_policy='p-1a2b3c4d5e"')


@pytest.mark.parametrize("forge", FORGES)
def test_a_role_that_ends_sessions_may_be_assumed_by_the_role_that_takes_away_alone(forge: str) -> None:
    made = files(Choices(forge=forge, session_role="team/end-sessions"))
    plain = files(Choices(forge=forge))
    changed = {path for path in made if made[path] != plain[path]}
    revoke = f".{forge}/reconciler/iam/policy-revoke.json"
    assert changed == {revoke, "identities/reconciler.yaml"}
    (more,) = [one for one in json.loads(made[revoke])["Statement"]
               if one not in json.loads(plain[revoke])["Statement"]]  # fmt: skip
    assert more["Action"] == ["sts:AssumeRole"]
    assert more["Resource"] == "arn:aws:iam::*:role/team/end-sessions"
    target = yaml.safe_load(made["identities/reconciler.yaml"])["targets"]["aws"]
    assert target["session_role"] == "team/end-sessions"
    assert "session_role" not in plain["identities/reconciler.yaml"].decode()
    for wrong in ("/a", "a/", "*", "a b", "arn:aws:iam::111111111111:role/a", 'a"'):
        with pytest.raises(UsageError):
            Choices(session_role=wrong)
