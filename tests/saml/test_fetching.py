"""A document from a URL: that address and no other, over TLS, within bounds."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from reconciler.errors import InputError, ServiceError, UsageError
from reconciler.saml.document import MAX_BYTES, parse
from reconciler.saml.fetch import read_source
from reconciler.wire.clock import SystemClock
from tests.support.saml import AdFs
from tests.wire.web import DROP, Say, authority, serve

PATH = "/FederationMetadata/2007-06/FederationMetadata.xml"


def fetch(url: str, ca_file: str | None = None) -> bytes:
    return read_source(url, SystemClock(), ca_file)


def test_a_document_is_fetched_from_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    ca = authority(tmp_path, "ca", "127.0.0.1")
    text = AdFs().text()
    packed = Say(body=gzip.compress(text.encode()), headers={"Content-Encoding": "gzip"})
    with serve(Say(body=text), packed, tls=ca.tls) as web:
        address = f"https://127.0.0.1:{web.port}"
        for path in (PATH, "/", f"{PATH}/"):
            assert fetch(address + path, ca.file).decode() == text
        assert fetch(address, ca.file).decode() == text
        assert fetch(f"{address}{PATH}?appid=0a%201b", ca.file).decode() == text
        assert [one.target for one in web.heard] == [PATH, "/", f"{PATH}/", "/", f"{PATH}?appid=0a%201b"]
        assert not any("authorization" in {name.lower() for name in one.headers} for one in web.heard)


def test_a_certificate_that_is_not_trusted(tmp_path: Path) -> None:
    ca = authority(tmp_path, "ca", "127.0.0.1")
    named = authority(tmp_path, "other", "sts.example.com")
    with serve(Say(body="<a/>"), tls=ca.tls) as web:
        for file in (None, named.file):
            with pytest.raises(ServiceError, match="untrusted"):
                fetch(f"https://127.0.0.1:{web.port}{PATH}", file)
        assert not web.heard
    with serve(Say(body="<a/>"), tls=named.tls) as web, pytest.raises(ServiceError, match="untrusted"):
        fetch(f"https://127.0.0.1:{web.port}{PATH}", named.file)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(tmp_path: Path, status: int) -> None:
    ca = authority(tmp_path, "ca", "127.0.0.1")
    with serve(Say(body="<a/>")) as other:
        moved = Say(status, "", {"Location": f"http://127.0.0.1:{other.port}/x"})
        with serve(moved, tls=ca.tls) as web, pytest.raises(ServiceError, match="not followed"):
            fetch(f"https://127.0.0.1:{web.port}{PATH}", ca.file)
        assert not other.heard


def test_answers_that_are_none(tmp_path: Path) -> None:
    ca = authority(tmp_path, "ca", "127.0.0.1")
    for say, words in (
        (Say(404, "no"), "not there"),
        (Say(500, "no"), "not there"),
        (Say(204, ""), "not there"),
        (DROP, "no answer"),
    ):
        with serve(say, tls=ca.tls) as web, pytest.raises(ServiceError, match=words):
            fetch(f"https://127.0.0.1:{web.port}{PATH}", ca.file)


def test_an_answer_that_is_too_large(tmp_path: Path) -> None:
    ca = authority(tmp_path, "ca", "127.0.0.1")
    packed = gzip.compress(b" " * (MAX_BYTES + 1))
    with serve(Say(body=packed, headers={"Content-Encoding": "gzip"}), tls=ca.tls) as web:
        data = fetch(f"https://127.0.0.1:{web.port}{PATH}", ca.file)
    with pytest.raises(InputError, match="more than 10 MiB"):
        parse(data, "m")
    bomb = gzip.compress(b" " * (65 * 2**20))
    with (
        serve(Say(body=bomb, headers={"Content-Encoding": "gzip"}), tls=ca.tls) as web,
        pytest.raises(ServiceError, match="too large"),
    ):
        fetch(f"https://127.0.0.1:{web.port}{PATH}", ca.file)


@pytest.mark.parametrize(
    "url",
    [
        "http://sts.example.com/x",
        "http://127.0.0.1/x",
        "file:///etc/passwd",
        "ftp://sts.example.com/x",
        "https://",
        "https://ada:pw@sts.example.com/x",
        "https://169.254.169.254/latest",
        "https://sts.example.com/../x",
        "https://sts.example.com/x?y=ü",
        "https://sts.example.com/x#y",
        "https://sts.example.com/x?y#z",
        "https://sts.example.com/x y",
        "HTTPS://sts.example.com:0/x",
    ],
)
def test_addresses_that_are_refused(url: str) -> None:
    with pytest.raises(UsageError, match="--metadata") as caught:
        fetch(url)
    assert "pw" not in str(caught.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for name in (str(tmp_path / "absent"), str(tmp_path), "a\0b"):
        with pytest.raises(InputError):
            fetch(name)
