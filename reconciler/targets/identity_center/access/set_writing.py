"""Creates, edits and deletes permission sets, and settles by looking what an answer leaves open.

Whatever goes wrong in the middle, the next look tells which edits are left; every edit may be made twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, repeat
from typing import Any

from reconciler.errors import Conflict, NotFound, OutcomeUnknown, ServiceError, Throttled
from reconciler.model.change import Action
from reconciler.model.plan import Step
from reconciler.model.report import Outcome, Status
from reconciler.model.resources import TAG_PREFIX, Value
from reconciler.targets.identity_center.access import set_content
from reconciler.targets.identity_center.access.api import Sso
from reconciler.targets.identity_center.access.set_edits import Edit, What, begun, differing, edits
from reconciler.targets.settlement import EndedError, Tried, looked, settle

Attributes = Mapping[str, Value]

# Seconds of the service's time between tries: ConflictException says that an earlier write has not spread
# yet (service model), and what was only just made may not be found for a while.
_WAITS = (1.0, 3.0, 10.0, 20.0)
# Before a deletion is given up: deprovisioning dozens of accounts takes minutes (aws-iam-identity-center-
# extensions, pull request 89).
_PATIENCE = (2.0, 5.0, 10.0, 15.0, *repeat(30.0, 10))
# So many refusals into a deletion, whether anybody is still assigned the set is worth a look.
_DOUBTS = 3
_NAMED = 5
# After these another look tells which edits are left.
_PASSING = (OutcomeUnknown, Conflict, NotFound, Throttled)


@dataclass(slots=True)
class Progress:
    """What was done of an edit, and what is left, for whoever reads that it failed."""

    done: list[str]
    left: Sequence[Edit]
    # Edits whose answers were lost. Looking tells whether they were done: they are left where not.
    lost: list[Edit] = field(default_factory=list)

    def failed(self, arn: str, error: EndedError | ServiceError | str) -> EndedError:
        """The step ends with `error`, in the middle."""
        left = [str(edit) for edit in self.left]
        parts = [str(error)]
        done = [*self.done, *(f"{edit} (its answer was lost)" for edit in self.lost if edit not in self.left)]
        if done:
            parts.append(f"done: {', '.join(done)}")
        if left:
            parts.append(f"not done: {', '.join(left)}")
        if done and left:
            parts.append("the next apply does the rest")
        known = error if isinstance(error, ServiceError) else None
        if isinstance(error, EndedError):
            known, unknown = error.error, error.status is Status.UNKNOWN
        else:
            unknown = isinstance(error, OutcomeUnknown)
        status = Status.UNKNOWN if unknown else Status.PARTLY if done else Status.FAILED
        return EndedError("; ".join(parts), status=status, error=known, remote_id=arn, wrote=bool(done))


class SetWriter:
    """Writes permission sets. `sleep` waits so many seconds of the service's time. Thread-safe."""

    def __init__(self, sso: Sso, sleep: Callable[[float], None]) -> None:
        self._sso, self._sleep = sso, sleep

    def write(self, step: Step, arn: str | None) -> Outcome:
        """Carry out one step; `arn` is None for a create. Raises EndedError, ServiceError."""
        wished = {each.name: each.after for each in step.fields if each.name != "name"}
        if step.action is Action.CREATE:
            return self._create(step, {name: value for name, value in wished.items() if value is not None})
        assert arn is not None, f"{step.id} is about a set that exists"
        if step.action is Action.DELETE:
            return self._delete(step, arn)
        return self._bring(step, arn, wished)

    # Create.

    def _create(self, step: Step, wished: Attributes) -> Outcome:
        name = step.address.own_key
        tags = [
            {"Key": key[len(TAG_PREFIX) :], "Value": value}
            for key, value in sorted(wished.items())
            if key.startswith(TAG_PREFIX)
        ]
        body = {"Name": name, **set_content.definition(wished), **({"Tags": tags} if tags else {})}
        return settle(_Creation(self, step, body, wished), self._sleep)

    def create(self, step: Step, body: Mapping[str, Any], wished: Attributes) -> Outcome:
        """Create a set, then give it its policies. Raises EndedError, ServiceError."""
        arn = str(self._sso.create_permission_set(body)["PermissionSetArn"])
        return self._fill(step, arn, wished, _as_created(step.address.parts[0], wished))

    def _fill(self, step: Step, arn: str, wished: Attributes, live: Attributes) -> Outcome:
        """Give a set that we made its policies."""
        self._bring(step, arn, wished, live, Progress(["create the permission set"], ()))
        return Outcome(step.id, Status.DONE, remote_id=arn)

    def adopt(self, step: Step, arn: str, wished: Attributes, lost: OutcomeUnknown | None) -> Outcome:
        """A set by that name is there: ours if it is exactly as wished, or made by us and not finished."""
        live = looked(lambda: set_content.read(self._sso, arn), lost)
        if live is None:
            raise EndedError(f"a permission set by that name ({arn}) came and went; plan again")
        different = differing(live, wished)
        if not different:
            message = "" if lost else "adopted: it was there already, exactly as planned"
            return Outcome(step.id, Status.DONE, message, remote_id=arn)
        if lost and begun(live, wished):
            return self._fill(step, arn, wished, live)
        raise EndedError(
            f"a permission set by that name is there already ({arn}) and differs in"
            f" {', '.join(different)}; plan again"
        )

    def named(self, name: str) -> str | None:
        """The ARN of the set with this name. No list has names, so each set is asked, the newest first."""
        arns = [arn for page in self._sso.permission_sets() for arn in page]
        for arn in reversed(arns):
            raw = self._sso.permission_set(arn)
            if raw is not None and raw["Name"] == name:
                return arn
        return None

    # Edit.

    def _bring(
        self,
        step: Step,
        arn: str,
        wished: Attributes,
        live: Attributes | None = None,
        progress: Progress | None = None,
    ) -> Outcome:
        """Make the set as wished; `live` is what it is, and `progress` what was done, as far as is known."""
        return settle(_Bringing(self, step, arn, wished, live, progress or Progress([], ())), self._sleep)

    def bring_once(
        self, arn: str, wished: Attributes, live: Attributes | None, progress: Progress, tried: Tried
    ) -> bool:
        """Look, unless it is known what is, and make the edits that are left; False where no set is there.

        Raises EndedError, and ServiceError where another look tells which edits are left.
        """
        if live is None:
            try:
                lost = tried.lost if tried.refusal is None else None
                live = looked(lambda: set_content.read(self._sso, arn, wished.keys()), lost)
            except (EndedError, ServiceError) as error:
                raise progress.failed(arn, error) from error
        if live is None:
            return False
        progress.left = edits(live, wished)
        self._carry_out(arn, progress)
        return True

    def _carry_out(self, arn: str, progress: Progress) -> None:
        """Make the edits that are left. Raises EndedError where another look would not help."""
        while progress.left:
            edit, *rest = progress.left
            try:
                self._edit(arn, edit)
            except OutcomeUnknown:
                progress.lost.append(edit)
                raise
            except _PASSING:
                raise
            except ServiceError as error:
                raise progress.failed(arn, error) from error
            progress.done.append(str(edit))
            progress.left = rest

    def _edit(self, arn: str, edit: Edit) -> None:
        match edit.what:
            case What.PUT_BOUNDARY:
                self._sso.put_permissions_boundary(arn, edit.value)
            case What.DELETE_BOUNDARY:
                self._sso.delete_permissions_boundary(arn)
            case What.ATTACH:
                self._sso.attach(arn, edit.value)
            case What.DETACH:
                self._sso.detach(arn, edit.value)
            case What.PUT_INLINE:
                self._sso.put_inline_policy(arn, edit.value)
            case What.DELETE_INLINE:
                self._sso.delete_inline_policy(arn)
            case What.DEFINE:
                self._sso.update_permission_set(arn, edit.values)
            case What.TAG:
                self._sso.tag(arn, edit.values)
            case What.UNTAG:
                self._sso.untag(arn, list(edit.values))

    # Delete.

    def _delete(self, step: Step, arn: str) -> Outcome:
        return settle(_Deletion(self, self._sso, step, arn), self._sleep)

    def check_unassigned(self, arn: str, conflict: ServiceError) -> None:
        """Raise EndedError where somebody is still assigned the set, so that no waiting helps."""
        accounts = (account for page in self._sso.accounts_of(arn) for account in page)
        assigned = (account for account in accounts if any(self._sso.assignments(account, arn)))
        held = list(islice(assigned, _NAMED))
        if held:
            raise EndedError(
                f"{conflict}; it is still assigned in {', '.join(held)}: remove those assignments first",
                error=conflict,
            )


