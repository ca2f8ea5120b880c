"""What the files give to whom, with accounts as rules: asked of the files alone, and of no service."""

from __future__ import annotations

from datetime import datetime

from reconciler.access.asking import TargetRules
from reconciler.config import TargetConfig
from reconciler.errors import UsageError
from reconciler.loading.position import GitPosition
from reconciler.model.access import AccessRule
from reconciler.model.state import Identities
from reconciler.planning.declared_rules import declared_rules, rules_between
from reconciler.session.access import loaded_at
from reconciler.session.opening import open_files
from reconciler.session.settings import Settings
from reconciler.targets.registry import SCIM
from reconciler.wire.clock import SystemClock


def read_rules(
    settings: Settings, between: tuple[str, str] | None
) -> tuple[Identities, tuple[TargetRules, ...]]:
    """The rules of each target that assigns, now or between two commits, and the files that say them.

    Raises InputError, UsageError, and RecordError where a commit cannot be found or does not load.
    """
    loaded, targets, position = open_files(settings)
    now = settings.now or SystemClock().now()
    assigning = {name: one for name, one in targets.items() if one.type != SCIM}
    if between is None:
        found = {name: declared_rules(loaded.identities, one.policy, now) for name, one in assigning.items()}
    else:
        if position is None:
            raise UsageError("--between compares two commits, and this folder is not in a git repository")
        found = {
            name: rules_between(*(_at(position, ref, one, now) for ref in between))
            for name, one in assigning.items()
        }
    return loaded.identities, tuple(TargetRules(name, rules) for name, rules in found.items())


def _at(position: GitPosition, ref: str, target: TargetConfig, now: datetime) -> tuple[AccessRule, ...]:
    loaded = loaded_at(position.repository, ref)
    known = loaded.config.targets.get(target.name)
    return () if known is None else declared_rules(loaded.identities, known.policy, now)
