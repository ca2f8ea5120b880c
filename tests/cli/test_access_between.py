"""`reconciler access --between`: what a pull request gives to whom, by its two commits."""

from __future__ import annotations

import json

from tests.cli.stage import Real
from tests.cli.test_access import ACCESS, PROD


def test_what_git_gives_more_and_less_between_two_commits(real: Real) -> None:
    real.sandbox.store.create_account(PROD, "prod")
    before = real.commit({"access.yaml": ACCESS})
    after = real.commit({"access.yaml": ACCESS.replace("groups: [ops]", "groups: [dev]")})

    ended = real.run("access", "--between", before, after, "--format", "json")

    assert ended.code == 0, ended.output
    (target,) = json.loads(ended.out)["targets"]
    found = {(one["change"], tuple(one["people"]), one["permission_set"]) for one in target["access"]}
    assert found == {("gain", ("cyd",), "Read"), ("lose", ("ada", "bob"), "Read")}
    assert {account for one in target["access"] for account in one["accounts"]} == {PROD}
    assert "cyd gain it on" in real.run("access", "--between", before, after).out
    assert real.run("access", "--between", before, before).out.startswith("No access.\n")


def test_a_commit_that_is_not_there_or_does_not_load_is_named(real: Real) -> None:
    bad = real.commit({"access.yaml": "assignments: [\n"})
    good = real.commit({"access.yaml": ACCESS})

    missing = real.run("access", "--between", good, "nowhere")
    broken = real.run("access", "--between", bad, good)

    assert missing.code == 1
    assert "nowhere is not the name of a commit that this clone has" in missing.output
    assert broken.code == 1
    assert f"{bad} does not load: " in broken.output
