"""Trees that are loaded leniently, with planning at work on what remains."""

from __future__ import annotations

from datetime import UTC, datetime

from reconciler.loading.load import Loaded, load_leniently
from reconciler.model.address import Kind
from reconciler.model.capabilities import Capabilities
from reconciler.model.organization import Organization
from reconciler.planning.desired.project import project
from tests.trees import Files, tree

NOW = datetime(2026, 11, 29, tzinfo=UTC)
EVERYTHING = Capabilities(kinds=frozenset(Kind))


def lenient(files: Files | str | bytes) -> tuple[Loaded, list[str]]:
    """What remains of a tree on which planning has then worked, and its problems: place and message."""
    found, problems = load_leniently(tree(files))
    for target in found.config.targets.values():
        project(found.identities, target.policy, NOW, EVERYTHING, Organization())
    expected = [f"{str(one.place or '').removeprefix('ids/')} {one.message}".strip() for one in problems]
    return found, expected


def shape(found: Loaded) -> dict[str, list[str]]:
    """The keys of each section that has some."""
    sections = {name: sorted(getattr(found.identities, name)) for name in found.identities.__slots__}
    return {name: keys for name, keys in sections.items() if keys}
