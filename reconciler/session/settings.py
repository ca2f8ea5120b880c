"""What a session is opened with: where the files are, which targets, and who is told what happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path


def _unheard(_text: str) -> None:
    """Nobody is told."""


def _unnoted(_anything: bool) -> None:  # noqa: FBT001  # the one thing that it is told
    """Nobody notes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to open a session.

    `identities` is the folder of YAML files, `targets` the names of those to work on (none: all), `sandbox`
    plays AWS on this machine, `now` is an aware instant to plan for (None: the clock's; an apply takes it on
    the sandbox only), `trusted_ref` the trusted branch (None: that of `origin`). `live` is the tag of a
    snapshot that stands for the services, at most `max_age` old: then no service is asked. `remark` is told
    in sentences what a person should know beside the answer; `note_writes` is told before the first write
    that something may have been written, and after the last whether anything was.
    """

    identities: Path = Path("identities")
    targets: tuple[str, ...] = ()
    sandbox: bool = False
    now: datetime | None = None
    trusted_ref: str | None = None
    live: str | None = None
    max_age: timedelta = timedelta(days=1)
    remark: Callable[[str], None] = _unheard
    note_writes: Callable[[bool], None] = _unnoted
