"""One git repository, seen from one folder in it: commits, history, tags. All of it by running git."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from reconciler.errors import RecordError
from reconciler.files.git_command import Git
from reconciler.files.git_names import OID, branch_of_head, exact, full_names, remotes
from reconciler.files.git_objects import identity
from reconciler.files.git_place import find
from reconciler.files.git_reader import ObjectReader
from reconciler.files.git_refs import one_moment
from reconciler.files.git_tree import MISSING_OBJECTS, GitTree
from reconciler.files.signing import Signing, apart_tag

DEFAULT_REMOTE = "origin"
# Tags that move are not overwritten by a fetch without --force.
FETCH = f"git fetch {DEFAULT_REMOTE} --tags --force"


class Commit(NamedTuple):
    """A commit and its first parent (None for a root); full ids."""

    id: str
    parent: str | None


class Tag(NamedTuple):
    """An annotated tag: the id of the tag object, the commit that it points at, and its message."""

    id: str
    commit: str
    message: str


def short(commit: str) -> str:
    """A commit's id as people read it."""
    return commit[:10]


@dataclass(frozen=True, slots=True)
class Repository:
    """The repository around one folder.

    `root` is the top of its work tree, `folder` the path of that folder below it, with `/` and without
    one at the ends; "" where the folder is the root itself. Every method raises RecordError where git fails.
    """

    root: Path
    folder: str
    git_dir: Path | None = field(default=None, compare=False)
    common: Path | None = field(default=None, compare=False)
    # How what is written here is signed, and whether what is read must be (None: neither).
    signing: Signing | None = field(default=None, compare=False)
    # What reads objects, for as long as this repository is held.
    reader: ObjectReader = field(default_factory=ObjectReader, compare=False, repr=False)

    @classmethod
    def of(cls, path: Path) -> Repository | None:
        """The repository that `path`, a folder, lies in; None where there is none.

        A repository that git refuses to read (somebody else's, by `safe.directory`; a linked work tree
        whose repository is gone), a missing git, and what `git_place.find` refuses raise RecordError: none of
        them is the same as no repository.
        """
        if not path.is_dir():
            return None
        place = find(path)
        if place is None:
            return None
        folder = path.resolve().relative_to(place.root).as_posix()
        if "\n" in folder:
            raise RecordError(f"the name of {path} has a line break in it; rename the folder")
        return cls(place.root, "" if folder == "." else folder, place.git_dir, place.common)

    @property
    def git(self) -> Git:
        """git, run at the root."""
        git_dir = self.git_dir or self.root / ".git"
        return Git(self.root, git_dir, self.common or git_dir, self.reader)

    def one_moment(self) -> AbstractContextManager[None]:
        """While this lasts, refs are read once: `git_refs.one_moment`."""
        return one_moment(self.reader)

    def private_folder(self) -> Path:
        """Where this project may keep files of its own in the repository; all its work trees share it."""
        return self.git.common.resolve() / "reconciler"

    def resolve(self, ref: str) -> str | None:
        """The commit that `ref` names, or None; what it may be, `full_names` says."""
        for name in self.full_names(ref):
            oid = name if OID.fullmatch(name) else exact(self.git, name)
            if oid is None:
                continue
            commit = self.git.info(f"{oid}^{{commit}}")
            if commit is not None:
                return commit.oid
        return None

    def full_names(self, ref: str) -> Sequence[str]:
        """What `ref` may mean, as git takes it without doubt: `git_names.full_names`."""
        return full_names(self.git, ref, DEFAULT_REMOTE)

    def head(self) -> str | None:
        """The commit that is checked out; None before the first."""
        return self.resolve("HEAD")

    def remotes(self) -> frozenset[str]:
        """The names of the remotes that this clone knows, or of which it has branches."""
        return remotes(self.git)

    def default_trusted_ref(self) -> str:
        """The branch that origin/HEAD names, as a full ref; "HEAD" where there is no remote at all.

        Raises RecordError where there is a remote and origin/HEAD names no branch that is here: checkouts
        of CI have none, and HEAD may be what nobody agreed on.
        """
        for found in branch_of_head(self.git, f"refs/remotes/{DEFAULT_REMOTE}/HEAD"):
            if self.resolve(found) is not None:
                return found
        if not self.remotes():
            return "HEAD"
        raise RecordError(
            f"the trusted branch is not known: this clone has a remote, and no {DEFAULT_REMOTE}/HEAD that "
            f"names a branch; run `git remote set-head {DEFAULT_REMOTE} -a` (after "
            f"`git fetch {DEFAULT_REMOTE}` where its branches are not here), or name the branch with "
            "--trusted-ref, such as --trusted-ref main"
        )

    def shallow(self) -> bool:
        """Whether history was cut off when this was cloned."""
        return (self.git.common / "shallow").exists()

    def is_ancestor(self, earlier: str, later: str) -> bool:
        """Whether `earlier` is `later` or reachable from it. Both are commits that exist here."""
        if earlier == later:
            return True
        return self.git.run("merge-base", "--is-ancestor", earlier, later, fine=(0, 1)).code == 0

    def merge_bases(self, one: str, two: str) -> tuple[str, ...]:
        """The newest commits that both reach; none where their histories have nothing in common."""
        return tuple(self.git.run("merge-base", "--all", one, two, fine=(0, 1)).line.split())

    def first_parents(self, until: str, since: str | None = None) -> Sequence[Commit]:
        """The commits from `until` backwards along first parents, newest first.

        Without those that are `since` or reachable from it, by any parent; to the root when it is
        None.
        """
        limits = [until] if since is None else [until, f"^{since}"]
        answer = self.git.run("rev-list", "--first-parent", "--parents", *limits, "--")
        commits: list[Commit] = []
        for line in answer.output.decode("ascii").splitlines():
            commit, *parents = line.split()
            commits.append(Commit(commit, parents[0] if parents else None))
        return commits

    def authors(self, until: str, since: str, limit: int = 1000) -> frozenset[str]:
        """The addresses of those who wrote and committed what `until` has and `since` has not, as they are.

        At most `limit` commits are looked at, the newest first. Nothing of it is proven.
        """
        form = "--format=%ae%n%ce"
        answer = self.git.run("rev-list", f"--max-count={limit}", form, until, f"^{since}", "--")
        lines = answer.output.decode("utf-8", "replace").splitlines()
        return frozenset(line for line in lines if line and not line.startswith("commit "))

    def on_first_parents(self, commit: str, branch: str) -> bool:
        """Whether the branch whose tip is `branch` was ever at `commit`, by its first parents."""
        if commit == branch:
            return True
        if not self.is_ancestor(commit, branch):
            return False
        return any(one.parent == commit for one in self.first_parents(branch, commit))

    def trees(self, commits: Iterable[str]) -> Mapping[str, str | None]:
        """The id of the folder's tree at each commit; None where the folder was not there, or no folder.

        Two commits with equal ids hold equal files. RecordError in a clone that lacks old objects on
        purpose, and with them perhaps the folder.
        """
        wanted = list(dict.fromkeys(commits))
        infos = self.git.infos([f"{commit}:{self.folder}" for commit in wanted])
        found = {
            commit: info.oid if info is not None and info.kind == "tree" else None
            for commit, info in zip(wanted, infos, strict=True)
        }
        if None in found.values() and self._partial():
            raise RecordError(f"whether {self.folder} was there at each commit is unknown: {MISSING_OBJECTS}")
        return found

    def _partial(self) -> bool:
        answer = self.git.run("config", "--get-regexp", r"^remote\..*\.promisor$", "true", fine=(0, 1))
        return answer.code == 0

    def tree(self, commit: str) -> GitTree | None:
        """The files of the folder at a commit; None where the folder was not there."""
        oid = self.trees([commit])[commit]
        return None if oid is None else self.tree_of(oid, commit)

    def tree_of(self, oid: str, commit: str) -> GitTree:
        """The files of a tree that `trees` found at `commit`."""
        return GitTree(self.git, f"{self.folder or self.root.name} at {short(commit)}", oid)

    def tag(self, name: str) -> Tag | None:
        """The annotated tag `name`; None where there is none.

        Raises RecordError for one that is not annotated, that points at anything but a commit that is
        here, or that carries another name (a copy of another tag).
        """
        ref = _tag_ref(name)
        found = exact(self.git, ref)
        return self._tag(name, found) if found is not None else None

    def _tag(self, name: str, oid: str) -> Tag:
        """The tag object `oid`, which must be an annotated tag of that name on a commit that is here."""
        # What it is comes first: nobody reads all of a blob that somebody calls a tag.
        info = self.git.info(oid)
        if info is not None and info.kind != "tag":
            raise RecordError(f"the tag {name} is not an annotated one, so it was not made by an apply")
        tag = self.git.content(oid)
        if tag is None:
            raise RecordError(f"the tag {name} cannot be read: {MISSING_OBJECTS}")
        payload, signature = apart_tag(tag[1])
        head, _, message = payload.partition(b"\n\n")
        fields = dict(line.partition(" ")[::2] for line in os.fsdecode(head).split("\n"))
        if fields.get("tag") != name:
            raise RecordError(f"the tag {name} is a copy of the tag {fields.get('tag')}")
        commit = self.resolve(fields.get("object", ""))
        if fields.get("type") != "commit" or commit is None:
            raise RecordError(f"the tag {name} does not point at a commit that is in this clone")
        if self.signing is not None:
            self.signing.check(payload, signature)
        return Tag(oid, commit, message.decode("utf-8", "replace"))

    def has_remote(self, remote: str = DEFAULT_REMOTE) -> bool:
        """Whether this clone knows a remote of that name."""
        return self.git.run("config", "--get", f"remote.{remote}.url", fine=(0, 1)).code == 0

    def remote_tags(self, remote: str = DEFAULT_REMOTE) -> frozenset[str]:
        """The names of the tags of the reconciler at a remote, without `refs/tags/`; RecordError as `tag`."""
        ref = "refs/tags/reconciler/*"
        answer = self.git.run("ls-remote", "--quiet", "--refs", "--", remote, ref, network=True)
        lines = answer.output.decode("utf-8", "replace").splitlines()
        return frozenset(line.partition("\t")[2].removeprefix("refs/tags/") for line in lines)

    def remote_tag(self, name: str, remote: str = DEFAULT_REMOTE) -> Tag | None:
        """The annotated tag `name` as it is at a remote now; None where it has none.

        Fetches what it needs, and moves no ref here. Raises RecordError as `tag` does, and where the remote
        cannot be asked.
        """
        ref = _tag_ref(name)
        there = self._remote_tag(ref, remote)
        if there is None:
            return None
        if self.git.info(there[0]) is None:
            quiet = ("--quiet", "--no-tags", "--refmap=", "--no-write-fetch-head", "--recurse-submodules=no")
            self.git.run("fetch", *quiet, "--", remote, ref, network=True)
        return self._tag(name, there[0])

    def move_tag(self, name: str, commit: str, message: str, at: datetime) -> Tag:
        """Make the annotated tag `name` point at `commit` with `message`, whether or not it exists.

        `at` (aware) is the tagger's time. Raises RecordError when somebody else moves it meanwhile.
        """
        ref = _tag_ref(name)
        if self.git.run("check-ref-format", ref, fine=None).code != 0:
            raise RecordError(f"{name} cannot be the name of a git tag")
        before = exact(self.git, ref)
        tag = self.make_tag(name, commit, message, at)
        # No tag yet is said as the null id, so that two first applies cannot both win.
        old = before or "0" * len(commit)
        self.git.run("update-ref", "-m", "reconciler apply", ref, tag.id, old)
        return tag

    def make_tag(self, name: str, commit: str, message: str, at: datetime) -> Tag:
        """Write an annotated tag without making any ref point at it; `at` (aware) is the tagger's time."""
        who = f"{identity(self.git)} {int(at.timestamp())} +0000"
        head = f"object {commit}\ntype commit\ntag {name}\ntagger {who}\n\n"
        text = os.fsencode(head) + message.encode()
        oid = self.git.run("mktag", stdin=text + (self.signing.sign(text) if self.signing else b"")).line
        return Tag(oid, commit, message)

    def tag_at(self, name: str, oid: str) -> Tag:
        """The object `oid`, which is here, as the annotated tag `name`. Raises RecordError as `tag` does."""
        return self._tag(name, oid)

    def push_tag(self, name: str, remote: str = DEFAULT_REMOTE, *, over: Tag | None = None) -> None:
        """Push the annotated tag `name`, and nothing else, moving it at the remote where it is older.

        With `over` only in the place of that one, so that nothing in its message is lost unread. Raises
        RecordError when the remote's tag is not an ancestor of this one (somebody applied what is not
        here), when it moves meanwhile, and when the push fails.
        """
        tag = self.tag(name)
        if tag is None:
            raise RecordError(f"the tag {name}, which was to be pushed, does not exist")
        ref = _tag_ref(name)
        there = self._remote_tag(ref, remote)
        if there is not None and not self.contains(tag.commit, there[1]):
            raise RecordError(
                f"the tag {name} at {remote} is on {short(there[1])}, which {short(tag.commit)} does not "
                f"contain: something newer was applied from elsewhere; run `git fetch {remote} --tags "
                "--force`, bring the branch up to date and apply again"
            )
        expected = there[0] if there is not None else ""
        if over is not None and over.id != expected:
            raise RecordError(f"the tag {name} at {remote} was moved by somebody else at the same time")
        self.git.run(
            "push",
            "--quiet",
            "--no-signed",
            "--recurse-submodules=no",
            f"--force-with-lease={ref}:{expected}",
            "--",
            remote,
            f"{ref}:{ref}",
            network=True,
        )

    def _remote_tag(self, ref: str, remote: str) -> tuple[str, str] | None:
        """The id of a tag at a remote, and of the commit that it points at."""
        answer = self.git.run("ls-remote", "--quiet", "--", remote, ref, f"{ref}^{{}}", network=True)
        found = dict(line.split("\t")[::-1] for line in answer.output.decode("utf-8", "replace").splitlines())
        if ref not in found:
            return None
        return found[ref], found.get(f"{ref}^{{}}", found[ref])

    def contains(self, commit: str, earlier: str) -> bool:
        """Whether `earlier` is in this clone and reachable from `commit`, or is it."""
        here = self.git.info(f"{earlier}^{{commit}}")
        return here is not None and self.is_ancestor(earlier, commit)


def _tag_ref(name: str) -> str:
    return f"refs/tags/{name}"
