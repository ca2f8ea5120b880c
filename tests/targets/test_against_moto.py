"""Against a stand-in that others wrote: our strictness must not refuse what is in order."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto.server import ThreadedMotoServer

from reconciler.model.change import Action
from reconciler.model.observer import Silent
from reconciler.model.report import Status
from reconciler.targets.identity_center.target import IdentityCenter
from reconciler.wire.aws import Aws
from reconciler.wire.clock import SystemClock
from tests.targets.centers import Ids, group, membership, person, step, submit, user


@pytest.fixture
def moto() -> Iterator[IdentityCenter]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    url = f"http://127.0.0.1:{port}"
    clock = SystemClock()
    # Its time runs as ours does, and it has no quota: only our own pace would hold the test up.
    aws = Aws("aws", region="us-east-1", endpoint_url=url, clock=clock, speed=1000, sandbox=True)
    try:
        yield IdentityCenter(aws, clock=clock, observer=Silent())
    finally:
        server.stop()


def test_what_is_written_to_moto_is_read_from_moto(moto: IdentityCenter) -> None:
    ids: Ids = {}
    for one in (
        step(user("ada"), Action.CREATE, person("ada", email="ada@example.com", title="Engineer")),
        step(group("team"), Action.CREATE, {"display_name": "team", "description": "All"}),
        step(membership("team", "ada"), Action.CREATE),
    ):
        outcome = submit(moto, one, ids)
        assert (outcome.status, outcome.message) == (Status.DONE, "")
        ids[one.address] = outcome.remote_id

    live = moto.read()

    assert live.users[ids[user("ada")]].attributes == person("ada", email="ada@example.com", title="Engineer")
    assert live.groups[ids[group("team")]].attributes == {"display_name": "team", "description": "All"}
    assert live.members == {ids[group("team")]: {ids[user("ada")]: ids[membership("team", "ada")]}}

    assert submit(moto, step(membership("team", "ada"), Action.DELETE), ids).status is Status.DONE
    assert submit(moto, step(user("ada"), Action.DELETE), ids).status is Status.DONE
    assert (moto.read().users, list(moto.read().members.values())) == ({}, [{}])
