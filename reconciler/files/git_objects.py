"""Files in git that no branch knows: commits of their own, and refs that move only over what was judged.

Objects are written straight into the object store, so that no index, no work tree and no hook is touched.
Refs move together or not at all, each only from where its mover believes it to be (a lease): here by one
transaction of `git update-ref`, at a remote by one `git push --atomic`.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from reconciler.errors import RecordError
from reconciler.files.git_command import Git
from reconciler.files.git_names import beside
from reconciler.files.git_reader import MANY
from reconciler.files.git_refs import refs_below
from reconciler.files.git_tree import MISSING_OBJECTS
from reconciler.files.signing import Signing, apart_commit, signed_commit

# What a commit or a tag is signed with when nobody told git who they are.
NOBODY = "reconciler <reconciler@localhost>"
# A million memberships are a tenth of it. Nobody may make a reader hold more.
MAX_COMMIT_BYTES = 256 << 20
# By the length of an id.
_KINDS = {40: "sha1", 64: "sha256"}
_NAME = re.compile(r"[\x21-\x7e]+")


class Incomplete(RecordError):
    """This clone lacks an object that a ref or a commit of it names."""


class Move(NamedTuple):
    """What is to become of a ref: from the object `old` (None: not there) to `new` (None: gone)."""

    ref: str
    old: str | None
    new: str | None


class Files(NamedTuple):
    """A commit as a set of files: their bytes by path, and the ids of its parents."""

    files: Mapping[str, bytes]
    parents: tuple[str, ...]


def identity(git: Git) -> str:
    """Name and address of who runs this, as git knows them."""
    known = git.run("var", "GIT_COMMITTER_IDENT", fine=None)
    return known.line.rsplit(" ", 2)[0] if known.code == 0 else NOBODY


def local_refs(git: Git, below: str) -> Mapping[str, str]:
    """The ids of the objects that the refs below `below` (`refs/tags/reconciler/`) name, by ref."""
    return {name: ref.oid for name, ref in refs_below(git, below).items()}


def remote_refs(git: Git, remote: str, below: str) -> Mapping[str, str]:
    """The same at a remote, asked once. RecordError where it cannot be asked."""
    answer = git.run("ls-remote", "--quiet", "--refs", "--", remote, f"{below}*", network=True)
    return {ref: oid for ref, oid in _listed(answer.output, b"\t").items() if ref.startswith(below)}


def _listed(output: bytes, separator: bytes) -> Mapping[str, str]:
    lines = (os.fsdecode(line).partition(os.fsdecode(separator)) for line in output.splitlines())
    return {ref: oid for oid, _, ref in lines}


def known_here(git: Git, oid: str) -> bool:
    """Whether this clone has the object."""
    return git.info(oid) is not None


def fetch(git: Git, remote: str, refs: Iterable[str]) -> None:
    """Bring the objects of refs from a remote, and move no ref here."""
    quiet = ("--quiet", "--no-tags", "--refmap=", "--no-write-fetch-head", "--recurse-submodules=no")
    git.run("fetch", *quiet, "--", remote, *refs, network=True)


def write_commit(
    git: Git,
    files: Mapping[str, bytes],
    parents: Sequence[str],
    message: str,
    at: datetime,
    signing: Signing | None = None,
) -> str:
    """Write a commit of `files` (by path, one folder deep at most) and return its id.

    `at` (aware) is its time. Files that the object store has already cost next to nothing. RecordError where
    `signing` cannot sign it.
    """
    kind = _KINDS[len(parents[0])] if parents else git.run("rev-parse", "--show-object-format").line
    oids = {path: _blob_id(kind, content) for path, content in files.items()}
    _write_blobs(git, {oids[path]: content for path, content in files.items()})
    folders: dict[str, dict[str, str]] = defaultdict(dict)
    for path, oid in oids.items():
        folder, _, name = path.rpartition("/")
        folders[folder][name] = f"100644 blob {oid}\t{name}"
    top = folders.pop("", {})
    names = sorted(folders)
    for name, tree in zip(names, _write_trees(git, [folders[name] for name in names]), strict=True):
        top[name] = f"040000 tree {tree}\t{name}"
    (tree,) = _write_trees(git, [top])
    who = f"{identity(git)} {int(at.timestamp())} +0000"
    head = [f"tree {tree}", *(f"parent {parent}" for parent in parents), f"author {who}", f"committer {who}"]
    text = os.fsencode("\n".join([*head, "", message, ""]))
    if signing is not None:
        text = signed_commit(text, signing.sign(text))
    return git.run("hash-object", "-t", "commit", "-w", "--stdin", stdin=text).line


def _blob_id(kind: str, content: bytes) -> str:
    hashed = hashlib.sha1 if kind == "sha1" else hashlib.sha256
    return hashed(b"blob %d\0" % len(content) + content).hexdigest()


def _write_blobs(git: Git, blobs: Mapping[str, bytes]) -> None:
    """One process for all of them, and only those that are not there yet."""
    infos = git.infos(list(blobs))
    missing = [oid for oid, info in zip(blobs, infos, strict=True) if info is None or info.kind != "blob"]
    if missing:
        stream = b"".join(b"blob\ndata %d\n%b\n" % (len(blobs[oid]), blobs[oid]) for oid in missing)
        git.run("fast-import", "--quiet", "--done", stdin=stream + b"done\n")


def _write_trees(git: Git, trees: Sequence[Mapping[str, str]]) -> Sequence[str]:
    """The ids of trees, each given as its entries by name. RecordError where a blob of one is not there."""
    if not trees:
        return ()
    text = "\0\0".join("\0".join(entries.values()) for entries in trees)
    return os.fsdecode(git.run("mktree", "--batch", "-z", stdin=f"{text}\0".encode()).output).split()


def read_commit(git: Git, commit: str) -> Files:
    """The files and the parents of a commit.

    RecordError where it is not one, or holds more than plain files; Incomplete where it is not whole here.
    """
    # A tag on a commit is not one: what follows it would name the tag as its parent.
    info = git.info(commit)
    if info is not None and info.kind != "commit":
        raise RecordError(f"{commit[:10]} is not a commit")
    text = git.content(commit)
    if text is None:
        raise Incomplete(f"{commit[:10]} cannot be read: {MISSING_OBJECTS}")
    parents = parents_in(text[1])
    listed = git.run("ls-tree", "-r", "-z", "-l", "--full-tree", commit, fine=None)
    if listed.code != 0:
        raise Incomplete(f"{commit[:10]} cannot be read: {MISSING_OBJECTS}")
    oids: dict[str, str] = {}
    total = 0
    for line in listed.output.split(b"\0")[:-1]:
        entry, _, path = line.partition(b"\t")
        mode, kind, oid, size = entry.decode("ascii").split()
        name = path.decode("utf-8", "backslashreplace")
        if (mode, kind) != ("100644", "blob"):
            raise RecordError(f"{commit[:10]} holds {name[:80]!r}, which is not a plain file")
        if _NAME.fullmatch(name) is None:
            raise RecordError(
                f"{commit[:10]} holds {name[:80]!r}, which is not a name of a file of a receipt"
            )
        total += int(size)
        if total > MAX_COMMIT_BYTES:
            raise RecordError(f"{commit[:10]} holds more than {MAX_COMMIT_BYTES:,} bytes")
        oids[name] = oid
    return Files(dict(zip(oids, _blobs(git, list(oids.values()), commit), strict=True)), parents)


def signature_of(git: Git, commit: str) -> tuple[bytes, bytes]:
    """What of a commit is signed, and its signature; b"" where it has none."""
    found = git.content(f"{commit}^{{commit}}")
    if found is None:
        raise Incomplete(f"{commit[:10]} cannot be read: {MISSING_OBJECTS}")
    return apart_commit(found[1])


def parents_in(commit: bytes) -> tuple[str, ...]:
    """The ids of the parents that the text of a commit names, also where this clone is cut off there."""
    head = os.fsdecode(commit.partition(b"\n\n")[0]).splitlines()
    return tuple(line.removeprefix("parent ") for line in head if line.startswith("parent "))


def tree_at(git: Git, commit: str) -> str | None:
    """The id of the whole tree of a commit; None where the commit is not here."""
    found = git.info(f"{commit}^{{tree}}")
    return None if found is None else found.oid


def ancestry(git: Git, tip: str) -> Sequence[str]:
    """A commit and all before it, newest first. Incomplete where one is not here."""
    answer = git.run("rev-list", tip, "--", fine=None)
    if answer.code != 0:
        raise Incomplete(f"a commit before {tip[:10]} cannot be read: {MISSING_OBJECTS}")
    return answer.line.split()


def small_objects(
    git: Git, names: Sequence[str], limit: int = 16 << 20
) -> Sequence[tuple[str, bytes] | None]:
    """The kind and the content of each object; None where it is not here or has more than `limit` bytes."""
    infos = zip(names, git.infos(names), strict=True)
    fit = [name for name, info in infos if info is not None and info.size <= limit]
    if len(fit) <= MANY:
        here = {name: one for name in fit if (one := git.content(name)) is not None}
        return [(here[name][0].kind, here[name][1]) if name in here else None for name in names]
    output = git.run("cat-file", "--batch", stdin="".join(f"{name}\n" for name in fit).encode()).output
    found: dict[str, tuple[str, bytes]] = {}
    start = 0
    for name in fit:
        end = output.index(b"\n", start)
        _, kind, size = output[start:end].split(b" ")
        found[name] = (kind.decode("ascii"), output[end + 1 : end + 1 + int(size)])
        start = end + 1 + int(size) + 1
    return [found.get(name) for name in names]


def in_each(git: Git, tips: Sequence[str], until: Sequence[str], path: str) -> Sequence[bytes]:
    """What the file `path` holds in each commit that reaches from `tips` back to `until`, without that."""
    limits = [*tips, *(f"^{commit}" for commit in until if known_here(git, commit))]
    commits = git.run("rev-list", *limits, "--").line.split()
    return _blobs(git, [f"{commit}:{path}" for commit in commits], tips[0])


def _blobs(git: Git, oids: Sequence[str], commit: str) -> Sequence[bytes]:
    if len(oids) <= MANY:
        blobs = [git.content(oid) for oid in oids]
        if any(one is None or one[0].kind != "blob" for one in blobs):
            raise Incomplete(f"{commit[:10]} cannot be read: {MISSING_OBJECTS}")
        return [one[1] for one in blobs if one is not None]
    answer = git.run("cat-file", "--batch", stdin="".join(f"{oid}\n" for oid in oids).encode(), fine=None)
    contents, start = [], 0
    for _ in oids:
        end = answer.output.find(b"\n", start)
        header = answer.output[start:end].split(b" ") if end >= 0 else []
        if answer.code != 0 or len(header) != 3 or header[1] != b"blob":
            raise Incomplete(f"{commit[:10]} cannot be read: {MISSING_OBJECTS}")
        size = int(header[2])
        contents.append(answer.output[end + 1 : end + 1 + size])
        start = end + 1 + size + 1
    return contents


def move_refs(git: Git, moves: Sequence[Move]) -> None:
    """Move refs here, all or none. RecordError where one is not where its mover believed."""
    if not moves:
        return
    lines = []
    for move in moves:
        if git.run("check-ref-format", move.ref, fine=None).code != 0:
            raise RecordError(f"{move.ref.removeprefix('refs/tags/')} cannot be the name of a git tag")
        length = len(move.new or move.old or "")
        old = move.old or "0" * length
        lines.append(f"update {move.ref}\0{move.new or '0' * length}\0{old}\0")
    stream = "".join(lines).encode()
    git.run("update-ref", "-m", "reconciler apply", "--stdin", "-z", stdin=stream)


def push_refs(git: Git, remote: str, moves: Sequence[Move]) -> None:
    """Move refs at a remote, all or none, in one push whose leases are the ids in `moves`.

    A push whose answer was lost may have arrived: what the remote has afterwards decides. RecordError where
    it did not, with what git said.
    """
    if not moves:
        return
    answer = git.run(
        "push",
        *("--quiet", "--atomic", "--no-signed", "--no-verify", "--recurse-submodules=no"),
        *(f"--force-with-lease={move.ref}:{move.old or ''}" for move in moves),
        "--",
        remote,
        *(f"{move.new or ''}:{move.ref}" for move in moves),
        network=True,
        fine=None,
    )
    if answer.code == 0:
        return
    try:
        there = git.run("ls-remote", "--quiet", "--refs", "--", remote, *(m.ref for m in moves), network=True)
    except RecordError:
        raise RecordError(f"git push failed: {answer.message or answer.code}") from None
    found = _listed(there.output, b"\t")
    if any(found.get(move.ref) != move.new for move in moves):
        twins = "".join(beside(move.ref, found) for move in moves)
        raise RecordError(f"git push failed: {answer.message or answer.code}{twins}")
