"""Whatever stands in a file, loading answers with Identities or with problems that have places."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.errors import InputError
from reconciler.loading.documents import (
    AssignmentDocument,
    BlockDocument,
    GroupDocument,
    IncludeDocument,
    MemberDocument,
    UserDocument,
)
from reconciler.loading.load import load
from reconciler.loading.sets import PermissionSetDocument
from tests.trees import tree

_SECTIONS = ["users", "groups", "permission_sets", "accounts", "assignments", "blocked", "overrides"]
_SHAPES: list[Any] = [
    AssignmentDocument,
    BlockDocument,
    GroupDocument,
    IncludeDocument,
    MemberDocument,
    UserDocument,
    PermissionSetDocument,
]
_FIELDS = sorted(
    {name.rstrip("_") for shape in _SHAPES for name in shape.__annotations__} | {"ou", "tag", "all"}
)
# Keys that meet each other often, and values that some field takes.
_KEYS = st.sampled_from(["a", "b", "Admin", "x y", "\u0430", ""])
_SCALARS = st.sampled_from(
    [
        None,
        "a",
        "b",
        "Admin",
        "true",
        "false",
        "2027-01-31",
        "2027-01-31T00:00:00Z",
        "4h",
        "123456789012",
        "",
        "x y",
    ]
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(_KEYS | st.sampled_from(_FIELDS), inner, max_size=3)
    ),
    max_leaves=8,
)
_ENTRIES = st.dictionaries(st.sampled_from(_FIELDS), _VALUES, max_size=4) | _VALUES
_FILES = st.dictionaries(st.sampled_from(_SECTIONS), st.dictionaries(_KEYS, _ENTRIES, max_size=3) | _VALUES)
_CONFIGS = st.dictionaries(
    st.sampled_from(["targets", "scope", "guards", "rules", "auto_apply", "timezone", "requires"]), _VALUES
)


def _text(value: Any) -> str:
    """Flow style is JSON; nothing is written as null, and null is plain."""
    return json.dumps(value)


@settings(deadline=None, max_examples=150)
@given(_FILES, _FILES, _CONFIGS)
def test_any_structure_is_loaded_or_refused_with_places(one: Any, other: Any, config: Any) -> None:
    files = {
        "a.yaml": _text(one),
        "b.yaml": _text(other),
        "reconciler.yaml": _text({"format": "1", **config}),
    }
    try:
        found = load(tree(files))
    except InputError as error:
        nowhere = [problem for problem in error.problems if problem.place is None]
        assert len(nowhere) == len([problem for problem in nowhere if "the folder ids" in problem.message])
    else:
        origins = [one.origin for one in found.identities.users.values()]
        assert all(place.line == 1 and place.column > 1 for place in found.locate(origins).values())


@settings(deadline=None, max_examples=150)
@given(st.binary(max_size=300) | st.text(max_size=100).map(lambda text: f"users: {{{text}}}".encode()))
def test_any_bytes_are_loaded_or_refused(data: bytes) -> None:
    try:
        found = load(tree(data))
    except InputError:
        return
    assert found.files == 1