@dataclass(frozen=True, slots=True)
class _Creation:
    """A set is made; implements Write. A conflict may be with an earlier write that has not spread yet."""

    writer: SetWriter
    step: Step
    body: Mapping[str, Any]
    wished: Attributes

    def send(self, _tried: Tried) -> Outcome:
        return self.writer.create(self.step, self.body, self.wished)

    def is_open(self, refusal: ServiceError) -> bool:
        return isinstance(refusal, Conflict)

    def look(self, _tried: Tried) -> str | None:
        return self.writer.named(self.step.address.parts[0])

    def judge(self, found: str | None, tried: Tried) -> Outcome | None:
        return None if found is None else self.writer.adopt(self.step, found, self.wished, tried.lost)

    def again(self, tried: Tried) -> float | None:
        return _wait(_WAITS, tried)

    def give_up(self, tried: Tried) -> Outcome:
        message = f"the permission set is not there, and cannot be made: {tried.errors[-1]}"
        status = Status.UNKNOWN if tried.lost else Status.FAILED
        raise EndedError(message, status=status, error=tried.errors[-1])


@dataclass(slots=True)
class _Bringing:
    """A set is edited until it is as wished; implements Write. Each sending begins with a look."""

    writer: SetWriter
    step: Step
    arn: str
    wished: Attributes
    live: Attributes | None
    progress: Progress

    def send(self, tried: Tried) -> Outcome:
        known, self.live = self.live, None
        if self.writer.bring_once(self.arn, self.wished, known, self.progress, tried):
            if self.progress.done or self.progress.lost:
                return Outcome(self.step.id, Status.DONE)
            return Outcome(self.step.id, Status.UNNECESSARY, "it was as planned already")
        if self.step.action is Action.CREATE:
            raise NotFound("the permission set cannot be found again")
        raise self.progress.failed(self.arn, "the permission set is gone; plan again")

    def is_open(self, refusal: ServiceError) -> bool:
        return isinstance(refusal, _PASSING)

    def look(self, _tried: Tried) -> None:
        return None

    def judge(self, _found: None, _tried: Tried) -> Outcome | None:
        return None

    def again(self, tried: Tried) -> float | None:
        return _wait(_WAITS, tried)

    def give_up(self, tried: Tried) -> Outcome:
        raise self.progress.failed(self.arn, tried.errors[-1])


