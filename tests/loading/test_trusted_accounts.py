"""What names of accounts mean in guards and restrictions: what they mean on the trusted branch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from reconciler.errors import InputError
from reconciler.files.tree import FolderTree
from reconciler.loading.load import load
from reconciler.loading.position import stand
from reconciler.loading.trusted import trusted_config
from reconciler.model.plan import Finding
from reconciler.model.policy import TargetPolicy
from reconciler.model.resources import Selector
from reconciler.model.rules import access_of
from reconciler.planning.digest import policy_digest
from tests.repositories import Work

pytestmark = pytest.mark.slow

PROD, LAB, OTHER = "210000000020", "210000000030", "210000000099"
CONFIG = f"""\
format: 1
targets:
  aws: {{type: identity-center, region: eu-central-1}}
guards: {{privileged: {{accounts: [prod, {{ou: Security}}, "{LAB}"]}}}}
rules:
  nobody: {{deny: {{accounts: [prod]}}}}
  who: {{restrict: {{accounts: [prod]}}, only_from: ['privileged/**']}}
"""
NAMES = "accounts: {{prod: '{}'}}\n"
PEOPLE = "users: {ada: {user_name: ada@example.com}}\n"
MOVED = NAMES.format(OTHER)


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Work:
    made = Work(tmp_path / "repo", monkeypatch)
    files = {"reconciler.yaml": CONFIG, "accounts.yaml": NAMES.format(PROD), "people.yaml": PEOPLE}
    made.commit({f"identities/{path}": text for path, text in files.items()})
    made.git("checkout", "-q", "-b", "proposal")
    return made


def propose(work: Work, **files: str | None) -> None:
    work.commit({f"identities/{name}.yaml": text for name, text in files.items()})


def used(work: Work) -> tuple[TargetPolicy, tuple[Finding, ...]]:
    tree = FolderTree(work.folder)
    position = stand(work.folder, tree, "main")
    assert position is not None
    loaded = load(tree)
    config, findings = trusted_config(loaded.config, loaded.identities.accounts, position)
    return config.targets["aws"].policy, findings


def expected(selectors: Sequence[Selector]) -> list[str | None]:
    return [one.account for one in selectors]


def by_rule(policy: TargetPolicy) -> dict[str, list[str | None]]:
    return {rule.name: expected(access_of(rule).accounts) for rule in policy.rules}


def test_names_that_mean_the_same_on_both_sides_stay_names_and_change_no_digest(work: Work) -> None:
    before, _ = used(work)
    propose(work, accounts=None, people=PEOPLE + f"# moved\n{NAMES.format(PROD)}")

    policy, findings = used(work)

    assert findings == ()
    assert expected(policy.guards.privileged.accounts) == ["prod", None, LAB]
    assert policy_digest(policy) == policy_digest(before)


def test_a_name_that_is_given_to_another_account_moves_no_fence(work: Work) -> None:
    before, _ = used(work)
    propose(work, accounts=MOVED)

    policy, (finding,) = used(work)

    assert expected(policy.guards.privileged.accounts) == [PROD, None, LAB]
    assert by_rule(policy) == {"nobody": ["prod"], "who": [PROD]}, "other rules are as proposed"
    assert policy_digest(policy) != policy_digest(before)
    assert (finding.code, finding.count) == ("accounts-not-trusted", 1)
    assert finding.details == (f"prod is {PROD} as on the trusted branch, and not {OTHER}",)


def test_a_name_that_is_gone_moves_no_fence(work: Work) -> None:
    fenceless = CONFIG[: CONFIG.index("guards")]
    propose(work, accounts="accounts: {}\n", reconciler=fenceless)

    policy, findings = used(work)

    assert expected(policy.guards.privileged.accounts) == [PROD, None, LAB]
    assert by_rule(policy) == {"who": [PROD]}
    found = {finding.code: finding.details for finding in findings}
    assert found["accounts-not-trusted"] == (f"prod is {PROD} as on the trusted branch, and nothing here",)
    assert found["configuration-not-trusted"] == (
        "the rule who (restrict) is used as it is on the trusted branch",
        "guards of aws are used as they are on the trusted branch",
    )
    assert found["rules-changed"] == ("nobody is gone",)


def test_the_name_of_an_account_that_no_fence_speaks_of_is_nothing_to_speak_of(work: Work) -> None:
    propose(work, accounts=f"{NAMES.format(PROD).rstrip().rstrip('}')}, lab: '{OTHER}'}}\n")

    policy, findings = used(work)

    assert findings == ()
    assert expected(policy.guards.privileged.accounts) == ["prod", None, LAB]


def test_the_name_means_the_other_account_once_that_is_merged(work: Work) -> None:
    propose(work, accounts=MOVED)
    work.git("checkout", "-q", "main")
    work.merge("proposal")

    policy, findings = used(work)

    assert findings == ()
    assert expected(policy.guards.privileged.accounts) == ["prod", None, LAB]


def test_accounts_that_are_edited_and_not_committed_move_no_fence_either(work: Work) -> None:
    work.git("checkout", "-q", "main")
    work.write({"identities/accounts.yaml": MOVED})

    policy, (finding,) = used(work)

    assert expected(policy.guards.privileged.accounts) == [PROD, None, LAB]
    assert finding.code == "accounts-not-trusted"


def test_what_is_broken_elsewhere_on_the_branch_may_be_mended_by_the_proposal(work: Work) -> None:
    work.git("checkout", "-q", "main")
    work.commit({"identities/people.yaml": "users: [\n"})
    work.git("checkout", "-q", "proposal")
    propose(work, accounts=MOVED)

    policy, (finding,) = used(work)

    assert expected(policy.guards.privileged.accounts) == [PROD, None, LAB]
    assert finding.code == "accounts-not-trusted"


def test_names_that_cannot_be_read_on_the_branch_stop_the_plan(work: Work) -> None:
    work.git("checkout", "-q", "main")
    work.commit({"identities/accounts.yaml": "accounts: {\n"})
    work.git("checkout", "-q", "proposal")
    propose(work, accounts=MOVED)

    with pytest.raises(InputError, match=r"the accounts on main do not load: .*accounts\.yaml"):
        used(work)
