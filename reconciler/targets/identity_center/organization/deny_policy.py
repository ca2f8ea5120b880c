"""The service control policy that denies people: read whole, written whole, and read again.

UpdatePolicy replaces the document and takes no precondition. So every write reads first, changes its own
entries alone, and looks afterwards; what somebody else wrote between is merged by writing again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from reconciler.doctor.aws.facts import DenyFacts
from reconciler.doctor.check import Unseen
from reconciler.errors import Conflict, NotFound, OutcomeUnknown, ServiceError
from reconciler.model.address import Address
from reconciler.model.change import Action
from reconciler.model.denials import LARGEST, OPEN, Denials, Entry, fitted, parse, render, whole_minute
from reconciler.model.organization import Organization
from reconciler.model.plan import Step
from reconciler.model.report import Outcome, Status
from reconciler.targets.identity_center.organization.api import Organizations
from reconciler.targets.identity_center.organization.reading import OrganizationReader
from reconciler.wire.clock import Clock
from reconciler.wire.pool import Guarded

_CHANGING = "PolicyChangesInProgressException"
SCP = "SERVICE_CONTROL_POLICY"
# How often a write is tried while somebody else writes, too, and seconds before it is looked at again.
_TRIES = 4
_PATIENCE = 1.0
_MEANWHILE = "they were offboarded since this was planned, and stay denied: plan again"


class DenyPolicy:
    """One policy, by its id. Thread-safe; raises nothing."""

    def __init__(self, organizations: Organizations, policy: str, clock: Clock) -> None:
        self._api, self._id, self._clock = organizations, policy, clock
        # When it was read first, by the monotonic clock; held while it is written, so that no two do at once.
        self._began: Guarded[list[float]] = Guarded([])
        # Whom `offboard` had entered when it was read last: what a plan knows.
        self._offboarded = frozenset[str]()

    @property
    def policy(self) -> str:
        """The id of the policy."""
        return self._id

    def facts(self, management: str, organization: OrganizationReader) -> DenyFacts:
        """What the doctor sees of it; what fails is part of that."""
        denials = self.read()
        arn = ""
        targets: frozenset[str] | Unseen = frozenset()
        around: Organization | Unseen = Organization()
        try:
            arn = self._api.policy(self._id).arn
            targets = frozenset(
                one["TargetId"] for page in self._api.policy_targets(self._id) for one in page
            )
        except ServiceError as error:
            targets = Unseen(str(error))
        try:
            if management:
                accounts = organization.accounts(management)
                around = organization.organization(accounts, management, units=False, tags=False)
        except ServiceError as error:
            around = Unseen(str(error))
        return DenyFacts(denials, arn, targets, around)

    def read(self) -> Denials:
        """Who is in it."""
        with self._began as began:
            if not began:
                began.append(self._clock.monotonic())
            found = self._read()
            self._offboarded = _offboarded(found)
        return found

    def _read(self) -> Denials:
        try:
            found = self._api.policy(self._id)
        except NotFound:
            problem = f"the organization has no policy {self._id}"
            return Denials(self._id, problem=problem, missing=True)
        except ServiceError as error:
            return Denials(self._id, problem=str(error))
        if found.kind != SCP:
            problem = f"it is of type {found.kind}, and only a {SCP} denies people"
            return Denials(self._id, problem=problem)
        return parse(self._id, found.content)

    def write(self, edits: Mapping[str, Entry | None]) -> str:
        """Enter people, or take them out (None), and leave all others as they are; see Denies."""
        return self._write(edits, None)

    def _write(self, edits: Mapping[str, Entry | None], spared: set[str] | None) -> str:
        """The same; `spared` gets whom `offboard` entered since the policy was read, and who stay so."""
        with self._began:
            why = ""
            for attempt in range(_TRIES):
                if attempt:
                    self._clock.sleep(_PATIENCE * attempt)
                found = self._read()
                if found.unwritable:
                    return found.unwritable
                if spared is not None:
                    spared |= edits.keys() & (_offboarded(found) - self._offboarded)
                    edits = {one: entry for one, entry in edits.items() if one not in spared}
                wanted = _merged(found.entries, edits)
                if wanted == found.entries:
                    return ""
                document = render(fitted(wanted))
                if (size := len(document.encode())) > LARGEST:
                    return f"it would have {size:,} bytes, and a policy has {LARGEST:,} at most"
                try:
                    self._api.update_policy(self._id, document)
                except ServiceError as error:
                    why = str(error)
                    if isinstance(error, (Conflict, OutcomeUnknown)) or error.code == _CHANGING:
                        continue
                    return why
                after = self._read()
                if not after.unwritable and _stands(after.entries, edits):
                    return ""
                why = after.unwritable or "it was written, but reads back without it"
            return why

    def submit(self, steps: Sequence[Step], ids: Mapping[Address, str]) -> Sequence[Outcome]:
        """Carry out steps of denials in one write. None of them stops anything else."""
        with self._began as began:
            passed = timedelta(seconds=self._clock.monotonic() - began[0] if began else 0.0)
        edits = {ids[step.address]: _entry(step, passed) for step in steps}
        spared = set[str]()
        why = self._write(edits, spared)
        status = Status.FAILED if why else Status.DONE
        return [
            _stays(step) if ids[step.address] in spared else Outcome(step.id, status, why) for step in steps
        ]


def _entry(step: Step, passed: timedelta) -> Entry | None:
    """What a step enters. An end counts from when the access was seen to be gone, and not from the plan."""
    if step.action is Action.DELETE:
        return None
    end = next((each.after for each in step.fields if each.name == "end"), None)
    if not isinstance(end, str) or end == str(OPEN):
        return OPEN
    return Entry(whole_minute(datetime.fromisoformat(end) + passed))


def _stays(step: Step) -> Outcome:
    """How a step ends about somebody who was offboarded since it was planned: what that wrote stays."""
    taken_out = step.action is Action.DELETE
    return Outcome(step.id, Status.FAILED if taken_out else Status.UNNECESSARY, _MEANWHILE)


def _offboarded(found: Denials) -> frozenset[str]:
    return frozenset(one for one, entry in found.entries.items() if entry.offboarded)


def _merged(found: Mapping[str, Entry], edits: Mapping[str, Entry | None]) -> Mapping[str, Entry]:
    merged = {one: entry for one, entry in found.items() if one not in edits}
    return {**merged, **{one: entry for one, entry in edits.items() if entry is not None}}


def _stands(found: Mapping[str, Entry], edits: Mapping[str, Entry | None]) -> bool:
    """Whether the policy has the edits; an end may be a later one, where ends were merged for the size."""
    for one, entry in edits.items():
        known = found.get(one)
        if (known is None) != (entry is None):
            return False
        if known is None or entry is None:
            continue
        if known.offboarded != entry.offboarded or (known.end is None) != (entry.end is None):
            return False
        if known.end is not None and entry.end is not None and known.end < entry.end:
            return False
    return True
