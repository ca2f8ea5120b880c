"""What a code of the catalogue means, in sentences."""

from __future__ import annotations

from reconciler.model.address import Kind
from reconciler.model.catalogue.code import Code
from reconciler.model.plan import Severity


def explained(code: Code, *, asked: str) -> str:
    """The lines on one code; `asked` is how a person called it."""
    lines = [f"{code.name} ({', '.join(code.severities)})"]
    if asked != code.name:
        lines.append(f"  {asked} was its name in earlier releases.")
    lines.append(f"  {code.says[:1].upper()}{code.says[1:]}.")
    if code.why:
        lines.append(f"  Why: {code.why}.")
    if code.lifted_by:
        named = ", ".join(map(_kind, code.lifted_by))
        lines.append(f"  Lifted by: an approval with `guard: {code.name}` and {named}.")
    elif Severity.REFUSAL in code.severities:
        lines.append("  Lifted by: nothing.")
    return "\n".join(lines)


def _kind(kind: Kind | None) -> str:
    return "no kind" if kind is None else f"`kind: {kind.replace('-', '_')}s`"
