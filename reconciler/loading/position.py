"""Where the state under plan stands in git: which commit it is, and whether people agreed on it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reconciler.errors import InputError, Problem, RecordError
from reconciler.files.git import DEFAULT_REMOTE, Repository, short
from reconciler.files.git_tree import GitTree
from reconciler.files.tree import Tree

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class GitPosition:
    """The files under plan, as git sees them.

    `head` is the commit that is checked out (None before the first) and `changed` the files that differ
    from it: changed, added, gone, ignored by git and yet there. `trusted` is the commit of the trusted
    branch, which `trusted_ref` names in full; `on_trusted` says whether that branch was ever at `head`, by
    its first parents: what came with a merge never stood alone on it. `tree` is the id of the git tree
    that the files are, None where they are none that was committed.
    """

    repository: Repository
    label: str
    head: str | None
    changed: tuple[str, ...]
    trusted_ref: str
    trusted: str | None
    on_trusted: bool
    tree: str | None

    @property
    def branch(self) -> str:
        """The trusted branch as people call it: "origin/main"."""
        return self.trusted_ref.removeprefix("refs/remotes/").removeprefix("refs/heads/")

    @property
    def trusts_head(self) -> bool:
        """Whether what is checked out is trusted without a trusted branch to compare it with."""
        return self.trusted_ref == "HEAD"

    def problems(self) -> tuple[Problem, ...]:
        """Why nothing may be applied from here to a real target; plan shows the same as warnings."""
        if self.head is None:
            return (Problem("nothing is committed in this repository yet", "commit what is to be applied"),)
        found = []
        if self.changed:
            names = ", ".join(self.changed[:_SHOWN])
            more = f" and {len(self.changed) - _SHOWN} more" if len(self.changed) > _SHOWN else ""
            found.append(
                Problem(
                    f"{self.label} differs from HEAD: {names}{more}",
                    "commit it, or put it back: only what is in git is applied",
                )
            )
        if (unmerged := self.unmerged) is not None:
            found.append(unmerged)
        return tuple(found)

    @property
    def unmerged(self) -> Problem | None:
        """That the commit is not on the trusted branch, as it is on every branch under review."""
        if self.head is None or self.on_trusted:
            return None
        return Problem(
            f"HEAD, which is {short(self.head)}, is not on {self.branch}",
            f"merge it first; if {self.branch} moved meanwhile, run `git fetch {DEFAULT_REMOTE}`",
        )


def stand(path: Path, tree: Tree, trusted_ref: str | None = None) -> GitPosition | None:
    """Where `tree`, the files of the folder `path`, stands in git; None outside git.

    `trusted_ref` is what the user named; without it the trusted branch is origin's default branch, and HEAD
    where there is no remote at all. Raises RecordError when the trusted branch cannot be found (one that is
    named, also outside git), when git is missing, and when it fails; InputError when the tree cannot be
    listed. `tree` must give what it gave before: what is compared is what was loaded.
    """
    repository = Repository.of(path)
    if repository is None:
        if trusted_ref is not None:
            raise RecordError(
                f"{path} is not in a git repository, so the trusted ref {trusted_ref!r} is not there; check "
                "it out with git, or leave --trusted-ref out"
            )
        return None
    with repository.one_moment():
        trusted_ref, trusted = _trusted(repository, trusted_ref)
    head = repository.head()
    committed = repository.tree(head) if head is not None else None
    changed = _differences(tree, committed)
    return GitPosition(
        repository=repository,
        label=tree.label,
        head=head,
        changed=changed,
        trusted_ref=trusted_ref,
        trusted=trusted,
        on_trusted=head is not None and trusted is not None and repository.on_first_parents(head, trusted),
        tree=committed.oid if committed is not None and not changed else None,
    )


def _trusted(repository: Repository, named: str | None) -> tuple[str, str | None]:
    """The trusted branch by its full name, and the commit that it is at (None before the first)."""
    ref = repository.default_trusted_ref() if named is None else named
    found = next(
        ((name, commit) for name in repository.full_names(ref) if (commit := repository.resolve(name))), None
    )
    if found is not None:
        return found
    if named is None:
        return ref, None
    raise RecordError(
        f"the trusted ref {named!r} names no commit in this clone; "
        f"run `git fetch {DEFAULT_REMOTE}`, or name another branch of a remote with --trusted-ref "
        "(a local branch or a tag only in full: refs/heads/…, refs/tags/…); "
        f"or leave that out after `git remote set-head {DEFAULT_REMOTE} -a`"
    )


def _differences(tree: Tree, committed: GitTree | None) -> tuple[str, ...]:
    """The paths of files that are not the same on both sides.

    Contents are compared, and not what `git status` says: files that git was told to ignore or not to
    look at are read like all others.
    """
    here = set(tree.paths())
    there = _paths(committed)
    different = here ^ there
    if committed is not None:
        different |= {path for path in here & there if not _same(tree, committed, path)}
    return tuple(sorted(different))


def _paths(committed: GitTree | None) -> set[str]:
    try:
        return set() if committed is None else set(committed.paths())
    except InputError:
        return set()  # HEAD holds what no tree may hold, and the folder does not: all of it differs


def _same(tree: Tree, committed: GitTree, path: str) -> bool:
    try:
        content = tree.read(path)
    except InputError:
        return True  # too large on this side: if it is referred to, loading says so
    return committed.holds(path, content)
