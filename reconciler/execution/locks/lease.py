"""What a lock says of the run that holds it: plain lines, the same wherever the lock is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime

from reconciler.files.git_process import redact

FORMAT = "1"
# A lock is a few hundred bytes; what is larger was not made by a run.
LONGEST = 16_384
_LONGEST_VALUE = 300
_TITLE = "reconciler lock"
_WHEN = ("acquired", "expires")


@dataclass(frozen=True, slots=True)
class Run:
    """The run that wants locks: who runs it where, its id, and the command.

    `plans` are digests of what was reviewed, by target; a target has none where the run plans only once it
    has the lock. `unlock` is the command line that breaks its locks.
    """

    holder: str
    host: str
    id: str
    command: str
    plans: Mapping[str, str] = field(default_factory=dict)
    unlock: str = "reconciler unlock"


@dataclass(frozen=True, slots=True)
class Lease:
    """What the lock of `target` says: the run, and from when until when it holds (aware, in UTC).

    `serial` counts how often this run wrote it, so that no two leases are ever equal.
    """

    target: str
    holder: str
    host: str
    run: str
    command: str
    plan: str
    acquired: datetime
    expires: datetime
    serial: int = 1


def render_lease(lease: Lease) -> str:
    """The lease as plain lines, with nothing in a value that could end a line or name a password."""
    lines = [_TITLE, f"format: {FORMAT}"]
    for each in fields(Lease):
        value = getattr(lease, each.name)
        lines.append(f"{each.name}: {_stamp(value) if isinstance(value, datetime) else _clean(str(value))}")
    return "\n".join(lines) + "\n"


def parse_lease(text: str) -> Lease | None:
    """What `render_lease` wrote; None for anything else, and for a format that is not known here."""
    title, *lines = text.splitlines() or [""]
    found: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or name in found:
            return None
        found[name] = value.strip()
    if title != _TITLE or found.pop("format", None) != FORMAT:
        return None
    return _lease(found) if set(found) == {each.name for each in fields(Lease)} else None


def _lease(found: Mapping[str, str]) -> Lease | None:
    try:
        whens = {name: datetime.fromisoformat(found[name]) for name in _WHEN}
        serial = int(found["serial"])
        if any(when.tzinfo is None for when in whens.values()):
            return None
        whens = {name: when.astimezone(UTC) for name, when in whens.items()}
    except (ValueError, OverflowError):
        return None
    texts = {name: value for name, value in found.items() if name not in (*_WHEN, "serial")}
    return Lease(**texts, **whens, serial=serial)  # type: ignore[arg-type]  # by name, each of its own type


def _stamp(when: datetime) -> str:
    return when.astimezone(UTC).isoformat()


def _clean(value: str) -> str:
    """One line of what can be seen, of bounded length, without the userinfo of addresses."""
    shown = "".join(character for character in " ".join(value.split()) if character.isprintable())
    return redact(shown)[:_LONGEST_VALUE]


def describe(lease: Lease, now: datetime) -> list[str]:
    """The lease as people read it, a line for each thing; `now` tells whether it has expired."""
    over = " (it has expired)" if lease.expires <= now else ""
    return [
        f"holder: {lease.holder} on {lease.host}",
        f"run: {lease.run}",
        f"command: {lease.command}",
        f"plan: {lease.plan or 'not known yet'}",
        f"since: {_shown(lease.acquired)}",
        f"expires: {_shown(lease.expires)}{over}",
    ]


def _shown(when: datetime) -> str:
    return when.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
