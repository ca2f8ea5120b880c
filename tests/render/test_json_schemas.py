"""What is printed as JSON is as its published schema says, and the schemas in the repository are fresh."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import ValidationError

from reconciler.errors import Place, Problem
from reconciler.model.address import Address, Kind
from reconciler.model.plan import Finding, Severity
from reconciler.model.report import Report, Result, Status, TargetReport
from reconciler.render.json import plan_json, report_json
from reconciler.render.redacting import People, redacted
from reconciler.render.schemas import OUTPUTS, output_schemas
from reconciler.render.validation import problems_json, valid_json
from tests.render import pieces, plans
from tests.render.conftest import GOLDEN
from tests.render.markup import MARKUP
from tests.render.test_recorded_plans import FORMATS, RECORDED
from tests.render.test_text import poisoned
from tests.support.json_output import check_json

SCHEMAS = Path(__file__).parents[2] / "schemas"


@pytest.mark.parametrize("name", OUTPUTS)
def test_the_schemas_in_the_repository_are_those_of_this_version(name: str) -> None:
    written = (SCHEMAS / name).read_text(encoding="utf-8")
    assert written == output_schemas()[name], "run `reconciler schema`"


def _objects(node: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(node, dict):
        if "properties" in node:
            yield node
        for inner in node.values():
            yield from _objects(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _objects(inner)


@pytest.mark.parametrize("name", OUTPUTS)
def test_every_field_is_described_and_no_object_has_others(name: str) -> None:
    found = list(_objects(OUTPUTS[name]))
    assert found
    for each in found:
        assert each["additionalProperties"] is False
        assert set(each["required"]) <= each["properties"].keys()
        for field, schema in each["properties"].items():
            inner = [schema, *schema.get("anyOf", ())]
            assert any("description" in one or "$ref" in one for one in inner), field


@pytest.mark.parametrize("name", plans.PLANS)
def test_plans_are_as_their_schema_says(name: str) -> None:
    check_json(plan_json(plans.PLANS[name]), "plan")
    check_json(plan_json(redacted(plans.PLANS[name], People(()))), "plan")


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.name)
def test_golden_documents_are_as_their_schemas_say(path: Path) -> None:
    check_json(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("format_", FORMATS)
def test_plans_of_earlier_versions_are_as_the_schema_says_where_it_had_their_fields(format_: str) -> None:
    text = (RECORDED / f"plan-{format_}.json").read_text("utf-8")
    if format_ in ("1.0", "1.1"):
        with pytest.raises(ValidationError):
            check_json(text, "plan")
    else:
        check_json(text, "plan")


@given(evil=MARKUP.filter(bool))
@settings(deadline=None, max_examples=25)
def test_no_data_makes_a_plan_another_document_or_a_command(evil: str) -> None:
    text = plan_json(poisoned(evil))
    assert text.isascii()
    assert "##" not in text
    assert text.count("\n") == 1
    document = json.loads(text)
    for part in document["targets"]:
        # These are made up in `poisoned`; a digest of ours is a hash.
        part["digest"] = part["policy_digest"]
        part["gaps"] = []
    check_json(json.dumps(document), "plan")


@pytest.mark.parametrize("status", Status)
def test_reports_are_as_their_schema_says(status: Status) -> None:
    result = Result(Address.of("aws", Kind.USER, "ada"), status, "##[error] it broke", "r-1")
    refusal = Finding("max-removals", Severity.REFUSAL, "too many", origin=pieces.PEOPLE, kind=Kind.USER)
    part = TargetReport(
        "aws",
        "sha256:0",
        (result,),
        whole=False,
        writes=1,
        calls={"CreateUser": 1},
        seconds=0.5,
        notes=("n",),
        refusals=(refusal,),
        approvals=("approvals:",),
    )
    text = report_json(Report((part,), interrupted=True))
    check_json(text, "report")
    assert "##" not in text


@given(evil=MARKUP)
@settings(deadline=None, max_examples=25)
def test_validations_are_as_their_schema_says(evil: str) -> None:
    place = Place(evil, 3, 7)
    problems = problems_json([Problem(evil, evil, place), Problem(evil)])
    found = [Finding(evil, each, evil, origin=pieces.PEOPLE, fix=evil, details=(evil,)) for each in Severity]
    valid = valid_json(evil, found, {pieces.PEOPLE: place})
    for text in (problems, valid):
        check_json(text, "validation")
        assert text.isascii()
        assert "##" not in text
