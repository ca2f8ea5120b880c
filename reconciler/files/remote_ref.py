"""One ref of a remote that changes only by compare-and-swap, and holds a text: a commit without history.

The commit has an empty tree and no parent, so that a clone of any depth can make it and push it alone. What
decides is the remote: a push with a lease gives it the id that the ref must still have
(git-push, --force-with-lease=<refname>:<expect>; an empty one stands for "must not exist").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from reconciler.errors import RecordError
from reconciler.files.git import DEFAULT_REMOTE, Repository
from reconciler.files.git_names import beside

_WHO = "reconciler <reconciler@localhost>"
_QUIET_FETCH = (
    "--quiet",
    "--no-tags",
    "--refmap=",
    "--no-write-fetch-head",
    "--recurse-submodules=no",
)
_QUIET_PUSH = ("--quiet", "--no-signed", "--no-verify", "--recurse-submodules=no")
# A ref that moves while it is fetched is looked at again.
_LOOKS = 4


@dataclass(frozen=True, slots=True)
class RemoteRef:
    """The ref `ref` (in full) at `remote`. Every method asks the remote, and moves no ref of this clone.

    Each raises RecordError where the remote cannot be asked or refuses.
    """

    repository: Repository
    ref: str
    remote: str = DEFAULT_REMOTE

    def id(self) -> str | None:
        """The id of the object that the ref names there now; None where there is no such ref."""
        return self._there().get(self.ref)

    def _there(self) -> Mapping[str, str]:
        """The ids of all refs there whose names end as this one's does, by name."""
        answer = self.repository.git.run("ls-remote", "--quiet", "--", self.remote, self.ref, network=True)
        lines = answer.output.decode("utf-8", "replace").splitlines()
        return dict(line.split("\t")[::-1] for line in lines)

    def read(self) -> tuple[str, str] | None:
        """The id, and the text there now; the text is "" where it is not a commit that `write` made."""
        problem: RecordError | None = None
        for _ in range(_LOOKS):
            oid = self.id()
            if oid is None:
                return None
            if not self._is_here(oid):
                try:
                    self.repository.git.run("fetch", *_QUIET_FETCH, "--", self.remote, self.ref, network=True)
                except RecordError as error:
                    problem = error
            if self._is_here(oid):
                return oid, self._text(oid)
        raise problem or RecordError(f"{self.ref} at {self.remote} changes faster than it can be read")

    def write(self, text: str, expected: str | None, at: datetime) -> str | None:
        """Make the ref hold `text` in the place of the object `expected` (None: of nothing).

        `at` (aware) is the time of the commit. The answer is the id of the new object, or None where the ref
        was not as expected. The text must be another one each time, since what is equal has an equal id.
        """
        git = self.repository.git
        tree = git.run("mktree").line
        signed = f"{_WHO} {int(at.timestamp())} +0000"
        commit = f"tree {tree}\nauthor {signed}\ncommitter {signed}\n\n{text}"
        oid = git.run("hash-object", "-t", "commit", "-w", "--stdin", stdin=commit.encode()).line
        return oid if self._push(oid, expected) else None

    def delete(self, expected: str) -> bool:
        """Delete the ref while it names the object `expected`; False where it names another, or is gone."""
        return self._push(None, expected)

    def _push(self, oid: str | None, expected: str | None) -> bool:
        answer = self.repository.git.run(
            "push",
            *_QUIET_PUSH,
            f"--force-with-lease={self.ref}:{expected or ''}",
            "--",
            self.remote,
            f"{oid or ''}:{self.ref}",
            fine=None,
            network=True,
        )
        if answer.code == 0:
            return True
        # Refused for the lease, refused for anything else, or done and the answer lost: the ref tells.
        there = self.id()
        if there == oid and there != expected:
            return oid is not None
        if there != expected:
            return False
        twins = beside(self.ref, self._there())
        raise RecordError(
            f"{self.ref} cannot be pushed to {self.remote}: {answer.message or answer.code}{twins}"
        )

    def _is_here(self, oid: str) -> bool:
        return self.repository.git.info(oid) is not None

    def _text(self, oid: str) -> str:
        git = self.repository.git
        info = git.info(oid)
        found = git.content(oid) if info is not None and info.kind == "commit" else None
        if found is None:
            return ""
        _, _, text = found[1].partition(b"\n\n")
        return text.decode("utf-8", "replace")
