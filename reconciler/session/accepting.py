"""Accepts the drift of every target into the files: edited in memory, proved by planning, then written."""

from __future__ import annotations

from dataclasses import dataclass, replace

from reconciler.adopting.accepting import accept
from reconciler.editing import Editor
from reconciler.errors import ReconcilerError
from reconciler.loading.load import load
from reconciler.model.address import Address
from reconciler.model.drift import TargetDrift
from reconciler.model.observer import SILENT, Observer
from reconciler.model.state import Live
from reconciler.planning.drift import target_drift
from reconciler.session.adopted import read_whole
from reconciler.session.opening import open_session
from reconciler.session.session import Session
from reconciler.session.settings import Settings


@dataclass(frozen=True, slots=True)
class AcceptedDrift:
    """What the files say now: addresses that were accepted, those that were not with why, edited files."""

    done: tuple[Address, ...]
    left: tuple[tuple[Address, str], ...]
    said: tuple[str, ...]
    written: tuple[str, ...]


def accept_drift(settings: Settings, observer: Observer = SILENT) -> AcceptedDrift:
    """Edit the files so that they say what somebody made outside git, and write all of them or none.

    Only what git did not bring about is accepted: differences with the cause drift, and grants that nobody
    declares. The result is loaded and planned before it is written: what was accepted must be in no plan,
    and nothing else may come into one. Raises what opening a session raises, and InputError or
    ReconcilerError where the files would not be valid or would say something else.
    """
    with open_session(settings, observer) as session:
        editor = Editor(settings.identities)
        done: list[Address] = []
        left: list[tuple[Address, str]] = []
        said: list[str] = []
        seen: dict[str, tuple[Live, TargetDrift]] = {}
        for name, target in session.targets.items():
            live = replace(read_whole(target), identity=session.identities[name])
            drift = target_drift(session.plan_on(name, live, session.loaded.identities), None)
            if drift.error:
                raise ReconcilerError(f"{name}: {drift.error}; nothing was written")
            seen[name] = live, drift
            # Later targets are edited on top: their entries are those of the same files.
            identities = load(editor.tree()).identities
            found = accept(editor, drift, identities, live)
            done += found.done
            left += found.left.items()
            said += found.said
        if not editor.changed():
            return AcceptedDrift((), tuple(left), (), ())
        editor.check()
        for name, (live, drift) in seen.items():
            _prove(session, name, live, drift, editor, set(done))
        written = editor.write()
    return AcceptedDrift(tuple(done), tuple(left), tuple(said), written)


def _prove(
    session: Session, name: str, live: Live, drift: TargetDrift, editor: Editor, done: set[Address]
) -> None:
    """Raise ReconcilerError where an accepted item still differs, or anything differs that did not before."""
    now = target_drift(session.plan_on(name, live, load(editor.tree()).identities), None)
    before = {(one.change.address, one.change.action) for one in drift.differences}
    known = {one.address for one in drift.unmanaged}
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
        raise ReconcilerError(
            "The drift cannot be accepted as one change; nothing was written. Accept by hand:\n"
            + "\n".join(f"  {one}" for one in wrong[:10])
        )
