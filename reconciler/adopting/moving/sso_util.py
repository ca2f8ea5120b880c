"""The CSV of `aws-sso-util admin assignments`: one line for each assignment, with a header."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from reconciler.adopting.moving.source import Grants, Source
from reconciler.errors import InputError, Problem
from reconciler.model.address import Kind

LABEL = "the CSV of aws-sso-util"
_COLUMNS = ("principal_type", "principal_id", "permission_set_arn", "target_id")
_KINDS = {"GROUP": Kind.GROUP, "USER": Kind.USER}


def read_csv(text: str, label: str) -> Source:
    """The grants of a CSV; they are put together as usual. Raises InputError where it is another table."""
    rows = csv.DictReader(text.removeprefix("\ufeff").splitlines(), strict=True)
    try:
        missing = [name for name in _COLUMNS if name not in (rows.fieldnames or ())]
        if missing:
            fix = "write it with `aws-sso-util admin assignments > assignments.csv`"
            raise InputError([Problem(f"{label} has no column {', '.join(missing)}", fix)])
        return Source(LABEL, grants=list(_grants(rows, label)))
    except csv.Error as error:
        raise InputError([Problem(f"{label}, line {rows.line_num}: {error}", "write it anew")]) from None


def _grants(rows: csv.DictReader[str], label: str) -> Iterator[Grants]:
    for row in rows:
        kind = _KINDS.get((row["principal_type"] or "").upper())
        if kind is None:
            fix = "principal_type is GROUP or USER; leave other targets than accounts out"
            raise InputError([Problem(f"{label}, line {rows.line_num} is not an assignment", fix)])
        yield Grants("", row["permission_set_arn"], kind, row["principal_id"], (row["target_id"],))
