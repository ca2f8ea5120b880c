"""What becomes of a write, decided once for every channel: send, look, then adopt, send again, or unknown."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from reconciler.errors import Conflict, NotFound, OutcomeUnknown, Rejected, ServiceError
from reconciler.model.report import Status
from reconciler.targets.settlement import EndedError, Tried, few, patiently, settle

LOST = OutcomeUnknown("no answer")


@dataclass
class Thing:
    """Something that a write makes. Each answer is one request's: an error, before or after it was made."""

    answers: list[tuple[bool, ServiceError | None]]
    made: int = 0
    looking: ServiceError | None = None
    did: list[str] = field(default_factory=list)

    def send(self, _tried: Tried) -> str:
        makes, error = self.answers.pop(0)
        self.did.append("send")
        self.made += makes
        if error is not None:
            raise error
        return "sent"

    def is_open(self, refusal: ServiceError) -> bool:
        return isinstance(refusal, Conflict)

    def look(self, _tried: Tried) -> bool:
        self.did.append("look")
        if self.looking is not None:
            raise self.looking
        return bool(self.made)

    def judge(self, found: bool, tried: Tried) -> str | None:  # noqa: FBT001  # what `look` saw
        if found:
            return "adopted" if tried.refusal else "found"
        return None if tried.refusal is None else "refused"

    def again(self, tried: Tried) -> float | None:
        return few(tried)

    def give_up(self, tried: Tried) -> str:
        return f"unknown after {len(tried.errors)}"


@pytest.mark.parametrize(
    ("answers", "end", "did"),
    [
        ([(True, None)], "sent", "send"),
        ([(True, LOST)], "found", "send look"),
        ([(False, LOST), (True, None)], "sent", "send look send"),
        ([(False, LOST)] * 3, "unknown after 3", "send look send look send look"),
        ([(True, Conflict("taken"))], "adopted", "send look"),
        ([(False, Conflict("taken"))], "refused", "send look"),
    ],
)
def test_a_write_is_sent_again_only_after_a_look_has_shown_that_it_did_nothing(
    answers: list[tuple[bool, ServiceError | None]], end: str, did: str
) -> None:
    thing = Thing(list(answers))

    assert settle(thing, _never) == end
    assert thing.did == did.split()
    assert thing.made <= 1


def test_what_was_sent_before_is_looked_for_first() -> None:
    thing = Thing([], made=1)

    assert settle(thing, _never, LOST) == "found"
    assert thing.did == ["look"]


def test_a_refusal_that_no_look_explains_is_raised() -> None:
    with pytest.raises(Rejected, match="no"):
        settle(Thing([(False, Rejected("no"))]), _never)


def test_a_look_that_fails_leaves_a_lost_answer_unknown() -> None:
    with pytest.raises(EndedError, match="no answer; looking did not settle it: down") as ended:
        settle(Thing([(True, LOST)], looking=ServiceError("down")), _never)
    assert ended.value.status is Status.UNKNOWN


def test_a_look_that_fails_after_a_refusal_raises_its_own_error() -> None:
    with pytest.raises(ServiceError, match="down"):
        settle(Thing([(False, Conflict("taken"))], looking=ServiceError("down")), _never)


@pytest.mark.parametrize("shown_after", range(4))
def test_what_must_be_there_is_looked_at_again_for_a_while(shown_after: int) -> None:
    waited: list[float] = []

    def look() -> str | None:
        return "it" if len(waited) >= shown_after else None

    assert patiently(look, waited.append) == ("it" if shown_after < 3 else None)
    assert waited == [1.0, 3.0][:shown_after]


def test_requests_that_ended_alike_are_counted() -> None:
    assert Tried((LOST, NotFound("a"), LOST)).alike == 2
    assert Tried((LOST, NotFound("a"))).lost is LOST


def _never(seconds: float) -> None:
    raise AssertionError(f"waited {seconds} s")
