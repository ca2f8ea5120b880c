"""A whole report of access as a value: what is known, of when, and out of what it was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from reconciler.access.asking import TargetAccess
from reconciler.access.facts import Facts
from reconciler.errors import Place
from reconciler.model.access import AccessChange, AccessRule
from reconciler.model.drift import TargetDrift
from reconciler.model.plan import Finding
from reconciler.model.resources import Origin


class Source(StrEnum):
    """Out of what a report was made."""

    LIVE = "live"
    SANDBOX = "sandbox"
    SNAPSHOT = "snapshot"
    PLAN = "plan"
    FILES = "files"


@dataclass(frozen=True, slots=True)
class Made:
    """How a report came about.

    `now` (an aware instant) is when it was made, `desired` says that it tells what will be when the plan is
    applied, and not what is. `origin` is the tag of the snapshot, or the name of the plan file. `commit` is
    what was checked out ("" outside git), `changed` are files that differ from it. `redacted` says that
    values of people were left out.
    """

    source: Source
    now: datetime
    tool_version: str
    desired: bool = False
    origin: str = ""
    commit: str = ""
    changed: tuple[str, ...] = ()
    redacted: bool = False


@dataclass(frozen=True, slots=True)
class TargetPage:
    """What is known of one target.

    `access` is what `reconciler access` answers (of a plan file: only what it changes), `rules` what it
    answers with `--rules`; one of them is None. `changes` is what the plan does to people, None where nothing
    was planned. `read_at` is when the target was read, None where it was not.
    """

    target: str
    facts: Facts = field(default_factory=Facts)
    access: TargetAccess | None = None
    rules: tuple[AccessRule, ...] | None = None
    changes: tuple[AccessChange, ...] | None = None
    drift: TargetDrift | None = None
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AccessPage:
    """A report over targets. `findings` are those of the plan, or of the files; `places` has their lines."""

    made: Made
    targets: tuple[TargetPage, ...]
    findings: tuple[tuple[str, Finding], ...] = ()
    places: Mapping[Origin, Place] = field(default_factory=dict)
