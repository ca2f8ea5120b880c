"""What a branch under review may decide by itself, and what it may only propose."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from reconciler.config import Config, load_config
from reconciler.errors import InputError
from reconciler.files.tree import FolderTree
from reconciler.loading.position import stand
from reconciler.loading.trusted import trusted_config
from reconciler.model.change import Cause
from reconciler.model.plan import Finding
from reconciler.model.policy import Guards, Limit
from tests.repositories import Work

pytestmark = pytest.mark.slow

FILE = "identities/reconciler.yaml"
BASE = "format: 1\ntargets:\n  aws: {type: identity-center, region: eu-central-1}\n"
GUARDS = "guards: {max_removals: {users: {count: 1}}, protected: {users: [root]}}\n"


@dataclass
class Site:
    work: Work

    def propose(self, text: str | None) -> None:
        """Write the configuration on a branch of its own, committed."""
        self.work.git("checkout", "-q", "-b", "proposal")
        self.work.commit({FILE: text})

    def used(self) -> tuple[Config, tuple[Finding, ...]]:
        tree = FolderTree(self.work.folder)
        position = stand(self.work.folder, tree, "main")
        assert position is not None
        return trusted_config(load_config(tree), {}, position)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    work = Work(tmp_path / "repo", monkeypatch)
    work.commit(
        {FILE: BASE + GUARDS, "identities/people.yaml": "users:\n  ada: {user_name: ada@example.com}\n"}
    )
    return Site(work)


def test_a_branch_that_changes_nothing_of_it_hears_nothing_of_it(site: Site) -> None:
    site.propose(BASE + GUARDS)

    _, findings = site.used()

    assert findings == ()


def test_what_is_managed_is_as_the_branch_under_review_has_it_and_that_is_said(site: Site) -> None:
    site.propose(BASE + GUARDS + "scope: {users: observe}\n")

    config, (finding,) = site.used()

    assert finding.code == "scope-changed"
    assert finding.details == ("aws: scope of users is observe here, managed there",)
    assert config.targets["aws"].policy.scope.users == "observe"


@pytest.mark.parametrize(
    ("proposed", "output"),
    [
        pytest.param(
            BASE + GUARDS.replace("count: 1", "count: 500"),
            "guards of aws are used as they are on the trusted branch",
            id="a-limit-that-is-raised",
        ),
        pytest.param(
            BASE, "guards of aws are used as they are on the trusted branch", id="guards-that-are-dropped"
        ),
        pytest.param(
            BASE + GUARDS.replace("[root]", "[]"),
            "guards of aws are used as they are on the trusted branch",
            id="somebody-who-is-protected-no-more",
        ),
        pytest.param(
            BASE + GUARDS + "auto_apply: []\n",
            "auto_apply of aws is used as it is on the trusted branch",
            id="causes-that-need-no-review",
        ),
        pytest.param(
            BASE.replace("eu-central-1", "us-east-1") + GUARDS,
            "the endpoint of aws is used as it is on the trusted branch",
            id="another-region",
        ),
        pytest.param(
            BASE.replace(
                "eu-central-1", "eu-central-1, instance_arn: arn:aws:sso:::instance/ssoins-1234567890abcdef"
            )
            + GUARDS,
            "the endpoint of aws is used as it is on the trusted branch",
            id="another-instance",
        ),
        pytest.param(
            BASE.replace("eu-central-1", "eu-central-1, deny_policy: p-another1") + GUARDS,
            "deny_policy of aws is used as it is on the trusted branch",
            id="another-policy-of-denials",
        ),
    ],
)
def test_what_only_the_trusted_branch_decides_is_shown_and_not_used(
    site: Site, proposed: str, output: str
) -> None:
    before = site.used()[0].targets["aws"]
    site.propose(proposed)

    config, (finding,) = site.used()

    assert config.targets["aws"] == before
    assert finding.code == "configuration-not-trusted"
    assert finding.details == (output,)


@pytest.mark.parametrize("proposed", ["lock: {type: none}\n", "lock: {type: s3, bucket: elsewhere}\n"])
def test_the_lock_is_that_of_the_trusted_branch(site: Site, proposed: str) -> None:
    before = site.used()[0].lock
    site.propose(BASE + GUARDS + proposed)

    config, (finding,) = site.used()

    assert config.lock == before
    assert finding.code == "configuration-not-trusted"
    assert finding.details == ("the lock is used as it is on the trusted branch",)


def test_it_is_used_once_it_is_merged(site: Site) -> None:
    site.propose(BASE + GUARDS.replace("count: 1", "count: 500") + "auto_apply: [expiry]\n")
    site.work.git("checkout", "-q", "main")
    site.work.merge("proposal")

    config, findings = site.used()

    assert findings == ()
    assert config.targets["aws"].policy.guards.max_removals.users == Limit(500, 2)
    assert config.targets["aws"].policy.auto_apply == frozenset({Cause.EXPIRY})


def test_guards_that_are_edited_and_not_committed_are_not_used_either(site: Site) -> None:
    site.work.write({FILE: BASE})

    config, (finding,) = site.used()

    assert config.targets["aws"].policy.guards.protected.users == ("root",)
    assert finding.code == "configuration-not-trusted"


def test_a_new_target_waits_and_one_that_is_gone_is_said(site: Site) -> None:
    site.propose(
        BASE.replace("aws:", "new:") + "  aws: {type: identity-center, region: eu-central-1}\n" + GUARDS
    )
    config, (finding,) = site.used()
    assert list(config.targets) == ["aws"]
    assert "new is new, and is planned once it is merged" in finding.details

    site.work.git("checkout", "-q", "-B", "main")
    site.work.git("checkout", "-q", "-b", "fewer")
    site.work.commit({FILE: BASE + GUARDS})
    config, (finding,) = site.used()
    assert list(config.targets) == ["aws"]
    assert finding.details == ("new is gone from here: it is not planned, and stays as it is",)


def test_a_branch_that_knows_none_of_the_targets_stops_the_plan(site: Site) -> None:
    site.propose(BASE.replace("aws:", "other:") + GUARDS)

    with pytest.raises(InputError, match=r"no target of reconciler\.yaml is on main yet: other"):
        site.used()


def test_a_trusted_configuration_that_does_not_load_stops_the_plan(site: Site) -> None:
    site.propose(BASE + GUARDS)
    site.work.git("checkout", "-q", "main")
    site.work.commit({FILE: "format: 1\ntargets: [\n"})
    site.work.git("checkout", "-q", "proposal")

    with pytest.raises(InputError, match=r"reconciler\.yaml on main does not load"):
        site.used()


def test_where_the_trusted_branch_has_none_yet_its_guards_are_the_defaults_and_that_is_said(
    site: Site,
) -> None:
    site.propose(BASE + GUARDS)
    site.work.git("checkout", "-q", "main")
    site.work.commit({FILE: None})
    site.work.git("checkout", "-q", "proposal")

    config, findings = site.used()

    assert [finding.code for finding in findings] == ["no-trusted-configuration", "configuration-not-trusted"]
    assert config.targets["aws"].policy.guards == Guards()


def test_where_nobody_wrote_one_there_is_nothing_to_say(site: Site) -> None:
    site.work.commit({FILE: None})

    config, findings = site.used()

    assert findings == ()
    assert not config.exists
