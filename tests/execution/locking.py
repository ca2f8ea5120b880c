"""Places for locks, of every kind, each with a world of its own, and runs that want a lock there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from reconciler.execution.locks.git_ref import GitPlace
from reconciler.execution.locks.lease import Run
from reconciler.execution.locks.local import LocalPlace
from reconciler.execution.locks.lock import Lock, Place
from reconciler.execution.locks.s3 import S3Place
from reconciler.files.git import Repository
from reconciler.wire.aws import Aws
from reconciler.wire.clock import SystemClock
from tests.repositories import Work
from tests.wire.clocks import FakeClock

SECONDS = 600
BUCKET = "locks"


@dataclass
class Site:
    """Where the locks of several runs meet. Each run sees it through a place of its own, by one clock."""

    place: Callable[[str], Place]
    clock: FakeClock = field(default_factory=FakeClock)

    def lock(self, holder: str, target: str = "aws", plan: str = "") -> Lock:
        run = Run(holder, f"{holder}-laptop", f"run-of-{holder}", "apply", {target: plan} if plan else {})
        return Lock(target, self.place(target), self.clock, SECONDS, run)


@contextmanager
def s3() -> Iterator[str]:
    """A stand-in for S3 with one bucket, by its address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    try:
        client = boto3.client(
            "s3",
            region_name="us-east-1",
            endpoint_url=url,
            aws_access_key_id="nobody",
            aws_secret_access_key="nothing",
        )
        client.create_bucket(Bucket=BUCKET)
        yield url
        for one in client.list_objects_v2(Bucket=BUCKET).get("Contents", ()):
            client.delete_object(Bucket=BUCKET, Key=one["Key"])
        client.delete_bucket(Bucket=BUCKET)
    finally:
        server.stop()


def in_s3(url: str, clock: FakeClock) -> Callable[[str], Place]:
    aws = Aws("the lock", region="us-east-1", endpoint_url=url, clock=clock, speed=1000, sandbox=True)
    return lambda target: S3Place(aws, BUCKET, f"reconciler/locks/{target}")


def clones(tmp_path: Path, patch: pytest.MonkeyPatch, number: int = 2) -> list[Repository]:
    """Clones of one bare repository."""
    seed = Work(tmp_path / "seed", patch)
    seed.commit({"identities/people.yaml": "users: {}\n"})
    seed.git("clone", "-q", "--bare", str(seed.root), str(tmp_path / "origin.git"))
    origin = Work(tmp_path / "origin.git", patch, start=False)
    made = []
    for count in range(number):
        origin.clone(tmp_path / f"clone{count}", patch)
        repository = Repository.of(tmp_path / f"clone{count}" / "identities")
        assert repository is not None
        made.append(repository)
    return made


@pytest.fixture(params=["file", "git", "s3"])
def site(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site of each kind; at git every place is in the next of two clones."""
    clock = FakeClock()
    if request.param == "file":
        # Its waits are for other threads, and those need the time of the machine.
        yield Site(lambda target: LocalPlace(tmp_path / "locks", target, SystemClock()), clock)
    elif request.param == "git":
        repositories = clones(tmp_path, monkeypatch)

        def place(target: str) -> Place:
            repositories.append(repositories.pop(0))
            return GitPlace(repositories[0], target, clock)

        yield Site(place, clock)
    else:
        with s3() as url:
            yield Site(in_s3(url, clock), clock)
