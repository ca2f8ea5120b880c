"""Whether an apply may begin: here, now, from these files, with this memory."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.errors import PlanFileError, RecordError, UsageError
from reconciler.execution.marking import check_newest
from reconciler.execution.receipt import used_digests
from reconciler.execution.record import read_record
from reconciler.files.git import DEFAULT_REMOTE
from reconciler.loading.memory import require
from reconciler.session.approvals import Approvals
from reconciler.session.connecting import SANDBOX_RECORD
from reconciler.session.settings import Settings

if TYPE_CHECKING:
    from reconciler.session.session import Session

_UNPUBLISHED = (
    "With --unpublished the mark and the receipt of this apply stay in this clone: an apply from another one "
    "does not know what this one gave and cannot take it back, and a fetch of tags with --force overwrites "
    "what is remembered here. Apply again without it, from this clone, before either happens."
)


def used(session: Session, target: str, *, anywhere: bool = False) -> Collection[str]:
    """The approved digests that were spent on a target; `anywhere` asks the remote, too, if there is one.

    Raises RecordError, also where the remote cannot be asked.
    """
    if session.sandbox:
        return read_record(SANDBOX_RECORD).kept(target, session.identities[target]).used
    if session.position is None:
        return ()
    repository = session.position.repository
    return used_digests(repository, target, DEFAULT_REMOTE if anywhere and repository.has_remote() else None)


def check_moment(settings: Settings, *, push: bool, unpublished: bool) -> None:
    """Raise UsageError for settings that only make sense on the sandbox, or only without it."""
    if settings.now is not None and not settings.sandbox:
        raise UsageError("--now is for plans, and for apply on the sandbox only; leave it out")
    if push and settings.sandbox:
        raise UsageError(
            "--push makes no sense with --sandbox, which never moves a tag; leave one of them out"
        )
    if unpublished and settings.sandbox:
        raise UsageError(
            "--unpublished makes no sense with --sandbox, which publishes nothing; leave one of them out"
        )
    if push and unpublished:
        raise UsageError("--push and --unpublished contradict each other; leave one of them out")


def publishes(session: Session, *, push: bool, unpublished: bool) -> bool:
    """Whether this apply records at the remote, too: it does where there is one, without being asked.

    Says what is lost where it shall not. Raises RecordError for `push` without a remote.
    """
    if session.sandbox or session.position is None:
        return False
    if not session.position.repository.has_remote():
        if push:
            raise RecordError(
                f"this clone has no remote {DEFAULT_REMOTE} to push to; add it, or leave --push out"
            )
        return False
    if unpublished:
        session.settings.remark(_UNPUBLISHED)
    return not unpublished


def check_standing(session: Session, *, first_apply: bool, push: bool) -> Session:
    """Raise RecordError unless the files are those of the trusted branch, and git remembers what was applied.

    With `push` the remote is asked whether it knows of an apply that this clone does not, and the session
    that comes back leaves out marks that were closed there. The sandbox asks for nothing of this.
    """
    if session.sandbox:
        return session
    if session.position is None:
        raise RecordError(
            "apply works from git, so that what is applied is what was reviewed; "
            "run it in a clone, or try the files with --sandbox"
        )
    problems = session.position.problems()
    if problems:
        raise RecordError("\n".join(str(problem) for problem in problems))
    if (signing := session.position.repository.signing) is not None:
        signing.require_key()
    require(session.memories, first_apply=first_apply)
    if push:
        chains = {name: memory.chain for name, memory in session.memories.items()}
        current = check_newest(session.position.repository, chains)
        session = replace(
            session,
            memories={name: memory.with_chain(current[name]) for name, memory in session.memories.items()},
        )
    return session


def may_apply(session: Session, approvals: Approvals, *, first_apply: bool, push: bool) -> Session:
    """The session to apply in: raise unless the files are the trusted ones, and plans and memory fit them."""
    unknown = [name for name in approvals.targets() or () if name not in session.config.targets]
    if unknown:
        known = ", ".join(session.config.targets)
        raise PlanFileError(f"what was reviewed is for the target {unknown[0]}; configured are: {known}")
    if not session.targets:
        raise UsageError("--target leaves nothing of what was reviewed; name one that it speaks of")
    return check_standing(session, first_apply=first_apply, push=push)
