"""Closing the marks of runs that will not end any more, without forgetting what they may have given."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from reconciler.errors import RecordError
from reconciler.files.git import DEFAULT_REMOTE, Repository
from reconciler.files.git_objects import Move, move_refs, push_refs
from reconciler.loading.chain import TAGS, Chain, chain_name, write_link
from reconciler.loading.fitting import note_moved
from reconciler.loading.ledger_union import united


def fold_marks(
    repository: Repository,
    target: str,
    chain: Chain,
    runs: Collection[str],
    at: datetime,
    *,
    push: bool,
    remote: str = DEFAULT_REMOTE,
) -> str:
    """Write a receipt that takes over what the marks of `runs` may have given, and delete these marks.

    `chain` is the target's as it is at the remote, too (`check_newest`). Returns the receipt's id. Raises
    RecordError where there is no usable receipt to follow, where a run has no open mark, and where the remote
    has moved or refuses: then nothing has moved.
    """
    marks = [one for one in chain.marks if one.mark.run in runs]
    if unknown := sorted(set(runs) - {one.mark.run for one in marks}):
        raise RecordError(f"{target} has no open mark of the run {unknown[0]}; nothing was changed")
    if chain.head is None or chain.link is None:
        raise RecordError(
            f"{target} has no usable receipt that could take over what its marks say; apply first: its mark "
            "is then closed by its own receipt, and these can be closed after it"
        )
    ledger = united(chain.link.ledger, *(one.intents for one in marks))
    message = f"{target}: closes {', '.join(one.mark.run for one in marks)}"
    closes = [one.mark.run for one in marks]
    head = write_link(repository, chain.link.receipt, ledger, [chain.head], closes, message, at)
    moves = [
        Move(f"{TAGS}{chain_name(target)}", chain.head, head),
        *(Move(one.ref, one.commit, None) for one in marks),
    ]
    if push:
        push_refs(repository.git, remote, [one for one in moves if one.new or _published(chain, one.ref)])
    move_refs(repository.git, moves)
    note_moved(repository, target, moves, published=push or not repository.has_remote())
    return head


def _published(chain: Chain, ref: str) -> bool:
    return any(one.mark.published for one in chain.marks if one.ref == ref)
