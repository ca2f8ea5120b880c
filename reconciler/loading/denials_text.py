"""The policy of denials in a snapshot: as JSON, and back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, NotRequired

from pydantic import AfterValidator, with_config
from typing_extensions import TypedDict

from reconciler.files.fields import STRICT
from reconciler.model.denials import Denials, Entry


def moment(text: str) -> str:
    """The text of an aware instant. Raises ValueError where it names no time zone, or is not an instant."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("must name its time zone")
    try:
        found.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("lies outside of what can be reckoned with") from error
    return text


@with_config(STRICT)
class EntryDocument(TypedDict):
    """One person in it; without `end` it is open."""

    end: NotRequired[Annotated[str, AfterValidator(moment)]]
    offboarded: bool


@with_config(STRICT)
class DenialsDocument(TypedDict):
    """The whole of it; entries go by the id of the user."""

    policy: str
    entries: dict[str, EntryDocument]
    foreign: list[str]
    problem: str
    # Only where something is foreign.
    named: NotRequired[list[str]]


def denials_document(denials: Denials) -> dict[str, Any]:
    """As JSON has it."""
    return {
        "policy": denials.policy,
        "entries": {
            one: {
                **({} if entry.end is None else {"end": entry.end.isoformat()}),
                "offboarded": entry.offboarded,
            }
            for one, entry in denials.entries.items()
        },
        "foreign": list(denials.foreign),
        "problem": denials.problem,
        **({"named": sorted(denials.named)} if denials.named else {}),
    }


def denials_of(found: DenialsDocument) -> Denials:
    """What such a document says."""
    entries = {
        one: Entry(datetime.fromisoformat(entry["end"]) if "end" in entry else None, entry["offboarded"])
        for one, entry in found["entries"].items()
    }
    named = frozenset(found.get("named", ()))
    return Denials(found["policy"], entries, tuple(found["foreign"]), found["problem"], named)
