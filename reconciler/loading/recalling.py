"""Remembered states, from git's own history or from a sandbox's record, read and put together.

Each is read with the configuration that it had then. Equal states are read once and are one object, the state
under plan included, so that planning sees by `is` that nothing changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.errors import InputError, Problem
from reconciler.files.tree import Tree
from reconciler.loading.load import Loaded, load_leniently
from reconciler.model.ledger import Ledger
from reconciler.model.policy import TargetPolicy
from reconciler.model.state import Declared, Identities, Receipt, Remembered


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
        described = faults if whole else passed
        try:
            found = reader(state)
        except InputError as error:
            described.append(f"{state.label} does not load: {error.problems[0]}")
            return None
        if found.problems:
            described.append(f"{state.label} does not load: {found.problems[0]}")
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
