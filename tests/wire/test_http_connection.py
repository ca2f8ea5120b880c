from __future__ import annotations

import gzip
import socket
import tracemalloc
import zlib
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import Denied, IncompleteRead, OutcomeUnknown, Rejected, ServiceError
from reconciler.wire import http_connection
from reconciler.wire.http import Endpoint, Http, Request
from reconciler.wire.pool import Pool
from reconciler.wire.tokens import TokenSource
from tests.wire.clocks import FakeClock
from tests.wire.web import Authority, Heard, Say, authority, serve

LIST = Request("GET", "Users", "scim.ListUsers", mutates=False)
CREATE = Request("POST", "Users", "scim.CreateUser", mutates=True, body={"userName": "ada"})
HOST = "scim.example.com"


class Hurrying(FakeClock):
    """Twenty seconds go by whenever somebody looks."""

    def monotonic(self) -> float:
        self._elapsed += 20
        return self._elapsed


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCIM_TOKEN", "first")
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("ca"), "ours", "127.0.0.1", HOST)


def http(url: str, clock: FakeClock | None = None, **where: Any) -> Http:
    endpoint = Endpoint(url, TokenSource(env="SCIM_TOKEN"), **where)
    return Http("slack", endpoint, clock=clock or FakeClock(), rate=lambda _: 1000.0, chance=lambda: 0.5)


def error_of(client: Http, request: Request) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        client.call(request)
    return caught.value


def chunked(*pieces: bytes, head: str = "", end: bool = True) -> Iterator[bytes]:
    yield f"HTTP/1.1 200 OK\r\n{head}Transfer-Encoding: chunked\r\n\r\n".encode()
    for piece in pieces:
        yield f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
    if end:
        yield b"0\r\n\r\n"


# --- addresses


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://scim.example.com/v2", "not encrypted"),
        ("http://10.0.0.1/v2", "not encrypted"),
        ("http://localhost.example.com/v2", "not encrypted"),
        ("https://user:pa55word@scim.example.com/v2", "contains credentials"),
        ("https://pa55word@scim.example.com/v2", "contains credentials"),
        ("https://:@scim.example.com/v2", "contains credentials"),
        ("https://scim.example.com/v2?pa55word", r"part behind \? or #"),
        ("https://scim.example.com/v2#pa55word", r"part behind \? or #"),
        ("https://scim.example.com/v2?", r"part behind \? or #"),
        ("https://scim.example.com/a/../v2", "in its path"),
        ("https://scim.example.com/a/%2E%2e/v2", "in its path"),
        ("https://169.254.169.254/latest", "address of this network link"),
        ("https://[fe80::1]/v2", "address of this network link"),
        ("ftp://scim.example.com/", "is not a URL"),
        ("file:///etc/passwd", "is not a URL"),
        ("scim.example.com", "is not a URL"),
        ("pa55word", "is not a URL"),
        ("", "is not a URL"),
        ("https://", "is not a URL"),
        ("https:///v2", "is not a URL"),
        ("https://scim.example.com:port/", "is not a URL"),
        ("https://scim.example.com:0/", "is not a URL"),
        ("https://[::1/", "is not a URL"),
        ("https://scim.example.com/v 2", "is not a URL"),
        ("https://scim.example.com/\r\nX: 1", "is not a URL"),
        ("https://exämple.com/", "is not a URL"),
    ],
)
def test_an_address_that_gets_no_token_is_refused_with_what_to_write(url: str, message: str) -> None:
    with pytest.raises(Rejected, match=message) as caught:
        http(url)

    assert "pa55word" not in str(caught.value)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("request_", [LIST, CREATE], ids=lambda request: request.label)
def test_a_redirection_is_not_followed_and_its_host_is_named(status: int, request_: Request) -> None:
    with serve(Say()) as elsewhere:
        there = elsewhere.url.replace("127.0.0.1", "localhost")
        with serve(Say(status, "", {"Location": there})) as web:
            error = error_of(http(web.url), request_)

    assert type(error) is ServiceError
    assert f"points to localhost (HTTP {status})" in str(error)
    assert (len(web.heard), elsewhere.connections) == (1, 0)


