"""Trees of files for tests, and what loading says of them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from reconciler.errors import InputError
from reconciler.files.tree import MemoryTree
from reconciler.loading.load import Loaded, load

Files = Mapping[str, str | bytes]

# The least that there is of each kind.
USER = "users:\n  ada: {user_name: ada}\n"
PERMISSION_SET = "permission_sets:\n  Admin:\n"
ACCOUNT = 'accounts:\n  prod: "123456789012"\n'


def tree(files: Files | str | bytes, label: str = "ids") -> MemoryTree:
    """A tree of these files; text alone is one file, `a.yaml`."""
    named = {"a.yaml": files} if isinstance(files, str | bytes) else files
    return MemoryTree(
        label, {path: text if isinstance(text, bytes) else text.encode() for path, text in named.items()}
    )


def loaded(files: Files | str) -> Loaded:
    """What a tree holds that is right."""
    return load(tree(files))


def problems(files: Files | str | bytes) -> list[tuple[str, str, str]]:
    """Everything that loading finds wrong, in its order: place, message, fix."""
    with pytest.raises(InputError) as caught:
        load(tree(files))
    found = caught.value.problems
    return [(str(one.place or "").removeprefix("ids/"), one.message, one.fix or "") for one in found]


def assignment(**fields: str | None) -> str:
    """A file with one assignment, `x`, and all that it refers to; `except_` is written `except`."""
    written = {"users": "[ada]", "permission_sets": "[Admin]", "accounts": "[prod]", **fields}
    lines = [f"    {name.rstrip('_')}: {value}\n" for name, value in written.items() if value is not None]
    head = f"{USER}{PERMISSION_SET}{ACCOUNT}groups: {{ops: {{}}}}\n"
    return f"{head}assignments:\n  x:\n{''.join(lines)}"


def configured(text: str, rest: str = USER) -> Files:
    """A tree with a reconciler.yaml of format 1, and one other file."""
    return {"reconciler.yaml": f"format: 1\n{text}", "a.yaml": rest}
