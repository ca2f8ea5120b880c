"""The JSON of a saved plan, checked field by field on its way back to values. Unknown fields are ignored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from reconciler.errors import Place
from reconciler.model.access import AccessChange, Direction
from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Cause, Change, Effect, FieldChange
from reconciler.model.plan import Counts, Finding, Plan, Severity, Takes, TargetPlan
from reconciler.model.resources import Origin, Value


def _frozen(value: Any) -> Value:
    """A JSON value as the model keeps it: lists are tuples."""
    if isinstance(value, list):
        return tuple(_frozen(each) for each in value)
    if isinstance(value, dict):
        return {key: _frozen(each) for key, each in value.items()}
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    raise ValueError("not a JSON value")


def _instant(value: Any) -> Any:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


_JSON = Annotated[Any, AfterValidator(_frozen)]
_Address = Annotated[str, AfterValidator(lambda text: str(Address.parse(text)))]


class _Document(BaseModel):
    """Reads strictly (no text where a number belongs) and tolerates fields of a later minor version."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class _Takes(_Document):
    # Bounded: a plan file may come from anybody, and 1e400 is a number of JSON.
    seconds: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
    calls: Annotated[int, Field(ge=0, le=10**12)]


class _Origin(_Document):
    path: str
    node: int

    def value(self) -> Origin:
        return Origin(self.path, self.node)


class _Place(_Document):
    path: str
    line: int
    column: int


class _Standing(_Document):
    origin: _Origin
    place: _Place


class _Field(_Document):
    name: str
    before: _JSON
    after: _JSON


class _Change(_Document):
    address: _Address
    action: Annotated[Action, Field(strict=False)]
    effect: Annotated[Effect, Field(strict=False)]
    cause: Annotated[Cause, Field(strict=False)]
    before: str
    after: str
    fields_: list[_Field] = Field(alias="fields")
    name: str
    reason: str | None
    origin: _Origin | None
    restores: bool

    def value(self) -> Change:
        return Change(
            address=Address.parse(self.address),
            action=self.action,
            effect=self.effect,
            cause=self.cause,
            before_hash=self.before,
            after_hash=self.after,
            fields=tuple(FieldChange(each.name, each.before, each.after) for each in self.fields_),
            name=self.name,
            reason=self.reason,
            origin=self.origin.value() if self.origin else None,
            restores=self.restores,
        )


class _Finding(_Document):
    code: str
    severity: Annotated[Severity, Field(strict=False)]
    message: str
    address: _Address | None
    origin: _Origin | None
    fix: str | None
    details: list[str]
    count: int
    kind: Annotated[Kind, Field(strict=False)] | None = None

    def value(self) -> Finding:
        return Finding(
            code=self.code,
            severity=self.severity,
            message=self.message,
            address=Address.parse(self.address) if self.address else None,
            origin=self.origin.value() if self.origin else None,
            fix=self.fix,
            details=tuple(self.details),
            count=self.count,
            kind=self.kind,
        )


class _Access(_Document):
    direction: Annotated[Direction, Field(strict=False)]
    permission_set: str
    people: list[str]
    accounts: list[str]
    groups: list[str]
    privileged: bool
    was_until: str | None = None
    until: str | None = None
    unknown_content: bool = False

    def value(self) -> AccessChange:
        return AccessChange(
            direction=self.direction,
            permission_set=self.permission_set,
            people=tuple(self.people),
            accounts=tuple(self.accounts),
            groups=tuple(self.groups),
            privileged=self.privileged,
            was_until=self.was_until,
            until=self.until,
            unknown=self.unknown_content,
        )


class _Counts(_Document):
    live: int
    desired: int
    unchanged: int
    unmanaged: int
    ignored: int

    def value(self) -> Counts:
        return Counts(self.live, self.desired, self.unchanged, self.unmanaged, self.ignored)


class _Gap(_Document):
    kind: str
    scope: str
    reason: str


class _Target(_Document):
    target: str
    identity: Mapping[str, str]
    policy_digest: str
    digest: str
    partial: bool
    gaps: list[_Gap]
    read_calls: Mapping[str, int]
    counts: Mapping[Annotated[Kind, Field(strict=False)], _Counts]
    changes: list[_Change]
    findings: list[_Finding]
    only: list[_Address] = []
    # Since 1.1.
    access: list[_Access] = []
    accounts: Mapping[str, str] = {}
    approvals: list[str] = []
    # Since 1.3.
    authors: list[str] = []
    takes: _Takes | None = None

    def value(self) -> TargetPlan:
        return TargetPlan(
            target=self.target,
            identity=dict(self.identity),
            policy_digest=self.policy_digest,
            changes=tuple(change.value() for change in self.changes),
            findings=tuple(finding.value() for finding in self.findings),
            counts={kind: counts.value() for kind, counts in self.counts.items()},
            digest=self.digest,
            partial=self.partial,
            gaps=tuple((gap.kind, gap.scope, gap.reason) for gap in self.gaps),
            read_calls=dict(self.read_calls),
            only=tuple(map(Address.parse, self.only)),
            access=tuple(each.value() for each in self.access),
            accounts=dict(self.accounts),
            approvals=tuple(self.approvals),
            authors=tuple(self.authors),
            takes=Takes(self.takes.seconds, self.takes.calls) if self.takes else None,
        )


class PlanDocument(_Document):
    """A whole plan file. `partial` and `applyable` are in it for others to read; here they are computed."""

    format_version: str
    semantics_version: int
    tool_version: str
    now: Annotated[AwareDatetime, BeforeValidator(_instant)]
    tree: str
    targets: list[_Target]
    places: list[_Standing]

    def plan(self) -> Plan:
        """The plan as values."""
        return Plan(
            now=self.now,
            targets=tuple(part.value() for part in self.targets),
            tool_version=self.tool_version,
            tree=self.tree,
            places={
                each.origin.value(): Place(each.place.path, each.place.line, each.place.column)
                for each in self.places
            },
            format_version=self.format_version,
            semantics_version=self.semantics_version,
        )
