"""Accepts the drift of every target into the files: edited in memory, proved by planning, then written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.adopting.accepting import accept
from reconciler.editing import Editor
from reconciler.errors import InputError, ReconcilerError
from reconciler.loading.load import load
from reconciler.model.address import Address
from reconciler.model.drift import TargetDrift
from reconciler.model.observer import SILENT, Observer
from reconciler.model.plan import Finding, Severity
from reconciler.model.state import Live
from reconciler.planning.drift import target_drift
from reconciler.session.adopted import read_whole
from reconciler.session.opening import open_session
from reconciler.session.session import Session
from reconciler.session.settings import Settings


@dataclass(frozen=True, slots=True)
class AcceptedDrift:
    """What the files say now: addresses that were accepted, those that were not with why, edited files.

    `privileged` are the addresses among both that are privileged access, which comes first in each.
    """

    done: tuple[Address, ...]
    left: tuple[tuple[Address, str], ...]
    said: tuple[str, ...]
    written: tuple[str, ...]
    privileged: frozenset[Address] = frozenset()


def accept_drift(settings: Settings, observer: Observer = SILENT) -> AcceptedDrift:
    """Edit the files so that they say what somebody made outside git, and write all of them or none.

    Only what git did not bring about is accepted: differences with the cause drift, and grants that nobody
    declares. The result is loaded and planned before it is written: what was accepted must be in no plan,
    and nothing else may come into one. What a guard or rule would refuse the plan for is left as it is.
    Raises what opening a session raises, and InputError or ReconcilerError where the files would not be valid
    or would say something else.
    """
    with open_session(settings, observer) as session:
        seen: dict[str, tuple[Live, TargetDrift]] = {}
        for name, target in session.targets.items():
            live = replace(read_whole(target), identity=session.identities[name])
            drift = target_drift(session.plan_on(name, live, session.loaded.identities), None)
            if drift.error:
                raise ReconcilerError(f"{name}: {drift.error}; nothing was written")
            seen[name] = live, drift
        accepting = _Accepting(session, seen)
        tried = accepting.attempt({})
        if tried.refusals:
            tried = accepting.attempt(accepting.refused(tried.done))
        privileged = accepting.privileged()
        left = _first(privileged, tried.left)
        if not tried.editor.changed():
            return AcceptedDrift((), left, (), (), privileged)
        if tried.refusals:
            raise ReconcilerError(
                _not_as_one(
                    f"{_told(one)} (`reconciler explain {one.code}` says what lifts it)"
                    for one in tried.refusals
                )
            )
        written = tried.editor.write()
    done = tuple(sorted(tried.done, key=lambda one: one not in privileged))
    return AcceptedDrift(done, left, tuple(tried.said), written, privileged)


@dataclass(slots=True)
class _Tried:
    """The files as they would be. `refusals` are what would refuse a plan of them, and did not before."""

    editor: Editor
    done: list[Address]
    left: list[tuple[Address, str]]
    said: list[str]
    refusals: list[Finding]


@dataclass(frozen=True, slots=True)
class _Accepting:
    session: Session
    seen: Mapping[str, tuple[Live, TargetDrift]]

    def privileged(self) -> frozenset[Address]:
        """What of all that differs is privileged access."""
        drifts = [drift for _, drift in self.seen.values()]
        return frozenset(
            [one.change.address for drift in drifts for one in drift.differences if one.privileged]
            + [one.address for drift in drifts for one in drift.unmanaged if one.privileged]
        )

    def attempt(self, refused: Mapping[Address, str]) -> _Tried:
        """Accept everything but what is `refused`, with why. Raises as `accept_drift`."""
        tried = _Tried(Editor(self.session.settings.identities), [], [], [], [])
        for live, drift in self.seen.values():
            # Later targets are edited on top: their entries are those of the same files.
            identities = load(tried.editor.tree()).identities
            found = accept(tried.editor, drift, identities, live, refused)
            tried.done += found.done
            tried.left += found.left.items()
            tried.said += found.said
        if tried.editor.changed():
            tried.editor.check()
            for name, (live, drift) in self.seen.items():
                tried.refusals += _proved(self.session, name, live, drift, tried)
        return tried

    def refused(self, accepted: Sequence[Address]) -> Mapping[Address, str]:
        """Which of these bring a refusal about, each alone, and which one."""
        if not accepted:
            return {}
        every = [one.change.address for _, drift in self.seen.values() for one in drift.differences]
        every += [one.address for _, drift in self.seen.values() for one in drift.unmanaged]
        try:
            tried = self.attempt({one: "not tried" for one in every if one not in accepted})
        except (InputError, ReconcilerError):
            # Parts may need each other. What is wrong with all of them is told at the end.
            return {}
        if not tried.refusals:
            return {}
        if len(accepted) == 1:
            return {accepted[0]: f"the plan would be refused by {_told(tried.refusals[0])}"}
        half = len(accepted) // 2
        return {**self.refused(accepted[:half]), **self.refused(accepted[half:])}


def _proved(session: Session, name: str, live: Live, drift: TargetDrift, tried: _Tried) -> list[Finding]:
    """The refusals of the new plan that the one before has not.

    Raises ReconcilerError where an accepted item still differs, or anything differs that did not before.
    """
    now = target_drift(session.plan_on(name, live, load(tried.editor.tree()).identities), None)
    before = {(one.change.address, one.change.action) for one in drift.differences}
    known = {one.address for one in drift.unmanaged}
    done = set(tried.done)
    wrong = [
        f"the plan would {one.change.action} {one.change.address}"
        for one in now.differences
        if one.change.address in done or (one.change.address, one.change.action) not in before
    ]
    wrong += [
        f"{one.address} would not be in git"
        for one in now.unmanaged
        if one.address in done or one.address not in known
    ]
    if wrong:
        raise ReconcilerError(_not_as_one(wrong))
    new = _refusals(now) - _refusals(drift)
    return [one for one in now.findings if one.severity is Severity.REFUSAL and new[one.code]]


def _refusals(drift: TargetDrift) -> Counter[str]:
    found: Counter[str] = Counter()
    for one in drift.findings:
        if one.severity is Severity.REFUSAL:
            found[one.code] += one.count
    return found


def _told(finding: Finding) -> str:
    return f"{finding.code}: {finding.message}"


def _not_as_one(reasons: Iterable[str]) -> str:
    lines = "\n".join(f"  {one}" for one in list(reasons)[:10])
    return f"The drift cannot be accepted as one change; nothing was written. Accept by hand:\n{lines}"


def _first(
    privileged: frozenset[Address], left: Sequence[tuple[Address, str]]
) -> tuple[tuple[Address, str], ...]:
    return tuple(sorted(left, key=lambda one: one[0] not in privileged))
