"""Which edits lead from what a permission set is to what it shall be, and in which order. Pure.

No role follows an edit before the set is provisioned; but an assignment that somebody makes meanwhile in
another account provisions whatever stands there. So a new boundary comes first, what is taken away goes
before anything is added (which keeps the quota of policies, too), and a boundary is lifted last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.model import policy_documents
from reconciler.model.resources import SET_ATTRIBUTES, TAG_PREFIX, Value
from reconciler.targets.identity_center.access.set_content import BLANK, DEFAULT_DURATION, definition

_POLICIES = ("managed_policies", "customer_managed_policies")
_PLAIN = ("description", "session_duration", "relay_state")


class What(StrEnum):
    """The kinds of edits, as people read them: each is one request."""

    PUT_BOUNDARY = "put the permissions boundary"
    DELETE_BOUNDARY = "delete the permissions boundary"
    ATTACH = "attach"
    DETACH = "detach"
    PUT_INLINE = "put the inline policy"
    DELETE_INLINE = "delete the inline policy"
    DEFINE = "set description, session duration and relay state"
    TAG = "tag"
    UNTAG = "remove tags"


@dataclass(frozen=True, slots=True)
class Edit:
    """One request: `value` is a policy or a document, `values` a body, or tags (with "" to remove)."""

    what: What
    value: str = ""
    values: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        if self.what in (What.ATTACH, What.DETACH):
            return f"{self.what} {self.value}"
        if self.what in (What.TAG, What.UNTAG):
            return f"{self.what} {', '.join(sorted(self.values))}"
        return str(self.what)


def edits(live: Mapping[str, Value], wished: Mapping[str, Value]) -> list[Edit]:
    """The edits that make `live` as `wished`, which holds new values of the attributes that shall change."""
    boundary, bound = wished.get("permissions_boundary"), live.get("permissions_boundary")
    rebound = "permissions_boundary" in wished and boundary != bound
    put = [Edit(What.PUT_BOUNDARY, str(boundary))] if rebound and boundary else []
    lift = [Edit(What.DELETE_BOUNDARY)] if rebound and not boundary else []
    named = [name for name in _POLICIES if name in wished]
    detach = [Edit(What.DETACH, policy) for name in named for policy in _minus(live, wished, name)]
    attach = [Edit(What.ATTACH, policy) for name in named for policy in _minus(wished, live, name)]
    first, second = ([], put) if bound else (put, [])
    return [*first, *detach, *second, *_inline(live, wished), *attach, *_definition(live, wished), *lift,
            *_tags(live, wished)]  # fmt: skip


def differing(live: Mapping[str, Value], wished: Mapping[str, Value]) -> list[str]:
    """The attributes in which a whole set is not as a wished one, which is whole as well."""
    names = [*SET_ATTRIBUTES, *sorted(_tag_names(live) | _tag_names(wished))]
    return [name for name in names if not _agree(live, wished, name)]


def begun(live: Mapping[str, Value], wished: Mapping[str, Value]) -> bool:
    """Whether `live` is `wished` with nothing but policies missing: what a create leaves that was cut off."""
    for name in differing(live, wished):
        if name in _POLICIES:
            if _minus(live, wished, name):
                return False
        elif name not in ("inline_policy", "permissions_boundary") or live.get(name):
            return False
    return True


def _minus(some: Mapping[str, Value], others: Mapping[str, Value], name: str) -> list[str]:
    """The policies that only `some` has."""
    return sorted(set(_texts(some.get(name))) - set(_texts(others.get(name))))


def _texts(value: Value) -> tuple[str, ...]:
    return tuple(str(each) for each in value) if isinstance(value, tuple) else ()


def _agree(live: Mapping[str, Value], wished: Mapping[str, Value], name: str) -> bool:
    """Whether both say the same of an attribute, for all that the service makes of it."""
    one, other = _settled(live, name), _settled(wished, name)
    if name == "inline_policy" and isinstance(one, str) and isinstance(other, str):
        return policy_documents.same(one, other)
    return one == other


def _settled(attributes: Mapping[str, Value], name: str) -> Value:
    value = attributes.get(name)
    if name.startswith(TAG_PREFIX):
        return value
    if name == "description" and isinstance(value, str):
        value = value.strip()
    return value or (DEFAULT_DURATION if name == "session_duration" else None)


def _inline(live: Mapping[str, Value], wished: Mapping[str, Value]) -> list[Edit]:
    if "inline_policy" not in wished or _agree(live, wished, "inline_policy"):
        return []
    document = wished["inline_policy"]
    return [Edit(What.PUT_INLINE, str(document)) if document else Edit(What.DELETE_INLINE)]


def _definition(live: Mapping[str, Value], wished: Mapping[str, Value]) -> list[Edit]:
    changed = [name for name in _PLAIN if name in wished and _settled(wished, name) != _settled(live, name)]
    if not changed:
        return []
    merged = {name: wished[name] if name in wished else live.get(name) for name in _PLAIN}
    body = definition(merged)
    if "description" in changed:
        body.setdefault("Description", BLANK)
    return [Edit(What.DEFINE, values=body)]


def _tags(live: Mapping[str, Value], wished: Mapping[str, Value]) -> list[Edit]:
    names = sorted(name for name in _tag_names(wished) if wished[name] != live.get(name))
    put = {name[len(TAG_PREFIX) :]: str(wished[name]) for name in names if wished[name] is not None}
    gone = {name[len(TAG_PREFIX) :]: "" for name in names if wished[name] is None}
    return ([Edit(What.TAG, values=put)] if put else []) + ([Edit(What.UNTAG, values=gone)] if gone else [])


def _tag_names(attributes: Mapping[str, Value]) -> set[str]:
    return {name for name in attributes if name.startswith(TAG_PREFIX)}
