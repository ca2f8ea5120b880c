"""Whether a missing tag means a first apply, or a tag that this clone has not fetched: the remote knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reconciler.errors import Problem, RecordError
from reconciler.files.git import DEFAULT_REMOTE, FETCH, Repository
from reconciler.loading.chain import chain_name
from reconciler.loading.memory import AppliedHistory, Lack
from reconciler.loading.position import GitPosition
from reconciler.loading.receipt import begun_name, tag_name


def ask_remote(
    position: GitPosition | None, memories: Mapping[str, AppliedHistory]
) -> Mapping[str, AppliedHistory]:
    """The memories, of which each that is MISSING was looked up at the remote: all of them by one question.

    MISSING stays where there is no remote, or where the remote has no tag of the target either. Where it has
    one it is UNFETCHED, and where it cannot be asked, UNASKED: neither is a first apply.
    """
    missing = [target for target, memory in memories.items() if memory.lack is Lack.MISSING]
    if position is None or not missing or not (remotes := position.repository.remotes()):
        return memories
    # Without `origin` there is no saying which of the others is shared; then each is asked.
    asked = [DEFAULT_REMOTE] if DEFAULT_REMOTE in remotes else sorted(remotes)
    try:
        there = {name: remote for remote in asked for name in position.repository.remote_tags(remote)}
    except RecordError as error:
        problem = Problem(
            f"whether anything was applied before is not known: {error}",
            f"make the remote reachable, or run `{FETCH}` where it is; then plan again",
        )
        return {
            target: replace(memory, lack=Lack.UNASKED, problem=problem) if target in missing else memory
            for target, memory in memories.items()
        }
    return {
        target: _looked_up(position.repository, target, memory, there) if target in missing else memory
        for target, memory in memories.items()
    }


def _looked_up(
    repository: Repository, target: str, memory: AppliedHistory, there: Mapping[str, str]
) -> AppliedHistory:
    names = [tag_name(target)]
    if memory.chain.head is None:
        names.append(chain_name(target))
    if repository.tag(begun_name(target)) is None:
        names.append(begun_name(target))
    found = next((name for name in names if name in there), None)
    if found is None:
        return memory
    remote = there[found]
    problem = Problem(
        f"{remote} has the tag {found}, and this clone has not: what was declared before is not known here",
        f"run `git fetch {remote} --tags --force`",
    )
    return replace(memory, lack=Lack.UNFETCHED, problem=problem)
