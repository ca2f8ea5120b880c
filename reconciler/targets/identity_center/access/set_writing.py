"""Creates, edits and deletes permission sets, and settles by looking what an answer leaves open.

Whatever goes wrong in the middle, the next look tells which edits are left; every edit may be made twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice, repeat
from typing import TypeVar

from reconciler.errors import Conflict, NotFound, OutcomeUnknown, ServiceError, Throttled
from reconciler.model.change import Action
from reconciler.model.plan import Step
from reconciler.model.report import Outcome, Status
from reconciler.model.resources import TAG_PREFIX, Value
from reconciler.targets.identity_center.access import set_content
from reconciler.targets.identity_center.access.api import Sso
from reconciler.targets.identity_center.access.endings import EndedError, unsettled
from reconciler.targets.identity_center.access.set_edits import Edit, What, begun, differing, edits

Attributes = Mapping[str, Value]
Found = TypeVar("Found")

# Seconds of the service's time between tries: ConflictException says that an earlier write has not spread
# yet (service model), and what was only just made may not be found for a while.
_WAITS = (1.0, 3.0, 10.0, 20.0)
# Before a deletion is given up: deprovisioning dozens of accounts takes minutes (aws-iam-identity-center-
# extensions, pull request 89).
_PATIENCE = (2.0, 5.0, 10.0, 15.0, *repeat(30.0, 10))
# So many refusals into a deletion, whether anybody is still assigned the set is worth a look.
_DOUBTS = 3
_NAMED = 5


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
        lost: OutcomeUnknown | None = None
        error: ServiceError | None = None
        for wait in chain(_WAITS, [None]):
            try:
                arn = str(self._sso.create_permission_set(body)["PermissionSetArn"])
                return self._fill(step, arn, wished, _as_created(name, wished))
            except OutcomeUnknown as unknown:
                error = lost = unknown
            except Conflict as taken:
                error = taken
            found = self._look(lambda: self._named(name), lost)
            if found is not None:
                return self._adopt(step, found, wished, lost)
            if wait is not None:
                self._sleep(wait)
        message = f"the permission set is not there, and cannot be made: {error}"
        raise EndedError(message, status=Status.UNKNOWN if lost else Status.FAILED, error=error)

    def _fill(self, step: Step, arn: str, wished: Attributes, live: Attributes) -> Outcome:
        """Give a set that we made its policies."""
        self._bring(step, arn, wished, live, Progress(["create the permission set"], ()))
        return Outcome(step.id, Status.DONE, remote_id=arn)

    def _adopt(self, step: Step, arn: str, wished: Attributes, lost: OutcomeUnknown | None) -> Outcome:
        """A set by that name is there: ours if it is exactly as wished, or made by us and not finished."""
        live = self._look(lambda: set_content.read(self._sso, arn), lost)
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

    def _named(self, name: str) -> str | None:
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
        progress = progress or Progress([], ())
        trouble: ServiceError | None = None
        for wait in chain(_WAITS, [None]):
            lost = trouble if isinstance(trouble, OutcomeUnknown) else None
            known, live = live, None
            if known is None:
                try:
                    known = self._look(lambda: set_content.read(self._sso, arn, wished.keys()), lost)
                except (EndedError, ServiceError) as error:
                    raise progress.failed(arn, error) from error
            if known is not None:
                progress.left = edits(known, wished)
                trouble = self._carry_out(arn, progress)
                if trouble is None:
                    return self._brought(step, progress)
            elif step.action is not Action.CREATE:
                raise progress.failed(arn, "the permission set is gone; plan again")
            if wait is not None:
                self._sleep(wait)
        raise progress.failed(arn, trouble or "the permission set cannot be found again")

    @staticmethod
    def _brought(step: Step, progress: Progress) -> Outcome:
        if progress.done or progress.lost:
            return Outcome(step.id, Status.DONE)
        return Outcome(step.id, Status.UNNECESSARY, "it was as planned already")

    def _carry_out(self, arn: str, progress: Progress) -> ServiceError | None:
        """Make the edits that are left; the error after which another look tells what still is."""
        while progress.left:
            edit, *rest = progress.left
            try:
                self._edit(arn, edit)
            except (OutcomeUnknown, Conflict, NotFound, Throttled) as error:
                if isinstance(error, OutcomeUnknown):
                    progress.lost.append(edit)
                return error
            except ServiceError as error:
                raise progress.failed(arn, error) from error
            progress.done.append(str(edit))
            progress.left = rest
        return None

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
        lost: OutcomeUnknown | None = None
        error: ServiceError | None = None
        for refusals, wait in enumerate(chain(_PATIENCE, [None]), start=1):
            try:
                self._sso.delete_permission_set(arn)
                return Outcome(step.id, Status.DONE)
            except NotFound:
                gone = Outcome(step.id, Status.UNNECESSARY, "it is gone already")
                return Outcome(step.id, Status.DONE) if lost else gone
            except OutcomeUnknown as unknown:
                error = lost = unknown
                if self._look(lambda: self._sso.permission_set(arn), lost) is None:
                    return Outcome(step.id, Status.DONE)
            except Conflict as conflict:
                error = conflict
                if refusals == _DOUBTS or wait is None:
                    self._still_assigned(arn, conflict)
            if wait is not None:
                self._sleep(wait)
        raise EndedError(
            f"{error}; nobody is assigned it any more, so the accounts still take its roles back:"
            " plan again in some minutes",
            error=error,
        )

    def _still_assigned(self, arn: str, conflict: Conflict) -> None:
        """Raise EndedError where somebody is still assigned the set, so that no waiting helps."""
        accounts = (account for page in self._sso.accounts_of(arn) for account in page)
        assigned = (account for account in accounts if any(self._sso.assignments(account, arn)))
        held = list(islice(assigned, _NAMED))
        if held:
            raise EndedError(
                f"{conflict}; it is still assigned in {', '.join(held)}: remove those assignments first",
                error=conflict,
            )

    def _look(self, look: Callable[[], Found], lost: OutcomeUnknown | None) -> Found:
        try:
            return look()
        except ServiceError as error:
            if lost is None:
                raise
            raise unsettled(lost, error) from error


def _as_created(name: str, wished: Attributes) -> Attributes:
    """What CreatePermissionSet makes of a intent: everything but its policies."""
    plain = ("description", "session_duration", "relay_state")
    return {"name": name} | {
        key: value for key, value in wished.items() if key in plain or key.startswith(TAG_PREFIX)
    }
