"""The requests on users and groups of a SCIM service.

Where the service has no PATCH, or answers none, the whole object is read, changed and put back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from reconciler.errors import Conflict, NotFound, OutcomeUnknown, Rejected, ServiceError
from reconciler.model.address import Address, Kind
from reconciler.model.capabilities import Capabilities
from reconciler.model.change import Action
from reconciler.model.plan import Step
from reconciler.model.report import Outcome, Status
from reconciler.targets import objects
from reconciler.targets.scim import intents, mapping, patching
from reconciler.targets.scim.api import Service
from reconciler.targets.scim.creating import TAKEN, Shapes
from reconciler.targets.scim.extending import Extending
from reconciler.targets.scim.habits import Habits
from reconciler.targets.scim.intents import MOVED, WriteIntent, gave_up, who
from reconciler.targets.scim.lookup import Lookup, NewIds
from reconciler.targets.scim.mapping import Raw
from reconciler.targets.scim.preconditions import Preconditions
from reconciler.targets.settlement import EndedError, Sleep, ended
from reconciler.wire.pool import Guarded

# Of a refused PATCH these say that what is wished is wrong, however it is sent.
_FINAL = frozenset((TAKEN, "mutability", "invalidValue", "sensitive", "invalidVers"))
_ByAddress = Mapping[Address, str]
_SILENT = 2  # so many times a PATCH may stay without an answer and without an effect


class Writer:
    """Writes users and groups of one service; implements Objects. Thread-safe.

    `sleep` waits so many seconds of the service's time. `hides_members` tells of a group as it shows itself
    whether it lacks members that it has, `members` who is in the group of an id.
    """

    def __init__(
        self,
        service: Service,
        capabilities: Callable[[], Capabilities],
        sleep: Sleep,
        extensions: Sequence[str] = (),
        *,
        habits: Habits,
        hides_members: Callable[[Raw], bool],
        members: Callable[[str], Collection[str]],
    ) -> None:
        self._service, self._capabilities, self._sleep = service, capabilities, sleep
        self._extensions = tuple(extensions)
        self._hides_members, self._members = hides_members, members
        self._extending = Extending(service, habits)
        self.shapes = Shapes(service, habits, lambda: capabilities().required)
        self._groups: Guarded[dict[str, Guarded[None]]] = Guarded({})
        self._lookup = Lookup(service)
        self.ids = NewIds(service, self._lookup)
        self.preconditions = Preconditions(service)
        # The kinds of which a PATCH was seen not to work.
        self._unpatchable: Guarded[set[Kind]] = Guarded(set())

    def submit(self, step: Step, ids: _ByAddress, versions: _ByAddress) -> Outcome:
        """Carry out one step; nothing is raised for what the service says."""
        try:
            intent = self.intent(step, ids, versions)
            return intent if isinstance(intent, Outcome) else objects.write(self, intent, self._sleep)
        except (EndedError, ServiceError) as error:
            return ended(step, error)

    def create_after(self, intent: WriteIntent, lost: OutcomeUnknown | None) -> Outcome:
        """Create an object; `lost` says that it was tried before, so that a look comes first."""
        try:
            return objects.create(self, intent, self._sleep, lost)
        except (EndedError, ServiceError) as error:
            return ended(intent.step, error)

    def intent(self, step: Step, ids: _ByAddress, versions: _ByAddress) -> WriteIntent | Outcome:
        """A step made ready; an Outcome where it asks for what this channel cannot write."""
        attributes = objects.wished(step, ids)
        intent = WriteIntent(
            step=step,
            kind=step.address.kind,
            identifier="" if step.action is Action.CREATE else ids[step.address],
            attributes=attributes,
            version=versions.get(step.address) if self._service.traits().etag else None,
            extensions=self._extensions,
            member=next((ids[one] for each in step.entering if (one := who(each)) in ids), ""),
            manager_value=self._service.profile.manager_value,
        )
        can = self._capabilities()
        known = can.user_attributes | {"active"} if intent.kind is Kind.USER else can.group_attributes
        self._service.names.written(intent.kind, intent.identifier, attributes)
        if refused := attributes.keys() - known:
            names = ", ".join(sorted(refused))
            return intent.failed(f"{self._service.profile.title} takes no {names}; leave it out of git")
        return intent

    # Creating.

    def create(self, intent: WriteIntent) -> tuple[str, str | None]:
        """POST, in a form that the service takes; see Objects."""
        made, raw = self.shapes.create(intent)
        return self.ids.own(intent, made), self.mark(raw)

    def named(self, intent: WriteIntent, *, lost: bool) -> Sequence[Raw] | None:
        """The objects of that name; what is taken was there before, what was lost may just have been made."""
        return self._lookup.named(intent, fresh=lost)

    def lags(self, *, lost: bool) -> bool:
        """Only what was lost may not be shown yet; see Objects."""
        return lost

    def is_taken(self, refusal: ServiceError) -> bool:
        """A conflict, or what says so in other words; see Objects."""
        return isinstance(refusal, Conflict) or (isinstance(refusal, Rejected) and refusal.reason == TAKEN)

    def may_be_done(self, _conflict: Conflict) -> bool:
        """Services name no reason that excludes it; see Objects."""
        return True

    def is_outdated(self, conflict: ServiceError) -> bool:
        """A precondition that fails; see Objects."""
        return conflict.reason == MOVED

    def holder(self, _intent: WriteIntent) -> str:
        """Nobody says by whom something is taken; see Objects."""
        return ""

    def gave_up(self, lost: OutcomeUnknown | None) -> tuple[Status, str]:
        """In the service's words, where it has any; see Objects."""
        return gave_up(lost)

    def adopt(self, intent: WriteIntent, found: Sequence[Raw], *, lost: bool) -> Outcome:
        """Objects of that name are there: ours if one of them is exactly as wished."""
        what = str(intent.kind)
        alike = [raw for raw in found if not self._differing(intent, raw, ours=lost)]
        if len(alike) == 1:
            identifier = mapping.identifier(alike[0]) or ""
            # Nobody can be in a group that we made just now, and nobody has reviewed who is in any other.
            given = {intent.member} if self.shapes.wants_members else set()
            if intent.kind is Kind.GROUP and set(self._members(identifier)) - given:
                said = f"a group by that name is there already ({identifier}) and has members; plan again"
                return intent.failed(said)
            message = "" if lost else "adopted: it was there already, exactly as planned"
            return intent.done(message, remote_id=identifier, version=self.mark(alike[0]))
        if alike:
            said = f"{len(alike)} {what}s of that name are there; remove all but one, and plan again"
            return intent.failed(said)
        differing = ", ".join(self._differing(intent, found[0], ours=lost))
        return intent.failed(
            f"a {what} by that name is there already ({mapping.identifier(found[0])}) and differs in "
            f"{differing}; plan again"
        )

    @staticmethod
    def _differing(intent: WriteIntent, raw: Raw, *, ours: bool) -> list[str]:
        # Whoever is created is active; whoever is found disabled was disabled by somebody.
        disabled = ["active"] if intent.kind is Kind.USER and mapping.active(raw) is False else []
        spelled = intent.spelled(raw, ours=ours)
        return [*(each for each in intent.differing(raw) if each != spelled), *disabled]

    # Changing.

    def update(self, intent: WriteIntent, silent: int) -> str | None:
        """PATCH, or PUT where a PATCH did nothing; see Objects."""
        return self.mark(self._send(intent, by_put=silent >= _SILENT))

    def _send(self, intent: WriteIntent, *, by_put: bool) -> Raw | None:
        """Change it; where that is refused for something that can be avoided, once more without it."""
        taken = self.shapes.taken(intent)
        try:
            return self._send_once(taken, by_put=by_put)
        except Rejected as refusal:
            return self.shapes.avoiding(taken, refusal, lambda less: self._send_once(less, by_put=by_put))

    def _send_once(self, intent: WriteIntent, *, by_put: bool) -> Raw | None:
        """Change it by PATCH, or by PUT where there is no PATCH; the resource where the answer shows it."""
        can_put = self.can_put(intent.kind)
        if by_put and can_put:
            raw = self._put(intent)
            self.forget_patch(intent.kind)
            return raw
        if not self.can_patch(intent.kind):
            if not can_put:
                raise Rejected("the service has neither PATCH nor PUT", target=self._service.target)
            return self._put(intent)
        try:
            return self._extending.patch(intent, self._patch, self._put if can_put else None)
        except NotFound:
            # The object is not there, or the method is not.
            if not can_put or self.get(intent) is None:
                raise
            missing = True
        except Rejected as refusal:
            missing = refusal.code in ("404", "405", "501")
            if not can_put or not (missing or (refusal.code == "400" and refusal.reason not in _FINAL)):
                raise
            if not missing:
                # The service did not like this PATCH; what it says of that counts, unless a PUT works.
                try:
                    return self._put(intent)
                except Rejected:
                    raise refusal from None
        raw = self._put(intent)
        self.forget_patch(intent.kind)
        return raw

    def _patch(self, intent: WriteIntent) -> Raw | None:
        before = {each.name: each.before for each in intent.step.fields}
        if intent.kind is Kind.GROUP:
            operations = patching.group_operations(intent.attributes, before)
        else:
            live = self.get(intent) if patching.keeps_more(intent.attributes) else {}
            if live is None:
                raise NotFound("the user is gone", target=self._service.target, request="scim.GetUser")
            operations = patching.user_operations(intent.attributes, before, live, self._service.profile)
            operations = self.shapes.shaped(operations, live)
        if not operations:
            return None
        return self.preconditions.send(
            intent.kind,
            intent.identifier,
            intent.version,
            lambda version: self._service.patch(intent.kind, intent.identifier, operations, version=version),
        )

    def alone(self, group: str) -> Guarded[None]:
        """Held by whoever reads a group, changes it and puts it back: others would be undone by that."""
        with self._groups as groups:
            return groups.setdefault(group, Guarded(None))

    def whole_group(self, group: str) -> Raw:
        """A group that is to be put back as a whole.

        Raises NotFound where it is gone, and Rejected where it does not show its members: they would go.
        """
        raw = self._service.get(Kind.GROUP, group)
        if raw is None:
            raise NotFound("the group is gone", code="404", target=self._service.target)
        if self._hides_members(raw):
            raise Rejected(intents.UNREADABLE, target=self._service.target)
        return raw

    def _put(self, intent: WriteIntent) -> Raw | None:
        if intent.kind is Kind.USER:
            return self._put_back(intent, self.get(intent))
        with self.alone(intent.identifier):
            return self._put_back(intent, self.whole_group(intent.identifier))

    def _put_back(self, intent: WriteIntent, raw: Raw | None) -> Raw | None:
        if raw is None:
            request = f"scim.Get{intent.kind.title()}"
            raise NotFound("it is gone", target=self._service.target, request=request)
        if intent.version is not None and mapping.version(raw) not in (None, intent.version):
            raise Conflict("it was changed since it was read", target=self._service.target, reason=MOVED)
        if intent.kind is Kind.GROUP:
            body = patching.whole_group(raw, intent.attributes)
        else:
            before = {each.name: each.before for each in intent.step.fields}
            body = patching.whole_user(raw, intent.attributes, before, self._service.profile)
            body = self.shapes.shaped(body, raw)
        return self.preconditions.send(
            intent.kind,
            intent.identifier,
            intent.version,
            lambda version: self._service.put(intent.kind, intent.identifier, body, version=version),
        )

    def can_patch(self, kind: Kind) -> bool:
        """Whether a PATCH is worth a try."""
        with self._unpatchable as kinds:
            return self._service.traits().patch and kind not in kinds

    def can_put(self, kind: Kind) -> bool:
        """Whether the service has PUT."""
        return self._service.profile.puts(kind)

    def forget_patch(self, kind: Kind) -> None:
        """A PUT did what a PATCH did not: no further PATCH in this run."""
        with self._unpatchable as kinds:
            kinds.add(kind)

    # Deleting.

    def delete(self, intent: WriteIntent) -> None:
        """DELETE, on the version where there is one; see Objects."""
        self.preconditions.send(
            intent.kind,
            intent.identifier,
            intent.version,
            lambda version: self._service.delete(intent.kind, intent.identifier, version=version),
        )

    def get(self, intent: WriteIntent) -> Raw | None:
        """GET by id; see Objects."""
        return self._service.get(intent.kind, intent.identifier)

    def mark(self, raw: Raw | None) -> str | None:
        """The mark of a resource that an answer showed, where the service has marks."""
        return mapping.version(raw) if raw is not None and self._service.traits().etag else None
