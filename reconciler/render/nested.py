"""The parts of one attribute that differ: `address.locality`, not the whole address.

This is deepdiff's one job: it describes the two sides of a pair. It never pairs anything, and it never
sees a collection of people.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconciler.model.change import FieldChange
from reconciler.model.resources import Value
from reconciler.render import policies

# Attributes whose items come and go one by one; any other list is one value.
_LISTS = frozenset(("managed_policies", "customer_managed_policies"))


@dataclass(frozen=True, slots=True)
class Part:
    """What differs at one place. With `item`, a list at `name` gets `after`, or loses `before`."""

    name: str
    before: Value
    after: Value
    item: bool = False


def parts(field: FieldChange) -> tuple[Part, ...]:
    """`field` as a whole, or one part for each place where its two sides differ.

    An address has parts; a list of policies has items; the inline policy (JSON text on both sides) has
    statements with parts and items of their own. Text that is not a policy is shown as it is.
    """
    whole = (Part(field.name, field.before, field.after),)
    if field.name in _LISTS:
        return tuple(_items(field.name, field.before, field.after)) or whole
    if field.name == "inline_policy":
        return _policy(field) or whole
    if isinstance(field.before, Mapping) and isinstance(field.after, Mapping):
        return tuple(_differences(field.name, field.before, field.after))
    return whole


def _items(name: str, before: Value, after: Value) -> Iterable[Part]:
    """The items that go and come; nothing where a side is not a list."""
    then, now = (side or () for side in (before, after))
    if isinstance(then, tuple) and isinstance(now, tuple):
        yield from (Part(name, each, None, item=True) for each in then if each not in now)
        yield from (Part(name, None, each, item=True) for each in now if each not in then)


def _policy(field: FieldChange) -> tuple[Part, ...]:
    """The statements that come and go whole, and what differs in those that both sides have."""
    sides = policies.readable(field.before, field.after)
    if sides is None:
        return ()
    before, after = sides
    made: list[Part] = []
    for key in sorted(before.keys() | after.keys()):
        then, now, name = before.get(key), after.get(key), f"{field.name}.{key}"
        if isinstance(then, Mapping) and isinstance(now, Mapping):
            made += map(_listed, _differences(name, then, now))
        elif then != now:
            made.append(Part(name, policies.flat(then), policies.flat(now)))
    return tuple(made)


def _listed(part: Part) -> Part:
    """A part that is one item of a set of words as what its list gets or loses."""
    held = part.after if part.before is None else part.before
    if isinstance(held, policies.Word):
        item = str(held)
        name = part.name.removesuffix(f".{item}")
        return Part(
            name, None if part.before is None else item, None if part.after is None else item, item=True
        )
    return Part(part.name, policies.flat(part.before), policies.flat(part.after))


def _differences(name: str, before: Mapping[str, Value], after: Mapping[str, Value]) -> Iterable[Part]:
    from deepdiff import DeepDiff

    one, other = dict(before), dict(after)
    difference = DeepDiff(one, other, view="tree", threshold_to_diff_deeper=0)
    paths = {
        tuple(map(str, item.path(output_format="list"))) for items in difference.values() for item in items
    }
    return (Part(".".join((name, *path)), _at(one, path), _at(other, path)) for path in sorted(paths))


def _at(value: Value, path: tuple[str, ...]) -> Value:
    """What stands at a path; None where it ends early."""
    for step in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(step)
    return value
