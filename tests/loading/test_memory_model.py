"""What git remembers equals a naive model of it, over random histories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.loading.memory import Lack, remember
from tests.loading.memories import CountingReader, applied, remembers, standing_of
from tests.repositories import Work

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Node:
    """A commit: its parents, the first one first, what it declares, and when it says it was made."""

    parents: tuple[int, ...]
    who: str
    date: int


@dataclass(frozen=True)
class History:
    """Commits, oldest first, and which of them are which; `uncommitted` is what is in the folder instead."""

    nodes: tuple[Node, ...]
    tagged: int
    trusted: int
    head: int
    uncommitted: str | None


@st.composite
def histories(draw: st.DrawFn) -> History:
    count = draw(st.integers(1, 9))
    nodes = []
    for number in range(count):
        parents: list[int] = []
        if number:
            # Mostly a line, so that tags and branches often are where they should be.
            parents.append(draw(st.one_of(st.just(number - 1), st.integers(0, number - 1))))
            merged = draw(st.one_of(st.none(), st.integers(0, number - 1)))
            parents += [merged] if merged is not None and merged not in parents else []
        nodes.append(Node(tuple(parents), draw(st.sampled_from("abc")), draw(st.integers(0, 50))))
    anywhere = st.integers(0, count - 1)
    last = st.just(count - 1)
    return History(
        nodes=tuple(nodes),
        tagged=draw(anywhere),
        trusted=draw(st.one_of(last, anywhere)),
        head=draw(st.one_of(last, anywhere)),
        uncommitted=draw(st.one_of(st.none(), st.sampled_from("xa"))),
    )


def reachable(nodes: Sequence[Node], start: int) -> set[int]:
    """`start` and all its ancestors."""
    found = {start}
    for parent in nodes[start].parents:
        found |= reachable(nodes, parent)
    return found


def model(history: History) -> tuple[Lack | None, str | None, list[str]]:
    """What should be lacking, the base, and the states since, newest first."""
    nodes = history.nodes
    if history.tagged not in reachable(nodes, history.trusted):
        return Lack.ELSEWHERE, None, []
    before = reachable(nodes, history.tagged)
    chain: list[str] = []
    at: int | None = history.trusted
    while at is not None and at not in before:
        chain.append(nodes[at].who)
        at = nodes[at].parents[0] if nodes[at].parents else None
    committed = nodes[history.head].who
    dirty = history.uncommitted is not None and history.uncommitted != committed
    planned = None if dirty else committed
    lack = None if history.tagged in reachable(nodes, history.head) else Lack.NEWER
    since = [who for who in dict.fromkeys(chain) if who != planned]
    return lack, nodes[history.tagged].who, since


def build(work: Work, history: History) -> None:
    """Make the history with one call of git, check out its head, and tag what was applied."""
    stream = []
    for number, node in enumerate(history.nodes):
        name = f"refs/heads/commit-{number}"
        stream.append(f"reset {name}\ncommit {name}\nmark :{number + 1}\n")
        stream.append(
            f"committer Ada <ada@example.com> {1_700_000_000 + node.date * 100_000} +0000\ndata 1\n{number}\n"
        )
        links = ("from", "merge")
        stream += [f"{link} :{parent + 1}\n" for link, parent in zip(links, node.parents, strict=False)]
        stream.append(f"deleteall\nM 100644 inline identities/who\ndata {len(node.who)}\n{node.who}\n")
    work.git("fast-import", "--quiet", "--force", stdin="".join(stream).encode())
    commits = work.git("for-each-ref", "--format=%(refname) %(objectname)", "refs/heads").splitlines()
    ids = {int(line.split()[0].rsplit("-", 1)[1]): line.split()[1] for line in commits}
    work.git("update-ref", "--no-deref", "HEAD", ids[history.head])
    work.write({"identities/who": history.uncommitted or history.nodes[history.head].who})
    applied(work, ids[history.tagged])


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)  # each example makes a repository of its own, in a folder of its own
@given(history=histories())
def test_the_memory_of_git_equals_a_naive_model(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, history: History
) -> None:
    work = Work(Path(tmp_path_factory.mktemp("model")), monkeypatch)
    build(work, history)
    position = standing_of(work, f"commit-{history.trusted}")
    memory = remember(position, ["aws"], CountingReader())["aws"]
    base, since = remembers(memory.remembered)
    assert (memory.lack, base, since) == model(history)
