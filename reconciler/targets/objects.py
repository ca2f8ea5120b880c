"""Creates, changes and deletes users and groups through any channel, and settles what an answer leaves open.

Users and groups are found by a name that nobody else can have, so a request that was carried out late after
all makes the second one a conflict, never a second object.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, TypeVar

from reconciler.errors import Conflict, NotFound, OutcomeUnknown, ServiceError
from reconciler.model.address import Address, Kind
from reconciler.model.change import Action
from reconciler.model.plan import Step
from reconciler.model.report import Outcome, Status
from reconciler.model.resources import Attributes, Value
from reconciler.targets.settlement import PATIENCE, Sleep, Tried, few, patiently, settle

Raw = Mapping[str, Any]
CHANGED_MEANWHILE = "it was changed by somebody else meanwhile; plan again"


@dataclass(frozen=True, slots=True)
class Intent:
    """A step made ready: what the object shall be, by our names, with the manager by remote id.

    `version` is the mark under which it was last read, None where there is none to hold against.
    """

    step: Step
    kind: Kind
    identifier: str
    attributes: Mapping[str, Value]
    version: str | None = None

    @abstractmethod
    def live(self, raw: Raw) -> Mapping[str, Value]:
        """A live object by our names."""

    @abstractmethod
    def version_of(self, raw: Raw) -> str | None:
        """The mark that a live object shows."""

    def shares(self, raw: Raw, name: str, *, has: Value, lacks: Value) -> bool:
        """Whether a list of which one entry is git's holds that entry, or (None) the other one no more."""
        del raw, name, has, lacks
        return False

    def done(self, message: str = "", *, remote_id: str = "", version: str | None = None) -> Outcome:
        """It is as wished, by our hand."""
        return Outcome(self.step.id, Status.DONE, message, remote_id, version=version or "")

    def unnecessary(self, message: str, *, remote_id: str = "", version: str | None = None) -> Outcome:
        """It was as wished."""
        return Outcome(self.step.id, Status.UNNECESSARY, message, remote_id, version=version or "")

    def failed(self, error: ServiceError | str, *, moved: bool = False) -> Outcome:
        """It is not as wished; `error` says why."""
        request_id = error.request_id if isinstance(error, ServiceError) else ""
        return Outcome(self.step.id, Status.FAILED, str(error), request_id=request_id, moved=moved)

    def differing(self, raw: Raw) -> list[str]:
        """The attributes in which the live object is not as wished."""
        live, wished = self.live(raw), as_read(self.attributes)
        before = {each.name: each.before for each in self.step.fields}
        return [
            name
            for name in self.attributes
            if live.get(name) != wished.get(name)
            and not self.shares(raw, name, has=wished.get(name), lacks=before.get(name))
        ]

    def untouched(self, raw: Raw) -> bool:
        """Whether the live object still is as it was before our request."""
        version = self.version_of(raw)
        if self.version is not None and version is not None:
            return version == self.version
        live = self.live(raw)
        before = as_read({each.name: each.before for each in self.step.fields})
        # The manager's before is a key of git's, the live one a remote id; the others tell enough.
        return all(
            live.get(name) == before.get(name)
            or self.shares(raw, name, has=before.get(name), lacks=self.attributes[name])
            for name in self.attributes
            if name != "manager"
        )


OfIntent_contra = TypeVar("OfIntent_contra", bound=Intent, contravariant=True)
Made = TypeVar("Made", bound=Intent)


class Objects(Protocol[OfIntent_contra]):
    """The users and groups of one channel: its requests, and how it tells one conflict from another."""

    def create(self, intent: OfIntent_contra) -> tuple[str, str | None]:
        """Create it; its remote id and mark. Raises ServiceError."""

    def update(self, intent: OfIntent_contra, silent: int) -> str | None:
        """Change it; its mark. Raises ServiceError. So many `silent` requests had no answer and no effect."""

    def delete(self, intent: OfIntent_contra) -> None:
        """Delete it. Raises ServiceError, NotFound where it is gone."""

    def get(self, intent: OfIntent_contra) -> Raw | None:
        """The object as it is now; None where it is gone. Raises ServiceError."""

    def named(self, intent: OfIntent_contra, *, lost: bool) -> Sequence[Raw] | None:
        """The objects of the wished name; None where there are none. `lost`: one may just have been made."""

    def lags(self, *, lost: bool) -> bool:
        """Whether what a create met must be there, though no look shows it yet."""

    def adopt(self, intent: OfIntent_contra, found: Sequence[Raw], *, lost: bool) -> Outcome:
        """How a create ends that found objects of its name: ours if one of them is exactly as wished."""

    def mark(self, raw: Raw) -> str | None:
        """The mark of an object as it is told to apply."""

    def is_taken(self, refusal: ServiceError) -> bool:
        """Whether a create was refused because the name is taken: looking shows by what."""

    def may_be_done(self, conflict: Conflict) -> bool:
        """Whether a change that conflicts may be there all the same, so that a look is worth it."""

    def is_outdated(self, conflict: ServiceError) -> bool:
        """Whether a change conflicts because the object changed since it was read."""

    def holder(self, intent: OfIntent_contra) -> str:
        """What to add to a refusal of something that is taken, to make it helpful."""

    def gave_up(self, lost: OutcomeUnknown | None) -> tuple[Status, str]:
        """How something ends that was sent TRIES times, while each look showed nothing done."""


