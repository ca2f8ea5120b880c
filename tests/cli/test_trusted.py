"""A pull request cannot move the fence that judges it, on the command line."""

from __future__ import annotations

import pytest

from tests.cli.stage import CONFIG, Ended, Real

PROD, OTHER = "210000000020", "210000000030"
FENCED = f"""\
{CONFIG}guards: {{privileged: {{accounts: [prod]}}, max_grants: {{privileged: {{count: 1}}}}}}
rules: {{who: {{restrict: {{accounts: [prod]}}, only_from: ["privileged/**"]}}}}
"""
NAMES = f"accounts: {{prod: '{PROD}', other: '{OTHER}'}}\n"
SWAPPED = f"accounts: {{prod: '{OTHER}', other: '{PROD}'}}\n"
SETS = "permission_sets: {Read: {managed_policies: [ReadOnlyAccess]}}\n"
GRANT = "assignments: {{ops-read: {{groups: [ops], permission_sets: [Read], accounts: [{}]}}}}\n"


@pytest.fixture
def fenced(real: Real) -> Real:
    """A repository whose main branch fences an account in, applied; checked out is a branch beside it."""
    for account in (PROD, OTHER):
        real.sandbox.store.create_account(account, f"a{account[-2]}")
    real.commit({"reconciler.yaml": FENCED, "accounts.yaml": NAMES, "sets.yaml": SETS})
    real.converge("--first-apply")
    real.work.git("checkout", "-q", "-b", "proposal")
    return real


def planned(fenced: Real) -> Ended:
    return fenced.plan("--trusted-ref", "main")


def refused(ended: Ended) -> bool:
    assert ended.code == (3 if "rule-restrict" in ended.output else 0), ended.output
    return ended.code == 3


@pytest.mark.parametrize(
    ("names", "account"),
    [
        pytest.param(SWAPPED, "other", id="another-name-for-it"),
        pytest.param(SWAPPED, f'"{PROD}"', id="its-id"),
    ],
)
def test_a_name_that_is_given_to_another_account_lets_nobody_into_the_fenced_one(
    fenced: Real, names: str, account: str
) -> None:
    fenced.commit({"grants.yaml": GRANT.format(account), "accounts.yaml": names})

    ended = planned(fenced)

    assert refused(ended)
    assert "max-privileged-grants" in ended.output, "privileged is the account that it was, too"
    assert (
        "accounts-not-trusted: guards and restrictions of main name accounts that are others" in ended.output
    )
    assert f"prod is {PROD} as on the trusted branch, and not {OTHER}" in ended.output


def test_the_account_that_gets_the_name_is_not_fenced_before_that_is_merged(fenced: Real) -> None:
    fenced.commit({"grants.yaml": GRANT.format("prod"), "accounts.yaml": SWAPPED})

    assert not refused(planned(fenced))

    fenced.work.git("checkout", "-q", "main")
    fenced.work.merge("proposal")
    after = fenced.plan()
    assert refused(after)
    assert "accounts-not-trusted" not in after.output


def test_what_nobody_touches_is_not_spoken_of(fenced: Real) -> None:
    fenced.commit({"grants.yaml": GRANT.format("other")})

    ended = planned(fenced)

    assert not refused(ended)
    assert "not-trusted" not in ended.output


@pytest.mark.parametrize("committed", [False, True])
def test_an_error_that_rests_on_the_trusted_configuration_says_so(real: Real, *, committed: bool) -> None:
    other = "instance_arn: 'arn:aws:sso:::instance/ssoins-0000000000000000'"
    wrong = CONFIG.replace("region: us-east-1", other)
    real.commit({"reconciler.yaml": wrong})
    real.work.git("checkout", "-q", "-b", "proposal")
    assert "still says" not in planned(real).output
    files = {"reconciler.yaml": CONFIG}
    if committed:
        real.commit(files)
    else:
        real.write(files)

    ended = planned(real)

    assert ended.code == 1
    assert (
        "main still says nothing for `region`, where the file here says us-east-1; "
        "arn:aws:sso:::instance/ssoins-0000000000000000 for `instance_arn`, where the file here says "
        "nothing, and that is what counts: commit and merge your change of reconciler.yaml" in ended.output
    )
