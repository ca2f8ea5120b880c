"""`reconciler doctor aws`: each check with the state of AWS in which it is ok, and one in which it is not."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from reconciler.doctor.aws.actions import OPTIONAL, READS, WRITES
from reconciler.model.denials import EMPTY, Entry, render
from reconciler.sandbox.access.terms import Caller
from tests.cli.stage import CONFIG, FILES, Real

MANAGEMENT, PROD = "111111111111", "210000000020"
ACCESS = f"""\
accounts: {{prod: "{PROD}"}}
permission_sets: {{Read: {{managed_policies: [ReadOnlyAccess]}}}}
assignments:
  ops-read: {{groups: [ops], permission_sets: [Read], accounts: [prod]}}
"""


def checks(stage: Real, *arguments: str, code: int = 0) -> dict[str, dict[str, Any]]:
    """The checks of the one target by name, from the JSON; it ended with this code, and wrote nothing."""
    stage.forget()
    ended = stage.run("doctor", "aws", "--format", "json", *arguments)
    assert ended.code == code, ended.output
    # The sandbox has no Access Analyzer; the others read as well.
    assert {*stage.written()} <= {
        "iam.SimulatePrincipalPolicy", "cloudtrail.LookupEvents", "sts.AssumeRole", "unknown.Unknown"
    }  # fmt: skip
    body = json.loads(ended.out)
    assert (body["format"], body["version"], body["about"]) == ("reconciler doctor", 1, "aws")
    (examination,) = body["examinations"]
    assert body["healthy"] is examination["healthy"] is (code == 0)
    return {one["name"]: one for one in examination["checks"]}


def outcome(stage: Real, name: str, *arguments: str, code: int = 0) -> tuple[str, str]:
    """How one check ended, and all of its words."""
    one = checks(stage, *arguments, code=code)[name]
    return one["outcome"], " ".join([one["found"], one["fix"] or "", *one["details"]])


@pytest.fixture
def site(real: Real) -> Real:
    """An organization, a permission set that is assigned, and a session of our own."""
    store = real.sandbox.store
    store.create_account(PROD, "prod")
    store.add_user("ada@example.com")
    store.add_group("ops")
    store.add_member("ops", "ada@example.com")
    store.create_permission_set("Read")
    store.put_assignment(PROD, "Read", group="ops")
    store.settle()
    real._patch.setenv("AWS_ACCESS_KEY_ID", "reconciler-7")
    return real


def test_a_site_where_all_is_well(site: Real) -> None:
    ended = site.run("doctor", "aws", "--for", "apply")
    assert ended.code == 0, ended.output
    assert "0 problem" not in ended.output
    found = checks(site, "--for", "apply")
    well = {name for name, one in found.items() if one["outcome"] == "ok"}
    assert well >= {
        "credentials", "clock", "region", "instance", "permission-sets", "read-actions", "write-actions",
        "network", "encryption-key", "administration", "selector-tags", "customer-managed-policies",
    }  # fmt: skip
    assert {one["outcome"] for one in found.values()} <= {"ok", "not checked"}
    for line in ("ok: credentials:", "arn:aws:sts::111111111111:assumed-role/ApiCaller/reconciler-7"):
        assert line in ended.output


def test_every_action_of_the_policies_is_tried(site: Real) -> None:
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text("utf-8")
    blocks = re.findall(r"^```json\n(.*?)^```", readme, flags=re.MULTILINE | re.DOTALL)
    read, write = (
        {action for one in json.loads(block)["Statement"] for action in one["Action"]} for block in blocks[:2]
    )
    helping = {"iam:GetPolicy", "access-analyzer:ValidatePolicy"}
    assert {*READS, *OPTIONAL} == read | helping
    assert set(WRITES) == write
    # What is there to ask about is asked about.
    site.sandbox.store.create_application("wiki")
    untried = checks(site)["untried-actions"]["details"]
    status = [one for one in untried if "Status" in one]
    assert status == untried


def test_missing_actions_by_name_and_all_at_once(site: Real) -> None:
    for name in ("identitystore.ListUsers", "sso-admin.ListPermissionSets", "organizations.ListRoots"):
        site.sandbox.faults.add("deny", name, count=None)
    site.sandbox.faults.add("deny", "cloudtrail.*", count=None)
    found = checks(site, code=1)
    assert found["read-actions"]["outcome"] == "problem"
    assert set(found["read-actions"]["details"]) == {
        "identitystore:ListUsers", "sso:ListPermissionSets", "organizations:ListRoots",
    }  # fmt: skip
    assert found["optional-actions"]["outcome"] == "warning"
    assert any("cloudtrail:LookupEvents" in one for one in found["optional-actions"]["details"])
    text = site.run("doctor", "aws")
    assert text.code == 1
    for action in ("identitystore:ListUsers", "sso:ListPermissionSets", "organizations:ListRoots"):
        assert action in text.output


def test_everything_that_a_plan_needs_is_denied(site: Real) -> None:
    site.sandbox.faults.add("deny", "[iso]*", count=None)
    found = checks(site, code=1)
    denied = set(found["read-actions"]["details"])
    assert {"sso:ListInstances", "organizations:DescribeOrganization"} <= denied
    # What could not be looked at is nowhere ok.
    for name in ("instance", "permission-sets", "administration", "region"):
        assert found[name]["outcome"] == "not checked", found[name]


def test_a_service_that_fails_is_no_missing_action(site: Real) -> None:
    site.sandbox.faults.add("error", "organizations.ListRoots", count=None, status=400)
    found = checks(site)
    assert "organizations:ListRoots" not in str(found["read-actions"])
    assert "organizations:ListRoots" in str(found["untried-actions"])


def test_who_calls(site: Real) -> None:
    assert outcome(site, "credentials")[0] == "ok"
    site._patch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    how, words = outcome(site, "credentials")
    assert (how, "assumed-role/ApiCaller/somebody" in words, "reconciler-" in words) == (
        "warning",
        True,
        True,
    )


def test_no_credentials_at_all(site: Real) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        site._patch.delenv(name)
    found = checks(site, code=1)
    assert found["credentials"]["outcome"] == "problem"
    assert all(
        one["outcome"] != "ok" for name, one in found.items() if name in ("instance", "clock", "network")
    )


def test_credentials_that_have_run_out(site: Real) -> None:
    site.sandbox.faults.add("expired", "*", count=None)
    how, words = outcome(site, "credentials", code=1)
    assert (how, "expired" in words) == ("problem", True)
    assert "identitystore.ListUsers" not in {one.label for one in site.sandbox.requests}


@pytest.mark.parametrize(
    ("ahead", "how", "code"),
    [(20, "ok", 0), (200, "warning", 0), (-150, "warning", 0), (3000, "problem", 1)],
)
def test_a_clock_that_is_wrong(site: Real, ahead: float, how: str, code: int) -> None:
    site.sandbox.circumstances.clock_ahead = ahead
    found, words = outcome(site, "clock", code=code)
    assert found == how
    if how != "ok":
        assert ("behind" if ahead > 0 else "ahead of") in words
        # An answer is as old as it took to come here, which a busy machine makes longer.
        assert any(abs(int(one) - abs(ahead)) < 60 for one in re.findall(r"\d+", words.replace(",", "")))


def test_a_region_without_an_instance(site: Real) -> None:
    site.commit({"reconciler.yaml": CONFIG.replace("us-east-1", "eu-west-1")})
    how, words = outcome(site, "region", code=1)
    assert how == "problem"
    assert "eu-west-1 was asked (`region` of the target)" in words
    assert "there is one in us-east-1" in words


def test_a_region_that_comes_from_elsewhere(site: Real) -> None:
    site.commit({"reconciler.yaml": CONFIG.replace(", region: us-east-1", "")})
    how, words = outcome(site, "region", code=1)
    assert (how, "AWS_DEFAULT_REGION" in words) == ("problem", True)
    site._patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    how, words = outcome(site, "region")
    assert (how, "AWS_DEFAULT_REGION" in words) == ("ok", True)


def test_an_instance_that_is_not_there(site: Real) -> None:
    arn = "arn:aws:sso:::instance/ssoins-1234567890abcdef"
    site.commit({"reconciler.yaml": CONFIG.replace("us-east-1}", f"us-east-1, instance_arn: '{arn}'}}")})
    assert outcome(site, "instance", code=1)[0] == "not checked"


def test_permission_sets_that_are_not_enabled(site: Real) -> None:
    site.sandbox.circumstances.permission_sets = False
    # Who only has people and groups needs none.
    assert outcome(site, "permission-sets")[0] == "ok"
    site.commit({"access.yaml": ACCESS})
    how, words = outcome(site, "permission-sets", code=1)
    assert (how, "PermissionSetsEnabled" in words) == ("problem", True)
    site.sandbox.circumstances.permission_sets = True
    assert outcome(site, "permission-sets")[0] == "ok"


def test_an_instance_of_one_account(site: Real) -> None:
    site.commit({"access.yaml": ACCESS})
    site.sandbox.circumstances.instance_owner = PROD
    how, words = outcome(site, "permission-sets", code=1)
    assert (how, f"account {PROD} alone" in words) == ("problem", True)


def test_a_network_that_refuses_is_no_missing_action(site: Real) -> None:
    site.sandbox.faults.add("network", "identitystore.*", count=None)
    found = checks(site, code=1)
    assert found["network"]["outcome"] == "problem"
    assert "VPC endpoint" in str(found["network"])
    assert found["read-actions"]["outcome"] == "ok"


def test_a_key_that_cannot_be_used(site: Real) -> None:
    site.sandbox.circumstances.key = (
        "arn:aws:kms:us-east-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    )
    how, words = outcome(site, "encryption-key")
    assert (how, "key/1234" in words) == ("ok", True)
    site.sandbox.faults.add("deny", "identitystore.ListUsers", count=None, reason="KMS_ACCESS_DENIED")
    found = checks(site, code=1)
    assert found["encryption-key"]["outcome"] == "problem"
    assert "kms:Decrypt" in str(found["encryption-key"])
    assert "key/1234" in str(found["encryption-key"])
    assert found["read-actions"]["outcome"] == "ok"


def test_what_a_delegated_administrator_may_not(site: Real) -> None:
    site.sandbox.circumstances.caller = Caller.DELEGATED
    how, words = outcome(site, "administration")
    assert (how, "delegated administrator" in words) == ("ok", True)
    # A set that is provisioned in the management account cannot be changed from here.
    site.sandbox.store.put_assignment(MANAGEMENT, "Read", group="ops")
    site.sandbox.store.settle()
    how, words = outcome(site, "administration")
    assert (how, "Read" in words.split()) == ("warning", True)
    site.commit({"access.yaml": ACCESS.replace("accounts: [prod]", f'accounts: ["{MANAGEMENT}"]')})
    how, words = outcome(site, "administration", code=1)
    assert (how, "ops-read" in words) == ("problem", True)
    site.sandbox.circumstances.caller = Caller.MANAGEMENT
    assert outcome(site, "administration")[0] == "warning"


def test_no_organization(site: Real) -> None:
    site.sandbox.store.dissolve_organization()
    assert outcome(site, "administration")[0] == "not checked"


def test_keys_of_tags_that_move_access(site: Real) -> None:
    site.commit({"access.yaml": ACCESS.replace("accounts: [prod]", "accounts: [{tag: {env: [prod]}}]")})
    how, words = outcome(site, "selector-tags")
    assert how == "warning"
    assert "env: assignments.ops-read" in words
    assert "organizations:TagResource" in words


OWN = ACCESS.replace(
    "[ReadOnlyAccess]", "[ReadOnlyAccess], customer_managed_policies: [{name: deploy, path: /ci/}]"
)


def test_policies_that_are_missing_in_accounts(site: Real) -> None:
    site.commit({"access.yaml": OWN})
    how, words = outcome(site, "customer-managed-policies")
    assert how == "not checked"
    assert f"arn:aws:iam::{PROD}:policy/ci/deploy (permission set Read)" in words
    assert "aws iam get-policy" in words
    # The account of the caller itself can be looked at.
    site.sandbox.store.remove_assignment(PROD, "Read", group="ops")
    site.sandbox.store.settle()
    site.commit({"access.yaml": OWN.replace("accounts: [prod]", f'accounts: ["{MANAGEMENT}"]')})
    site.sandbox.store.declare_policies(MANAGEMENT, [])
    how, words = outcome(site, "customer-managed-policies", code=1)
    assert (how, f"{MANAGEMENT}:policy/ci/deploy" in words) == ("problem", True)
    site.sandbox.store.declare_policies(MANAGEMENT, ["/ci/deploy"])
    assert outcome(site, "customer-managed-policies")[0] == "ok"


def test_policies_in_an_account_where_a_role_may_be_asked(site: Real) -> None:
    site.commit({"access.yaml": OWN})
    site.sandbox.store.declare_policies(PROD, [])
    name = "customer-managed-policies"
    how, words = outcome(site, name, "--account-role", "audit")
    assert (how, "sts:AssumeRole" in words) == ("not checked", True)
    site.sandbox.circumstances.account_role = "audit"
    how, words = outcome(site, name, "--account-role", "audit", code=1)
    assert (how, f"{PROD}:policy/ci/deploy" in words) == ("problem", True)
    site.sandbox.store.declare_policies(PROD, ["/ci/deploy"])
    assert outcome(site, name, "--account-role", "audit")[0] == "ok"
    assert site.run("doctor", "aws", "--account-role", "a b").code == 64


def test_policies_in_accounts_that_selectors_describe(site: Real) -> None:
    site.commit(
        {"access.yaml": OWN.replace("accounts: [prod]", "accounts: [{ou: Workloads, tag: {env: prod}}]")}
    )
    site.sandbox.store.create_ou("Workloads")
    how, words = outcome(site, "customer-managed-policies")
    assert (how, "every account of Workloads with env=prod" in words) == ("not checked", True)


def test_writes_are_simulated_and_never_made(site: Real) -> None:
    assert outcome(site, "write-actions", "--for", "apply")[0] == "ok"
    how, words = outcome(site, "write-actions", "--for", "plan")
    assert (how, "sso:CreateAccountAssignment" in words) == ("warning", True)
    site.sandbox.faults.add("deny", "sso-admin.CreateAccountAssignment", count=None)
    how, words = outcome(site, "write-actions")
    assert (how, "sso:CreateAccountAssignment" in words, "sso:TagResource" in words) == (
        "warning",
        True,
        False,
    )
    assert outcome(site, "write-actions", "--for", "apply", code=1)[0] == "problem"
    site.sandbox.faults.add("deny", "iam.SimulatePrincipalPolicy", count=None)
    assert outcome(site, "write-actions", "--for", "apply")[0] == "not checked"


def test_a_role_that_plans_and_cannot_write(site: Real) -> None:
    for pattern in ("*.Create*", "*.Update*", "*.Delete*", "*.[APT]*", "*.Detach*", "*.Untag*"):
        site.sandbox.faults.add("deny", pattern, count=None)
    assert outcome(site, "write-actions", "--for", "plan")[0] == "ok"


SCIM = """\
format: 1
targets:
  aws:
    type: identity-center
    region: us-east-1
    directory:
      scim: {url: "https://scim.us-east-1.amazonaws.com/abc/scim/v2/", token: {env: SCIM}, expires: DAY}
