"""Receipts that must be signed: by a key that the trusted branch allows, and never by what a branch says."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from reconciler.sandbox import Sandbox
from tests.cli.clones import another, first_clone, push
from tests.cli.conftest import Done
from tests.cli.stage import CONFIG, Real
from tests.cli.test_gate_receipts import APPLIED, CHAIN, LESS, oid, put, refused, unseen
from tests.support.patience import PATIENCE

KEY = "RECONCILER_SIGNING_KEY"
SIGNED = f"{CONFIG}memory: {{signed: true}}\n"

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")


def keys(folder: Path, name: str, passphrase: str = "") -> tuple[Path, str]:
    """A new pair: the file of the private key, and the public one as text."""
    file = folder / name
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", name, "-f", str(file)],
        timeout=PATIENCE,
        check=True,
    )
    return file, file.with_suffix(".pub").read_text(encoding="ascii")


@pytest.fixture
def signed(cloned_once: Done, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Real:
    """A clone whose first apply was signed with a key, and whose main demands that since then."""

    def sign(stage: Real) -> None:
        key, public = keys(stage.root.parent, "ci")
        allowed = f'ci@example.com namespaces="git" {public}'
        stage.commit({"allowed_signers": allowed, "reconciler.yaml": SIGNED})
        push(stage)
        monkeypatch.setenv(KEY, str(key))
        stage.converge("--first-apply")

    stage = cloned_once("signed", sign)
    monkeypatch.setenv(KEY, str(tmp_path / "ci"))
    return stage


def test_what_an_apply_leaves_is_signed_as_git_knows_it(signed: Real, tmp_path: Path) -> None:
    allowed = str(signed.root / "identities" / "allowed_signers")
    options = ("-c", f"gpg.ssh.allowedSignersFile={allowed}", "-c", "gpg.format=ssh")
    signed.work.git(*options, "verify-commit", CHAIN)
    signed.work.git(*options, "verify-tag", "reconciler/applied/aws")
    signed.work.git("fsck", "--strict")


def test_a_signed_memory_is_read_in_another_clone_without_any_key(
    signed: Real, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(KEY)
    second = another(signed, monkeypatch, capsys)

    assert second.plan("--detailed-exitcode").code == 0


def test_an_apply_without_a_key_is_refused_before_the_first_write(
    signed: Real, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed.commit(dict(LESS))
    push(signed)
    assert signed.plan().code == 0
    monkeypatch.delenv(KEY)
    signed.forget()

    ended = signed.run("apply", signed.file)

    assert ended.code == 1
    assert f"set {KEY}" in ended.output
    assert signed.written() == []


@pytest.mark.parametrize("passphrase", ["", "long enough"])
def test_an_apply_with_a_key_that_may_not_sign_is_refused_before_the_first_write(
    signed: Real, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, passphrase: str
) -> None:
    signed.commit(dict(LESS))
    push(signed)
    assert signed.plan().code == 0
    monkeypatch.setenv(KEY, str(keys(tmp_path, "other", passphrase)[0]))
    signed.forget()

    ended = signed.run("apply", signed.file)

    assert ended.code == 1
    assert ("nothing can be signed" if passphrase else "not by a key that may sign receipts") in ended.output
    assert signed.written() == []


def by_hand(stage: Real, *options: str) -> str:
    """A receipt as the newest is, made by hand."""
    return stage.work.git(
        *options, "commit-tree", f"{CHAIN}^{{tree}}", "-p", f"{CHAIN}^", "-m", "by hand", "-S"
    )


def test_a_receipt_or_tag_that_is_not_signed_by_whoever_may_is_refused(signed: Real, tmp_path: Path) -> None:
    git = signed.work.git
    head, tag = oid(signed, CHAIN), oid(signed, APPLIED)
    _, public = keys(tmp_path, "stranger")
    key = str(tmp_path / "stranger")
    ssh = ("-c", "gpg.format=ssh", "-c", f"user.signingKey={key}")
    unsigned = git("commit-tree", f"{CHAIN}^{{tree}}", "-p", f"{CHAIN}^", "-m", "by hand")
    # The signature of the real one, on something else.
    raw = git("cat-file", "commit", head)
    moved = git("hash-object", "-t", "commit", "-w", "--stdin", stdin=f"{raw}x\n".encode())
    for made, message in (
        (unsigned, "it is not signed"),
        (by_hand(signed, *ssh), "not by a key that may sign receipts"),
        (moved, "not by a key that may sign receipts"),
    ):
        unseen(signed)
        put(signed, CHAIN, made)
        refused(signed, message)
    put(signed, CHAIN, head)
    bare = git("cat-file", "tag", tag).split("-----BEGIN SSH")[0]
    put(signed, APPLIED, git("mktag", stdin=bare.encode()))
    refused(signed, "it is not signed")
    assert public


def test_receipts_that_are_gone_are_refused_and_not_answered_by_less(signed: Real) -> None:
    head = oid(signed, CHAIN)
    unseen(signed)
    signed.work.git("update-ref", "-d", CHAIN)

    refused(signed, "nothing else may answer instead", f"git push origin {head}:{CHAIN}")


def test_a_mark_that_is_not_signed_is_refused(signed: Real) -> None:
    made = signed.work.git("commit-tree", f"{CHAIN}^{{tree}}", "-m", "by hand")
    put(signed, "refs/tags/reconciler/marks/aws/run-1", made)

    refused(signed, "it is not signed")


def test_a_branch_can_neither_allow_a_signer_nor_stop_to_demand_one(
    signed: Real, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, public = keys(tmp_path, "stranger")
    made = by_hand(signed, "-c", "gpg.format=ssh", "-c", f"user.signingKey={key}")
    signed.work.git("switch", "-q", "-c", "theirs")
    signed.commit({"allowed_signers": f"ci@example.com {public}", "reconciler.yaml": CONFIG})
    unseen(signed)
    put(signed, CHAIN, made)

    refused(signed, "not by a key that may sign receipts")


def test_programs_that_the_repository_names_for_signatures_do_not_run(signed: Real, tmp_path: Path) -> None:
    signed.commit(dict(LESS))
    push(signed)
    ran = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {ran}\nexit 0\n", encoding="ascii")
    program.chmod(0o755)
    for name in ("gpg.program", "gpg.ssh.program", "gpg.openpgp.program", "gpg.ssh.defaultKeyCommand"):
        signed.work.git("config", name, str(program))
    signed.work.git("config", "commit.gpgSign", "true")
    signed.work.git("config", "tag.gpgSign", "true")
    head = oid(signed, CHAIN)
    pgp = b"-----BEGIN PGP SIGNATURE-----\n \n iQ\n -----END PGP SIGNATURE-----\n"
    raw = signed.work.git("cat-file", "commit", f"{head}").split("gpgsig ")[0].encode()
    made = raw + b"gpgsig " + pgp + b"\nby hand\n"
    put(signed, CHAIN, signed.work.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=made))
    unseen(signed)
    refused(signed, "not by a key that may sign receipts")
    put(signed, CHAIN, head)
    assert signed.plan().code == 0
    ended = signed.run("apply", signed.file)
    assert ended.code == 0, ended.output
    assert not ran.exists()


def test_signatures_begin_with_the_next_apply_once_there_is_a_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], aws: Sandbox
) -> None:
    stage = first_clone(tmp_path, monkeypatch, capsys, aws)
    stage.converge("--first-apply")
    key, public = keys(tmp_path, "ci")
    stage.commit({"allowed_signers": f"ci@example.com {public}"})
    push(stage)
    monkeypatch.setenv(KEY, str(key))
    stage.converge()
    stage.commit({"reconciler.yaml": SIGNED})
    push(stage)

    assert stage.plan("--detailed-exitcode").code == 0


@pytest.mark.parametrize("text", ["", None])
def test_a_branch_that_does_not_say_who_may_sign_is_an_error(signed: Real, text: str | None) -> None:
    signed.commit({"allowed_signers": text})
    push(signed)

    ended = signed.plan()

    assert ended.code == 1
    assert "has no file allowed_signers" in ended.output
