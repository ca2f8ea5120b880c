"""The CSV of `aws-sso-util admin assignments`: one line for each assignment, with a header."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from reconciler.adopting.moving.source import Grants, Source
from reconciler.errors import InputError, Problem
from reconciler.model.address import Kind

LABEL = "the CSV of aws-sso-util"
_COLUMNS = ("principal_type", "principal_id", "permission_set_arn", "target_id")
# What the column is called with `--arn-style id`.
_ID = "permission_set_id"
_KINDS = {"GROUP": Kind.GROUP, "USER": Kind.USER}
_WRITE = "write it with `aws-sso-util admin assignments > assignments.csv`"


def read_csv(text: str, label: str) -> Source:
    """The grants of a CSV; they are put together as usual. Raises InputError where it is another table."""
    lines = io.StringIO(text.removeprefix("\ufeff").replace("\0", ""), newline="")
    rows = csv.DictReader(lines, strict=True)
    try:
        names = rows.fieldnames or ()
        missing = [name for name in _COLUMNS if name not in names]
        if missing == [_COLUMNS[2]] and _ID in names:
            missing = []
        if missing:
            raise InputError([Problem(f"{label} has no column {', '.join(missing)}", _WRITE)])
        return Source(LABEL, grants=list(_grants(rows, label)))
    except csv.Error as error:
        raise InputError([Problem(f"{label}, line {rows.line_num}: {error}", _WRITE)]) from None


def _grants(rows: csv.DictReader[str], label: str) -> Iterator[Grants]:
    for row in rows:
        where = f"{label}, line {rows.line_num}"
        if None in row or None in row.values():
            # The tool prints names as they are, without quotes.
            fix = "a name with a comma does that: write it with --no-lookup-names"
            raise InputError([Problem(f"{where} has not as many fields as the header", fix)])
        kind = _KINDS.get(row["principal_type"].upper())
        if kind is None:
            fix = "principal_type is GROUP or USER; leave other targets than accounts out"
            raise InputError([Problem(f"{where} is not an assignment", fix)])
        permission_set = row.get(_COLUMNS[2]) or row.get(_ID) or ""
        yield Grants("", permission_set, kind, row["principal_id"], (row["target_id"],))
