"""What git declared since the last whole apply, from git's own history or from a sandbox's record.

Both become lists of states, which `recall` reads, each with the configuration that it had then. Equal
states are read once and are one object, the state under plan included, so that planning sees by `is`
that nothing changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from reconciler.errors import InputError, Problem, RecordError
from reconciler.files.git import DEFAULT_REMOTE, FETCH, Repository, short
from reconciler.files.tree import Tree
from reconciler.loading.chain import NO_CHAIN, Chain, Unusable, chain_name, gap_of, read_chain, renewed
from reconciler.loading.load import Loaded, load_leniently
from reconciler.loading.receipt import begun_name, parse_receipt, tag_name
from reconciler.loading.standing import Standing
from reconciler.model.ledger import Ledger
from reconciler.model.policy import TargetPolicy
from reconciler.model.state import Declared, Identities, Receipt, Remembered

UNSHALLOW = f"git fetch --unshallow {DEFAULT_REMOTE}"


class Lack(StrEnum):
    """Why the memory of a target cannot be relied on. Apply refuses each; plan warns."""

    MISSING = "missing"  # no tag: nothing was applied whole yet, or it was not fetched
    SHALLOW = "shallow"  # history was cut off in this clone
    INCOMPLETE = "incomplete"  # this clone lacks objects of its history
    UNREADABLE = "unreadable"  # the tag holds no receipt
    FOREIGN = "foreign"  # the receipt is of another target or instance
    ELSEWHERE = "elsewhere"  # the tag is not on the trusted branch
    NEWER = "newer"  # what was applied last is not contained in HEAD


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered of one target, and, where that cannot be relied on, why and what to run.

    `chain` is what this clone has of the target's receipts. Where they do not tell what git gave, `gap` says
    why: then the files of commits answer, and an apply goes on.
    """

    remembered: Remembered
    lack: Lack | None = None
    problem: Problem | None = None
    chain: Chain = NO_CHAIN
    gap: Problem | None = None

    def with_chain(self, chain: Chain) -> Memory:
        """The same memory after it became known which marks are closed."""
        if chain == self.chain:
            return self
        ledger = chain.ledger if self.gap is None else None
        return replace(self, chain=chain, remembered=replace(self.remembered, ledger=ledger))


@dataclass(frozen=True, slots=True)
class Declarations:
    """What one state declares: the identities, and the policy of each target, by name.

    `problems` are those of what was left out of a state that does not load whole.
    """

    identities: Identities
    policies: Mapping[str, TargetPolicy]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """One remembered state. Equal `key`s are equal files; `tree` is None where the folder was not there."""

    label: str
    key: str
    tree: Tree | None


Read = Callable[[Tree], Declarations]


def declarations(loaded: Loaded) -> Declarations:
    """What was loaded, as far as memory is concerned."""
    policies = {name: target.policy for name, target in loaded.config.targets.items()}
    return Declarations(loaded.identities, policies)


