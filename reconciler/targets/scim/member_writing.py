"""Lets people enter and leave a group, many with one request, and says of each how it ended.

Nothing here replaces or removes all members of a group. A request whose answer was lost, or that was
refused, is settled by looking who is in the group now; what a refusal is about is found by halving. What is
answered with success and not done is tried in other forms (see member_forms).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from reconciler.errors import Conflict, NotFound, OutcomeUnknown, Rejected, ServiceError
from reconciler.model.address import Address, Kind
from reconciler.model.change import Action
from reconciler.model.plan import Step
from reconciler.model.report import Outcome, Status
from reconciler.targets.scim import mapping, patching
from reconciler.targets.scim.api import Service
from reconciler.targets.scim.habits import Habits
from reconciler.targets.scim.intents import MOVED, UNREADABLE, gave_up
from reconciler.targets.scim.mapping import Raw
from reconciler.targets.scim.member_forms import Form, Forms, operations, wiped
from reconciler.targets.scim.member_reading import Reader
from reconciler.targets.scim.members import entries
from reconciler.targets.scim.profile import Memberships
from reconciler.targets.scim.writing import Writer
from reconciler.targets.settlement import PATIENCE, EndedError, Sleep, Tried, ended, few, settle
from reconciler.wire.pool import Guarded

NOT_DONE = "the service answers every form of this request with success and does nothing"


@dataclass(frozen=True, slots=True)
class Move:
    """One person who enters or leaves: `written` is how the group writes the user."""

    step: Step
    user: str
    written: str


@dataclass(slots=True)
class _Job:
    """Moves of one group in one direction, and how they ended so far."""

    group: str
    enter: bool
    ended: dict[str, Outcome]

    def end(self, moves: Sequence[Move], status: Status, message: str = "") -> None:
        """So many ended alike."""
        for each in moves:
            self.ended[each.step.id] = Outcome(each.step.id, status, message)

    def fail(self, moves: Sequence[Move], error: EndedError | ServiceError) -> None:
        """So many failed, by the same error."""
        for each in moves:
            self.ended[each.step.id] = ended(each.step, error)

    def gone(self, moves: Sequence[Move]) -> None:
        """The group itself is gone, and with it all its memberships."""
        if self.enter:
            self.end(moves, Status.FAILED, "the group is gone")
        else:
            self.end(moves, Status.UNNECESSARY, "the group is gone, and its members with it")

    def settled(self, moves: Sequence[Move], present: Mapping[str, str], message: str) -> list[Move]:
        """End those who are where they should be; the others are left."""
        there = [each for each in moves if (each.user in present) is self.enter]
        self.end(there, Status.UNNECESSARY if message else Status.DONE, message)
        return [each for each in moves if (each.user in present) is not self.enter]


class MemberWriter:
    """Writes the memberships of one service. `sleep` waits so many seconds of its time. Thread-safe.

    Changes of one group go one after the other: services read a group, change it and write it back.
    """

    def __init__(
        self,
        service: Service,
        reader: Reader,
        writer: Writer,
        sleep: Sleep,
        habits: Habits,
    ) -> None:
        self._service, self._reader, self._writer, self._sleep = service, reader, writer, sleep
        # How many one request was seen to bear, by direction.
        self._most: Guarded[dict[bool, int]] = Guarded(
            {True: service.profile.additions, False: service.profile.removals}
        )
        self._hidden = False
        self._forms = Forms(habits, service.profile.removal)

    def submit(self, steps: Sequence[Step], ids: Mapping[Address, str]) -> list[Outcome]:
        """Carry out steps of one group in one direction; nothing is raised for what the service says."""
        if self._reader.place() is Memberships.NOWHERE:
            return [Outcome(step.id, Status.FAILED, UNREADABLE) for step in steps]
        first = steps[0]
        job = _Job(ids[first.refs["group"]], first.action is Action.CREATE, {})
        moves = []
        for step in steps:
            user = ids[step.refs["user"]]
            moves.append(Move(step, user, ids.get(step.address) or user))
        with self._writer.alone(job.group):
            left: Sequence[Move] = moves
            while left:
                with self._most as most:
                    count = most[job.enter]
                self._carry_out(job, left[:count])
                left = [] if self._stopped(job) else left[count:]
        return [job.ended.get(step.id) or self._not_sent(step, job) for step in steps]

    @staticmethod
    def _stopped(job: _Job) -> bool:
        return any(outcome.stop for outcome in job.ended.values())

    @staticmethod
    def _not_sent(step: Step, job: _Job) -> Outcome:
        reason = next(outcome.message for outcome in job.ended.values() if outcome.stop)
        return Outcome(step.id, Status.STOPPED, f"not sent: {reason}", stop=True)

    def _carry_out(self, job: _Job, moves: Sequence[Move]) -> None:
        try:
            settle(_Attempt(self, job, list(moves)), self._sleep)
        except (EndedError, ServiceError) as error:
            job.fail([each for each in moves if each.step.id not in job.ended], error)

    def send_and_see(self, job: _Job, moves: list[Move]) -> list[Move]:
        """Send in the form that works, found out by looking; those are left for whom no form did anything.

        Raises what sending raises in the first form, and Rejected where no other is taken.
        """
        left = moves
        for number, form in enumerate(self._forms.choices(enter=job.enter)):
            before = self.present(job.group) if form is Form.VALUE and self._must_look(job, form) else None
            try:
                self._in_form(job, left, form)
            except (NotFound, Conflict, Rejected):
                if not number:
                    raise
                self._forms.fails(form, enter=job.enter)
                continue
            if not self._must_look(job, form):
                job.end(left, Status.DONE)
                return []
            left = self._seen(job, left, form, before)
            if not left:
                return []
        return left

    def _must_look(self, job: _Job, form: Form) -> bool:
        return not self._forms.is_proven(form, enter=job.enter)

    def _in_form(self, job: _Job, moves: Sequence[Move], form: Form) -> None:
        if form is Form.ONE:
            for each in moves:
                self._send(job, [each], Form.PATH)
        else:
            self._send(job, moves, form)

    def _seen(self, job: _Job, moves: list[Move], form: Form, before: Mapping[str, str] | None) -> list[Move]:
        """End those whom the group shows to be where they should be; the others are left."""
        left = moves
        for seconds in (0.0, *PATIENCE):
            self._sleep(seconds)
            present = self.present(job.group)
            if present is None:
                job.gone(left)
                return []
            left = job.settled(left, present, "")
            if not left:
                break
        if (
            before is not None
            and present is not None
            and (lost := wiped(before, present, [each.user for each in moves]))
        ):
            self._forms.wipes()
            self._service.patch(Kind.GROUP, job.group, patching.additions(lost), memberships=len(lost))
        elif left:
            self._forms.fails(form, enter=job.enter)
        else:
            self._forms.works(form, enter=job.enter)
        return left

    def not_done(self, job: _Job, left: Sequence[Move]) -> None:
        """Whom no form brought in or out, although each was answered with success."""
        if left:
            self._forms.none_works(enter=job.enter)
            end = "is not in the group" if job.enter else "is still in the group"
            job.end(left, Status.FAILED, f"{NOT_DONE}, and the user {end}")
            for each in left:
                job.ended[each.step.id] = replace(job.ended[each.step.id], in_vain=True)

    def put_back(self, job: _Job, moves: list[Move]) -> None:
        """PATCH stays without an answer: put the group back as a whole."""
        self._put(job, moves)
        self._writer.forget_patch(Kind.GROUP)
        job.end(moves, Status.DONE)

    @property
    def target(self) -> str:
        """Whose memberships these are."""
        return self._service.target

    @property
    def can_put(self) -> bool:
        """Whether the service has PUT of groups."""
        return self._writer.can_put(Kind.GROUP)

    def halve(self, job: _Job, moves: list[Move], error: ServiceError) -> None:
        """Somebody among them is refused, or they are too many: halves tell."""
        if len(moves) == 1:
            job.fail(moves, error)
            return
        half = (len(moves) + 1) // 2
        for part in (moves[:half], moves[half:]):
            self._carry_out(job, part)
            if self._stopped(job):
                return
        good = (Status.DONE, Status.UNNECESSARY)
        if all(job.ended[each.step.id].status in good for each in moves):
            # Nobody was refused: there were too many.
            with self._most as most:
                most[job.enter] = min(most[job.enter], half)

    def present(self, group: str) -> Mapping[str, str] | None:
        """Who is in a group now; None where the group is gone."""
        return self._reader.some((group,)).get(group)

    # The request itself.

    def _send(self, job: _Job, moves: Sequence[Move], form: Form) -> None:
        can_put = self._writer.can_put(Kind.GROUP)
        if form is Form.PUT and not can_put:
            raise Rejected("the service has no PUT of groups", target=self._service.target)
        if form is Form.PUT or (can_put and not self._writer.can_patch(Kind.GROUP)):
            self._put(job, moves)
            return
        written = [each.written for each in moves]
        sent = operations(form, users=[each.user for each in moves], written=written, enter=job.enter)
        try:
            self._service.patch(Kind.GROUP, job.group, sent, memberships=len(moves))
        except (NotFound, Rejected) as refusal:
            missing = refusal.code in ("404", "405", "501")
            if not missing or not can_put or (refusal.code == "404" and not self._is_there(job, moves)):
                raise
            self._put(job, moves)
            if refusal.code != "404":
                self._writer.forget_patch(Kind.GROUP)

    def _is_there(self, job: _Job, moves: Sequence[Move]) -> bool:
        """Whether all exist of whom a PATCH said that something is not found: then it is PATCH itself."""
        if self._service.get(Kind.GROUP, job.group) is None:
            return False
        return not job.enter or all(self._service.get(Kind.USER, each.user) is not None for each in moves)

    def _put(self, job: _Job, moves: Sequence[Move]) -> None:
        """The group as it is, these members more or less, where there is no PATCH."""
        if self._hidden:
            raise Rejected(UNREADABLE, target=self._service.target)
        raw = self._writer.whole_group(job.group)
        coming = [each.user for each in moves] if job.enter else []
        going = [each.written for each in moves] if not job.enter else []
        body = patching.with_members(raw, coming, going)
        version = mapping.version(raw) if self._service.traits().etag else None
        said = self._service.put(Kind.GROUP, job.group, body, version=version, memberships=len(moves))
        if coming and not self._shows_anybody(said):
            after = self._service.get(Kind.GROUP, job.group)
            if not self._shows_anybody(after):
                # Whoever was in the group and is not shown would go with the next one.
                self._hidden = True
                raise Rejected(UNREADABLE, target=self._service.target)

    @staticmethod
    def _shows_anybody(raw: Raw | None) -> bool:
        return raw is not None and bool(entries(raw))


@dataclass(slots=True)
class _Attempt:
    """Some moves of one group with one request; implements Write."""

    writer: MemberWriter
    job: _Job
    left: list[Move]
    patience: list[float] = field(default_factory=lambda: list(PATIENCE))

    def send(self, tried: Tried) -> bool:
        if self.writer.can_put and sum(isinstance(one, OutcomeUnknown) for one in tried.errors) > 1:
            self.writer.put_back(self.job, self.left)
            return True
        self.left = self.writer.send_and_see(self.job, self.left)
        self.writer.not_done(self.job, self.left)
        return True

    def is_open(self, refusal: ServiceError) -> bool:
        return isinstance(refusal, (NotFound, Conflict, Rejected))

    def look(self, _tried: Tried) -> Mapping[str, str] | None:
        return self.writer.present(self.job.group)

    def judge(self, found: Mapping[str, str] | None, tried: Tried) -> bool | None:
        """Some refuse to add who is in already, or to remove who is not: those are as wished."""
        job, refusal = self.job, tried.refusal
        if found is None:
            if refusal is not None and job.enter:
                raise refusal
            job.gone(self.left)
            return True
        message = "the user is a member already" if job.enter else "the user is not a member any more"
        self.left = job.settled(self.left, found, "" if refusal is None else message)
        if not self.left:
            return True
        if refusal is not None and not self._may_be_new(refusal) and refusal.reason != MOVED:
            self.writer.halve(job, self.left, refusal)
            return True
        return None

    def _may_be_new(self, refusal: ServiceError) -> bool:
        """Whether what is not found was perhaps only just made."""
        return isinstance(refusal, NotFound) and self.job.enter and bool(self.patience)

    def again(self, tried: Tried) -> float | None:
        wait = few(tried)
        if wait is not None and tried.refusal is not None and self._may_be_new(tried.refusal):
            return self.patience.pop(0)
        return wait

    def give_up(self, tried: Tried) -> bool:
        if tried.lost is None:
            raise Conflict("the group kept changing", target=self.writer.target, reason=MOVED)
        self.job.end(self.left, *gave_up(tried.lost))
        return True
