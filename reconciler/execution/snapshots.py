"""Snapshots in git: the tag `reconciler/snapshot`, on a commit without history with one file a target.

A tag below `reconciler/` is moved by the same key alone that moves the receipts (docs/memory.md), and no pull
request brings one. So a plan never takes what is live from the tree that it judges.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from reconciler.errors import RecordError
from reconciler.files.git import DEFAULT_REMOTE, FETCH, Repository
from reconciler.files.git_objects import Move, local_refs, move_refs, push_refs, read_commit, remote_refs
from reconciler.files.git_objects import write_commit as write_objects
from reconciler.loading.chain import TAGS, check_signed
from reconciler.loading.snapshot_text import parse_snapshot, render_snapshot
from reconciler.model.snapshot import Snapshot

# The default name of the tag.
SNAPSHOT = "reconciler/snapshot"
_BELOW = "reconciler/"
_SUFFIX = ".json"


def write_snapshots(
    repository: Repository,
    name: str,
    snapshots: Mapping[str, Snapshot],
    at: datetime,
    *,
    keep: Collection[str] = (),
    push: bool,
) -> str:
    """Move the tag `name` to a commit of these snapshots, by target; its id. `push` moves it at origin too.

    Targets in `keep` that were not read now have the snapshot that the tag has of them here; beside a
    redacted one, only if it is redacted too. Raises RecordError where git fails, and where the name is not
    one below `reconciler/`. What other runs wrote meanwhile is replaced: the newest reading counts.
    """
    ref = snapshot_ref(name)
    files = _kept(repository, ref, keep, redacted=any(one.redacted for one in snapshots.values()))
    files |= {f"{target}{_SUFFIX}": render_snapshot(one) for target, one in snapshots.items()}
    subject = f"snapshot of {', '.join(sorted(snapshots))}"
    commit = write_objects(repository.git, files, (), subject, at, repository.signing)
    if push:
        there = remote_refs(repository.git, DEFAULT_REMOTE, ref).get(ref)
        push_refs(repository.git, DEFAULT_REMOTE, [Move(ref, there, commit)])
    move_refs(repository.git, [Move(ref, local_refs(repository.git, ref).get(ref), commit)])
    return commit


def _kept(repository: Repository, ref: str, keep: Collection[str], *, redacted: bool) -> dict[str, bytes]:
    commit = local_refs(repository.git, ref).get(ref) if keep else None
    if commit is None:
        return {}
    check_signed(repository, commit)
    names = {f"{target}{_SUFFIX}" for target in keep}
    found = read_commit(repository.git, commit).files
    return {
        path: content
        for path, content in found.items()
        if path in names and (not redacted or parse_snapshot(content).redacted)
    }


def read_snapshots(repository: Repository, name: str) -> Mapping[str, Snapshot]:
    """The snapshots at the tag `name`, by target. Raises RecordError where they cannot be had whole."""
    ref = snapshot_ref(name)
    commit = local_refs(repository.git, ref).get(ref)
    if commit is None:
        raise RecordError(
            f"the tag {name} does not exist here: run `{FETCH}`; if it is not at origin either, run "
            "`reconciler snapshot` first"
        )
    check_signed(repository, commit)
    found: dict[str, Snapshot] = {}
    for path, content in read_commit(repository.git, commit).files.items():
        target = path.removesuffix(_SUFFIX)
        try:
            snapshot = parse_snapshot(content)
        except RecordError as error:
            raise RecordError(f"{path} at the tag {name} cannot be used: {error}") from None
        if snapshot.live.target != target:
            raise RecordError(f"{path} at the tag {name} is a snapshot of {snapshot.live.target}")
        found[target] = snapshot
    return found


def snapshot_ref(name: str) -> str:
    """The ref of a snapshot's tag. Raises RecordError for any other name: branches are under review."""
    short = name.removeprefix(TAGS)
    if not short.startswith(_BELOW) or short == _BELOW:
        raise RecordError(
            f"{name} is not the name of a snapshot: it is a tag below {_BELOW}, such as {SNAPSHOT}; a file "
            "or a branch could be part of the pull request that is judged"
        )
    return f"{TAGS}{short}"
