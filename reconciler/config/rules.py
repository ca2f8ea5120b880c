"""What people write of rules, conditions on the resulting access: its form, and as values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field, with_config
from typing_extensions import TypedDict

from reconciler.config.selectors import SelectorEntry, build_selectors, selected_ids
from reconciler.files.documents import Document, Loc
from reconciler.files.fields import STRICT, Key, PathPattern, Pattern, Positive, Text
from reconciler.model.address import Kind
from reconciler.model.resources import Selector
from reconciler.model.rules import Deny, Disjoint, MaxHolders, Require, Restrict, Rule, RuledAccess

_KINDS = ("deny", "disjoint", "require", "restrict", "max_holders")
# Which keys beside a kind go with it; the others have the access inside, or speak of none.
_BESIDE = {
    "permission_sets": ("require", "max_holders"),
    "accounts": ("require", "max_holders"),
    "only_from": ("restrict",),
}
# Kinds with the access that they speak of inside.
_INSIDE = ("deny", "restrict")

_Sets = Annotated[list[Pattern], Field(min_length=1, description="Shell patterns. Default: all.")]
_Accounts = Annotated[list[SelectorEntry], Field(min_length=1, description="Accounts. Default: all.")]


@with_config(STRICT)
class DenyDocument(TypedDict, total=False):
    """Access that nobody may have."""

    principal: Annotated[
        Literal["user", "group"],
        Field(description="`user`: only assignments to users; `group`: only those to groups. Default: both."),
    ]
    permission_sets: _Sets
    accounts: _Accounts


@with_config(STRICT)
class RestrictDocument(TypedDict, total=False):
    """Access that only some files may grant."""

    permission_sets: _Sets
    accounts: _Accounts


@with_config(STRICT)
class MaxHoldersDocument(TypedDict, total=False):
    """How many people may have some access."""

    count: Annotated[Positive, Field(description="At most so many people, each counted once.")]


@with_config(STRICT)
class RuleDocument(TypedDict, total=False):
    """One rule: exactly one of `deny`, `disjoint`, `require`, `restrict` and `max_holders`."""

    message: Annotated[Text, Field(description="What people read where the rule is broken.")]
    deny: Annotated[DenyDocument, Field(min_length=1, description="Access that nobody may have.")]
    disjoint: Annotated[
        list[Key], Field(min_length=2, description="Groups (keys) of which nobody may be in two.")
    ]
    require: Annotated[
        list[Literal["until", "reason"]],
        Field(min_length=1, description="What a grant must say: `until`, `reason`."),
    ]
    restrict: Annotated[
        RestrictDocument, Field(min_length=1, description="Access that only some files may grant.")
    ]
    max_holders: Annotated[
        MaxHoldersDocument, Field(min_length=1, description="How many people may have some access.")
    ]
    permission_sets: Annotated[
        list[Pattern],
        Field(
            min_length=1,
            description="With `require`, `max_holders`: for which permission sets. Default: all.",
        ),
    ]
    accounts: Annotated[
        list[SelectorEntry],
        Field(min_length=1, description="With `require`, `max_holders`: in which accounts. Default: all."),
    ]
    only_from: Annotated[
        list[PathPattern],
        Field(min_length=1, description="With `restrict`: the files that may grant it, as shell patterns."),
    ]


def build_rules(document: Document, written: Mapping[str, Mapping[str, Any]]) -> dict[str, Rule]:
    """The rules by name, sorted; combinations that make no sense are noted in `document`, and left out."""
    built = ((name, _build(document, name, rule)) for name, rule in sorted(written.items()))
    return {name: rule for name, rule in built if rule is not None}


def ruled_accounts(written: Any) -> Iterator[Loc]:
    """Where account ids stand in `rules`, as they were written."""
    for name, rule in written.items() if isinstance(written, dict) else ():
        if not isinstance(rule, dict):
            continue
        at: Loc = ("rules", name)
        for where, inner in ((at, rule), *(((*at, kind), rule.get(kind)) for kind in _INSIDE)):
            if isinstance(inner, dict):
                yield from selected_ids((*where, "accounts"), inner.get("accounts"))


def _build(document: Document, name: str, written: Mapping[str, Any]) -> Rule | None:
    at: Loc = ("rules", name)
    kinds = [kind for kind in _KINDS if kind in written]
    if len(kinds) != 1:
        says = f"has {' and '.join(kinds)}" if kinds else "says nothing"
        fix = f"a rule has exactly one of {', '.join(_KINDS[:-1])} and {_KINDS[-1]}"
        document.fault(at, says, fix, key=True)
        return None
    kind = kinds[0]
    for extra, owners in _BESIDE.items():
        if extra in written and kind not in owners:
            fix = f"put it inside {kind}" if kind in _INSIDE and extra != "only_from" else "delete it"
            document.fault((*at, extra), f"does not go with {kind}", fix, key=True)
    message: str | None = written.get("message")
    if kind == "deny":
        principal = written[kind].get("principal")
        access = _access(document, (*at, kind), written[kind])
        return Deny(name, access, None if principal is None else Kind(principal), message)
    if kind == "disjoint":
        return _disjoint(document, name, written[kind], message)
    if kind == "require":
        required = tuple(sorted(set(written[kind])))
        return Require(name, required, _access(document, at, written), message)
    if kind == "restrict":
        if "only_from" not in written:
            fix = 'add `only_from: ["privileged/**"]`'
            document.fault(at, "has restrict without only_from", fix, key=True)
        access = _access(document, (*at, kind), written[kind])
        return Restrict(name, access, tuple(written.get("only_from", ())), message)
    if "count" not in written[kind]:
        document.fault((*at, kind), "has no count", "add `count: 5`: so many people may have it", key=True)
        return None
    return MaxHolders(name, written[kind]["count"], _access(document, at, written), message)


def _disjoint(document: Document, name: str, groups: list[str], message: str | None) -> Rule:
    for index, key in enumerate(groups):
        if key in groups[:index]:
            document.fault(("rules", name, "disjoint", index), "names a group twice", "delete one of the two")
    return Disjoint(name, tuple(groups), message)


def _access(document: Document, at: Loc, written: Mapping[str, Any]) -> RuledAccess:
    found = build_selectors(document, (*at, "accounts"), written.get("accounts", ()))
    return RuledAccess(tuple(written.get("permission_sets", ())), tuple(_placeless(found)))


def _placeless(selectors: Iterable[Selector]) -> Iterator[Selector]:
    """Without their places: a line more in the file must not change the digest of a plan."""
    return (replace(one, node=0) for one in selectors)
