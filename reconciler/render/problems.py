"""What is wrong with what people wrote, all of it at once."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.errors import Problem
from reconciler.render import escape, words
from reconciler.render.layout import Layout, Line, joined
from reconciler.render.style import Style, Tone


def problems_text(problems: Sequence[Problem], *, color: bool = False, width: int | None = None) -> str:
    """`file:line:column: message` and the fix below it, for each problem; how many at the end.

    The place comes first and whole, so that editors and terminals make a link of it.
    """
    layout = Layout(Style(color), width)
    lines: list[Line] = []
    for problem in problems:
        place = f"{escape.text(str(problem.place))}: " if problem.place else ""
        first, *rest = layout.paragraph(place + escape.sentence(problem.message), hang=4)
        if place and first.text.startswith(place):
            first = Line(layout.style(place, Tone.HEADING) + first.text.removeprefix(place))
        lines += [first, *rest]
        if problem.fix:
            lines += layout.paragraph(escape.sentence(problem.fix), indent=4, tone=Tone.ADDED)
    files = {problem.place.path for problem in problems if problem.place}
    total = words.counted(len(problems), ("problem", "problems"))
    where = f" in {words.counted(len(files), ('file', 'files'))}" if files else ""
    lines += [layout.line(), layout.line(f"{total}{where}.", Tone.ALARM)]
    return joined(lines)