@pytest.mark.parametrize("location", ["", "/v3", "https://[", "//"])
def test_a_redirection_to_nowhere_is_an_error_as_well(location: str) -> None:
    with serve(Say(302, "", {"Location": location})) as web:
        assert "where nothing is sent" in str(error_of(http(web.url), LIST))


# --- sizes and times


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_connection, "MAX_BODY", 2**20)


def endless() -> Iterator[bytes]:
    yield from chunked(*repeat(b" " * 2**16, 1000), end=False)


def bomb() -> Iterator[bytes]:
    packer = zlib.compressobj(wbits=31)
    packed = packer.compress(b" " * 2**25) + packer.flush()
    yield from chunked(packed, head="Content-Encoding: gzip\r\n")


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("body", [endless, bomb])
def test_an_answer_that_is_too_large_ends_the_reading_of_it(body: Any) -> None:
    with serve(answer=lambda _: Say(raw=body())) as web:
        read, written = error_of(http(web.url), LIST), error_of(http(web.url), CREATE)

    assert (type(read), type(written)) == (IncompleteRead, OutcomeUnknown)
    assert str(read) == "slack scim.ListUsers: the answer cannot be used: it is larger than 1 MiB"
    assert len(web.heard) == 2


@pytest.mark.usefixtures("small")
def test_a_packed_answer_is_never_unpacked_further_than_is_allowed() -> None:
    pieces = list(bomb())
    with serve(Say(raw=pieces)) as web:
        client = http(web.url)
        tracemalloc.start()
        try:
            error_of(client, LIST)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert peak < 8 * 2**20


@pytest.mark.usefixtures("small")
def test_an_answer_may_be_as_large_as_is_allowed() -> None:
    exactly = b'{"a":"' + b"x" * (2**20 - 8) + b'"}'
    with serve(Say(body=exactly), Say(body=exactly + b" ")) as web:
        client = http(web.url)
        client.call(LIST)
        assert type(error_of(client, LIST)) is IncompleteRead


def test_of_an_error_no_more_is_read_than_is_wanted() -> None:
    def failing(_: Heard) -> Say:
        pieces = chunked(b'{"detail": "' + b"x" * 2**17 + b'"}', *repeat(b" " * 2**16, 100))
        return Say(raw=(piece.replace(b"200 OK", b"403 No") for piece in pieces))

    with serve(answer=failing) as web:
        assert type(error_of(http(web.url), LIST)) is Denied


@pytest.mark.parametrize("status", [401, 403])
def test_an_error_whose_body_never_ends_is_that_error(status: int) -> None:
    head = f"HTTP/1.1 {status} x\r\nContent-Length: 100\r\n\r\n{{".encode()
    with serve(answer=lambda _: Say(raw=(head,))) as web:
        assert type(error_of(http(web.url), LIST)) is Denied


def test_packed_answers_are_unpacked() -> None:
    with serve(Say(body=gzip.compress(b'{"a": 1}', mtime=0), headers={"Content-Encoding": "gzip"})) as web:
        assert http(web.url).call(LIST).body == {"a": 1}

    assert web.heard[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"{}", "gzip"),
        (b"{}", "br"),
        (zlib.compress(b"{}"), "deflate"),
        (gzip.compress(b"{}", mtime=0) + b"more", "gzip"),
        (gzip.compress(gzip.compress(b"{}", mtime=0), mtime=0), "gzip, gzip"),
    ],
)
def test_what_is_packed_otherwise_is_no_answer(body: bytes, encoding: str) -> None:
    with serve(Say(body=body, headers={"Content-Encoding": encoding})) as web:
        assert type(error_of(http(web.url), LIST)) is IncompleteRead
        assert type(error_of(http(web.url), CREATE)) is OutcomeUnknown


HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
HALF = b"Content-Encoding: gzip\r\nContent-Length: 15\r\n\r\n"
TRUNCATED = [
    pytest.param([HEAD, b'Content-Length: 20\r\n\r\n{"a": 1}'], id="shorter than announced"),
    pytest.param([HEAD, b'Transfer-Encoding: chunked\r\n\r\n8\r\n{"a": 1}\r\n'], id="no last chunk"),
    pytest.param([HEAD, HALF, gzip.compress(b"{}", mtime=0)[:15]], id="half a pack"),
]


@pytest.mark.parametrize("raw", TRUNCATED)
def test_a_truncated_answer_is_asked_for_again_and_never_taken_for_whole(raw: list[bytes]) -> None:
    with serve(Say(raw=raw)) as web:
        error = error_of(http(web.url), LIST)
        assert (type(error), len(web.heard)) == (IncompleteRead, 6)
        assert type(error_of(http(web.url), CREATE)) is OutcomeUnknown
    assert len(web.heard) == 7

    with serve(Say(raw=raw), Say(body={"a": 2})) as web:
        assert http(web.url).call(LIST).body == {"a": 2}


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param([b"SSH-2.0-OpenSSH_9.2\r\n\r\n"], id="another protocol"),
        pytest.param([b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}"], id="a length that is none"),
        pytest.param(
            [b"HTTP/1.1 200 OK\r\n" + b"X: " + b"x" * 200_000 + b"\r\n\r\n"], id="an endless header"
        ),
        pytest.param(
            [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"], id="a chunk that is none"
        ),
    ],
)
def test_what_is_no_http_is_no_answer(raw: list[bytes]) -> None:
    with serve(Say(raw=raw)) as web:
        read, written = error_of(http(web.url), LIST), error_of(http(web.url), CREATE)

    assert type(read) in (IncompleteRead, ServiceError)
    assert type(written) is OutcomeUnknown
    assert str(read).startswith("slack scim.ListUsers: ")


def drip_body() -> Iterator[bytes]:
    yield from chunked(*repeat(b" ", 100_000))


def drip_head() -> Iterator[bytes]:
    yield from repeat(b"HTTP/1.1 103 Early Hints\r\n\r\n", 100_000)


@pytest.mark.parametrize("drip", [drip_body, drip_head])
def test_an_answer_that_drips_is_given_up_after_the_time_for_the_whole(drip: Any) -> None:
    """Each piece comes at once, and still the whole never ends."""
    clock = Hurrying()
    with serve(answer=lambda _: Say(raw=drip())) as web:
        error = error_of(http(web.url, clock), CREATE)

    assert type(error) is OutcomeUnknown
    # The line, the begin and the start of the whole are looked at before.
    assert clock._elapsed <= http_connection.WHOLE_TIMEOUT + 3 * 20


def test_an_answer_that_does_not_come_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_connection, "READ_TIMEOUT", 0.01)

    with socket.create_server(("127.0.0.1", 0)) as silent:
        error = error_of(http(f"http://127.0.0.1:{silent.getsockname()[1]}/v2"), CREATE)

    assert type(error) is OutcomeUnknown
    assert "in time" in str(error)


def test_a_connection_that_the_service_closed_is_not_used_again() -> None:
    with serve(Say(headers={"Connection": "close"})) as web:
        client = http(web.url)
        client.call(CREATE)
        client.call(CREATE)

    assert [heard.connection for heard in web.heard] == [1, 2]


def test_many_threads_share_at_most_sixteen_connections() -> None:
    with serve(Say()) as web, Pool(32) as pool:
        client = http(web.url)
        list(pool.map(lambda _: client.call(LIST), range(200)))

    assert len(web.heard) == 200
    assert web.connections <= 16


# --- TLS


def test_a_private_ca_is_believed_by_file(ours: Authority) -> None:
    with serve(Say(body={"a": 1}), tls=ours.tls) as web:
        assert http(web.url, ca_file=ours.file).call(LIST).body == {"a": 1}


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_an_unknown_ca_is_not_believed_whatever_the_environment_says(
    ours: Authority, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, ours.file)
    with serve(Say(), tls=ours.tls) as web:
        client = http(web.url)
        error = error_of(client, CREATE)

    assert type(error) is ServiceError
    assert "no trusted connection" in str(error)
    assert "`ca_file`" in str(error)
    assert web.heard == []
    assert client.calls == {"scim.CreateUser": 1}


