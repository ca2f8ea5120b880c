"""Plans on disk: one JSON document, readable by its owner alone, whole or not there."""

from __future__ import annotations

import os
from pathlib import Path

from reconciler.errors import PlanFileError
from reconciler.files.private import write_private
from reconciler.files.regular import open_regular
from reconciler.model.plan import Plan
from reconciler.render.json import plan_from_json, plan_json

# A plan of 200,000 users and all their memberships stays below this many bytes.
_MAX_BYTES = 2**30


def write_plan(path: Path, plan: Plan) -> None:
    """Write `plan` to `path`, mode 0600, by renaming a finished file. Raises PlanFileError."""
    try:
        write_private(path, plan_json(plan))
    except OSError as error:
        raise PlanFileError(f"{path} cannot be written: {error.strerror}") from error


def read_plan(path: Path) -> Plan:
    """The plan in `path`. Raises PlanFileError where there is none, or none that this version reads."""
    try:
        text = _text(path)
    except FileNotFoundError as error:
        raise PlanFileError(f"{path} does not exist; write it with `reconciler plan --out {path}`") from error
    except OSError as error:
        raise PlanFileError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise PlanFileError(f"{path} is not a plan: it is not UTF-8") from error
    try:
        return plan_from_json(text)
    except PlanFileError as error:
        raise PlanFileError(f"{path}: {error}") from error


def _text(path: Path) -> str:
    file = open_regular(path)
    if file is None:
        raise PlanFileError(f"{path} is not a regular file; save the plan with `--out` and name that file")
    with file:
        if os.fstat(file.fileno()).st_size > _MAX_BYTES:
            raise PlanFileError(f"{path} is too large to be a plan")
        return file.read().decode("utf-8")


def read_for_apply(path: Path) -> Plan:
    """The plan in `path`, to be applied. Raises PlanFileError as `read_plan`, and for an incomplete one."""
    plan = read_plan(path)
    if plan.incomplete:
        raise PlanFileError(f"{path}: this plan is incomplete, so it cannot be applied; plan again")
    return plan