"""


def test_a_token_of_scim(site: Real) -> None:
    site.commit({"reconciler.yaml": SCIM.replace("DAY", "2027-11-01")})
    assert "scim-token" in checks(site, "--now", "2026-12-01T00:00:00Z")
    how, words = outcome(site, "scim-token", "--now", "2026-12-01T00:00:00Z")
    assert (how, "SCIM" in words) == ("not checked", True)
    assert (
        outcome(site, "scim-token", "--for", "apply", "--now", "2026-12-01T00:00:00Z", code=1)[0] == "problem"
    )
    site._patch.setenv("SCIM", "x" * 500)
    assert outcome(site, "scim-token", "--for", "apply", "--now", "2026-12-01T00:00:00Z")[0] == "ok"
    how, words = outcome(site, "scim-token-expiry", "--now", "2027-10-01T00:00:00Z")
    assert (how, "ends on 2027-11-01" in words) == ("warning", True)
    assert outcome(site, "scim-token", "--now", "2027-12-01T00:00:00Z", code=1)[0] == "problem"
    assert outcome(site, "scim-token", "--for", "plan", "--now", "2027-12-01T00:00:00Z")[0] == "not checked"
    assert "x" * 20 not in site.run("doctor", "aws").output


def test_one_target_that_cannot_be_asked_hides_no_other(site: Real) -> None:
    site.commit({"reconciler.yaml": f"{CONFIG}  west: {{type: identity-center, region: eu-west-1}}\n"})
    ended = site.run("doctor", "aws", "--format", "json")
    assert ended.code == 1
    found = json.loads(ended.out)["examinations"]
    assert [(one["subject"], one["healthy"]) for one in found] == [("aws", True), ("west", False)]
    assert site.run("doctor", "aws", "--target", "aws").code == 0


def test_nobody_answers(site: Real) -> None:
    site._patch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    found = checks(site, code=1)
    assert "cannot be reached" in found["credentials"]["found"]
    assert {one["outcome"] for name, one in found.items() if name.endswith("-actions")} == {"not checked"}
    assert found["network"]["outcome"] == found["encryption-key"]["outcome"] == "not checked"


def test_nothing_in_aws(real: Real) -> None:
    chat = "  chat: {type: scim, url: 'https://x.example/', token: {env: T}}\n"
    real.commit({"reconciler.yaml": f"format: 1\ntargets:\n{chat}"})
    ended = real.run("doctor", "aws")
    assert (ended.code, "no target" in ended.output) == (1, True)


def test_wrong_usage(real: Real) -> None:
    assert real.run("doctor", "aws", "--format", "markdown").code == 64
    assert real.run("doctor", "aws", "--target", "nowhere").code == 64
    assert real.run("doctor", "elsewhere").code == 64


def test_files_that_are_wrong(real: Real) -> None:
    real.write({**FILES, "people.yaml": "users: []\n"})
    assert real.run("doctor", "aws").code == 1


DENY = "p-cutsoff1"
DENYING = CONFIG.replace("us-east-1}", f"us-east-1, deny_policy: {DENY}}}")


@pytest.fixture
def cutting(site: Real) -> Real:
    """The same with a policy of denials at the root."""
    site.sandbox.store.found_scp(DENY, EMPTY)
    site.commit({"reconciler.yaml": DENYING, "access.yaml": ACCESS})
    return site


def test_a_policy_of_denials_that_is_as_it_must_be(cutting: Real) -> None:
    found = checks(cutting, "--for", "apply")
    names = [name for name in found if name.startswith("deny-policy")]
    assert names == ["deny-policy", "deny-policy-attached", "deny-policy-update", "deny-policy-room"]
    assert {found[name]["outcome"] for name in names} == {"ok"}, found
    assert "room for 201 people" in found["deny-policy-room"]["found"]


@pytest.mark.parametrize("how", ["gone", "foreign", "denied"])
def test_a_policy_of_denials_that_cannot_be_used(cutting: Real, how: str) -> None:
    store = cutting.sandbox.store
    if how == "gone":
        store.remove_scp(DENY)
    elif how == "foreign":
        store.update_scp(DENY, EMPTY.replace('"nobody"', '"somebody"'))
    else:
        cutting.sandbox.faults.add("deny", "organizations.DescribePolicy", count=None)
    found = checks(cutting, code=1)["deny-policy"]
    assert found["outcome"] == "problem"
    words = {
        "gone": "the organization has no policy",
        "foreign": "more than denials",
        "denied": "DescribePolicy",
    }[how]
    assert words in found["found"]


@pytest.mark.parametrize(
    ("target", "how", "code"),
    [("Workloads", "problem", 1), ("Other", "problem", 1), ("Workloads/Prod", "ok", 0)],
)
def test_a_policy_of_denials_must_be_above_what_is_assigned(
    cutting: Real, target: str, how: str, code: int
) -> None:
    store = cutting.sandbox.store
    store.move_account(PROD, "Workloads/Prod" if target != "Workloads" else "")
    store.attach_scp(DENY, store.create_ou(target))
    store.detach_scp(DENY)
    found, words = outcome(cutting, "deny-policy-attached", code=code)
    assert found == how
    assert (PROD in words) is (how == "problem")


def test_an_account_that_nobody_assigns_in_is_a_warning(cutting: Real) -> None:
    store = cutting.sandbox.store
    store.create_account("210000000031", "spare")
    store.attach_scp(DENY, PROD)
    store.detach_scp(DENY)
    found, words = outcome(cutting, "deny-policy-attached")
    assert (found, "210000000031" in words, "attach-policy" in words) == ("warning", True, True)


def test_a_delegated_administrator_needs_the_resource_policy(cutting: Real) -> None:
    cutting.sandbox.circumstances.caller = Caller.DELEGATED
    found, words = outcome(cutting, "deny-policy-update")
    assert found == "not checked"
    assert "organizations:UpdatePolicy" in words
    assert "put-resource-policy" in words


def test_a_policy_of_denials_that_is_nearly_full(cutting: Real) -> None:
    people = {f"{number:08x}-aaaa-4aaa-8aaa-aaaaaaaaaaaa": Entry() for number in range(250)}
    cutting.sandbox.store.update_scp(DENY, render(people))
    assert outcome(cutting, "deny-policy-room")[0] == "warning"


def test_without_a_policy_of_denials_nothing_is_said_of_one(site: Real) -> None:
    assert not any(name.startswith("deny-policy") for name in checks(site))


def test_the_role_that_ends_sessions_is_tried_where_the_files_assign(site: Real) -> None:
    assert "session-role" not in checks(site)
    assert outcome(site, "login-sessions")[0] == "ok"
    role = CONFIG.replace("us-east-1}", "us-east-1, session_role: team/end}")
    site.commit({"reconciler.yaml": role, "access.yaml": ACCESS})
    how, words = outcome(site, "session-role")
    assert (how, f"{PROD}: sts.AssumeRole: not allowed" in words) == ("warning", True)
    site.sandbox.circumstances.account_role = "team/end"
    assert outcome(site, "session-role")[0] == "ok"
    site.sandbox.faults.add("deny", "signin.*", count=None)
    how, words = outcome(site, "login-sessions")
    assert (how, "signin:BatchRevokeSessions" in words) == ("warning", True)
    assert outcome(site, "session-role")[0] == "warning"
