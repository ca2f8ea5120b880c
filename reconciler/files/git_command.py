"""git, bound to one repository that was found and is named in every call."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.errors import RecordError
from reconciler.files.git_network import run_by_network
from reconciler.files.git_process import Answer, run_git
from reconciler.files.git_reader import MANY, Info, ObjectReader, parsed


@dataclass(frozen=True, slots=True)
class Git:
    """git in the work tree at `folder`, of the repository `git_dir`; `common` is the one that it shares.

    (Another folder than `git_dir` in a linked work tree.) Every call names the repository to git, so that
    git looks for none itself.
    """

    folder: Path
    git_dir: Path
    common: Path
    reader: ObjectReader = field(default_factory=ObjectReader, compare=False, repr=False)

    def info(self, name: str) -> Info | None:
        """What an object is; None where it is not here. `name` is an id, or one with `^{commit}` or `:path`.

        Raises RecordError as `run` does.
        """
        return self.reader.info(name, self.folder, self.git_dir)

    def infos(self, names: Sequence[str]) -> Sequence[Info | None]:
        """The same of many, in their order."""
        if len(names) <= MANY:
            return [self.info(name) for name in names]
        answer = self.run(
            "cat-file", "--batch-check", stdin=os.fsencode("".join(f"{one}\n" for one in names))
        )
        return [parsed(line) for _, line in zip(names, answer.output.splitlines(), strict=True)]

    def content(self, name: str) -> tuple[Info, bytes] | None:
        """The same, with what it holds."""
        return self.reader.content(name, self.folder, self.git_dir)

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
        if network or arguments[0] == "update-ref":
            self.reader.changed()
        if network:
            answer = run_by_network(
                *arguments, folder=self.folder, git_dir=self.git_dir, common=self.common, stdin=stdin
            )
        else:
            answer = run_git(*arguments, folder=self.folder, repository=self.git_dir, stdin=stdin)
        if fine is not None and answer.code not in fine:
            raise RecordError(f"git {arguments[0]} failed in {self.folder}: {answer.message or answer.code}")
        return answer
