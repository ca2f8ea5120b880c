"""Drift for programs, as canonical JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from reconciler.model.authorship import Author
from reconciler.model.drift import Difference, Drift, TargetDrift
from reconciler.render.drift import moment
from reconciler.render.json import canonical, change_object, finding_object

# Raised when a reader of an earlier one would misread it.
VERSION = 1


def drift_json(drift: Drift, files: Mapping[str, str] | None = None) -> str:
    """The drift as canonical JSON, one line; `files` are those in which it was written, by target."""
    return canonical(
        {
            "format": "reconciler drift",
            "version": VERSION,
            "now": moment(drift.now),
            "targets": [_target(one, (files or {}).get(one.target)) for one in drift.targets],
        }
    )


def _target(one: TargetDrift, file: str | None) -> Mapping[str, object]:
    return {
        "target": one.target,
        "state": str(one.state),
        "refused": one.refused,
        "error": one.error or None,
        "checked": _moment(one.checked),
        "file": file,
        "differences": [_difference(each) for each in one.differences],
        "unmanaged": [
            {
                "address": str(each.address),
                "privileged": each.privileged,
                "author": _author(each.author),
            }
            for each in one.unmanaged
        ],
        "unattributed": one.unattributed or None,
        "findings": [finding_object(each) for each in one.findings],
        "names": dict(one.names),
        "gaps": [{"kind": kind, "scope": scope, "reason": reason} for kind, scope, reason in one.gaps],
    }


def _difference(one: Difference) -> Mapping[str, object]:
    return {
        "change": change_object(one.change),
        "drifted": one.drifted,
        "privileged": one.privileged,
        "right_at": _moment(one.right_at),
        "withheld": one.withheld or None,
        "author": _author(one.author),
    }


def _author(one: Author | None) -> Mapping[str, object] | None:
    if one is None:
        return None
    return {
        "who": one.who,
        "own": one.own,
        "at": _moment(one.at),
        "channel": None if one.channel is None else str(one.channel),
        "event": one.event or None,
        "event_id": one.event_id or None,
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else moment(at)
