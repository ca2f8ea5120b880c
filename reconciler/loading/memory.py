"""What git declared since the last whole apply, from git's own history or from a sandbox's record.

Both become lists of states, which `recall` reads, each with the configuration that it had then. Equal
states are read once and are one object, the state under plan included, so that planning sees by `is`
that nothing changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from reconciler.errors import InputError, Problem, RecordError
from reconciler.files.git import DEFAULT_REMOTE, Repository, short
from reconciler.files.tree import Tree
from reconciler.loading.receipt import begun_name, parse_receipt, tag_name
from reconciler.loading.standing import Standing
from reconciler.model.policy import TargetPolicy
from reconciler.model.state import Declared, Identities, Receipt, Remembered

# Tags that move are not overwritten by a fetch without --force.
FETCH = f"git fetch {DEFAULT_REMOTE} --tags --force"
UNSHALLOW = f"git fetch --unshallow {DEFAULT_REMOTE}"


class Lack(StrEnum):
    """Why the memory of a target cannot be relied on. Apply refuses each; plan warns."""

    MISSING = "missing"  # no tag: nothing was applied whole yet, or it was not fetched
    SHALLOW = "shallow"  # history was cut off in this clone
    INCOMPLETE = "incomplete"  # this clone lacks objects of its history
    UNREADABLE = "unreadable"  # the tag holds no receipt
    FOREIGN = "foreign"  # the receipt is of another target or instance
    ELSEWHERE = "elsewhere"  # the tag is not on the trusted branch
    UNFETCHED = "unfetched"  # no tag here, and the remote has one
    UNASKED = "unasked"  # no tag here, and whether the remote has one cannot be asked
    NEWER = "newer"  # what was applied last is not contained in HEAD


# What git declared before is not known, so a plan lacks the removals.
INCOMPLETE = frozenset(Lack) - {Lack.MISSING, Lack.NEWER}


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered of one target, and, where that cannot be relied on, why and what to run."""

    remembered: Remembered
    lack: Lack | None = None
    problem: Problem | None = None

    @property
    def incomplete(self) -> bool:
        """Whether a plan from it would lack what it does not know."""
        return self.lack in INCOMPLETE


@dataclass(frozen=True, slots=True)
class Declarations:
    """What one state declares: the identities, and the policy of each target, by name."""

    identities: Identities
    policies: Mapping[str, TargetPolicy]


@dataclass(frozen=True, slots=True)
class State:
    """One remembered state. Equal `key`s are equal files; `tree` is None where the folder was not there."""

    label: str
    key: str
    tree: Tree | None


Read = Callable[[Tree], Declarations]


class Reader:
    """Reads states, each distinct one once. `planned` is the state under plan, with its key."""

    def __init__(self, read: Read, planned: tuple[str, Declarations] | None = None) -> None:
        self._read = read
        self._known: dict[str, Declarations | InputError] = dict([planned] if planned else [])

    def __call__(self, state: State) -> Declarations:
        """What the state declares. Raises InputError when it does not load, RecordError when git fails."""
        if state.tree is None:
            raise InputError([Problem("the folder was not there then; it may have been moved or renamed")])
        if state.key not in self._known:
            try:
                self._known[state.key] = self._read(state.tree)
            except InputError as error:
                self._known[state.key] = error
        found = self._known[state.key]
        if isinstance(found, InputError):
            raise found
        return found


def recall(
    target: str, receipt: Receipt | None, base: State | None, since: Sequence[State], reader: Reader
) -> Remembered:
    """The memory of a target that was last applied whole at `base`; `since` is newest first.

    States that do not load, and a base that does not know the target, end in `unknown`; the others are
    remembered nevertheless, because they tell causes and former names. Of equal states in `since` the
    newest stays. Raises RecordError when git fails.
    """
    faults: list[str] = []

    def declared(state: State, *, whole: bool) -> Declared | None:
        try:
            found = reader(state)
        except InputError as error:
            faults.append(f"{state.label} does not load: {error.problems[0]}")
            return None
        policy = found.policies.get(target)
        if policy is None:
            # A target that is not configured declares nothing; but one was applied at the base.
            if whole:
                faults.append(f"{state.label} has no target {target}; was it renamed?")
            return None
        return Declared(label=state.label, identities=found.identities, policy=policy)

    at_base = declared(base, whole=True) if base is not None else None
    distinct: dict[str, State] = {}
    for state in since:
        distinct.setdefault(state.key, state)
    after = [declared(state, whole=False) for state in distinct.values()]
    unknown = None
    if faults:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        unknown = f"the remembered state {faults[0]}{more}"
    return Remembered(
        receipt=receipt, base=at_base, since=tuple(one for one in after if one is not None), unknown=unknown
    )


def remember(
    standing: Standing | None,
    targets: Iterable[str],
    read: Read,
    *,
    identity: Mapping[str, Mapping[str, str]] | None = None,
    planned: Declarations | None = None,
) -> Mapping[str, Memory]:
    """What git remembers of each target, by name.

    `standing` says where the state under plan is in git (None: outside), `planned` is what it declares.
    `identity` names the instance behind a target, as far as it is known; a receipt for another instance
    is FOREIGN. What lies between the tag and the trusted branch counts, in the order of first parents;
    the state under plan itself does not, and neither does anything else of a branch that is not merged.
    """
    if standing is None:
        text = "outside git there is no memory of what was declared before"
        return {target: Memory(Remembered(unknown=text)) for target in targets}
    known = (standing.tree, planned) if standing.tree is not None and planned is not None else None
    reader = Reader(read, known)
    shallow = standing.repository.shallow()
    return {
        target: _shallow() if shallow else _of_target(standing, target, reader, (identity or {}).get(target))
        for target in targets
    }


