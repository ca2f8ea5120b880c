"""Which rules judge a branch under review: `restrict` as people agreed on it, the others as proposed."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.config import Config, load_config
from reconciler.files.tree import FolderTree
from reconciler.loading.position import stand
from reconciler.loading.trusted import trusted_config
from reconciler.model.plan import Finding
from reconciler.model.rules import MaxHolders, Restrict, Rule, RuledAccess
from tests.repositories import Work

pytestmark = pytest.mark.slow

FILE = "identities/reconciler.yaml"
BASE = "format: 1\ntargets:\n  aws: {type: identity-center, region: eu-central-1}\n"
RULES = (
    "rules:\n"
    "  few: {max_holders: {count: 2}, permission_sets: [Admin]}\n"
    "  who: {restrict: {permission_sets: [Admin]}, only_from: ['privileged/**']}\n"
)
KEPT = "the rule who (restrict) is used as it is on the trusted branch"


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Work:
    made = Work(tmp_path / "repo", monkeypatch)
    made.commit({FILE: BASE + RULES, "identities/a.yaml": "users:\n  ada: {user_name: ada@example.com}\n"})
    made.git("checkout", "-q", "-b", "proposal")
    return made


def used(work: Work) -> tuple[Config, tuple[Finding, ...]]:
    tree = FolderTree(work.folder)
    position = stand(work.folder, tree, "main")
    assert position is not None
    return trusted_config(load_config(tree), {}, position)


def rules(config: Config) -> tuple[Rule, ...]:
    return config.targets["aws"].policy.rules


def output(findings: tuple[Finding, ...]) -> dict[str, tuple[str, ...]]:
    return {finding.code: finding.details for finding in findings}


def test_rules_that_nobody_touches_are_nothing_to_speak_of(work: Work) -> None:
    config, findings = used(work)
    assert findings == ()
    assert [rule.name for rule in rules(config)] == ["few", "who"]
    assert MaxHolders("few", 2, RuledAccess(("Admin",))) in rules(config)


@pytest.mark.parametrize(
    ("proposed", "expected"),
    [
        pytest.param(
            RULES.replace("privileged/**", "**"), {"configuration-not-trusted": (KEPT,)}, id="more-files"
        ),
        pytest.param(
            RULES.replace("[Admin]}, only", "[Nothing]}, only"),
            {"configuration-not-trusted": (KEPT,)},
            id="other-access",
        ),
        pytest.param(
            RULES[: RULES.index("  who")], {"configuration-not-trusted": (KEPT,)}, id="a-restriction-dropped"
        ),
        pytest.param(
            RULES[: RULES.index("  who")] + "  who: {disjoint: [a, b]}\n",
            {"configuration-not-trusted": (KEPT,)},
            id="another-kind-under-its-name",
        ),
    ],
)
def test_a_restriction_is_used_as_the_branch_has_it(
    work: Work, proposed: str, expected: dict[str, tuple[str, ...]]
) -> None:
    work.commit({FILE: BASE + proposed})
    config, findings = used(work)
    assert [rule for rule in rules(config) if isinstance(rule, Restrict)] == [
        rule for rule in rules(used_on_main(work)) if isinstance(rule, Restrict)
    ]
    assert output(findings) == expected


def used_on_main(work: Work) -> Config:
    """The configuration as the trusted branch has it."""
    work.git("checkout", "-q", "main")
    config, _ = used(work)
    work.git("checkout", "-q", "proposal")
    return config


def test_a_new_restriction_holds_once_it_is_merged(work: Work) -> None:
    more = RULES + "  also: {restrict: {permission_sets: [Read]}, only_from: ['x/**']}\n"
    work.commit({FILE: BASE + more})
    config, findings = used(work)
    assert [rule.name for rule in rules(config)] == ["few", "who"]
    assert output(findings) == {
        "configuration-not-trusted": ("the rule also (restrict) is new, and holds once it is merged",)
    }
    work.git("checkout", "-q", "main")
    work.merge("proposal")
    config, findings = used(work)
    assert [rule.name for rule in rules(config)] == ["also", "few", "who"]
    assert findings == ()


@pytest.mark.parametrize(
    ("proposed", "message"),
    [
        pytest.param(RULES.replace("count: 2", "count: 9"), ("few is changed",), id="weakened"),
        pytest.param(
            "".join(line for line in RULES.splitlines(keepends=True) if "few" not in line),
            ("few is gone",),
            id="gone",
        ),
        pytest.param(
            RULES.replace(
                "few: {max_holders: {count: 2}, permission_sets: [Admin]}", "few: {disjoint: [a, b]}"
            ),
            ("few is changed",),
            id="another-kind-under-its-name",
        ),
    ],
)
def test_other_rules_are_used_as_proposed_and_what_they_lost_is_said(
    work: Work, proposed: str, message: tuple[str, ...]
) -> None:
    work.commit({FILE: BASE + proposed})
    config, findings = used(work)
    assert output(findings) == {"rules-changed": message}
    assert MaxHolders("few", 2, RuledAccess(("Admin",))) not in rules(config)
    assert {rule.name for rule in rules(config)} == {"who"} | ({"few"} if "few" in proposed else set())


@pytest.mark.parametrize(
    "proposed",
    [
        pytest.param(RULES + "  duties: {disjoint: [a, b]}\n", id="a-rule-more"),
        pytest.param(RULES.replace("few: {", "few: {message: ask first, "), id="a-message"),
    ],
)
def test_what_weakens_nothing_is_not_said(work: Work, proposed: str) -> None:
    work.commit({FILE: BASE + proposed})
    _, findings = used(work)
    assert findings == ()