def read_remembered(tree: Tree) -> Declarations:
    """What a remembered tree declares, as far as it makes sense. Raises RecordError when git fails."""
    loaded, problems = load_leniently(tree)
    return replace(declarations(loaded), problems=tuple(problems))


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
    target: str,
    receipt: Receipt | None,
    base: State | None,
    since: Sequence[State],
    reader: Reader,
    ledger: Ledger | None = None,
) -> Remembered:
    """The memory of a target that was last applied whole at `base`; `since` is newest first.

    A base of which something was left out, or that does not know the target, ends in `unknown`; what it
    does say is remembered nevertheless, because it tells causes and former names. So is what the states in
    `since` say; those that do not load whole are named in `passed_over`. Of equal states in `since` the
    newest stays. With a `ledger` nothing is unknown for that: such a base is named in `passed_over`, too.
    Raises RecordError when git fails.
    """
    faults: list[str] = []
    passed: list[str] = []

    def declared(state: State, *, whole: bool) -> Declared | None:
        told = faults if whole else passed
        try:
            found = reader(state)
        except InputError as error:
            told.append(f"{state.label} does not load: {error.problems[0]}")
            return None
        if found.problems:
            told.append(f"{state.label} does not load: {found.problems[0]}")
        policy = found.policies.get(target)
        if policy is None:
            # A target that is not configured declares nothing; but one was applied at the base.
            if whole and not found.problems:
                faults.append(f"{state.label} has no target {target}; was it renamed?")
            return None
        return Declared(label=state.label, identities=found.identities, policy=policy)

    at_base = declared(base, whole=True) if base is not None else None
    distinct: dict[str, State] = {}
    for state in since:
        distinct.setdefault(state.key, state)
    after = [declared(state, whole=False) for state in distinct.values()]
    unknown = None
    if faults and ledger is None:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        unknown = f"the remembered state {faults[0]}{more}"
    return Remembered(
        receipt=receipt,
        base=at_base,
        since=tuple(one for one in after if one is not None),
        unknown=unknown,
        ledger=ledger,
        passed_over=tuple(passed if ledger is None else (*faults, *passed)),
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
        target: _with_chain(standing, target, reader, (identity or {}).get(target), shallow=shallow)
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


def _with_chain(
    standing: Standing, target: str, reader: Reader, identity: Mapping[str, str] | None, *, shallow: bool
) -> Memory:
    """The memory by commits, and what the receipts know beyond it.

    The receipts have no need of the project's history, so that they answer where that is cut off or
    rewritten, too; what stops an apply then still does.
    """
    repository = standing.repository
    try:
        chain = read_chain(repository, target)
    except Unusable as error:
        return _lacking(Lack.UNREADABLE, str(error), f"run `{FETCH}`; or install the version that wrote it")
    except RecordError as error:
        return _lacking(Lack.INCOMPLETE, str(error), None)
    if chain.link is not None and (stranger := _foreign(chain.link.receipt, target, identity)) is not None:
        name = chain_name(target)
        return _lacking(Lack.FOREIGN, f"the tag {name} {stranger}", _start_over(name, tag_name(target)))
    try:
        gap = gap_of(repository, target, chain)
        found = _shallow() if shallow else _of_target(standing, target, reader, identity, chain, gap)
    except RecordError as error:
        return _lacking(Lack.INCOMPLETE, str(error), None)
    if found.lack is Lack.FOREIGN:
        return found
    ledger = chain.ledger if gap is None else None
    return replace(found, chain=chain, gap=gap, remembered=replace(found.remembered, ledger=ledger))


def _of_target(
    standing: Standing,
    target: str,
    reader: Reader,
    identity: Mapping[str, str] | None,
    chain: Chain,
    gap: Problem | None,
) -> Memory:
    name, repository = tag_name(target), standing.repository
    ledger = chain.ledger if gap is None else None
    marked = [one.mark.commit for one in chain.marks]
    try:
        tag = repository.tag(name)
    except RecordError as error:
        return _lacking(Lack.UNREADABLE, str(error), _start_over(name))
    if tag is None:
        return _missing(standing, target, reader, ledger, marked)
    try:
        receipt = parse_receipt(tag.message, tag.commit)
    except RecordError as error:
        return _lacking(Lack.UNREADABLE, f"the tag {name} holds no receipt: {error}", _start_over(name))
    if (stranger := _foreign(receipt, target, identity)) is not None:
        return _lacking(Lack.FOREIGN, f"the tag {name} {stranger}", _start_over(name, chain_name(target)))
    trusted = standing.trusted
    if trusted is None or not repository.is_ancestor(tag.commit, trusted):
        return _lacking(
            Lack.ELSEWHERE,
            f"the tag {name} is on {short(tag.commit)}, which is not on {standing.branch}",
            f"run `{FETCH}` and `git fetch {DEFAULT_REMOTE}`; if the history of {standing.branch} was "
            f"rewritten, {_start_over(name)}",
        )
    receipt = renewed(receipt, chain)
    try:
        base, since = _states(repository, tag.commit, trusted, standing.tree, marked)
        remembered = recall(target, receipt, base, since, reader, ledger)
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
    repository: Repository, applied: str, trusted: str, planned: str | None, marked: Sequence[str]
) -> tuple[State, Sequence[State]]:
    """The base, and what the trusted branch was at after it, newest first, without what is planned.

    Commits that open marks name count as well, wherever they are: an apply ran with them.
    """
    chain = [commit.id for commit in repository.first_parents(trusted, applied)]
    chain += [commit for one in marked if (commit := repository.resolve(one)) and commit != applied]
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


def _start_over(*names: str) -> str:
    there = " ".join(f":refs/tags/{name}" for name in names)
    return (
        f"delete it here and at {DEFAULT_REMOTE} (`git tag -d {' '.join(names)}`, "
        f"`git push {DEFAULT_REMOTE} {there}`) and start over with --first-apply"
    )


def _lacking(lack: Lack, message: str, fix: str | None) -> Memory:
    return Memory(Remembered(unknown=message), lack, Problem(message, fix))


def _missing(
    standing: Standing, target: str, reader: Reader, ledger: Ledger | None, marked: Sequence[str]
) -> Memory:
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
            return Memory(Remembered(ledger=ledger), Lack.MISSING, problem)
        first, since = _states(repository, begun.commit, trusted, standing.tree, marked)
        remembered = recall(target, None, None, [*since, first], reader, ledger)
    except RecordError as error:
        return _lacking(Lack.INCOMPLETE, str(error), None)
    return Memory(remembered, Lack.MISSING, problem)


def _shallow() -> Memory:
    message = "this clone is shallow, so what was declared before cannot be known"
    return _lacking(Lack.SHALLOW, message, f"run `{UNSHALLOW}` and `{FETCH}`")
