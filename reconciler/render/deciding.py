"""Which line decides, for a help desk: text and JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.errors import Place
from reconciler.model.resources import Origin
from reconciler.planning.deciding import Decision, Named
from reconciler.render import escape
from reconciler.render.json import canonical
from reconciler.render.layout import Layout, Line, joined
from reconciler.render.style import Style, Tone

Found = Sequence[tuple[Named, Sequence[Decision]]]
# By the path of a file, who owns it.
Owners = Mapping[str, tuple[str, ...]]


def deciding_text(
    found: Found,
    places: Mapping[Origin, Place],
    owners: Owners,
    *,
    color: bool = False,
    width: int | None = None,
) -> str:
    """For each thing that the name means, its lines in the order of `decisions`; then who owns the files."""
    layout = Layout(Style(color), width)
    lines: list[Line] = []
    for one, decisions in found:
        lines.append(layout.line(f"{one.kind} {escape.name(one.key)}", Tone.HEADING))
        for each in decisions:
            lines += layout.paragraph(
                f"{_where(each.origin, places)}: {escape.sentence(each.says)}", indent=2, hang=4
            )
    if owners:
        lines.append(layout.line("owners", Tone.HEADING))
        for path, whose in sorted(owners.items()):
            lines += layout.paragraph(
                f"{escape.text(path)}: {escape.text(', '.join(whose))}", indent=2, hang=4
            )
    return joined(lines)


def deciding_json(found: Found, places: Mapping[Origin, Place], owners: Owners) -> str:
    """The same for programs, as canonical JSON."""
    return canonical(
        {
            "format": "reconciler who-edits",
            "version": 1,
            "owners": {path: list(whose) for path, whose in owners.items()},
            "found": [
                {
                    "kind": str(one.kind),
                    "key": one.key,
                    "lines": [_line(each, places.get(each.origin)) for each in decisions],
                }
                for one, decisions in found
            ],
        }
    )


def _line(each: Decision, place: Place | None) -> Mapping[str, object]:
    return {
        "path": place.path if place else each.origin.path,
        "line": place.line if place else None,
        "column": place.column if place else None,
        "says": each.says,
    }


def _where(origin: Origin, places: Mapping[Origin, Place]) -> str:
    place = places.get(origin)
    return f"{escape.text(place.path)}:{place.line}" if place else escape.text(origin.path)