@dataclass(frozen=True, slots=True)
class _Deletion:
    """A set is deleted; implements Write."""

    writer: SetWriter
    sso: Sso
    step: Step
    arn: str

    def send(self, tried: Tried) -> Outcome:
        try:
            self.sso.delete_permission_set(self.arn)
        except NotFound:
            if not tried.lost:
                return Outcome(self.step.id, Status.UNNECESSARY, "it is gone already")
        return Outcome(self.step.id, Status.DONE)

    def is_open(self, refusal: ServiceError) -> bool:
        return isinstance(refusal, Conflict)

    def look(self, tried: Tried) -> bool:
        """Whether it is there; who is still assigned it after some refusals is raised."""
        if tried.refusal is None:
            return self.sso.permission_set(self.arn) is not None
        if len(tried.errors) == _DOUBTS or self.again(tried) is None:
            self.writer.check_unassigned(self.arn, tried.refusal)
        return True

    def judge(self, found: bool, _tried: Tried) -> Outcome | None:  # noqa: FBT001  # what `look` saw
        return None if found else Outcome(self.step.id, Status.DONE)

    def again(self, tried: Tried) -> float | None:
        return _wait(_PATIENCE, tried)

    def give_up(self, tried: Tried) -> Outcome:
        error = tried.errors[-1]
        raise EndedError(
            f"{error}; nobody is assigned it any more, so the accounts still take its roles back:"
            " plan again in some minutes",
            error=error,
        )


def _wait(waits: Sequence[float], tried: Tried) -> float | None:
    """Before the next of so many tries; None after the last."""
    return waits[len(tried.errors) - 1] if len(tried.errors) <= len(waits) else None


def _as_created(name: str, wished: Attributes) -> Attributes:
    """What CreatePermissionSet makes of a intent: everything but its policies."""
    plain = ("description", "session_duration", "relay_state")
    return {"name": name} | {
        key: value for key, value in wished.items() if key in plain or key.startswith(TAG_PREFIX)
    }
