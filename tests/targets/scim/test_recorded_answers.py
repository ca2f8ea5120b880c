"""Each profile reads what its service answers; each record says whether that was seen or is documented."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import IncompleteRead, ServiceError
from reconciler.model.address import Kind
from reconciler.targets.scim import bulk, discovery, mapping
from reconciler.targets.scim.members import entries
from reconciler.targets.scim.paging import Pager
from reconciler.targets.scim.profile_list import names, profile
from reconciler.targets.scim.terms import Terms
from tests.targets.scim.fields import facing
from tests.targets.scim.odd import Odd, Refusal

WIRE = Path(__file__).resolve().parents[2] / "wire"
RECORDS = sorted(path for name in names() for path in (WIRE / name.replace("-", "_")).glob("*.json"))
EXTENSIONS = ("urn:ietf:params:scim:schemas:extension:Microsoft:Entra:2.0:User:mailNickname",)


def record(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def of(kind: str) -> pytest.MarkDecorator:
    chosen = [path for path in RECORDS if record(path)["kind"] == kind]
    return pytest.mark.parametrize("path", chosen, ids=lambda path: f"{path.parent.name}/{path.stem}")


def name_of(path: Path) -> str:
    return path.parent.name.replace("_", "-")


def plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def user_of(path: Path, raw: Any) -> dict[str, Any]:
    known = profile(name_of(path))
    read = mapping.user_attributes(raw, extensions=EXTENSIONS, manager_value=known.manager_value)
    return {**{key: plain(value) for key, value in read.items()}, "active": mapping.active(raw)}


def listed(path: Path, kind: str) -> list[Any]:
    known, answers = profile(name_of(path)), [record(path)["body"], {"Resources": []}]
    pager = Pager(lambda _query: answers.pop(0), kind=kind, make=dict, bad=IncompleteRead)
    terms = Terms(known.paging, known.page_size, known.first, known.total_counts, known.total_trusted)
    return list(pager.read(terms).items.values())


@pytest.mark.parametrize("name", names())
def test_every_profile_has_records_of_users_groups_and_an_error_or_what_it_says_of_itself(name: str) -> None:
    kinds = {record(path)["kind"] for path in RECORDS if name_of(path) == name}
    assert kinds >= {"user", "users", "groups"}
    assert kinds & {"error", "ServiceProviderConfig"}


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_record_says_where_it_is_from_as_honestly_as_its_profile(path: Path) -> None:
    source, evidence = record(path)["source"], profile(name_of(path)).evidence
    assert source.startswith(("recorded from ", "from documentation: ", "from the field: "))
    assert evidence.startswith("seen live") == source.startswith("recorded from ")


@of("user")
def test_a_user_reads_as_it_should(path: Path) -> None:
    assert user_of(path, record(path)["body"]) == record(path)["reads_as"]


@of("users")
def test_a_list_of_users_reads_as_it_should(path: Path) -> None:
    assert [user_of(path, raw) for raw in listed(path, "user")] == record(path)["reads_as"]


@of("groups")
def test_a_list_of_groups_reads_as_it_should(path: Path) -> None:
    read = [
        {**mapping.group_attributes(raw), "members": [each.value for each in entries(raw) or ()]}
        for raw in listed(path, "group")
    ]
    assert read == record(path)["reads_as"]


@of("ServiceProviderConfig")
def test_what_a_service_says_of_itself_is_taken_as_it_should(path: Path) -> None:
    known = discovery.traits(profile(name_of(path)), record(path)["body"], None, None)
    output = {"patch": known.patch, "etag": known.etag, "bulk": known.bulk, "paging": known.paging.value}
    assert {**output, "count": known.count} == {"count": 100, **record(path)["reads_as"]}


@of("error")
def test_an_error_is_the_kind_that_it_should_be(path: Path) -> None:
    saved = record(path)
    refusal = Refusal(saved["status"], body=json.dumps(saved["body"]))
    odd = Odd(fail=lambda _method, _path: refusal)
    with facing(odd, name_of(path)) as here, pytest.raises(ServiceError) as caught:
        here.target._service.create(Kind.USER, {})
    error = caught.value
    assert {"kind": type(error).__name__, "reason": error.reason} == saved["reads_as"]
    assert saved["body"]["detail"] in str(error)


@of("bulk")
def test_an_answer_of_many_says_of_each_how_it_ended(path: Path) -> None:
    saved = record(path)
    answers = bulk._answers(saved["body"], 2)
    assert [str(bulk._status(answers[number])) for number in (0, 1)] == saved["reads_as"]
    assert [bool(bulk._made(answers[number])) for number in (0, 1)] == [True, False]
