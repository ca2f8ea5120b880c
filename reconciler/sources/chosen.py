"""Which attributes an import brings where its configuration names none: what the targets can use."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from string import Formatter

from reconciler.config.configuration import load_config
from reconciler.config.targets import CONFIG_FILE, Broken, TargetConfig
from reconciler.files.tree import FolderTree
from reconciler.sources.settings import CHOICES, DEFAULT_ATTRIBUTES, Settings
from reconciler.targets.registry import find


def with_chosen(settings: Settings, identities: Path) -> Settings:
    """The settings with the attributes that the targets of reconciler.yaml in the folder `identities` use.

    Those that the settings name stay, and without reconciler.yaml it is DEFAULT_ATTRIBUTES. Raises
    InputError with everything that is wrong in reconciler.yaml.
    """
    if settings.attributes_named:
        return settings
    tree = FolderTree(identities)
    if CONFIG_FILE not in tree.paths():
        return settings
    attributes = chosen(load_config(tree).targets)
    return replace(settings, mapping=replace(settings.mapping, attributes=attributes))


def chosen(targets: Mapping[str, TargetConfig]) -> tuple[str, ...]:
    """Those of the default that one of the targets takes, and all from which one makes another by `map`.

    Not all that a target can take: a telephone number, say, is personal data that nobody asked for.
    """
    used: set[str] = set()
    for target in targets.values():
        used |= {name for name in DEFAULT_ATTRIBUTES if _takes(target, name)}
        used |= _spoken_of(target.policy.map.values())
    return tuple(name for name in CHOICES if name in used)


def _takes(target: TargetConfig, name: str) -> bool:
    """Whether the target is sent an attribute as it is in the files."""
    if name in target.policy.map:
        return False
    if target.settings is None or isinstance(target.settings, Broken):
        return True
    takes: Collection[str] | None = find(target.type).user_attributes(target.settings)
    return takes is None or name in takes


def _spoken_of(templates: Iterable[str]) -> set[str]:
    """The attributes in the braces of templates."""
    return {name for text in templates for _text, name, _spec, _conversion in Formatter().parse(text) if name}
