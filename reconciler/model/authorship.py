"""Whose hand a drift was: events as a service remembers them, and the author of a difference. Pure data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from reconciler.model.address import Kind

# A run of the reconciler names its session so (docs/running-in-ci.md); its own writes explain themselves.
OWN_SESSION = "reconciler-"


class Channel(StrEnum):
    """By which door somebody wrote."""

    CONSOLE = "console"
    API = "API"
    SCIM = "SCIM"


@dataclass(frozen=True, slots=True)
class Event:
    """One write as the event history has it. `at` is an aware instant; `text` holds its ids, as JSON.

    `who` is the person or session as far as the history tells, `answer` what the service answered, as JSON.
    """

    id: str
    name: str
    at: datetime
    who: str
    channel: Channel
    text: str
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Author:
    """Who made a difference. `own` says that it was a run of the reconciler itself.

    `event` is the name of the call and `event_id` its id, both "" where the object itself tells its author.
    """

    who: str
    at: datetime | None = None
    channel: Channel | None = None
    event: str = ""
    event_id: str = ""

    @property
    def own(self) -> bool:
        """Whether it was a run of the reconciler, by the name of its session."""
        return self.who.startswith(OWN_SESSION)


@dataclass(frozen=True, slots=True)
class Written:
    """An object whose author is asked for: by its remote ids (of a membership group and user).

    `made` asks who created it, otherwise who changed it last.
    """

    kind: Kind
    ids: tuple[str, ...]
    made: bool = False
