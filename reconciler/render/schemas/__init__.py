"""JSON Schemas of what commands print with `--format json`, for programs that read it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from reconciler.render.schemas.adopt import ADOPT
from reconciler.render.schemas.answers import ACCESS, DRIFT, REPORT, RULES, VALIDATION, WHO_EDITS
from reconciler.render.schemas.build import Schema
from reconciler.render.schemas.doctor import DOCTOR
from reconciler.render.schemas.importing import IMPORT
from reconciler.render.schemas.plan import PLAN

# By the name of the file in schemas/.
OUTPUTS: Mapping[str, Schema] = {
    "plan.schema.json": PLAN,
    "validation.schema.json": VALIDATION,
    "report.schema.json": REPORT,
    "access.schema.json": ACCESS,
    "access-rules.schema.json": RULES,
    "drift.schema.json": DRIFT,
    "doctor.schema.json": DOCTOR,
    "who-edits.schema.json": WHO_EDITS,
    "adopt.schema.json": ADOPT,
    "import.schema.json": IMPORT,
}


def output_schemas() -> Mapping[str, str]:
    """The text of each schema by its file's name; equal for equal versions."""
    return {name: json.dumps(schema, indent=2) + "\n" for name, schema in OUTPUTS.items()}
