"""Assignments of the aws-samples single-stage pipeline: YAML or JSON files with a list `Assignments`.

Each item has PrincipalId (a name), PrincipalType, PermissionSetName, Target and perhaps Exclusions: ids or
names of accounts, ids or names of units with all below them, ROOT, or a tag (the pipeline's
JSON_Structure.md and its resolver, June 2026).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from reconciler.adopting.keys import slug
from reconciler.adopting.moving.source import Grants, Source
from reconciler.errors import InputError, Place, Problem
from reconciler.files.tree import Tree
from reconciler.files.yaml import parse
from reconciler.model.address import Kind

LABEL = "the files of the pipeline"
_SUFFIX = "-assignments"
_KINDS = {"GROUP": Kind.GROUP, "USER": Kind.USER}


def read_pipeline(tree: Tree) -> Source:
    """The grants of every file below a folder, under the names of their files. Raises InputError."""
    problems: list[Problem] = []
    grants: list[Grants] = []
    for path in tree.paths():
        if path.endswith((".yaml", ".yml", ".json")):
            grants.extend(_file(tree, path, problems))
    if not grants and not problems:
        fix = "name the folder `terraform/source/assignments/templates` of the pipeline"
        problems.append(Problem(f"{tree.label} has no file with `Assignments`", fix))
    if problems:
        raise InputError(problems)
    return Source(LABEL, grants=grants)


def _file(tree: Tree, path: str, problems: list[Problem]) -> Iterator[Grants]:
    found = parse(tree.read(path))
    label = f"{tree.label}/{path}"
    value = found.value if isinstance(found.value, dict) else {}
    if found.flaws and (not value or "Assignments" in value):
        problems.extend(
            Problem(flaw.message, flaw.fix, Place(label, flaw.spot.line, flaw.spot.column))
            for flaw in found.flaws
        )
        return
    entry = slug(PurePosixPath(path).stem.removesuffix(_SUFFIX).partition("@")[0])
    listed = value.get("Assignments")
    for number, item in enumerate(listed if isinstance(listed, list) else (), 1):
        made = _grants(entry, item)
        if made is None:
            fix = "write PrincipalId, PrincipalType, PermissionSetName and a list Target"
            problems.append(Problem(f"{label}: assignment {number} is incomplete", fix))
        else:
            yield made


def _grants(entry: str, item: Any) -> Grants | None:
    if not isinstance(item, Mapping):
        return None
    kind = _KINDS.get(str(item.get("PrincipalType") or "").upper())
    name, principal = item.get("PermissionSetName"), item.get("PrincipalId")
    targets, excluded = _texts(item.get("Target")), _texts(item.get("Exclusions") or [])
    if kind is None or not isinstance(name, str) or not isinstance(principal, str):
        return None
    return (
        None if not targets or excluded is None else Grants(entry, name, kind, principal, targets, excluded)
    )


def _texts(value: Any) -> tuple[str, ...] | None:
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) and all(isinstance(one, str) for one in value) else None
