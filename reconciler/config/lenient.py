"""reconciler.yaml of a remembered commit: the targets that make sense, and no target by default.

A policy that is not quite the one that was written may own more than was meant (a `paths` left out is every
file). So a target is taken whole or not at all, and none is made up where the file cannot be understood.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from reconciler.config.configuration import Config, build_config, build_timezone, default_config
from reconciler.config.documents import ConfigDocument
from reconciler.config.targets import CONFIG_FILE, Broken, adapter_for
from reconciler.files.documents import Document
from reconciler.files.faults import Faults
from reconciler.files.tree import Tree
from reconciler.targets.registry import find
from reconciler.targets.target_type import Place

# What decides what a target owns; where it is wrong, no policy is safe. Everything else can be left out.
_OPTIONAL = frozenset(("requires", "timezone", "auto_apply", "guards", "rules"))


def read_config_leniently(tree: Tree, faults: Faults) -> Config:
    """The configuration of a tree, as far as it makes sense; what was left out of it is noted in `faults`.

    Without a file it is the default one. A file that cannot be understood gives no targets.
    """
    if CONFIG_FILE not in tree.paths():
        return default_config()
    nothing = replace(default_config(), targets=MappingProxyType({}), exists=True)
    before = len(faults)
    document = Document.read(tree, CONFIG_FILE, faults)
    # A key that appears twice, say, leaves open which of the two was meant.
    if document is None or len(faults) > before:
        return nothing
    written = _sensible(document)
    if written is None:
        return nothing
    zone = build_timezone(document, written.get("timezone", "UTC"))
    # What is odd about the values that remain does not matter for what was declared.
    silent = Document(CONFIG_FILE, document.value, Faults(tree))
    config = build_config(silent, written)
    targets = {
        name: target
        for name, target in config.targets.items()
        if isinstance(target.settings, Broken)
        or _maps_well(Place(document, ("targets", name), zone), written.get("targets", {}).get(name), faults)
    }
    return replace(config, targets=MappingProxyType(targets))


def _sensible(document: Document) -> ConfigDocument | None:
    """What was written, without optional sections and targets that are wrong; None where nothing is safe."""
    value: Mapping[str, Any] = document.value
    shape = adapter_for(document)
    while True:
        try:
            return shape.validate_python(value)
        except ValidationError as error:
            if value is document.value:
                document.explain(error, shape)
            wrong = [detail["loc"] for detail in error.errors(include_url=False, include_input=False)]
        targets = value.get("targets")
        bad = {loc[1] for loc in wrong if loc[0] == "targets" and len(loc) > 1}
        keys = {loc[0] for loc in wrong if loc[0] != "targets" or len(loc) == 1}
        if not keys <= _OPTIONAL or not isinstance(targets, dict | None):
            return None
        value = {key: inner for key, inner in value.items() if key not in keys}
        if bad:
            value["targets"] = {name: one for name, one in (targets or {}).items() if name not in bad}
            if not value["targets"]:
                return None


def _maps_well(place: Place, target: Mapping[str, Any] | None, faults: Faults) -> bool:
    """Whether the attributes that a target makes from others are those that were written."""
    if target is None:
        return True
    before = len(faults)
    find(target["type"]).attribute_map(target, place)
    return len(faults) == before
