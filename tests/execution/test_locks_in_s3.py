"""What S3 may answer to a lock that a stand-in never does: lost answers, conflicts, and a proxy's page."""

from __future__ import annotations

import threading  # noqa: TID251  # a server needs a thread of its own
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from reconciler.errors import Denied, Locked, OutcomeUnknown, ServiceError
from reconciler.execution.locks.lease import Run
from reconciler.execution.locks.lock import Lock
from tests.execution.locking import SECONDS, in_s3
from tests.support.patience import joined
from tests.wire.clocks import FakeClock


@dataclass
class Bucket:
    """One object, and what happens to the requests that follow: (method, what), each once."""

    text: bytes | None = None
    happens: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""

    @property
    def etag(self) -> str:
        return f'"{hash(self.text)}"'

    def allows(self, match: str | None, none_match: str | None) -> bool:
        if none_match == "*":
            return self.text is None
        return match is None or (self.text is not None and match == self.etag)


class _Handler(BaseHTTPRequestHandler):
    bucket: Bucket
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        self._answer(b"")

    def do_PUT(self) -> None:
        self._answer(self._body())

    def do_DELETE(self) -> None:
        self._answer(b"")

    def _body(self) -> bytes:
        sent = self.rfile.read(int(self.headers["content-length"]))
        if "aws-chunked" not in self.headers.get("content-encoding", ""):
            return sent
        length, _, rest = sent.partition(b"\r\n")
        return rest[: int(length.split(b";")[0], 16)]

    def _answer(self, body: bytes) -> None:
        planned = [what for method, what in self.bucket.happens if method == self.command]
        what = planned[0] if planned else ""
        if what:
            self.bucket.happens.remove((self.command, what))
        if what == "conflict":
            self._error(409, "ConditionalRequestConflict")
        elif what == "denied":
            self._error(403, "AccessDenied")
        elif what == "page":
            self._say(502, b"<html>the proxy is tired</html>")
        elif what == "lost":
            self.close_connection = True
        elif self.command == "GET":
            self._say(200, self.bucket.text) if self.bucket.text is not None else self._error(
                404, "NoSuchKey"
            )
        elif not self.bucket.allows(self.headers["if-match"], self.headers["if-none-match"]):
            self._error(412, "PreconditionFailed")
        else:
            self.bucket.text = body if self.command == "PUT" else None
            if what == "done-and-lost":
                self.close_connection = True
            else:
                self._say(200 if self.command == "PUT" else 204, b"")

    def _error(self, status: int, code: str) -> None:
        self._say(status, f"<Error><Code>{code}</Code><Message>so it is</Message></Error>".encode())

    def _say(self, status: int, body: bytes) -> None:
        self.send_response_only(status)
        self.send_header("ETag", self.bucket.etag)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serve() -> Iterator[Bucket]:
    bucket = Bucket()
    handler = type("Handler", (_Handler,), {"bucket": bucket})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    bucket.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield bucket
    finally:
        server.shutdown()
        joined(thread)
        server.server_close()


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with serve() as served:
        yield served


def lock_in(bucket: Bucket, clock: FakeClock, holder: str = "ada") -> Lock:
    run = Run(holder, "laptop", f"run-of-{holder}", "apply")
    return Lock("aws", in_s3(bucket.url, clock)("aws"), clock, SECONDS, run)


def test_a_lock_whose_answer_was_lost_is_had(bucket: Bucket) -> None:
    bucket.happens = [("PUT", "done-and-lost")]
    lock = lock_in(bucket, FakeClock())

    lock.acquire()

    assert lock.begin("sha256:abc") is None
    assert lock.release() is None
    assert bucket.text is None


def test_a_write_that_never_arrived_is_unknown_and_no_lock(bucket: Bucket) -> None:
    bucket.happens = [("PUT", "lost")]
    lock = lock_in(bucket, FakeClock())

    with pytest.raises(OutcomeUnknown):
        lock.acquire()

    assert lock.release() is None
    assert bucket.text is None


def test_a_conflict_with_another_write_is_judged_by_what_is_there(bucket: Bucket) -> None:
    clock = FakeClock()
    bucket.happens = [("PUT", "conflict")]
    lock_in(bucket, clock).acquire()
    bucket.happens = [("PUT", "conflict")]

    with pytest.raises(Locked, match="holder: ada"):
        lock_in(bucket, clock, "bob").acquire()


def test_a_release_whose_answer_was_lost_leaves_nothing(bucket: Bucket) -> None:
    lock = lock_in(bucket, FakeClock())
    lock.acquire()
    bucket.happens = [("DELETE", "done-and-lost")]

    output = lock.release()

    assert output is None or "could not be released" in output
    assert bucket.text is None


def test_forbidden_is_never_absence(bucket: Bucket) -> None:
    clock = FakeClock()
    lock = lock_in(bucket, clock)
    lock.acquire()
    bucket.happens = [("GET", "denied")]
    clock.sleep(lock.place.believed)
    assert lock.check() is None, "the lease is believed until it ends"

    bucket.happens = [("PUT", "denied")]
    with pytest.raises(Denied, match="s3:PutObject"):
        lock_in(bucket, clock, "bob").acquire()


def test_a_page_of_a_proxy_is_no_lock(bucket: Bucket) -> None:
    bucket.happens = [("GET", "page")] * 20

    with pytest.raises(ServiceError, match="502"):
        in_s3(bucket.url, FakeClock())("aws").look()
