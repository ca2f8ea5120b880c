"""Secrets are in nothing that is printed or written, whatever goes wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.stage import GROUPS, Ended, Real

LIST, CREATE = "identitystore.ListUsers", "identitystore.CreateUser"


def test_secrets_of_the_environment_are_in_nothing_that_is_written(
    real: Real, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "CANARY-SECRET-1f9d")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "CANARY-TOKEN-77ab")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "CANARY-KEY-0c3e")
    seen: list[Ended] = [real.plan("-v")]
    for kind in ("throttle", "error", "deny", "expired", "html", "garbage", "wrong-type", "cut-off"):
        real.sandbox.faults.add(kind, LIST, count=None)
        seen.append(real.run("plan", "--format", "json", "-v"))
        real.sandbox.faults.clear()
    for kind in ("deny", "expired", "error", "conflict", "drop-after"):
        real.sandbox.faults.add(kind, CREATE, count=2)
        seen.append(real.run("apply", real.file, "--first-apply", "-v"))
        real.sandbox.faults.clear()
    real.sandbox.stop()
    seen.append(real.run("plan", "-v"))
    assert {one.code for one in seen} == {0, 1, 6}

    written = {str(path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    written |= {f"output {number}": (one.out + one.err).encode() for number, one in enumerate(seen)}
    written["tags"] = real.work.git("for-each-ref", "--format=%(contents)").encode()
    assert [name for name, content in written.items() if b"CANARY" in content] == []


@pytest.mark.parametrize(
    "url",
    [
        "https://ada:CANARY-PASSWORD@127.0.0.1:1/x.git",
        "https://ada:p@CANARY@127.0.0.1:1/x.git",
        "https://127.0.0.1:1/x.git?token=CANARY",
        "https://127.0.0.1:1/x.git?a=b&private_token=CANARY#CANARY",
        "http://CANARY@127.0.0.1:1/x.git",
        "file:///nowhere?access_token=CANARY",
    ],
)
def test_credentials_in_the_address_of_origin_are_never_shown(settled: Real, url: str) -> None:
    settled.commit({"groups.yaml": GROUPS.replace("[cyd]", "[cyd, bob]")})
    settled.plan()
    settled.work.git("remote", "add", "origin", url)

    ended = settled.run("apply", settled.file, "--push", "--trusted-ref", "refs/heads/main")

    assert ended.code == 1
    assert "origin cannot be asked" in ended.output
    assert "CANARY" not in ended.out + ended.err
