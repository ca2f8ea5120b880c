"""git, bound to one repository that was found and is named in every call."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from reconciler.errors import RecordError
from reconciler.files.git_network import run_by_network
from reconciler.files.git_process import Answer, run_git


@dataclass(frozen=True, slots=True)
class Git:
    """git in the work tree at `folder`, of the repository `git_dir`; `common` is the one that it shares.

    (Another folder than `git_dir` in a linked work tree.) Every call names the repository to git, so that
    git looks for none itself.
    """

    folder: Path
    git_dir: Path
    common: Path

    def run(
        self,
        *arguments: str,
        stdin: bytes = b"",
        fine: Collection[int] | None = (0,),
        network: bool = False,
    ) -> Answer:
        """Run one command to its end and return what it said.

        `fine` are the exit codes that are answers (None: all of them); any other raises RecordError, as
        do a missing git and one that takes too long. `network` allows it to reach a remote.
        """
        if network:
            answer = run_by_network(
                *arguments, folder=self.folder, git_dir=self.git_dir, common=self.common, stdin=stdin
            )
        else:
            answer = run_git(*arguments, folder=self.folder, repository=self.git_dir, stdin=stdin)
        if fine is not None and answer.code not in fine:
            raise RecordError(f"git {arguments[0]} failed in {self.folder}: {answer.message or answer.code}")
        return answer