def require(memories: Mapping[str, Memory], *, first_apply: bool = False) -> None:
    """Raise RecordError, with what to run, unless every target's memory can be relied on.

    `first_apply` accepts that there is no tag, and nothing else.
    """
    lines = []
    for target, memory in memories.items():
        if memory.problem is None or (first_apply and memory.lack is Lack.MISSING):
            continue
        lines.append(f"{target}: {memory.problem}")
    if lines:
        raise RecordError("\n".join(lines))


def _of_target(standing: Standing, target: str, reader: Reader, identity: Mapping[str, str] | None) -> Memory:
    name, repository = tag_name(target), standing.repository
    try:
        tag = repository.tag(name)
    except RecordError as error:
        return _lacking(Lack.UNREADABLE, str(error), _start_over(name))
    if tag is None:
        return _missing(standing, target, reader)
    try:
        receipt = parse_receipt(tag.message, tag.commit)
    except RecordError as error:
        return _lacking(Lack.UNREADABLE, f"the tag {name} holds no receipt: {error}", _start_over(name))
    if (stranger := _foreign(receipt, target, identity)) is not None:
        return _lacking(Lack.FOREIGN, f"the tag {name} {stranger}", _start_over(name))
    trusted = standing.trusted
    if trusted is None or not repository.is_ancestor(tag.commit, trusted):
        return _lacking(
            Lack.ELSEWHERE,
            f"the tag {name} is on {short(tag.commit)}, which is not on {standing.branch}",
            f"run `{FETCH}` and `git fetch {DEFAULT_REMOTE}`; if the history of {standing.branch} was "
            f"rewritten, {_start_over(name)}",
        )
    try:
        base, since = _states(repository, tag.commit, trusted, standing.tree)
        remembered = recall(target, receipt, base, since, reader)
    except RecordError as error:
        return _lacking(Lack.INCOMPLETE, str(error), None)
    if standing.head is None or not repository.is_ancestor(tag.commit, standing.head):
        return Memory(
            remembered,
            Lack.NEWER,
            Problem(
                f"{short(tag.commit)} was applied last, and HEAD does not contain it",
                f"bring HEAD up to date with {standing.branch}; to undo a change, revert it in git",
            ),
        )
    return Memory(remembered)


def _states(
    repository: Repository, applied: str, trusted: str, planned: str | None
) -> tuple[State, Sequence[State]]:
    """The base, and what the trusted branch was at after it, newest first, without what is planned."""
    chain = [commit.id for commit in repository.first_parents(trusted, applied)]
    trees = repository.trees([applied, *chain])

    def state(commit: str) -> State:
        oid = trees[commit]
        tree = None if oid is None else repository.tree_of(oid, commit)
        return State(short(commit), oid or "", tree)

    return state(applied), [state(commit) for commit in chain if planned is None or trees[commit] != planned]


def _foreign(receipt: Receipt, target: str, identity: Mapping[str, str] | None) -> str | None:
    """Why the receipt is not of this target and instance; None when it is, or nobody knows the instance."""
    if receipt.target != target:
        return f"holds the receipt of the target {receipt.target}"
    if identity is None:
        return None
    shared = identity.keys() & receipt.identity.keys()
    wrong = sorted(name for name in shared if identity[name] != receipt.identity[name])
    if wrong:
        name = wrong[0]
        return f"is of another instance: its {name} is {receipt.identity[name]}, here it is {identity[name]}"
    return None if shared else "does not say of which instance it is"


def _start_over(name: str) -> str:
    return (
        f"delete it here and at {DEFAULT_REMOTE} (`git tag -d {name}`, "
        f"`git push {DEFAULT_REMOTE} :refs/tags/{name}`) and start over with --first-apply"
    )


def _lacking(lack: Lack, message: str, fix: str | None) -> Memory:
    return Memory(Remembered(unknown=message), lack, Problem(message, fix))


def _missing(standing: Standing, target: str, reader: Reader) -> Memory:
    """No tag is not the same as an unknown memory: what was never applied whole, nothing is owed to.

    But what a first apply began to make is remembered, from the commit at which it began; that state counts
    also where it is the one under plan, since what it gave by place is known by nothing else once an account
    has moved.
    """
    name = tag_name(target)
    message = f"there is no tag {name}: nothing was applied whole yet, or the tag was not fetched"
    problem = Problem(message, f"run `{FETCH}`; if this is the first apply, use --first-apply")
    repository, trusted = standing.repository, standing.trusted
    try:
        begun = repository.tag(begun_name(target))
        if begun is None or trusted is None or not repository.is_ancestor(begun.commit, trusted):
            return Memory(Remembered(), Lack.MISSING, problem)
        first, since = _states(repository, begun.commit, trusted, standing.tree)
        remembered = recall(target, None, None, [*since, first], reader)
    except RecordError as error:
        return _lacking(Lack.INCOMPLETE, str(error), None)
    return Memory(remembered, Lack.MISSING, problem)


def _shallow() -> Memory:
    message = "this clone is shallow, so what was declared before cannot be known"
    return _lacking(Lack.SHALLOW, message, f"run `{UNSHALLOW}` and `{FETCH}`")
