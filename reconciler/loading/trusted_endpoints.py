"""Where the trusted branch reaches a target otherwise than the files under plan say: errors rest on it."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.config import CONFIG_FILE, Config
from reconciler.config.targets import differences
from reconciler.loading.position import GitPosition


def still_said(planned: Config, used: Config, position: GitPosition) -> Mapping[str, str]:
    """By target, what the trusted branch still says of how to reach it where `planned` says otherwise."""
    found = {}
    for name, theirs in used.targets.items():
        ours = planned.targets.get(name)
        if ours is not None and (different := tuple(differences(ours, theirs))):
            found[name] = (
                f"{position.branch} still says {'; '.join(different)}, and that is what counts: commit and "
                f"merge your change of {CONFIG_FILE}"
            )
    return found
