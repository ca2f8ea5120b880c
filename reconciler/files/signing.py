"""Signatures of commits and tags by ssh keys, as git makes and verifies them (`gpg.format=ssh`).

`ssh-keygen -Y` is called directly, and not through git: what a repository's own configuration says
(`gpg.program`, `gpg.ssh.program`, `gpg.ssh.allowedSignersFile`, `gpg.format`), none of it takes part.
`git verify-commit` and `git verify-tag` know these signatures. ssh-keygen(1), ALLOWED SIGNERS and -Y
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from reconciler.errors import RecordError
from reconciler.files.git_process import absolute_path

KEY_VARIABLE = "RECONCILER_SIGNING_KEY"
_SECONDS = 60.0
_BEGIN, _END = b"-----BEGIN SSH SIGNATURE-----\n", b"-----END SSH SIGNATURE-----\n"
_HEADERS = (b"gpgsig ", b"gpgsig-sha256 ")
_TIME = re.compile(rb"^(?:committer|tagger) .*> (\d{1,11}) [+-]\d{4}$", re.MULTILINE)


class Unsigned(RecordError):
    """What is not signed by a key that is allowed to, where that is demanded."""


@dataclass(frozen=True, slots=True)
class Signing:
    """How receipts, marks and tags are signed and checked.

    `key` is the file of the private key (None: nothing can be signed), `allowed` the text of the file of
    allowed signers (None: no signature is demanded), and `source` says where that stands.
    """

    key: Path | None = None
    allowed: bytes | None = None
    source: str = ""

    @property
    def demanded(self) -> bool:
        """Whether what is not signed is refused."""
        return self.allowed is not None

    def require_key(self) -> None:
        """Raise RecordError where signatures are demanded and there is no key to make one with."""
        if self.demanded and self.key is None:
            raise RecordError(
                f"receipts must be signed ({self.source}), and no key is set: set {KEY_VARIABLE} to the "
                "file of a private ssh key that is allowed to; nothing was written"
            )

    def sign(self, payload: bytes) -> bytes:
        """The signature of a commit or tag; b"" where there is no key and none is demanded.

        Raises RecordError where there is none and one is demanded, where ssh-keygen cannot sign with it (a
        passphrase is never asked for), and Unsigned where the key is not allowed to.
        """
        self.require_key()
        if self.key is None:
            return b""
        code, signature, output = _ssh_keygen("-Y", "sign", "-n", "git", "-f", str(self.key), stdin=payload)
        if code != 0 or not signature.startswith(_BEGIN):
            raise RecordError(
                f"nothing can be signed with the key that {KEY_VARIABLE} names, {self.key}: {output or code}"
            )
        if self.demanded:
            self.check(payload, signature)
        return signature

    def check(self, payload: bytes, signature: bytes) -> None:
        """Raise Unsigned unless a key that is allowed to has signed `payload`, where that is demanded."""
        if self.allowed is None:
            return
        if not signature:
            raise Unsigned(f"it is not signed, and receipts must be ({self.source})")
        match = _TIME.search(payload.partition(b"\n\n")[0])
        at = datetime.fromtimestamp(int(match[1]), UTC) if match else datetime.fromtimestamp(0, UTC)
        when = f"-Overify-time={at:%Y%m%d%H%M%S}Z"
        with tempfile.TemporaryDirectory(prefix="reconciler-sign-") as made:
            signed, allowed = Path(made, "signature"), Path(made, "allowed_signers")
            signed.write_bytes(signature)
            allowed.write_bytes(self.allowed)
            files = ("-f", str(allowed), "-s", str(signed))
            _, listed, _ = _ssh_keygen("-Y", "find-principals", *files, when)
            for name in os.fsdecode(listed).splitlines():
                words = ("-Y", "verify", "-n", "git", "-I", name, *files, when)
                if _ssh_keygen(*words, stdin=payload)[0] == 0:
                    return
        raise Unsigned(f"it is signed, but not by a key that may sign receipts ({self.source})")


def signed_commit(text: bytes, signature: bytes) -> bytes:
    """The text of a commit with its signature in it."""
    if not signature:
        return text
    head, _, message = text.partition(b"\n\n")
    name = _HEADERS[len(head.partition(b"\n")[0]) > len(b"tree ") + 40]
    return head + b"\n" + name + signature.strip().replace(b"\n", b"\n ") + b"\n\n" + message


def apart_commit(raw: bytes) -> tuple[bytes, bytes]:
    """What of a commit was signed, and the signature (b"" for none)."""
    head, _, message = raw.partition(b"\n\n")
    kept: list[bytes] = []
    signature: list[bytes] = []
    within = False
    for line in head.split(b"\n"):
        begins = next((name for name in _HEADERS if line.startswith(name)), None)
        within = begins is not None or (within and line.startswith(b" "))
        if within:
            signature.append(line.removeprefix(begins or b" "))
        else:
            kept.append(line)
    signed = b"\n".join(signature) + b"\n" if signature else b""
    return b"\n".join(kept) + b"\n\n" + message, signed


def apart_tag(raw: bytes) -> tuple[bytes, bytes]:
    """What of a tag was signed, and the signature behind it (b"" for none)."""
    at = raw.rfind(b"\n" + _BEGIN)
    return (raw, b"") if at < 0 else (raw[: at + 1], raw[at + 1 :])


def _ssh_keygen(*words: str, stdin: bytes = b"") -> tuple[int, bytes, str]:
    path = absolute_path(os.environ.get("PATH", os.defpath))
    program = shutil.which("ssh-keygen", path=path)
    if program is None:
        raise RecordError("ssh-keygen is not installed, or not on the PATH; install OpenSSH 8.9 or later")
    kept = {name: text for name, text in os.environ.items() if name not in ("SSH_ASKPASS", "DISPLAY")}
    try:
        done = subprocess.run(  # noqa: S603  # an argument list, of which no part is ever a shell's
            [program, *words],
            env={**kept, "PATH": path, "LC_ALL": "C", "SSH_ASKPASS_REQUIRE": "never"},
            input=stdin,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            # Without a terminal, a key with a passphrase fails and does not wait for one.
            start_new_session=True,
        )
    except subprocess.TimeoutExpired as error:
        raise RecordError(f"ssh-keygen did not end within {_SECONDS:.0f} seconds") from error
    except OSError as error:
        raise RecordError(f"ssh-keygen cannot be run: {error.strerror}") from error
    return done.returncode, done.stdout, " ".join(os.fsdecode(done.stderr).split())[:300]