def test_a_certificate_for_another_host_is_not_believed(ours: Authority, tmp_path: Path) -> None:
    other = authority(tmp_path, "other", "elsewhere.example.com")
    with serve(Say(), tls=other.tls) as web:
        assert "no trusted connection" in str(error_of(http(web.url, ca_file=other.file), LIST))
        assert "no trusted connection" in str(error_of(http(web.url, ca_file=ours.file), LIST))

    assert web.heard == []


def test_where_no_tls_is_spoken_nothing_is_sent() -> None:
    with serve(Say()) as web:
        error = error_of(http(web.url.replace("http:", "https:")), CREATE)

    assert type(error) is ServiceError
    assert "cannot be reached" in str(error)


@pytest.mark.parametrize("content", [None, "", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_a_ca_file_that_is_none_is_refused_by_name(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)

    with pytest.raises(Rejected, match=r"`ca_file` .*ca\.pem cannot be used"):
        http("https://127.0.0.1:9/", ca_file=str(file)).call(LIST)


def test_the_keys_of_a_connection_are_not_written_down(
    ours: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    keys = tmp_path / "keys"
    monkeypatch.setenv("SSLKEYLOGFILE", str(keys))
    with serve(Say(), tls=ours.tls) as web:
        http(web.url, ca_file=ours.file).call(LIST)

    assert not keys.exists()


# --- proxies


@pytest.fixture
def resolved(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names that were looked up; HOST leads to this machine."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, *rest: Any, **more: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        asked.append(name)
        return real("127.0.0.1" if name == HOST else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def through(port: int) -> str:
    return f"https://{HOST}:{port}/scim/v2"


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"])
def test_a_proxy_of_the_environment_sees_nothing_unless_asked_for(
    ours: Authority, resolved: list[str], monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    with serve(Say()) as proxy, serve(Say(), tls=ours.tls) as web, serve(Say()) as here:
        monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.port}")
        http(through(web.port), ca_file=ours.file).call(LIST)
        http(here.url).call(LIST)
        # To this very machine there is no proxy, asked for or not.
        http(here.url, environment_proxy=True).call(LIST)

    assert (len(web.heard), len(here.heard), proxy.connections) == (1, 2, 0)


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("scheme", ["http://", ""])
def test_a_proxy_that_is_asked_for_is_told_the_host_and_not_the_token(
    ours: Authority, resolved: list[str], monkeypatch: pytest.MonkeyPatch, variable: str, scheme: str
) -> None:
    with serve(Say(403, "")) as proxy:
        monkeypatch.setenv(variable, f"{scheme}127.0.0.1:{proxy.port}")
        error = error_of(http(through(9), ca_file=ours.file, environment_proxy=True), CREATE)

    assert {(heard.method, heard.target) for heard in proxy.heard} == {("CONNECT", f"{HOST}:9")}
    assert all("authorization" not in heard.headers for heard in proxy.heard)
    assert HOST not in resolved
    assert type(error) is ServiceError
    assert "the proxy says 403" in str(error)


def test_no_proxy_is_heeded(ours: Authority, resolved: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(Say()) as proxy, serve(Say(), tls=ours.tls) as web:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", "example.com")
        http(through(web.port), ca_file=ours.file, environment_proxy=True).call(LIST)

    assert (len(web.heard), proxy.connections) == (1, 0)


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "socks4://x", "http://[", "ftp://x"])
def test_a_proxy_that_cannot_be_used_is_refused_without_its_password(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy.replace("//", "//user:pa55word@"))

    with pytest.raises(Rejected, match="proxy of the environment cannot be used") as caught:
        http(through(9), environment_proxy=True).call(LIST)

    assert "pa55word" not in str(caught.value)


def test_netrc_is_not_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("default login ada password pa55word\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with serve(Say()) as web:
        http(web.url).call(LIST)

    assert web.heard[0].headers["authorization"] == "Bearer first"
