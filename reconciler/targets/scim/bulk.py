"""Creates many users and groups with one request, where the service has that. RFC 7644 section 3.7.

Every operation has an answer of its own; one that has none, and all of them where the answer was lost, are
looked up one by one before anything is sent again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.errors import Conflict, NotFound, OutcomeUnknown, Rejected, ServiceError
from reconciler.model.address import Address, Kind
from reconciler.model.plan import Step
from reconciler.model.report import Outcome, Status
from reconciler.targets.crew import each
from reconciler.targets.scim.api import Service, last_segment
from reconciler.targets.scim.intents import WriteIntent
from reconciler.targets.scim.mapping import Raw, find, identifier
from reconciler.targets.scim.writing import Writer
from reconciler.targets.settlement import ended as ended_by

_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
# Bytes around the operations.
_FRAME = 200


class BulkWriter:
    """Creates users and groups of one service, several with one request. Thread-safe."""

    def __init__(self, service: Service, writer: Writer) -> None:
        self._service, self._writer = service, writer
        # Announced, and seen not to work.
        self._off = False

    def submit(
        self, steps: Sequence[Step], ids: Mapping[Address, str], versions: Mapping[Address, str]
    ) -> list[Outcome]:
        """Carry out creations; nothing is raised for what the service says."""
        ended: dict[str, Outcome] = {}
        wishes: list[WriteIntent] = []
        for step in steps:
            try:
                made = self._writer.intent(step, ids, versions)
            except ServiceError as error:
                made = ended_by(step, error)
            if isinstance(made, Outcome):
                ended[step.id] = made
            else:
                wishes.append(made)
        for part in self._parts(wishes):
            if any(outcome.stop for outcome in ended.values()):
                ended.update(
                    (w.step.id, Outcome(w.step.id, Status.STOPPED, "not sent", stop=True)) for w in part
                )
            else:
                ended.update(self._carry_out(part))
        return [ended[step.id] for step in steps]

    def _parts(self, wishes: Sequence[WriteIntent]) -> Iterator[list[WriteIntent]]:
        """As many together as the service takes, by number and by bytes."""
        traits = self._service.traits()
        part: list[WriteIntent] = []
        size = _FRAME
        for intent in wishes:
            length = len(json.dumps(self._operation(intent, "0" * 8)))
            if part and (len(part) >= traits.bulk or size + length > traits.bulk_bytes):
                yield part
                part, size = [], _FRAME
            part.append(intent)
            size += length + 2
        if part:
            yield part

    def _operation(self, intent: WriteIntent, bulk_id: str) -> dict[str, Any]:
        path = "/Users" if intent.kind is Kind.USER else "/Groups"
        return {"method": "POST", "path": path, "bulkId": bulk_id, "data": self._writer.shapes.body(intent)}

    def _carry_out(self, wishes: Sequence[WriteIntent]) -> dict[str, Outcome]:
        if len(wishes) == 1 or self._off:
            return self._one_by_one(wishes, None)
        body = {
            "schemas": [_REQUEST],
            "Operations": [self._operation(intent, str(number)) for number, intent in enumerate(wishes)],
        }
        try:
            answer = self._service.bulk(body)
        except OutcomeUnknown as lost:
            return self._one_by_one(wishes, lost)
        except (Rejected, NotFound, Conflict) as refusal:
            # Nothing was done. 413 speaks of this very request, the rest of bulk itself.
            if refusal.code != "413":
                self._off = True
            return self._one_by_one(wishes, None)
        except ServiceError as error:
            return {intent.step.id: ended_by(intent.step, error) for intent in wishes}
        return self._settled(wishes, _answers(answer, len(wishes)))

    def _one_by_one(self, wishes: Sequence[WriteIntent], lost: OutcomeUnknown | None) -> dict[str, Outcome]:
        return {
            intent.step.id: outcome
            for intent, outcome in each(lambda one: self._writer.create_after(one, lost), wishes)
        }

    def _settled(self, wishes: Sequence[WriteIntent], answers: Mapping[int, Raw]) -> dict[str, Outcome]:
        ended: dict[str, Outcome] = {}
        again: list[WriteIntent] = []
        unknown: list[WriteIntent] = []
        for number, intent in enumerate(wishes):
            answer = answers.get(number)
            status = _status(answer)
            made = _made(answer)
            if 200 <= status < 300 and made:
                version = find(answer or {}, "version") if self._service.traits().etag else None
                version = version if isinstance(version, str) else None
                ended[intent.step.id] = intent.done(
                    remote_id=self._writer.ids.own(intent, made), version=version
                )
            elif status in (409, 412, 413, 429):
                again.append(intent)
            elif 400 <= status < 500 and (intent.member or self._avoidable(intent, answer, status)):
                # For want of a member, or for something that can be left out: one by one that is seen.
                again.append(intent)
            elif 400 <= status < 500:
                ended[intent.step.id] = intent.failed(_words(answer, status))
            else:
                unknown.append(intent)
        lost = OutcomeUnknown(
            "the answer says nothing of it", target=self._service.target, request="scim.Bulk"
        )
        return ended | self._one_by_one(again, None) | self._one_by_one(unknown, lost)

    def _avoidable(self, intent: WriteIntent, answer: Raw | None, status: int) -> bool:
        return self._writer.shapes.avoids(intent, Rejected(_words(answer, status))) is not None


def _answers(answer: Raw, count: int) -> dict[int, Raw]:
    """The answers to the operations, by their number."""
    found: dict[int, Raw] = {}
    given = find(answer, "Operations")
    items = [item for item in given if isinstance(item, Mapping)] if isinstance(given, list) else []
    for item in items:
        number = find(item, "bulkId")
        if isinstance(number, str) and number.isdecimal() and len(number) < 10 and int(number) < count:
            found[int(number)] = item
    return found


def _status(answer: Raw | None) -> int:
    """The status of one operation, 0 where there is none; number, text, or {"code": "201"} (RFC drafts)."""
    status = find(answer, "status") if answer is not None else None
    if isinstance(status, Mapping):
        status = find(status, "code")
    text = str(status)
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _made(answer: Raw | None) -> str:
    """The id of what one operation made."""
    if answer is None:
        return ""
    return identifier(find(answer, "response")) or last_segment(find(answer, "location"))


def _words(answer: Raw | None, status: int) -> str:
    response = find(answer, "response") if answer is not None else None
    detail = find(response, "detail") if isinstance(response, Mapping) else None
    said = " ".join(str(detail).split())[:300] if detail else "the service refuses it"
    return f"{said} [{status}]"
