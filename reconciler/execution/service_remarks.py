"""What a report says of what a service made of a write, once for all that was written."""

from __future__ import annotations

from collections.abc import Collection

from reconciler.model.scim import is_extension

_CASE, _FORM, _ONE, _SPACE = ":case", ":form", ":one", ":space"
_SERVICE = "service."
_ENTRY, _ATTRIBUTE = "service.refused-entry.", "service.refused-user."
# Habits of a service that people must know of; the others only tell how to speak to it.
_HABITS = {
    "service.members-values:everybody": (
        "{target} took a removal of some members for one of all; the others were put back at once, and this "
        "form is not used again: look whether anybody lost something meanwhile"
    ),
    "service.members-removal:none": (
        "no form in which {target} was asked to let members leave a group did anything, although each was "
        "answered with success: take them out there by hand"
    ),
}


def service_remarks(target: str, unkept: Collection[str], *, required: Collection[str]) -> tuple[str, ...]:
    """Sentences on what turned out in this apply, from the names that a receipt gives it.

    `required` are the attributes that every creation needs, kept or not.
    """
    names = sorted(each for each in unkept if not each.startswith((_SERVICE, "pending.")))
    forms = [each for each in names if _is_form(each)]
    cases = [each for each in names if each.endswith(_CASE)]
    refused = {_attribute(each) for each in unkept if each.startswith(_ATTRIBUTE)}
    plain = [
        each
        for each in names
        if each not in forms and each not in refused and not each.endswith((_CASE, _ONE, _SPACE))
    ]
    sentences = []
    if dropped := [*plain, *(f"the case of {each.removesuffix(_CASE)}" for each in cases)]:
        sentences.append(
            f"{target} does not keep {', '.join(dropped)}: it answered well, and does not show what it was "
            f"sent{_later(needed=[each for each in plain if _name(each) in required])}"
        )
    if spelled := sorted(
        {
            *(each.rpartition(_FORM)[0] for each in forms),
            *(each.removesuffix(_SPACE) for each in names if each.endswith(_SPACE)),
        }
    ):
        sentences.append(
            f"{target} keeps {', '.join(spelled)} in another form than it was sent{_later(needed=())}"
        )
    sentences.extend(_refused(target, unkept))
    sentences.extend(
        f"{target} shows a part of its list of {what}: what was just read by id is missing there, and no "
        "plan rests on such a list; set `paging` or `page_size` in the `settings` of the target"
        for what in ("users", "groups")
        if any(each.startswith(f"service.short-list-of-{what}:") for each in unkept)
    )
    return (*sentences, *(_HABITS[each].format(target=target) for each in sorted(unkept) if each in _HABITS))


def _refused(target: str, names: Collection[str]) -> list[str]:
    """What the service refuses by name."""
    entries = sorted(each.removeprefix(_ENTRY).partition(":")[0] for each in names if each.startswith(_ENTRY))
    attributes = sorted(_attribute(each) for each in names if each.startswith(_ATTRIBUTE))
    sentences = []
    if entries:
        sentences.append(
            f"{target} refuses {' and '.join(entries)} in the entries of lists: they were left out"
        )
    if attributes:
        sentences.append(f"{target} refuses {', '.join(attributes)} by name: the rest was written without")
    return sentences


def _attribute(habit: str) -> str:
    return habit.removeprefix(f"{_SERVICE}refused-").partition(":")[0].replace("/", ":")


def _is_form(entry: str) -> bool:
    name = _name(entry)
    plain = name.endswith(_FORM) and not is_extension(name.removesuffix(_FORM))
    return plain or f"{_FORM}=" in entry


def _name(entry: str) -> str:
    return entry.partition(".")[2]


def _later(needed: Collection[str]) -> str:
    but = f", but for {', '.join(needed)} where one is created" if needed else ""
    return f"; later plans do not write it again{but}"
