"""A reader that knows one file, `who`: one user a line, and `targets` beside it where there are others.

AppliedHistory is about which states count, and in which order; real files are tested where they are loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from reconciler.errors import InputError, Problem
from reconciler.files.git import Repository
from reconciler.files.tree import MemoryTree, Tree
from reconciler.loading.memory import AppliedHistory, remember
from reconciler.loading.position import GitPosition, stand
from reconciler.loading.recalling import Declarations
from reconciler.loading.receipt import render_receipt, tag_name
from reconciler.model.policy import TargetPolicy
from reconciler.model.resources import Origin, User
from reconciler.model.state import Declared, Identities, Receipt, Remembered
from tests.repositories import Work

AT = datetime(2026, 11, 23, 22, 10, tzinfo=UTC)
IDENTITY = {"identity_store_id": "d-1", "instance_arn": "arn:aws:sso:::instance/ssoins-1"}


class CountingReader:
    """Reads `who` and counts how often."""

    def __init__(self) -> None:
        self.reads = 0

    def __call__(self, tree: Tree) -> Declarations:
        self.reads += 1
        files = {path: tree.read(path).decode() for path in tree.paths()}
        if files["who"].startswith("!"):
            raise InputError([Problem(f"{tree.label}: this is no name"), Problem("nor is this")])
        users = {key: User(key, {"user_name": key}, Origin("who", 0)) for key in files["who"].split()}
        targets = files.get("targets", "aws chat").split()
        policies = {target: TargetPolicy(target, paths=(files.get("paths", "**"),)) for target in targets}
        return Declarations(Identities(users=users), policies)


def folder_tree(work: Work) -> MemoryTree:
    """What is in the folder now."""
    files = {
        path.relative_to(work.folder).as_posix(): path.read_bytes()
        for path in work.folder.rglob("*")
        if path.is_file() and ".git" not in path.parts
    }
    return MemoryTree(work.folder.name, files)


def standing_of(work: Work, trusted_ref: str | None = None) -> GitPosition:
    """Where the folder stands, as it is now."""
    found = stand(work.folder, folder_tree(work), trusted_ref)
    assert found is not None
    return found


def applied(work: Work, commit: str, target: str = "aws", identity: Mapping[str, str] = IDENTITY) -> Receipt:
    """Tag a commit as applied whole."""
    receipt = Receipt(target, identity, "d", "1", AT, commit)
    repository = Repository.of(work.root)
    assert repository is not None
    repository.move_tag(tag_name(target), commit, render_receipt(receipt), AT)
    return receipt


def memory_of(
    work: Work, trusted_ref: str | None = None, reader: CountingReader | None = None
) -> AppliedHistory:
    """The memory of the target aws, for the folder as it is now."""
    position = standing_of(work, trusted_ref)
    return remember(position, ["aws"], reader or CountingReader(), identity={"aws": IDENTITY})["aws"]


def who(declared: Declared | None) -> str | None:
    """The users of one state."""
    return None if declared is None else " ".join(declared.identities.users)


def remembers(remembered: Remembered) -> tuple[str | None, list[str | None]]:
    """The users of the base, and of each state since, newest first."""
    return who(remembered.base), [who(one) for one in remembered.since]
