"""The JSON Schema of the configuration of an import, for editors."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.loading.schema import schema_text
from reconciler.sources.settings import SETTINGS


def import_schemas() -> Mapping[str, str]:
    """The text of the schema by its file's name; equal for equal versions."""
    return {"ad.schema.json": schema_text("Configuration of an import", SETTINGS)}
