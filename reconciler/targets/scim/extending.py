"""Attributes of extensions in a PATCH: by path, and in other forms where that is answered and not done.

Some services take a path with a URN (RFC 7644 section 3.10) for the name of an attribute, and keep the value
under it, beside the extension. So the first such PATCH of a run is followed by a look; where it did nothing,
the value goes without a path, or with the whole user, and what was stored beside is taken away again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

from reconciler.errors import Conflict, Rejected
from reconciler.model.address import Kind
from reconciler.targets.scim.api import Service
from reconciler.targets.scim.habits import Habits
from reconciler.targets.scim.intents import WriteIntent
from reconciler.targets.scim.mapping import Raw, parse, path_of

_HABIT, _PATHLESS, _PUT = "extension-form", "pathless", "put"
Send = Callable[[WriteIntent], Raw | None]


class Extending:
    """How one service takes attributes of extensions. Thread-safe: two looks instead of one do no harm."""

    def __init__(self, service: Service, habits: Habits) -> None:
        self._service, self._habits = service, habits
        # Seen in this run to work by path, or in no form.
        self._known = False

    def patch(self, intent: WriteIntent, patch: Send, put: Send | None) -> Raw | None:
        """Change a user by `patch`, or in the form that is taken; `put` is None where there is none."""
        names = [name for name in intent.attributes if name != "active" and _urn(name)]
        form = self._habits.how(_HABIT)
        if intent.kind is not Kind.USER or not names or (self._known and not form):
            return patch(intent)
        if form == _PUT and put is not None:
            return put(intent)
        if form == _PATHLESS:
            return self._pathless(intent, names, patch)
        before = self._service.get(intent.kind, intent.identifier) or {}
        raw = patch(intent)
        if not self._lacks(intent, names):
            self._known = True
            return raw
        again = replace(intent, version=None)
        forms: dict[str, Callable[[], Raw | None]] = {_PATHLESS: lambda: self._pathless(again, names, None)}
        if put is not None:
            forms[_PUT] = lambda: put(again)
        for each, send in forms.items():
            try:
                raw = send()
            except (Rejected, Conflict):
                continue
            if not self._lacks(intent, names):
                self._habits.learn(_HABIT, each)
                break
        self._known = True
        self._take_back(intent, before, names, can_put=put is not None)
        return raw

    def _pathless(self, intent: WriteIntent, names: Collection[str], patch: Send | None) -> Raw | None:
        raw = None
        others = {name: value for name, value in intent.attributes.items() if name not in names}
        if patch is not None and others:
            raw = patch(replace(intent, attributes=others))
        value: dict[str, Any] = {}
        for name in names:
            path = parse(path_of(name))
            given = intent.attributes[name]
            value.setdefault(path.urn, {})[path.attribute] = (
                {intent.manager_value: given} if name == "manager" and given is not None else given
            )
        sent = [{"op": "replace", "value": value}]
        return self._service.patch(intent.kind, intent.identifier, sent) or raw

    def _lacks(self, intent: WriteIntent, names: Collection[str]) -> bool:
        raw = self._service.get(intent.kind, intent.identifier)
        return raw is not None and not set(names).isdisjoint(intent.differing(raw))

    def _take_back(self, intent: WriteIntent, before: Raw, names: Collection[str], *, can_put: bool) -> None:
        """Take away what a PATCH by path left beside the extension; where that is refused, it stays."""
        now = self._service.get(intent.kind, intent.identifier) or {}
        kept = {key.lower() for key in before} | {_urn(name) for name in names}
        stray = [key for key in now if key.lower().startswith("urn:") and key.lower() not in kept]
        if not stray:
            return
        left = {key: value for key, value in now.items() if key not in (*stray, "meta", "groups")}
        removed = [{"op": "remove", "path": key} for key in stray]
        for put in (True, False) if can_put else (False,):
            try:
                if put:
                    self._service.put(intent.kind, intent.identifier, left)
                else:
                    self._service.patch(intent.kind, intent.identifier, removed)
            except (Rejected, Conflict):
                continue
            return


def _urn(name: str) -> str:
    return parse(path_of(name)).urn.lower()
