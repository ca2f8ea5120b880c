"""Refs of this clone, listed at once where several are asked for in one moment."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from reconciler.files.git_command import Git
from reconciler.files.git_reader import ObjectReader, Ref

# What is listed together. A list of all refs would have thousands of branches and tags of others.
_LISTED = {
    "refs/remotes/": ("refs/remotes/",),
    "refs/tags/reconciler/": ("refs/tags/reconciler/", "refs/reconciler/"),
    "refs/reconciler/": ("refs/tags/reconciler/", "refs/reconciler/"),
}


@contextmanager
def one_moment(reader: ObjectReader) -> Iterator[None]:
    """While this lasts, a list of refs that was read once is not read again.

    For what reads many refs and decides nothing between them that a newer one would change: others move refs
    at any time, as they do between two calls of git. What this program moves or fetches itself is seen.
    """
    if reader.refs is not None:
        yield
        return
    reader.refs = {}
    try:
        yield
    finally:
        reader.refs = None


def refs_below(git: Git, below: str) -> Mapping[str, Ref]:
    """The refs below `below` (`refs/tags/reconciler/`), by their full names. `below` may be one ref."""
    listed = next((head for head in _LISTED if below.startswith(head)), None)
    if git.reader.refs is None or listed is None:
        return _read(git, below)
    known = git.reader.refs
    if listed not in known:
        found = _read(git, *_LISTED[listed])
        for head in _LISTED[listed]:
            known[head] = {name: ref for name, ref in found.items() if name.startswith(head)}
    return {name: ref for name, ref in known[listed].items() if _is_below(name, below)}


def _is_below(name: str, below: str) -> bool:
    return name == below or name.startswith(below if below.endswith("/") else f"{below}/")


def listed(git: Git, ref: str) -> Ref | bool | None:
    """The ref of exactly this full name; None where there is none; False where that must be asked."""
    if git.reader.refs is None or not ref.startswith(tuple(_LISTED)):
        return False
    return refs_below(git, ref).get(ref)


def _read(git: Git, *below: str) -> Mapping[str, Ref]:
    answer = git.run("for-each-ref", "--format=%(objectname) %(refname) %(symref)", *below)
    found = {}
    for line in os.fsdecode(answer.output).splitlines():
        oid, name, symbolic = line.split(" ")
        found[name] = Ref(oid, symbolic)
    return found
