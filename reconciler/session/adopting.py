"""Adopts a live organization: reads it, decides what files declare it, proves them, and only then writes."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from reconciler.adopting.inventory import take_inventory
from reconciler.adopting.marking import judge
from reconciler.adopting.moving.source import NO_HINTS, Hints, resolve
from reconciler.adopting.moving.terraform import moved
from reconciler.adopting.outcome import Inventory
from reconciler.adopting.proof import objections
from reconciler.adopting.rules import Grant, compress
from reconciler.adopting.selectors import Describer
from reconciler.adopting.settings import ignore_lines
from reconciler.adopting.settings import settings as settings_text
from reconciler.adopting.text import files as texts
from reconciler.config import CONFIG_FILE, Config, TargetConfig, check_usable
from reconciler.config.configuration import DEFAULT_TARGET, load_config
from reconciler.errors import ReconcilerError, UsageError
from reconciler.execution.record import read_record, remember_record
from reconciler.files.tree import FolderTree, MemoryTree, Tree
from reconciler.files.writing import scalar
from reconciler.files.yaml import Parsed, parse
from reconciler.loading.load import APPROVALS_FOLDER
from reconciler.loading.memory import AppliedHistory, remember
from reconciler.loading.position import GitPosition, stand
from reconciler.loading.recalling import read_remembered
from reconciler.loading.trusted import trusted_config
from reconciler.model.address import AccountId, Arn, Kind
from reconciler.model.observer import SILENT, Observer
from reconciler.model.provenance import NO_PROVENANCE
from reconciler.model.state import Holder
from reconciler.scaffold.write import write
from reconciler.session.adopted import Adopted, Wishes, read_whole, refused
from reconciler.session.adopting_again import adopt_again
from reconciler.session.connecting import SANDBOX_RECORD, connect_all
from reconciler.session.ignoring import keep_out_of_git
from reconciler.session.moving import read_source
from reconciler.session.settings import Settings
from reconciler.targets.base import Target, TellsProvenance
from reconciler.targets.registry import IDENTITY_CENTER
from reconciler.wire.clock import SystemClock


def adopt(settings: Settings, wishes: Wishes, observer: Observer = SILENT) -> Adopted:
    """Write YAML that declares what one target has now, and reconciler.yaml where there is none.

    Nothing is written to any service, and no file unless the plan of all of them is empty. Where files
    declare something already, only what git does not know is added (`adopt_again`). Raises UsageError,
    InputError for files that are not valid, ServiceError, and ReconcilerError where the proof fails.
    """
    there = _there(settings.identities)
    if _declares(there):
        if wishes.moves:
            raise UsageError(
                f"{settings.identities} declares something already: names and structure of another tool are "
                "taken at the first run only; name an empty folder with --identities"
            )
        return adopt_again(settings, _chosen(load_config(there), settings).name, wishes, observer)
    config = _config(there, wishes)
    source, resources = read_source(wishes)
    position = None if settings.sandbox else _position(settings)
    if position is not None and config.exists and CONFIG_FILE in there.paths():
        config, _ = trusted_config(config, {}, position)
    chosen = _chosen(config, settings)
    clock = SystemClock()
    with ExitStack() as stack:
        check_usable(there, {chosen.name: chosen})
        seeded = settings
        if settings.sandbox and not settings.identities.is_dir():
            seeded = replace(settings, identities=Path(stack.enter_context(tempfile.TemporaryDirectory())))
        (target,) = connect_all(stack, {chosen.name: chosen}, seeded, clock, observer).values()
        live = read_whole(target)
        memory = _memory(settings, there, position, target)
        if memory.remembered.receipt is not None or memory.remembered.ledger is not None:
            raise ReconcilerError(
                f"git remembers applies to {target.name}, and {settings.identities} declares nothing: "
                "restore the files from git instead"
            )
        provenance = target.provenance() if isinstance(target, TellsProvenance) else NO_PROVENANCE
        external_ids = "external_id" in target.capabilities.user_attributes
        hints = NO_HINTS if source is None else resolve(source, live)
        inventory = take_inventory(
            live, provenance, users=wishes.users, keeps_external_ids=external_ids, hints=hints
        )
        inventory = replace(inventory, left=(*inventory.left, *hints.absent))
        names = {one.key: str(one.fields["id"]) for one in inventory.accounts}
        rules = compress(
            inventory.granted,
            Describer(live.organization, names, by_name=wishes.by_name),
            entries=_named(inventory, hints),
            privileged=judge(chosen.policy.guards.privileged, live, names),
        )
        written = texts(inventory, rules)
        ignore = ""
        if CONFIG_FILE in there.paths():
            ignore = ignore_lines(inventory)
        else:
            written = {CONFIG_FILE: settings_text(target.name, inventory, live), **written}
        encoded = {path: text.encode() for path, text in written.items()}
        everything = {**{path: there.read(path) for path in there.paths()}, **encoded}
        now = settings.now or clock.now()
        wrong = objections(
            everything, target.name, live, target.capabilities, inventory, now, memory.remembered
        )
        if wrong:
            raise refused(wrong)
    write(settings.identities, encoded, "move it away, or name another folder with --identities")
    return Adopted(
        target=target.name,
        identity=live.identity,
        inventory=inventory,
        rules=rules,
        lines={path: len(text.splitlines()) for path, text in encoded.items()},
        grants=sum(map(len, inventory.granted.values())),
        ignore=ignore,
        moved=moved(resources, inventory) if wishes.terraform is not None else None,
        others=tuple(name for name in config.targets if name != target.name),
        ignoring=keep_out_of_git(Path(), settings.identities),
    )


def _named(inventory: Inventory, hints: Hints) -> Mapping[Grant, str]:
    """The names of entries that another tool has, by what files say."""
    found: dict[Grant, str] = {}
    for (account, arn, principal), name in hints.entries.items():
        keys = inventory.user_keys if principal.kind is Kind.USER else inventory.group_keys
        permission_set, key = inventory.set_names.get(Arn(arn)), keys.get(principal.id)
        if permission_set is not None and key is not None:
            found[AccountId(account), permission_set, Holder(principal.kind, key)] = name
    return found


def _there(folder: Path) -> Tree:
    """The files of the folder; without a folder there are none."""
    if not folder.exists() and not folder.is_symlink():
        return MemoryTree(folder.as_posix(), {})
    return FolderTree(folder)


def _declares(there: Tree) -> bool:
    """Whether files declare something already. Beside a reconciler.yaml, `users: {}` is a decision."""
    named = [
        path
        for path in there.paths()
        if path.endswith((".yaml", ".yml")) and path != CONFIG_FILE and not path.startswith(APPROVALS_FOLDER)
    ]
    if CONFIG_FILE in there.paths():
        return bool(named)
    return any(_says_something(parse(there.read(path))) for path in named)


def _says_something(file: Parsed) -> bool:
    """Whether a file is more than comments and empty sections; one that is not valid is to be corrected."""
    return bool(file.flaws) or not isinstance(file.value, dict) or any(file.value.values())


def _config(there: Tree, wishes: Wishes) -> Config:
    if CONFIG_FILE in there.paths():
        if wishes.region is not None:
            raise UsageError(
                f"--region is for a new {CONFIG_FILE}; {there.label} has one, which says where to look"
            )
        return load_config(there)
    region = f", region: {scalar(wishes.region)}" if wishes.region else ""
    text = f"format: 1\ntargets: {{{DEFAULT_TARGET}: {{type: {IDENTITY_CENTER}{region}}}}}\n"
    return load_config(MemoryTree("--region", {CONFIG_FILE: text.encode()}))


def _position(settings: Settings) -> GitPosition | None:
    """Where the folder is in git, or will be once it is there."""
    folder = settings.identities
    if folder.is_dir():
        return stand(folder, FolderTree(folder), settings.trusted_ref)
    around = next(one for one in folder.absolute().parents if one.is_dir())
    return stand(around, MemoryTree(folder.as_posix(), {}), settings.trusted_ref)


def _chosen(config: Config, settings: Settings) -> TargetConfig:
    """The one target to read. Raises UsageError where it is not clear which."""
    fitting = [
        one
        for name, one in config.targets.items()
        if (name in settings.targets if settings.targets else one.type == IDENTITY_CENTER)
    ]
    unknown = [name for name in settings.targets if name not in config.targets]
    if unknown or len(fitting) != 1:
        raise UsageError(f"adopt reads one target; name it with --target: {', '.join(config.targets)}")
    return fitting[0]


def _memory(settings: Settings, there: Tree, position: GitPosition | None, target: Target) -> AppliedHistory:
    identities = {target.name: target.identity()}
    if settings.sandbox:
        found = remember_record(
            read_record(SANDBOX_RECORD), identities, read_remembered, tree=there, identity=identities
        )
    else:
        found = remember(position, identities, read_remembered, identity=identities)
    return found[target.name]