@dataclass(frozen=True, slots=True)
class _Write(Generic[Made]):
    """What the writes of one object share; see Write."""

    to: Objects[Made]
    intent: Made
    sleep: Sleep

    def again(self, tried: Tried) -> float | None:
        return few(tried)

    def give_up(self, tried: Tried) -> Outcome:
        status, message = self.to.gave_up(tried.lost)
        return Outcome(self.intent.step.id, status, message)


class _Create(_Write[Made]):
    def send(self, _tried: Tried) -> Outcome:
        try:
            identifier, version = self.to.create(self.intent)
        except Conflict as error:
            if self.to.is_taken(error):
                raise
            return self.intent.failed(error, moved=True)
        return self.intent.done(remote_id=identifier, version=version)

    def is_open(self, refusal: ServiceError) -> bool:
        return self.to.is_taken(refusal)

    def look(self, tried: Tried) -> Sequence[Raw] | None:
        lost = tried.lost is not None

        def named() -> Sequence[Raw] | None:
            return self.to.named(self.intent, lost=lost)

        return patiently(named, self.sleep) if self.to.lags(lost=lost) else named()

    def judge(self, found: Sequence[Raw] | None, tried: Tried) -> Outcome | None:
        if found:
            return self.to.adopt(self.intent, found, lost=tried.lost is not None)
        if tried.refusal is None:
            return None
        failed = self.intent.failed(tried.refusal)
        return replace(failed, message=f"{failed.message}{self.to.holder(self.intent)}")


class _Update(_Write[Made]):
    def send(self, tried: Tried) -> Outcome:
        silent = sum(isinstance(error, OutcomeUnknown) for error in tried.errors)
        return self.intent.done(version=self.to.update(self.intent, silent))

    def is_open(self, refusal: ServiceError) -> bool:
        return isinstance(refusal, Conflict) and self.to.may_be_done(refusal)

    def look(self, _tried: Tried) -> Raw | None:
        return self.to.get(self.intent)

    def judge(self, found: Raw | None, tried: Tried) -> Outcome | None:
        intent, refusal = self.intent, tried.refusal
        if found is not None and not intent.differing(found):
            version = self.to.mark(found)
            if refusal is None:
                return intent.done(version=version)
            # Delivered twice, or somebody else did the same.
            end = intent.unnecessary if tried.lost is None else intent.done
            return end("it was as planned already", version=version)
        if refusal is not None:
            return intent.failed(refusal, moved=self.to.is_outdated(refusal))
        if found is None:
            return intent.failed("it is gone")
        return None if intent.untouched(found) else intent.failed(CHANGED_MEANWHILE, moved=True)


class _Delete(_Write[Made]):
    def send(self, tried: Tried) -> Outcome:
        try:
            self.to.delete(self.intent)
        except NotFound:
            return self.intent.done() if tried.lost else self.intent.unnecessary("it is gone already")
        except Conflict as error:
            return self.intent.failed(error, moved=True)
        return self.intent.done()

    def is_open(self, _refusal: ServiceError) -> bool:
        return False

    def look(self, _tried: Tried) -> Raw | None:
        return self.to.get(self.intent)

    def judge(self, found: Raw | None, _tried: Tried) -> Outcome | None:
        if found is None:
            return self.intent.done()
        if self.intent.version is not None and not self.intent.untouched(found):
            return self.intent.failed(CHANGED_MEANWHILE, moved=True)
        return None


def write(to: Objects[Made], intent: Made, sleep: Sleep) -> Outcome:
    """Create, change or delete one object. Raises EndedError, ServiceError."""
    match intent.step.action:
        case Action.CREATE:
            return visible(lambda: create(to, intent, sleep), sleep)
        case Action.UPDATE:
            return visible(lambda: settle(_Update(to, intent, sleep), sleep), sleep)
        case _:
            return settle(_Delete(to, intent, sleep), sleep)


def create(to: Objects[Made], intent: Made, sleep: Sleep, lost: OutcomeUnknown | None = None) -> Outcome:
    """Create one object; `lost` says that it was tried before. Raises EndedError, ServiceError."""
    return settle(_Create(to, intent, sleep), sleep, lost)


def visible(work: Callable[[], Outcome], sleep: Sleep) -> Outcome:
    """Do `work`, again after a while where something is not found that was perhaps only just made."""
    for seconds in PATIENCE:
        try:
            return work()
        except NotFound:
            sleep(seconds)
    return work()


def wished(step: Step, ids: Mapping[Address, str]) -> dict[str, Value]:
    """What the fields of a step shall be, with the manager by remote id."""
    attributes = {each.name: each.after for each in step.fields}
    if attributes.get("manager") is not None:
        attributes["manager"] = ids[step.refs["manager"]]
    return attributes


def as_read(attributes: Attributes) -> dict[str, Value]:
    """`attributes` as a read would show them: what is None or empty is absent, also inside an address."""
    found: dict[str, Value] = {}
    for name, value in attributes.items():
        if isinstance(value, Mapping):
            parts = {part: text for part, text in value.items() if text}
            if parts:
                found[name] = parts
        elif isinstance(value, (tuple, list)):
            if value:
                found[name] = tuple(value)
        elif value not in (None, ""):
            found[name] = value
    return found
