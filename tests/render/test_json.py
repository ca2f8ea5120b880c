"""The plan file: same plan, same bytes, back to the same plan, and nothing else passes for one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.errors import PlanFileError
from reconciler.model.access import AccessChange, Direction
from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Cause, Change, Effect, FieldChange
from reconciler.model.plan import Finding, Plan, Severity, Takes
from reconciler.model.report import Report, Result, Status, TargetReport
from reconciler.model.resources import Origin
from reconciler.render.json import plan_from_json, plan_json, report_json
from tests.render import pieces, plans

TEXT = st.text(max_size=8)
# What hashes can take: text that is UTF-8.
NAME = st.text(min_size=1, max_size=8)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
ORIGINS = st.none() | st.builds(Origin, TEXT, st.integers(0, 10**6))
CHANGES = st.builds(
    Change,
    address=st.builds(lambda kind, parts: Address.of("aws", kind, *parts), st.sampled_from(Kind),
                      st.lists(NAME, min_size=1, max_size=3)),
    action=st.sampled_from(Action),
    effect=st.sampled_from(Effect),
    cause=st.sampled_from(Cause),
    before_hash=TEXT,
    after_hash=TEXT,
    fields=st.lists(st.builds(FieldChange, TEXT, VALUES, VALUES), max_size=3).map(tuple),
    name=TEXT,
    reason=st.none() | TEXT,
    origin=ORIGINS,
    restores=st.booleans(),
)  # fmt: skip
FINDINGS = st.builds(
    Finding,
    code=TEXT,
    severity=st.sampled_from(Severity),
    message=TEXT,
    address=st.none() | st.builds(lambda key: Address.of("aws", Kind.USER, key), NAME),
    origin=ORIGINS,
    fix=st.none() | TEXT,
    details=st.lists(TEXT, max_size=3).map(tuple),
    count=st.integers(0, 10**6),
)
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
ACCESS = st.builds(
    AccessChange,
    direction=st.sampled_from(Direction),
    permission_set=TEXT,
    people=TEXTS,
    accounts=TEXTS,
    groups=TEXTS,
    privileged=st.booleans(),
)


@pytest.mark.parametrize("name", ["everyday", "refused", "hostile"])
def test_json_is_as_it_was_last_read(name: str, golden: Callable[[str, str], None]) -> None:
    # Indented for whoever reads the golden file; the bytes themselves are compared below.
    document = json.loads(plan_json(plans.PLANS[name]))
    golden(f"{name}.json", json.dumps(document, indent=1, sort_keys=True, ensure_ascii=True) + "\n")


@pytest.mark.parametrize("name", plans.PLANS)
def test_a_plan_comes_back_as_it_was_saved(name: str) -> None:
    text = plan_json(plans.PLANS[name])
    assert plan_from_json(text) == plans.PLANS[name]
    assert plan_json(plan_from_json(text)) == text


@given(
    st.lists(CHANGES, max_size=4, unique_by=lambda change: change.address),
    st.lists(FINDINGS, max_size=3),
    st.lists(st.tuples(TEXT, TEXT, TEXT), max_size=2).map(tuple),
    st.lists(ACCESS, max_size=3),
    st.dictionaries(TEXT, TEXT, max_size=3),
)
@settings(deadline=None)
def test_any_plan_comes_back_as_it_was_saved(
    changes: list[Change],
    findings: list[Finding],
    gaps: tuple[tuple[str, str, str], ...],
    access: list[AccessChange],
    accounts: dict[str, str],
) -> None:
    part = pieces.part(changes, findings, gaps=gaps, partial=bool(gaps), access=access, accounts=accounts)
    plan = pieces.plan(part)
    assert plan_from_json(plan_json(plan)) == plan


def test_the_bytes_are_plain_ascii_in_one_line_whatever_is_in_them() -> None:
    text = plan_json(plans.PLANS["hostile"])
    assert text.isascii()
    assert text[:-1].isprintable()
    assert text.endswith("}\n")


def test_the_order_of_maps_changes_no_byte() -> None:
    plan = plans.PLANS["everyday"]
    turned = replace(
        plan,
        places=dict(reversed(list(plan.places.items()))),
        targets=tuple(
            replace(
                part,
                counts=dict(reversed(list(part.counts.items()))),
                identity=dict(reversed(list(part.identity.items()))),
            )
            for part in plan.targets
        ),
    )
    assert plan_json(turned) == plan_json(plan)


def altered(change: Callable[[Any], None], name: str = "everyday") -> str:
    """A saved plan, after somebody laid hands on it."""
    data = json.loads(plan_json(plans.PLANS[name]))
    change(data)
    return json.dumps(data)


def first(data: Any) -> Any:
    return data["targets"][0]["changes"][0]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda data: data.update(format_version="1.9"), id="a later minor version"),
        pytest.param(lambda data: data.update(novelty={"a": 1}), id="a field of the plan"),
        pytest.param(lambda data: data["targets"][0].update(novelty=1), id="a field of a target"),
        pytest.param(lambda data: first(data).update(novelty=1), id="a field of a change"),
    ],
)
def test_what_a_later_minor_version_adds_is_ignored(change: Callable[[Any], None]) -> None:
    assert plan_from_json(altered(change)).targets == plans.PLANS["everyday"].targets


def test_a_plan_of_the_first_format_is_read_as_one_that_tells_nothing_of_access() -> None:
    def before(data: Any) -> None:
        data.update(format_version="1.0")
        for part in data["targets"]:
            del part["access"], part["accounts"]

    old = plan_from_json(altered(before, "roles"))
    assert old.changes == plans.PLANS["roles"].changes
    assert [(part.access, part.accounts) for part in old.targets] == [((), {})]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("", "not a saved plan", id="empty"),
        pytest.param("{", "not a saved plan", id="cut off"),
        pytest.param("[" * 100_000, "not a saved plan", id="nested without end"),
        pytest.param("[]", "format_version", id="a list"),
        pytest.param("{}", "format_version", id="no version"),
        pytest.param('{"format_version":"1.0","format_version":"1.0"}', "twice", id="a key twice"),
        pytest.param('{"format_version":NaN}', "is not JSON", id="not a number"),
        pytest.param(altered(lambda data: data.update(format_version="2.0")), "format 2", id="next major"),
        pytest.param(altered(lambda data: data.update(format_version=1)), "format_version", id="number"),
        pytest.param(altered(lambda data: data.pop("targets")), "targets", id="no targets"),
        pytest.param(altered(lambda data: data.update(now="2026-11-23T12:00:00")), "now", id="no time zone"),
        pytest.param(altered(lambda data: data.update(now="yesterday")), "now", id="no instant"),
        pytest.param(altered(lambda data: first(data).update(action="explode")), "action", id="bad action"),
        pytest.param(altered(lambda data: first(data).update(address="nowhere")), "address", id="no address"),
        pytest.param(altered(lambda data: first(data).update(restores="yes")), "restores", id="text"),
        pytest.param(altered(lambda data: first(data).update(after="0" * 64)), "changed", id="another after"),
        pytest.param(altered(lambda data: first(data).update(action="delete")), "changed", id="action"),
        pytest.param(
            altered(lambda data: data["targets"][0]["changes"].pop()), "changed", id="a change taken out"
        ),
        pytest.param(
            altered(lambda data: data["targets"][0]["identity"].update(instance_arn="x")),
            "changed",
            id="another instance",
        ),
    ],
)
def test_nothing_else_passes_for_a_plan(text: str, says: str) -> None:
    with pytest.raises(PlanFileError, match=says) as caught:
        plan_from_json(text)
    assert len(str(caught.value)) < 300


def test_a_plan_of_other_semantics_can_be_shown() -> None:
    plan = replace(plans.PLANS["everyday"], semantics_version=99)
    assert plan_from_json(plan_json(plan)) == plan


def test_a_report_tells_every_result() -> None:
    address = Address.of("aws", Kind.USER, "ada")
    report = Report(
        (
            TargetReport(
                target="aws",
                digest="sha256:00",
                results=(Result(address, Status.FAILED, "no\nway", "0a1b-2c"),),
                whole=False,
                writes=0,
                calls={"CreateUser": 1},
                seconds=1.5,
                notes=("tag not moved",),
            ),
        )
    )
    data = json.loads(report_json(report))
    assert data["failed"] is True
    assert data["statuses"] == {"failed": 1}
    assert data["targets"][0]["results"] == [
        {"address": "aws/user/ada", "message": "no\nway", "request_id": "0a1b-2c", "status": "failed"}
    ]
    assert report_json(report) == report_json(report)


def test_saving_needs_no_digest_to_be_right_but_loading_does() -> None:
    plan: Plan = plans.PLANS["everyday"]
    wrong = replace(plan, targets=(replace(plan.targets[0], digest="sha256:00"),))
    with pytest.raises(PlanFileError, match="was changed"):
        plan_from_json(plan_json(wrong))


def _with_takes(takes: str) -> str:
    part = replace(pieces.part(), takes=Takes(12.5, 48))
    text = plan_json(replace(pieces.plan(part)))
    assert '"takes":{"calls":48,"seconds":12.5}' in text
    return text.replace('{"calls":48,"seconds":12.5}', takes)


def test_what_applying_takes_comes_back_as_it_was_saved() -> None:
    plan = plan_from_json(_with_takes('{"calls":48,"seconds":12.5}'))
    assert plan.targets[0].takes == Takes(12.5, 48)


@pytest.mark.parametrize(
    "takes",
    [
        '{"calls":48,"seconds":1e400}',
        '{"calls":48,"seconds":-1e400}',
        '{"calls":48,"seconds":1e300}',
        '{"calls":48,"seconds":-1.0}',
        '{"calls":-1,"seconds":12.5}',
        '{"calls":1e400,"seconds":12.5}',
        '{"calls":99999999999999999999,"seconds":12.5}',
        '{"calls":48,"seconds":13.5}',
    ],
)
def test_what_applying_takes_is_a_sane_number_and_nobody_edited_it(takes: str) -> None:
    """A plan file comes from a pull request, and is shown by a job with a token."""
    with pytest.raises(PlanFileError):
        plan_from_json(_with_takes(takes))


@pytest.mark.parametrize("number", ["1e400", "-1e400"])
def test_no_number_in_a_plan_is_infinite(number: str) -> None:
    text = plan_json(pieces.plan(pieces.part())).replace(
        '"partial":false', f'"later":{number},"partial":false'
    )
    with pytest.raises(PlanFileError, match="too large for a number"):
        plan_from_json(text)
