"""Ways around a rule that restricts who gives access: by what the restricted files refer to."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Done
from tests.cli.stage import CONFIG, GROUPS, PEOPLE, Real

PAY, LAB = "111122223333", "444455556666"
RULE = f"""{CONFIG}rules:
  who: {{restrict: {{permission_sets: [Admin], accounts: ["{PAY}"]}}, only_from: ["access/**"]}}
"""
POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}'
ACCESS = """\
permission_sets:
  Admin: {inline_policy: ../policies/admin.json}
assignments:
  ops-admin: {groups: [ops], permission_sets: [Admin], accounts: [pay]}
  dev-admin: {groups: [dev], permission_sets: [Admin], accounts: [lab]}
"""
ACCOUNTS = f'accounts: {{pay: "{PAY}", lab: "{LAB}"}}\n'
ADA = "{user_name: ada@example.com, given_name: Ada, family_name: Okafor, title: Engineer}"


@pytest.fixture
def ruled(done: Done) -> Real:
    """Files outside of `access/` that those inside refer to, applied."""

    def doing(stage: Real) -> None:
        for identifier, name in ((PAY, "pay"), (LAB, "lab")):
            stage.sandbox.store.create_account(identifier, name)
        stage.sandbox.store.add_user("mal@example.com")
        stage.commit(
            {
                "reconciler.yaml": CONFIG,
                "people.yaml": PEOPLE,
                "access/groups.yaml": GROUPS,
                "access/access.yaml": ACCESS,
                "policies/admin.json": POLICY,
                "accounts.yaml": ACCOUNTS,
            }
        )
        stage.converge("--first-apply")
        stage.commit({"reconciler.yaml": RULE})

    return done("restricted from access alone", doing)


SWAPPED = f'accounts: {{lab: "{PAY}", pay: "{LAB}"}}\n'
WIDER = POLICY.replace("s3:GetObject", "*")
OTHER = PEOPLE.replace(ADA, "{user_name: mal@example.com, external: true}")
AROUND = [
    pytest.param({"accounts.yaml": SWAPPED}, "account lab in accounts.yaml", id="account"),
    pytest.param({"policies/admin.json": WIDER}, "policies/admin.json", id="policy"),
    pytest.param({"people.yaml": OTHER}, "user_name of ada in people.yaml", id="person"),
]


@pytest.mark.parametrize(("files", "expected"), AROUND)
def test_what_restricted_files_refer_to_is_not_changed_elsewhere(
    ruled: Real, files: dict[str, str | None], expected: str
) -> None:
    ruled.commit(files)

    ended = ruled.plan()

    assert ended.code == 3, ended.output
    assert "rule-restrict" in ended.output
    assert expected in ended.output


def test_another_person_under_a_key_is_named(ruled: Real) -> None:
    ruled.commit({"people.yaml": OTHER})

    ended = ruled.plan()

    assert "other-person" in ended.output
    assert "ada is mal@example.com, and was ada@example.com" in ended.output


def test_an_account_or_a_person_that_is_new_elsewhere_breaks_nothing(ruled: Real) -> None:
    dan = "  dan: {user_name: dan@example.com, given_name: Dan, family_name: Roe}\n"
    ruled.commit(
        {
            "accounts.yaml": ACCOUNTS.replace("}", ', more: "777788889999"}'),
            "people.yaml": f"{PEOPLE}{dan}",
            "access/groups.yaml": GROUPS.replace("[ada, bob]", "[ada, bob, dan]"),
        }
    )

    ended = ruled.plan()

    assert ended.code == 0, ended.output
