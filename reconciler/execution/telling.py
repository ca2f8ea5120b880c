"""What a report says of what a service made of a write, once for all that was written."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from reconciler.model.scim import is_extension

_CASE, _FORM, _ONE = ":case", ":form", ":one"


def told(
    target: str, unkept: Iterable[str], *, required: Collection[str], remembered: bool
) -> tuple[str, ...]:
    """Sentences on what turned out in this apply, from the names that a receipt gives it.

    `required` are the attributes that every creation needs, kept or not; `remembered` says that the names go
    into a receipt, so that the next plan knows them.
    """
    names = sorted(unkept)
    forms = [each for each in names if _is_form(each)]
    cases = [each for each in names if each.endswith(_CASE)]
    plain = [each for each in names if each not in forms and not each.endswith((_CASE, _ONE))]
    said = []
    if dropped := [*plain, *(f"the case of {each.removesuffix(_CASE)}" for each in cases)]:
        said.append(
            f"{target} does not keep {', '.join(dropped)}: it answered well, and does not show what it was "
            f"sent{_later(remembered, needed=[each for each in plain if _name(each) in required])}"
        )
    if spelled := sorted({each.rpartition(_FORM)[0] for each in forms}):
        said.append(
            f"{target} keeps {', '.join(spelled)} in another form than it was sent"
            f"{_later(remembered, needed=())}"
        )
    return tuple(said)


def _is_form(entry: str) -> bool:
    name = _name(entry)
    plain = name.endswith(_FORM) and not is_extension(name.removesuffix(_FORM))
    return plain or f"{_FORM}=" in entry


def _name(entry: str) -> str:
    return entry.partition(".")[2]


def _later(remembered: bool, *, needed: Collection[str]) -> str:  # noqa: FBT001  # a fact of the report
    if not remembered:
        return ""
    but = f", but for {', '.join(needed)} where one is created" if needed else ""
    return f"; later plans do not write it again{but}"
