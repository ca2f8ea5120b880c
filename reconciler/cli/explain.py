"""`reconciler explain`: what a code of a finding, guard or rule means."""

from __future__ import annotations

from difflib import get_close_matches

import click
from click.shell_completion import CompletionItem

from reconciler.cli.common import answer
from reconciler.errors import UsageError
from reconciler.model.catalogue import CATALOGUE, FORMERLY
from reconciler.model.catalogue.importing import IMPORTED
from reconciler.render.explained import explained


class _Codes(click.ParamType[str]):
    name = "code"

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002  # click's signature
        param: click.Parameter,  # noqa: ARG002  # click's signature
        incomplete: str,
    ) -> list[CompletionItem]:
        """Name the codes that begin so."""
        return [CompletionItem(code) for code in (*CATALOGUE, *IMPORTED) if code.startswith(incomplete)]


@click.command("explain", short_help="say what the code of a finding means")
@click.argument("code", type=_Codes())
def command(code: str) -> None:
    """Say what CODE means: when it is raised, why it refuses, and what lifts it.

    CODE is the word before a finding of a plan or an import, such as max-removals. Nothing is read or
    asked.
    """
    found = CATALOGUE.get(FORMERLY.get(code, code))
    if found is None and code in IMPORTED:
        says = IMPORTED[code]
        lines = (
            f"{code} (of an import)",
            f"{says[:1].upper()}{says[1:]}.",
            "It names the entry, and ends no import.",
        )
        answer("\n  ".join(lines))
        return
    if found is None:
        near = get_close_matches(code, [*CATALOGUE, *FORMERLY, *IMPORTED], n=1)
        meant = f"; did you mean {near[0]}?" if near else "; docs/findings.md has them all"
        raise UsageError(f"{code!r} is not a code of a finding{meant}")
    answer(explained(found, asked=code))
