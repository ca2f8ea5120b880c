"""Under quotas that refuse: everything is done in the end, and the refusals stay few."""

from __future__ import annotations

from reconciler.model.change import Action
from reconciler.model.report import Status
from reconciler.sandbox import Sandbox
from reconciler.wire.pool import Pool
from tests.targets.centers import Ids, center, group, membership, step, submit, user
from tests.wire.clocks import SharedClock

MEMBERS = [f"u{number}" for number in range(60)]


def test_a_quota_far_below_ours_delays_reads_and_writes_and_loses_none() -> None:
    # Two calls a second where we begin with sixteen.
    with Sandbox(clock=SharedClock(1), latency=0, rates={"identitystore": 2, "sso-admin": 20}) as sandbox:
        ids: Ids = {group("g"): sandbox.store.add_group("g")}
        for number in range(30):
            sandbox.store.add_group(f"h{number}")
        for name in MEMBERS:
            ids[user(name)] = sandbox.store.add_user(name)
        target = center(sandbox)
        with Pool(12) as pool:
            outcomes = [
                outcome.status
                for _, outcome in pool.map(
                    lambda name: submit(target, step(membership("g", name), Action.CREATE), ids), MEMBERS
                )
            ]
        live = target.read()

        assert outcomes == [Status.DONE] * len(MEMBERS)
        assert sandbox.store.members("g") == set(MEMBERS)
        assert len(live.members[ids[group("g")]]) == len(MEMBERS)
        assert len(live.groups) == 31
