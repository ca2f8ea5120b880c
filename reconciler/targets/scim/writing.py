"""Carries out one step on a user or a group, and settles by looking what an answer leaves open.

A request whose answer was lost is sent again only after a look has shown that it did nothing. Where the
service has no PATCH, or answers none, the whole object is read, changed and put back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

from reconciler.errors import Conflict, NotFound, OutcomeUnknown, Rejected, ServiceError
from reconciler.model.address import Address, Kind
from reconciler.model.capabilities import Capabilities
from reconciler.model.change import Action
from reconciler.model.plan import Step
from reconciler.model.report import Outcome
from reconciler.targets.scim import mapping, patching, wishes
from reconciler.targets.scim.api import Service
from reconciler.targets.scim.creating import TAKEN, Shapes
from reconciler.targets.scim.extending import Extending
from reconciler.targets.scim.habits import Habits
from reconciler.targets.scim.lookup import Lookup
from reconciler.targets.scim.mapping import Raw
from reconciler.targets.scim.new_ids import NewIds
from reconciler.targets.scim.preconditions import Preconditions
from reconciler.targets.scim.wishes import (
    MOVED,
    PATIENCE,
    TRIES,
    UnsettledError,
    Wish,
    in_trouble,
    settle,
    who,
)
from reconciler.wire.pool import Guarded

# Of a refused PATCH these say that what is wished is wrong, however it is sent.
_FINAL = frozenset((TAKEN, "mutability", "invalidValue", "sensitive", "invalidVers"))
_SILENT = 2  # so many times a PATCH may stay without an answer and without an effect


class Writer:
    """Writes users and groups of one service. `sleep` waits so many seconds of its time. Thread-safe.

    `hides_members` tells of a group as it shows itself whether it lacks members that it has, `members`
    who is in the group of an id.
    """

    def __init__(
        self,
        service: Service,
        capabilities: Callable[[], Capabilities],
        sleep: Callable[[float], None],
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

    def submit(self, step: Step, ids: Mapping[Address, str], versions: Mapping[Address, str]) -> Outcome:
        """Carry out one step; nothing is raised for what the service says."""
        try:
            wish = self.wish(step, ids, versions)
            if isinstance(wish, Outcome):
                return wish
            if step.action is Action.DELETE:
                return self._delete(wish)
            work = self.create if step.action is Action.CREATE else self._update
            return self._visible(lambda: work(wish))
        except (UnsettledError, ServiceError) as error:
            return in_trouble(step, error)

    def wish(self, step: Step, ids: Mapping[Address, str], versions: Mapping[Address, str]) -> Wish | Outcome:
        """A step made ready; an Outcome where it asks for what this channel cannot write."""
        attributes = {each.name: each.after for each in step.fields}
        if attributes.get("manager") is not None:
            attributes["manager"] = ids[step.refs["manager"]]
        wish = Wish(
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
        known = can.user_attributes | {"active"} if wish.kind is Kind.USER else can.group_attributes
        self._service.names.written(wish.kind, wish.identifier, attributes)
        if refused := attributes.keys() - known:
            names = ", ".join(sorted(refused))
            return wish.failed(f"{self._service.profile.title} takes no {names}; leave it out of git")
        return wish

    def _visible(self, work: Callable[[], Outcome]) -> Outcome:
        """Do `work`, again after a while where something is not found that was perhaps only just made."""
        for seconds in PATIENCE:
            try:
                return work()
            except NotFound:
                self._sleep(seconds)
        return work()

    # Creating.

    def create(self, wish: Wish, lost: OutcomeUnknown | None = None) -> Outcome:
        """Create an object; `lost` says that it was tried before, so that a look comes first."""
        for attempt in range(TRIES):
            taken: ServiceError | None = None
            if lost is None or attempt:
                try:
                    made, raw = self.shapes.create(wish)
                    return wish.done(remote_id=self.ids.own(wish, made), version=self.version(raw))
                except OutcomeUnknown as error:
                    lost = error
                except Conflict as error:
                    taken = error
                except Rejected as error:
                    if error.reason != TAKEN:
                        raise
                    taken = error
            # What is taken was there before; what was lost may just have been made.
            look = partial(self._lookup.named, wish, fresh=lost is not None)
            found = settle(look, lost, self._sleep, expected=lost is not None)
            if found:
                return self._adopt(wish, found, lost)
            if taken is not None:
                return wish.failed(taken)
        return wish.unknown(lost)

    def _adopt(self, wish: Wish, found: Sequence[Raw], lost: OutcomeUnknown | None) -> Outcome:
        """Objects of that name are there: ours if one of them is exactly as wished."""
        what, ours = str(wish.kind), lost is not None
        alike = [raw for raw in found if not self._differing(wish, raw, ours=ours)]
        if len(alike) == 1:
            identifier = mapping.identifier(alike[0]) or ""
            # Nobody can be in a group that we made just now, and nobody has reviewed who is in any other.
            given = {wish.member} if self.shapes.wants_members else set()
            if wish.kind is Kind.GROUP and set(self._members(identifier)) - given:
                return wish.failed(
                    f"a group by that name is there already ({identifier}) and has members; plan again"
                )
            message = "" if lost else "adopted: it was there already, exactly as planned"
            return wish.done(message, remote_id=identifier, version=self.version(alike[0]))
        if alike:
            return wish.failed(
                f"{len(alike)} {what}s of that name are there; remove all but one, and plan again"
            )
        differing = ", ".join(self._differing(wish, found[0], ours=ours))
        return wish.failed(
            f"a {what} by that name is there already ({mapping.identifier(found[0])}) and differs in "
            f"{differing}; plan again"
        )

    @staticmethod
    def _differing(wish: Wish, raw: Raw, *, ours: bool) -> list[str]:
        # Whoever is created is active; whoever is found disabled was disabled by somebody.
        disabled = ["active"] if wish.kind is Kind.USER and mapping.active(raw) is False else []
        spelled = wish.spelled(raw, ours=ours)
        return [*(each for each in wish.differing(raw) if each != spelled), *disabled]

    # Changing.

    def _update(self, wish: Wish) -> Outcome:
        lost: OutcomeUnknown | None = None
        silent = 0
        for _ in range(TRIES):
            try:
                raw = self._send(wish, by_put=silent >= _SILENT)
                return wish.done(version=self.version(raw))
            except OutcomeUnknown as error:
                lost = error
                silent += 1
                raw = settle(lambda: self._get(wish), lost, self._sleep)
                if raw is None:
                    return wish.failed("it is gone")
                if not wish.differing(raw):
                    return wish.done(version=self.version(raw))
                if not wish.untouched(raw):
                    return wish.failed("it was changed by somebody else meanwhile; plan again", moved=True)
            except Conflict as error:
                raw = self._get(wish)
                if raw is not None and not wish.differing(raw):
                    # Delivered twice, or somebody else did the same.
                    end = wish.unnecessary if lost is None else wish.done
                    return end("it was as planned already", version=self.version(raw))
                return wish.failed(error, moved=error.reason == MOVED)
        return wish.unknown(lost)

    def _send(self, wish: Wish, *, by_put: bool) -> Raw | None:
        """Change it; where that is refused for something that can be avoided, once more without it."""
        taken = self.shapes.taken(wish)
        try:
            return self._send_once(taken, by_put=by_put)
        except Rejected as refusal:
            return self.shapes.avoiding(taken, refusal, lambda less: self._send_once(less, by_put=by_put))

    def _send_once(self, wish: Wish, *, by_put: bool) -> Raw | None:
        """Change it by PATCH, or by PUT where there is no PATCH; the resource where the answer shows it."""
        can_put = self.can_put(wish.kind)
        if by_put and can_put:
            raw = self._put(wish)
            self.forget_patch(wish.kind)
            return raw
        if not self.can_patch(wish.kind):
            if not can_put:
                raise Rejected("the service has neither PATCH nor PUT", target=self._service.target)
            return self._put(wish)
        try:
            return self._extending.patch(wish, self._patch, self._put if can_put else None)
        except NotFound:
            # The object is not there, or the method is not.
            if not can_put or self._get(wish) is None:
                raise
            missing = True
        except Rejected as refusal:
            missing = refusal.code in ("404", "405", "501")
            if not can_put or not (missing or (refusal.code == "400" and refusal.reason not in _FINAL)):
                raise
            if not missing:
                # The service did not like this PATCH; what it says of that counts, unless a PUT works.
                try:
                    return self._put(wish)
                except Rejected:
                    raise refusal from None
        raw = self._put(wish)
        self.forget_patch(wish.kind)
        return raw

    def _patch(self, wish: Wish) -> Raw | None:
        before = {each.name: each.before for each in wish.step.fields}
        if wish.kind is Kind.GROUP:
            operations = patching.group_operations(wish.attributes, before)
        else:
            live = self._get(wish) if patching.keeps_more(wish.attributes) else {}
            if live is None:
                raise NotFound("the user is gone", target=self._service.target, request="scim.GetUser")
            operations = patching.user_operations(wish.attributes, before, live, self._service.profile)
            operations = self.shapes.shaped(operations, live)
        if not operations:
            return None
        return self.preconditions.send(
            wish.kind,
            wish.identifier,
            wish.version,
            lambda version: self._service.patch(wish.kind, wish.identifier, operations, version=version),
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
            raise Rejected(wishes.UNREADABLE, target=self._service.target)
        return raw

    def _put(self, wish: Wish) -> Raw | None:
        if wish.kind is Kind.USER:
            return self._put_back(wish, self._get(wish))
        with self.alone(wish.identifier):
            return self._put_back(wish, self.whole_group(wish.identifier))

    def _put_back(self, wish: Wish, raw: Raw | None) -> Raw | None:
        if raw is None:
            raise NotFound("it is gone", target=self._service.target, request=f"scim.Get{wish.kind.title()}")
        if wish.version is not None and mapping.version(raw) not in (None, wish.version):
            raise Conflict("it was changed since it was read", target=self._service.target, reason=MOVED)
        if wish.kind is Kind.GROUP:
            body = patching.whole_group(raw, wish.attributes)
        else:
            before = {each.name: each.before for each in wish.step.fields}
            body = patching.whole_user(raw, wish.attributes, before, self._service.profile)
            body = self.shapes.shaped(body, raw)
        return self.preconditions.send(
            wish.kind,
            wish.identifier,
            wish.version,
            lambda version: self._service.put(wish.kind, wish.identifier, body, version=version),
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

    def _delete(self, wish: Wish) -> Outcome:
        lost: OutcomeUnknown | None = None
        for _ in range(TRIES):
            try:
                self.preconditions.send(
                    wish.kind,
                    wish.identifier,
                    wish.version,
                    lambda version: self._service.delete(wish.kind, wish.identifier, version=version),
                )
                return wish.done()
            except NotFound:
                return wish.done() if lost else wish.unnecessary("it is gone already")
            except OutcomeUnknown as error:
                lost = error
                raw = settle(lambda: self._get(wish), lost, self._sleep)
                if raw is None:
                    return wish.done()
                if wish.version is not None and not wish.untouched(raw):
                    return wish.failed("it was changed by somebody else meanwhile; plan again", moved=True)
            except Conflict as error:
                return wish.failed(error, moved=True)
        return wish.unknown(lost)

    def _get(self, wish: Wish) -> Raw | None:
        return self._service.get(wish.kind, wish.identifier)

    def version(self, raw: Raw | None) -> str | None:
        """The mark of a resource that an answer showed, where the service has marks."""
        return mapping.version(raw) if raw is not None and self._service.traits().etag else None
