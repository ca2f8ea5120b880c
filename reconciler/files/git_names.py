"""What the name of a ref means: exactly one ref, also where refs with a similar name were pushed.

git itself looks in six places, one after another, also for a name that begins with `refs/`: where the branch
`refs/remotes/origin/main` was not fetched, it takes the tag `refs/tags/refs/remotes/origin/main`.
https://git-scm.com/docs/gitrevisions
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence

from reconciler.files.git_command import Git
from reconciler.files.git_reader import Ref
from reconciler.files.git_refs import listed, refs_below

# Where git looks for a name, and would find another ref than the one of exactly that name.
_BESIDE = ("refs/", "refs/tags/", "refs/heads/", "refs/remotes/")
OID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SHORT = re.compile(r"[0-9a-f]{7,63}")
_HEAD_OF_REMOTE = re.compile(r"refs/remotes/[^/]+/HEAD")


def exact(git: Git, ref: str) -> str | None:
    """The id of the object that the ref of exactly this full name (or HEAD) points at; None without one."""
    found = listed(git, ref)
    if not isinstance(found, bool):
        return None if found is None else found.oid
    answer = git.run("show-ref", "--verify", "--hash", "--", ref, fine=None)
    return answer.line if answer.code == 0 else None


def branch_of_head(git: Git, head: str) -> Sequence[str]:
    """The branch that the HEAD of a remote names, which is one of the same remote; nothing without one.

    A HEAD that names none was made by a fetch of a branch that somebody called HEAD.
    """
    found = listed(git, head)
    if isinstance(found, Ref):
        branch = found.symbolic
    else:
        # One that names a branch which is not here is listed nowhere.
        answer = git.run("symbolic-ref", "--quiet", head, fine=None)
        branch = answer.line if answer.code == 0 else ""
    return (branch,) if branch.startswith(head.removesuffix("HEAD")) and branch != head else ()


def remotes(git: Git) -> frozenset[str]:
    """The names of the remotes that this clone knows, or of which it has branches."""
    configured = git.run("config", "-z", "--name-only", "--get-regexp", r"^remote\..", fine=(0, 1))
    keys = os.fsdecode(configured.output).split("\0")[:-1]
    names = {key.removeprefix("remote.").rpartition(".")[0] for key in keys}
    names |= {name.split("/")[2] for name in refs_below(git, "refs/remotes/")}
    return frozenset(names - {""})


def full_names(git: Git, ref: str, default: str) -> Sequence[str]:
    """What `ref` may mean: at most one name, or the commits of a short id.

    HEAD, a full id and a full ref mean themselves. `origin/main` is that branch of a remote of this clone;
    any other name is a branch of the remote `default` where there is a remote, a local one where
    there is none. Never a tag, unless `refs/tags/` is written, and never a local branch in the place of a
    remote one: who may push tags, or name the branch of a pull request, would else decide. For
    the same reason the HEAD of a remote means the branch that it names.
    """
    if ref == "HEAD" or OID.fullmatch(ref):
        return (ref,)
    remote = ref.partition("/")[0]
    if ref.startswith("refs/"):
        found = ref
    elif not (known := remotes(git)):
        found = f"refs/heads/{ref}"
    elif ref in known:
        found = f"refs/remotes/{ref}/HEAD"
    else:
        found = f"refs/remotes/{ref}" if remote in known else f"refs/remotes/{default}/{ref}"
    if _HEAD_OF_REMOTE.fullmatch(found):
        return branch_of_head(git, found)
    if not ref.startswith("refs/") and _SHORT.fullmatch(ref) and exact(git, found) is None:
        ids = git.run("rev-parse", f"--disambiguate={ref}").line.split()
        return ids if len(ids) == 1 else ()
    return (found,)


def beside(ref: str, there: Iterable[str]) -> str:
    """What to do about refs at a remote (`there`, their full names) that keep git from pushing to `ref`.

    "" where there are none. Everybody who may push branches can make one; git then
    refuses, or takes it for `ref`.
    """
    twins = sorted({f"{space}{ref}" for space in _BESIDE}.intersection(there))
    if not twins:
        return ""
    return (
        f"; {' and '.join(twins)} there is called like {ref}, which keeps git from pushing it: delete it "
        f"there (`git push origin --delete {twins[0]}`), and let nobody make branches or tags called refs/**"
    )
