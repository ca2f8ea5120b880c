"""Where the trusted branch reaches a target otherwise than the files under plan say: errors rest on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.config import CONFIG_FILE, Config, TargetConfig
from reconciler.loading.position import GitPosition

_FIELDS = ("type", "region", "instance_arn", "identity_store_id", "profile")
_NOTHING = "nothing"


def still_said(planned: Config, used: Config, position: GitPosition) -> Mapping[str, str]:
    """By target, what the trusted branch still says of how to reach it where `planned` says otherwise."""
    found = {}
    for name, theirs in used.targets.items():
        ours = planned.targets.get(name)
        if ours is not None and (different := tuple(_differences(ours, theirs))):
            found[name] = (
                f"{position.branch} still says {'; '.join(different)}, and that is what counts: commit and "
                f"merge your change of {CONFIG_FILE}"
            )
    return found


def _differences(ours: TargetConfig, theirs: TargetConfig) -> Iterator[str]:
    for field in _FIELDS:
        here, there = getattr(ours, field), getattr(theirs, field)
        if here != there:
            yield f"{there or _NOTHING} for `{field}`, where the file here says {here or _NOTHING}"
    if ours.channel != theirs.channel:
        yield "another endpoint or token for SCIM than the file here"
    if ours.settings != theirs.settings:
        yield "other `settings` than the file here"
