"""What is known of one code of findings, wherever it is raised."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.address import Kind
from reconciler.model.plan import Severity


@dataclass(frozen=True, slots=True)
class Code:
    """A code, with the severities that it is raised with, and in a sentence what it says.

    `why` is the reason behind a refusal. `lifted_by` are the kinds that an approval of it can name (None: an
    approval without a kind); of a code that no approval lifts it is empty. `formerly` is the code of earlier
    releases, which files and approvals may still have.
    """

    name: str
    severities: tuple[Severity, ...]
    says: str
    why: str = ""
    lifted_by: tuple[Kind | None, ...] = ()
    formerly: str = ""
