"""Adopts once more: adds what is live and git does not know to files that people have edited since."""

from __future__ import annotations

import re
from collections.abc import Mapping

from reconciler.adopting.adding import add, taken
from reconciler.adopting.inventory import take_inventory
from reconciler.adopting.marking import judge
from reconciler.adopting.outcome import Inventory
from reconciler.adopting.rules import compress
from reconciler.adopting.selectors import Describer
from reconciler.adopting.settings import ignore_lines
from reconciler.editing import Editor
from reconciler.errors import ReconcilerError, UsageError
from reconciler.loading.load import load
from reconciler.model.address import Address, Kind
from reconciler.model.change import Action
from reconciler.model.observer import Observer
from reconciler.model.provenance import NO_PROVENANCE
from reconciler.model.state import Identities, Live
from reconciler.planning.desired.project import project
from reconciler.planning.drift import target_drift
from reconciler.planning.prepared import PreparedPlan
from reconciler.session.adopted import Adopted, Wishes, read_whole, refused
from reconciler.session.opening import open_session
from reconciler.session.session import Session
from reconciler.session.settings import Settings
from reconciler.targets.base import TellsProvenance

# The remote id of something without a key, as it stands in an address.
_REMOTE = re.compile(r"~([^/]+)")
Grants = frozenset[tuple[str, str, str]]


def adopt_again(settings: Settings, name: str, wishes: Wishes, observer: Observer) -> Adopted:
    """Add to the files what the target has and git neither declares nor is owed; accounts by name.

    Comments, order and quotes of what is there stay. No file is written unless the plan of all of them
    changes nothing that it did not change before. Raises what `adopt` raises.
    """
    if wishes.region is not None:
        raise UsageError("--region is for a new reconciler.yaml; the files here say where to look")
    with open_session(settings, observer, among=(name,)) as session:
        target = session.targets[name]
        live = read_whole(target)
        before = session.plan_on(name, live, session.loaded.identities)
        drift = target_drift(before, None)
        if drift.error:
            raise ReconcilerError(f"{name}: {drift.error}; nothing was written")
        assert before.unmanaged is not None
        identities = session.loaded.identities
        inventory = take_inventory(
            live,
            target.provenance() if isinstance(target, TellsProvenance) else NO_PROVENANCE,
            users=wishes.users,
            keeps_external_ids="external_id" in target.capabilities.user_attributes,
            taken=taken(identities, session.tree.paths()),
            standing=before.unmanaged.standing(),
        )
        names = {one.key: str(one.fields["id"]) for one in inventory.accounts}
        names |= {account.key: account.id for account in identities.accounts.values()}
        rules = compress(
            inventory.granted,
            Describer(live.organization, names, by_name=True),
            taken(identities, ()).assignments,
            privileged=judge(session.config.targets[name].policy.guards.privileged, live, names),
        )
        editor = Editor(settings.identities)
        add(editor, inventory, rules)
        after = load(editor.tree()).identities
        _prove(session, name, live, before, after, inventory)
        texts = {path: data for path, (_, data) in editor.changed().items() if data is not None}
        editor.write()
    return Adopted(
        target=name,
        identity=live.identity,
        inventory=inventory,
        rules=rules,
        lines={path: len(data.splitlines()) for path, data in texts.items()},
        grants=sum(map(len, inventory.granted.values())),
        ignore=ignore_lines(inventory),
        first=False,
        differing=tuple(one.change.address for one in drift.differences if one.drifted),
    )


def _prove(
    session: Session,
    name: str,
    live: Live,
    before: PreparedPlan,
    identities: Identities,
    inventory: Inventory,
) -> None:
    """Raise ReconcilerError unless the new files change nothing, and add the grants that are live alone."""
    planned = session.plan_on(name, live, identities)
    keys = {**inventory.user_keys, **inventory.group_keys}
    new = _changes(planned, keys) - _changes(before, keys)
    found = [f"the plan would {action} {address}" for address, action, _ in sorted(new)]
    earlier = _granted(session, name, live, session.loaded.identities)
    added = _granted(session, name, live, identities) - earlier
    wanted = {
        (account, permission_set, str(holder))
        for (account, permission_set), holders in inventory.granted.items()
        for holder in holders
    }
    if added != wanted:
        found.append("the entries give something else than what is live")
    if found:
        raise refused(found)


def _changes(planned: PreparedPlan, keys: Mapping[str, str]) -> set[tuple[str, Action, str]]:
    """What differs; `keys` are those that objects have got, by remote id."""

    def named(found: re.Match[str]) -> str:
        key = keys.get(found[1])
        return found[0] if key is None else Address.of("", Kind.USER, key).key

    every = (*planned.plan.changes, *planned.left_out, *planned.withheld.all)
    return {(_REMOTE.sub(named, str(change.address)), change.action, change.after_hash) for change in every}


def _granted(session: Session, name: str, live: Live, identities: Identities) -> Grants:
    desired = project(
        identities,
        session.config.targets[name].policy,
        session.now,
        session.targets[name].capabilities,
        live.organization,
    )
    return frozenset(
        (account, permission_set, str(holder))
        for (account, permission_set), holders in desired.assignments.items()
        for holder in holders
    )
