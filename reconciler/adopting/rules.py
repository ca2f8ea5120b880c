"""Grants as entries of `assignments`: what has the same accounts in common stands in one entry."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from reconciler.adopting.keys import fitted, numbered, slug
from reconciler.adopting.outcome import Granted, Rule
from reconciler.adopting.selectors import Describer
from reconciler.files.writing import scalar
from reconciler.model.address import AccountId, Kind
from reconciler.model.names import fold
from reconciler.model.state import Holder

# Keys name at most so many principals or sets; more would not be read.
_NAMED = 2
_LONGEST = 200

_Accounts = frozenset[str]


class _Block(NamedTuple):
    """Holders of one kind, each of whom has each of these sets on exactly these accounts."""

    holders: tuple[str, ...]
    kind: Kind
    sets: tuple[str, ...]
    accounts: _Accounts


# Account id, name of the permission set, holder.
Grant = tuple[AccountId, str, Holder]
_NO_NAMES: Mapping[Grant, str] = {}
# Of a pair of account id and name of a permission set.
Judge = Callable[[tuple[str, str]], bool]
# A comment names at most so many sets.
_SETS = 5


def _unmarked(_pair: tuple[str, str]) -> bool:
    return False


def compress(
    granted: Granted,
    describer: Describer,
    taken: Collection[str] = (),
    entries: Mapping[Grant, str] = _NO_NAMES,
    *,
    privileged: Judge = _unmarked,
) -> list[Rule]:
    """Entries that give exactly what is granted, sorted by key; `taken` are keys of others, folded.

    An entry multiplies groups (or users, apart from groups) and permission sets that have their accounts in
    common. A grant is in one entry only. `entries` says which grants belong together, and under which name,
    and `privileged` which access a comment says is privileged.
    """
    parts: defaultdict[str, defaultdict[tuple[AccountId, str], set[Holder]]]
    parts = defaultdict(lambda: defaultdict(set))
    for (account, name), holders in granted.items():
        for holder in holders:
            parts[entries.get((account, name, holder), "")][account, name].add(holder)
    used = set(taken)
    rules: list[Rule] = []
    for part in sorted(parts, reverse=True):
        whole = {pair: frozenset(holders) for pair, holders in parts[part].items()}
        made = _compressed(whole, describer, used, part, privileged)
        used.update(fold(one.key) for one in made)
        rules += made
    return sorted(rules, key=lambda one: one.key)


def _compressed(
    granted: Granted, describer: Describer, taken: Collection[str], part: str, privileged: Judge
) -> list[Rule]:
    """The entries of grants that belong together under a name ("": under none)."""
    blocks = sorted(_blocks(granted), key=lambda one: (one.kind, one.holders, one.sets, sorted(one.accounts)))
    rules = []
    used = set(taken)
    keys = {block: _key(block) for block in blocks}
    if part:
        keys = {
            block: part if len(blocks) == 1 else f"{part}-{key}"[:_LONGEST] for block, key in keys.items()
        }
    asked = Counter(map(fold, keys.values()))
    for block in blocks:
        described = describer.describe(block.accounts)
        wanted = keys[block]
        key = numbered(_longer(wanted, described.accounts) if asked[fold(wanted)] > 1 else wanted, used)
        used.add(fold(key))
        rules.append(
            Rule(
                key,
                groups=block.holders if block.kind is Kind.GROUP else (),
                users=block.holders if block.kind is Kind.USER else (),
                permission_sets=block.sets,
                accounts=described.accounts,
                excluded=described.excluded,
                widens=described.widens,
                notes=(*_marked(block, privileged), *described.notes),
            )
        )
    return sorted(rules, key=lambda one: one.key)


def _marked(block: _Block, privileged: Judge) -> Iterator[str]:
    """The comment on the sets of an entry that are privileged."""
    names = [
        name for name in block.sets if any(privileged((account, name)) for account in sorted(block.accounts))
    ]
    if names:
        more = f" and {len(names) - _SETS} more" if len(names) > _SETS else ""
        yield f"privileged: {', '.join(map(scalar, names[:_SETS]))}{more}"


def _blocks(granted: Granted) -> Iterator[_Block]:
    accounts: defaultdict[tuple[Holder, str], set[str]] = defaultdict(set)
    for (account, name), holders in granted.items():
        for holder in holders:
            accounts[holder, name].add(account)
    # Accounts and kind -> holder -> sets.
    alike: defaultdict[tuple[_Accounts, Kind], defaultdict[str, set[str]]]
    alike = defaultdict(lambda: defaultdict(set))
    for (holder, name), found in accounts.items():
        alike[frozenset(found), holder.kind][holder.key].add(name)
    for (where, kind), pairs in alike.items():
        for keys, names in _rectangles(pairs):
            yield _Block(keys, kind, names, where)


def _rectangles(pairs: Mapping[str, Collection[str]]) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Pairs as products, each pair in one: by holder or by set, whichever takes fewer."""
    turned: defaultdict[str, set[str]] = defaultdict(set)
    for holder, names in pairs.items():
        for name in names:
            turned[name].add(holder)
    by_holder, by_set = _grouped(pairs), _grouped(turned)
    if len(by_set) < len(by_holder):
        return [(holders, names) for names, holders in by_set]
    return by_holder


def _grouped(pairs: Mapping[str, Collection[str]]) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    alike: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for one, others in pairs.items():
        alike[tuple(sorted(others))].append(one)
    return sorted((tuple(sorted(ones)), others) for others, ones in alike.items())


def _key(block: _Block) -> str:
    direct = "direct-" * (block.kind is Kind.USER)
    key = f"{direct}{_named(block.holders, 'others')}-{_named(block.sets, 'more')}"
    return fitted(key)[:_LONGEST]


def _named(names: Iterable[str], rest: str) -> str:
    several = list(names)
    shown = several if len(several) <= _NAMED else [several[0], rest]
    return "-and-".join(shown)


def _longer(key: str, accounts: tuple[Any, ...]) -> str:
    """The key of an entry that is not the only one of its kind, with where it holds."""
    others = "-and-others" if len(accounts) > 1 else ""
    return f"{key}-on-{(slug(_where(accounts[0])) or 'these')[:40]}{others}"


def _where(selector: Any) -> str:
    if not isinstance(selector, dict):
        return str(selector)
    tags = ["-".join(pair) for pair in selector.get("tag", {}).items()]
    return str(selector.get("ou") or next(iter(tags), "all")).replace("/", "-")
