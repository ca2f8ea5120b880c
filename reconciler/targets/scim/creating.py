"""What a creation sends, and once more in a form that avoids what the service refuses by name."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from reconciler.errors import Rejected
from reconciler.model.address import Kind
from reconciler.targets.scim import patching, refusals
from reconciler.targets.scim.api import Service
from reconciler.targets.scim.habits import Habits
from reconciler.targets.scim.intents import WriteIntent
from reconciler.targets.scim.mapping import SHARED, Raw, find, path_of
from reconciler.targets.scim.refusals import Avoided

# Some say that a name is taken with 400, and this reason (RFC 7644 section 3.12).
TAKEN = "uniqueness"
# Beside the random part: one of each kind of character that password rules ask for.
_PASSWORD_RULES = "aA1!"  # noqa: S105  # no password by itself
# The habit of taking no group without a member.
_CREATION, _WITH_MEMBER = "group-creation", "member"
_LEFT_OUT = "without"
# So many things one write is sent again without.
_MOST = 5

Sent = TypeVar("Sent")


class Shapes:
    """Bodies as one service takes them. Thread-safe."""

    def __init__(self, service: Service, habits: Habits, required: Callable[[], Collection[str]]) -> None:
        self._service, self._habits, self._required = service, habits, required

    @property
    def wants_members(self) -> bool:
        """Whether the service takes no group without a member, as it says or was seen to do."""
        return self._habits.how(_CREATION) == _WITH_MEMBER or self._service.known.members_required

    def body(self, intent: WriteIntent) -> dict[str, Any]:
        """What a creation sends."""
        profile = self._service.profile
        if intent.kind is Kind.GROUP:
            body = patching.new_group(intent.attributes, profile)
            if intent.member and self.wants_members:
                body["members"] = [{"value": intent.member}]
            return body
        body = patching.new_user(self.taken(intent).attributes, profile)
        if profile.password:
            body["password"] = secrets.token_urlsafe(24) + _PASSWORD_RULES
        shaped: dict[str, Any] = self.shaped(body, {})
        return shaped

    def taken(self, intent: WriteIntent) -> WriteIntent:
        """The intent without what the service was seen to refuse by name."""
        refused = {name for name in intent.attributes if self._habits.how(_attribute(name)) == _LEFT_OUT}
        return _without(intent, refused) if refused else intent

    def shaped(self, body: Any, live: Raw) -> Any:
        """A body, or the operations of a PATCH, without refused sub-attributes; entries of `live` stay."""
        schema = self._service.known.schema
        subs = [
            each
            for each in refusals.SUBS
            if self._habits.how(_sub(each)) == _LEFT_OUT or (schema is not None and schema.lacks_entry(each))
        ]
        if not subs:
            return body
        known = [each for name in SHARED for each in _entries(find(live, path_of(name)))]
        return refusals.without_subs(body, subs, known)

    def create(self, intent: WriteIntent) -> tuple[str, Raw]:
        """POST; where that is refused for something that can be avoided, once more without it."""
        body = self.body(intent)
        try:
            return self._service.create(intent.kind, body)
        except Rejected as refusal:
            if refusal.reason == TAKEN:
                raise
            if intent.kind is Kind.GROUP:
                return self._with_member(intent, body, refusal)
            return self.avoiding(
                intent, refusal, lambda less: self._service.create(less.kind, self.body(less))
            )

    def _with_member(self, intent: WriteIntent, body: dict[str, Any], refusal: Rejected) -> tuple[str, Raw]:
        if not intent.member or "members" in body:
            raise refusal
        try:
            made = self._service.create(intent.kind, {**body, "members": [{"value": intent.member}]})
        except Rejected:
            raise refusal from None
        self._habits.learn(_CREATION, _WITH_MEMBER)
        return made

    def avoids(self, intent: WriteIntent, refusal: Rejected) -> Avoided | None:
        """What a refusal names of an intent and can be left out."""
        if intent.kind is not Kind.USER:
            return None
        return refusals.named(refusal, intent.attributes, self._required())

    def avoiding(self, intent: WriteIntent, refusal: Rejected, send: Callable[[WriteIntent], Sent]) -> Sent:
        """Send once more without what `refusal` names, and without what is named then.

        Raises `refusal` where that does not help.
        """
        less, subs, next_one = intent, set[str](), refusal
        for _ in range(_MOST):
            avoided = self.avoids(less, next_one)
            if avoided is None or (avoided.subs and avoided.subs <= subs):
                break
            less = _without(less, avoided.names)
            subs |= avoided.subs
            for each in avoided.subs:
                self._habits.learn(_sub(each), _LEFT_OUT)
            try:
                done = send(less)
            except Rejected as again:
                next_one = again
                continue
            for name in intent.attributes.keys() - less.attributes.keys():
                # What may not be taken away may be given all the same.
                if intent.attributes[name] is not None:
                    self._habits.learn(_attribute(name), _LEFT_OUT)
            return done
        for each in subs:
            self._habits.forget(_sub(each))
        raise refusal


def _without(intent: WriteIntent, names: Collection[str]) -> WriteIntent:
    left = {name: value for name, value in intent.attributes.items() if name not in names}
    return replace(intent, attributes=left)


def _attribute(name: str) -> str:
    return f"refused-user.{name}".replace(":", "/")


def _sub(name: str) -> str:
    return f"refused-entry.{name}"


def _entries(found: Any) -> list[Mapping[str, Any]]:
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []
