"""reconciler.yaml as values, with its defaults filled in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from reconciler import __version__
from reconciler.config.documents import ConfigDocument, TargetDocument
from reconciler.config.locks import LockConfig, build_lock
from reconciler.config.requires import missing_requirement
from reconciler.config.rules import build_rules, ruled_accounts
from reconciler.config.selectors import build_selectors, check_quoted, selected_ids
from reconciler.config.targets import (
    CONFIG_FILE,
    TargetConfig,
    adapter_for,
    address,
    deny_policy,
    foreign_field,
    make,
)
from reconciler.files.documents import Document, Loc, suggest
from reconciler.files.faults import Faults
from reconciler.files.tree import Tree
from reconciler.model.change import AT_ONCE, Cause
from reconciler.model.policy import (
    Guards,
    Ignore,
    IgnoredAssignment,
    Limit,
    MaxRemovals,
    Mode,
    OnRemoval,
    Privileged,
    Protected,
    Provision,
    Scope,
    TargetPolicy,
)
from reconciler.model.rules import Rule
from reconciler.targets.registry import IDENTITY_CENTER
from reconciler.targets.target_type import Place

DEFAULT_TARGET = "aws"
_KINDS = ("users", "groups", "memberships", "permission_sets", "assignments")


@dataclass(frozen=True, slots=True)
class Config:
    """The configuration, whole. `exists` says whether there was a file, or all of it is default.

    `rules` are by name, and those of every target. `signed` says that receipts must be.
    """

    targets: Mapping[str, TargetConfig]
    format: int = 1
    requires: str | None = None
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    auto_apply: frozenset[Cause] = AT_ONCE
    rules: Mapping[str, Rule] = field(default_factory=lambda: MappingProxyType({}))
    lock: LockConfig = field(default_factory=LockConfig)
    signed: bool = False
    exists: bool = False


class ConfigFile(NamedTuple):
    """The configuration and the file that it came from, for those who check it against other files.

    `document` is None where there is no file, and `config` is the default where the file is wrong.
    """

    config: Config
    document: Document | None


def default_config() -> Config:
    """What holds without reconciler.yaml: one target, "aws", with every default."""
    target = TargetConfig(DEFAULT_TARGET, TargetPolicy(DEFAULT_TARGET))
    return Config(targets=MappingProxyType({DEFAULT_TARGET: target}))


def load_config(tree: Tree) -> Config:
    """The configuration of a tree. Raises InputError with everything that is wrong in its file.

    References to users, groups and accounts are checked by `reconciler.loading.load`, and whether the type
    of a target can be used by `check_usable`.
    """
    faults = Faults(tree)
    found = read_config(tree, faults)
    if faults:
        raise faults.error()
    return found.config


def read_config(tree: Tree, faults: Faults) -> ConfigFile:
    """The configuration of a tree, with what is wrong noted in `faults`; see `load_config`."""
    if CONFIG_FILE not in tree.paths():
        return ConfigFile(default_config(), None)
    document = Document.read(tree, CONFIG_FILE, faults)
    if document is None:
        return ConfigFile(default_config(), None)
    check_quoted(document, tree, _account_ids(document), faults)
    written = document.check(adapter_for(document), foreign=partial(foreign_field, document))
    if written is None:
        return ConfigFile(default_config(), None)
    return ConfigFile(build_config(document, written), document)


def build_config(document: Document, written: ConfigDocument) -> Config:
    """What was written as values; what makes no sense between the fields is noted in the document."""
    requires = written.get("requires")
    if requires is not None and (wrong := missing_requirement(requires, __version__)):
        document.fault(("requires",), *wrong)
    rules = build_rules(document, written.get("rules", {}))
    scope = _scope(Scope(), written.get("scope", {}))
    guards = _guards(document, written.get("guards", {}))
    auto_apply = AT_ONCE
    if "auto_apply" in written:
        auto_apply = frozenset(Cause(cause) for cause in written["auto_apply"])
    zone = build_timezone(document, written.get("timezone", "UTC"))
    targets: dict[str, TargetConfig] = {}
    default: dict[str, TargetDocument] = {DEFAULT_TARGET: {"type": IDENTITY_CENTER}}
    for name, target in written.get("targets", default).items():
        provision = target.get("provision", {})
        made = make(target["type"], target, Place(document, ("targets", name), zone))
        policy = TargetPolicy(
            target=name,
            paths=tuple(target.get("paths", ("**",))),
            provision=Provision(
                tuple(provision["users_in"]) if "users_in" in provision else None,
                tuple(provision["groups"]) if "groups" in provision else None,
            ),
            scope=_scope(scope, target.get("scope", {})),
            guards=guards,
            on_removal=OnRemoval(target.get("on_removal", OnRemoval.DEACTIVATE)),
            auto_apply=auto_apply,
            rules=tuple(rules.values()),
            map=MappingProxyType(dict(made.map)),
        )
        targets[name] = TargetConfig(name, policy, target["type"], made.settings)
    _check_apart(document, targets)
    return Config(
        targets=MappingProxyType(targets),
        format=written["format"],
        requires=requires,
        timezone=zone,
        auto_apply=auto_apply,
        rules=MappingProxyType(rules),
        lock=build_lock(document, written.get("lock")),
        signed=written.get("memory", {}).get("signed", False),
        exists=True,
    )


def _check_apart(document: Document, targets: Mapping[str, TargetConfig]) -> None:
    """Two targets at one address, or with one policy of denials, would undo each other's work."""
    known: dict[tuple[str, str], str] = {}
    policies: dict[str, str] = {}
    for name, target in targets.items():
        policy = deny_policy(target)
        if policy and (whose := policies.setdefault(policy, name)) != name:
            says = f"is the policy of {whose}, too: each would take out whom the other denies"
            document.fault(("targets", name, "deny_policy"), says, "create a policy for each target")
        at = address(target)
        if at is None:
            continue
        if other := known.get((target.type, at)):
            says = f"is the address of {other}, too: each would remove what the other made"
            document.fault(("targets", name, "url"), says, "make them one target")
        known.setdefault((target.type, at), name)


def build_timezone(document: Document, name: str) -> ZoneInfo:
    """The time zone of a name; UTC, with a fault in the document, where there is none."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):  # no such zone, a path instead of a name, a folder of zones
        known = sorted(available_timezones())
        fix = suggest(name, known) or "write a name of the IANA database, such as Europe/Zurich"
        document.fault(("timezone",), "is not a time zone", fix)
        return ZoneInfo("UTC")


def _scope(base: Scope, written: Mapping[str, Any]) -> Scope:
    """`base` with what was written over it, field by field."""
    modes = {kind: Mode(written.get(kind, getattr(base, kind))) for kind in _KINDS}
    ignored = written.get("ignore", {})
    assignments = (
        tuple(IgnoredAssignment(**entry) for entry in ignored["assignments"])
        if "assignments" in ignored
        else base.ignore.assignments
    )
    names = {
        kind: tuple(ignored.get(kind, getattr(base.ignore, kind)))
        for kind in ("users", "groups", "permission_sets")
    }
    return Scope(**modes, ignore=Ignore(**names, assignments=assignments))


def _guards(document: Document, written: Mapping[str, Any]) -> Guards:
    removals, defaults = written.get("max_removals", {}), MaxRemovals()
    limits = {
        kind: _limit(removals.get(kind, {}), getattr(defaults, kind))
        for kind in ("users", "groups", "memberships", "assignments", "permission_sets", "total", "blocked")
    }
    limits["per_group"] = _limit(removals.get("memberships", {}).get("per_group", {}), defaults.per_group)
    limits["per_account"] = _limit(
        removals.get("assignments", {}).get("per_account", {}), defaults.per_account
    )
    protected = {kind: tuple(keys) for kind, keys in written.get("protected", {}).items()}
    grants = {kind: _limit(limit, Limit()) for kind, limit in written.get("max_grants", {}).items()}
    return Guards(
        max_removals=MaxRemovals(**limits),
        protected=Protected(**protected),
        privileged=_privileged(document, written.get("privileged", {})),
        max_grants=MappingProxyType(grants),
        min_members=MappingProxyType(dict(written.get("min_members", {}))),
    )


def _limit(written: Mapping[str, Any], default: Limit) -> Limit:
    """A limit; what was not written keeps its default, and `null` lifts it."""
    return Limit(written.get("count", default.count), written.get("percent", default.percent))


def _privileged(document: Document, written: Mapping[str, Any]) -> Privileged:
    at: Loc = ("guards", "privileged", "accounts")
    return Privileged(
        tuple(written.get("permission_sets", ())),
        tuple(written.get("policies", ())),
        # Without their places: a line more in the file must not change the digest of a plan.
        tuple(replace(one, node=0) for one in build_selectors(document, at, written.get("accounts", ()))),
        written.get("defaults", True),
    )


def _account_ids(document: Document) -> Iterator[Loc]:
    guards = document.value.get("guards")
    privileged = guards.get("privileged") if isinstance(guards, dict) else None
    if isinstance(privileged, dict):
        yield from selected_ids(("guards", "privileged", "accounts"), privileged.get("accounts"))
    yield from ruled_accounts(document.value.get("rules"))
