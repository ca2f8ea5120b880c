"""The parts of one attribute that differ: `address.locality`, not the whole address.

This is deepdiff's one job: it describes the two sides of a pair. It never pairs anything, and it never
sees a collection of people.
"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model.change import FieldChange
from reconciler.model.resources import Value


def parts(field: FieldChange) -> tuple[FieldChange, ...]:
    """`field` itself, or one change for each part of it that differs where both sides have parts."""
    if not (isinstance(field.before, Mapping) and isinstance(field.after, Mapping)):
        return (field,)
    from deepdiff import DeepDiff

    before, after = dict(field.before), dict(field.after)
    difference = DeepDiff(before, after, view="tree", threshold_to_diff_deeper=0)
    paths = {
        tuple(map(str, item.path(output_format="list"))) for items in difference.values() for item in items
    }
    return tuple(
        FieldChange(".".join((field.name, *path)), _at(before, path), _at(after, path))
        for path in sorted(paths)
    )


def _at(value: Value, path: tuple[str, ...]) -> Value:
    """What stands at a path; None where it ends early."""
    for step in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(step)
    return value
