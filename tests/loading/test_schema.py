"""The JSON Schemas: fresh, described throughout, and of one mind with loading on the shape of one file."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import check_jsonschema
import pytest
from click.testing import CliRunner

from reconciler.errors import InputError
from reconciler.loading.load import load
from reconciler.loading.schema import schemas, write_schemas
from tests.support.organisation import Place, organisations
from tests.support.patience import PATIENCE
from tests.trees import tree

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


def check(schema: str, *files: Path) -> tuple[int, str]:
    """Run check-jsonschema on files, in this process: its exit code, and what it prints."""
    arguments = ["--schemafile", str(ROOT / "schemas" / schema), *map(str, files)]
    ended = CliRunner().invoke(check_jsonschema.main, arguments)
    return ended.exit_code, ended.output


def identities(folder: Path) -> list[Path]:
    """The files of a folder that the schema of identities is for."""
    return sorted(
        path
        for path in folder.rglob("*.yaml")
        if path.name != "reconciler.yaml" and "approvals" not in path.relative_to(folder).parts
    )


def test_the_schemas_in_the_repository_are_those_that_the_documents_give(tmp_path: Path) -> None:
    written = write_schemas(tmp_path / "new")
    assert sorted(path.name for path in written) == sorted(schemas())
    for path in written:
        assert path.read_text(encoding="utf-8") == (ROOT / "schemas" / path.name).read_text(
            encoding="utf-8"
        ), f"run `reconciler schema`: schemas/{path.name} is out of date"


def fields(node: Any, at: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every field of a schema, with the way to it."""
    if isinstance(node, dict):
        for name, inner in node.get("properties", {}).items():
            yield f"{at}.{name}", inner
        for key, inner in node.items():
            yield from fields(inner, f"{at}.{key}" if key not in ("properties", "$defs") else at)
    elif isinstance(node, list):
        for inner in node:
            yield from fields(inner, at)


@pytest.mark.parametrize("name", sorted(schemas()))
def test_every_field_has_a_description(name: str) -> None:
    schema = json.loads(schemas()[name])
    found = dict(fields(schema))
    assert found
    # Pydantic leaves out a description that says what that of the referenced shape says.
    referenced = {f"#/$defs/{key}": one.get("description") for key, one in schema["$defs"].items()}
    undescribed = [
        at
        for at, field in found.items()
        if not (field.get("description") or referenced.get(field.get("$ref", "")))
    ]
    assert undescribed == []


def test_the_sample_is_accepted_as_people_check_it_in_ci() -> None:
    folder = ROOT / "identities"
    for schema, files in (
        ("identities.schema.json", identities(folder)),
        ("reconciler.schema.json", [folder / "reconciler.yaml"]),
        ("approvals.schema.json", sorted((folder / "approvals").glob("*.yaml"))),
    ):
        assert files
        command = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(ROOT / "schemas" / schema)]
        done = subprocess.run(
            [*command, *map(str, files)], capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("place", organisations(scale=0.1))
def test_an_organisation_is_accepted(place: Place, tmp_path: Path) -> None:
    code, expected = check("identities.schema.json", *identities(place(tmp_path / "identities").folder))
    assert code == 0, expected


# Every one is refused by loading too: the schema promises nothing that loading does not keep.
WRONG = {
    "an unknown top-level key": "grups: {}",
    "an unknown field of a user": "users: {ada: {user_name: ada, titel: x}}",
    "an unknown field of a group": "groups: {ops: {member: []}}",
    "an unknown field of a permission set": "permission_sets: {Admin: {session: 4h}}",
    "an unknown field of a member": "groups: {ops: {members: [{user: ada, untill: 2027-01-01}]}}",
    "an account id without quotes": "accounts: {prod: 123456789012}",
    "an account id of 11 digits": 'accounts: {prod: "12345678901"}',
    "an unquoted account id in a selector": (
        "assignments: {x: {groups: [a], permission_sets: [b], accounts: [123456789012]}}"
    ),
    "a user without user_name": "users: {ada: {title: x}}",
    "a user without a value": "users: {ada: }",
    "a user name with a space": "users: {ada: {user_name: a b}}",
    "a user name over 128": f"users: {{ada: {{user_name: {'a' * 129}}}}}",
    "a key with a space": "users: {ada lovelace: {user_name: ada}}",
    "a title over 1024": f"users: {{ada: {{user_name: ada, title: {'t' * 1025}}}}}",
    "a list for a title": "users: {ada: {user_name: ada, title: [x]}}",
    "active that is text": "users: {ada: {user_name: ada, active: maybe}}",
    "an until that is not a valid date": "users: {ada: {user_name: ada, until: tomorrow}}",
    "four photos": "users: {ada: {user_name: ada, photos: [a, b, c, d]}}",
    "text for members": "groups: {ops: {members: ada}}",
    "a misspelt word for members": "groups: {ops: {members: unmanged}}",
    "a map for members": "groups: {ops: {members: {user: ada}}}",
    "nothing for members": "groups: {ops: {members: }}",
    "a permission set name over 32": f"permission_sets: {{{'P' * 33}: {{}}}}",
    "a permission set name with a space": "permission_sets: {Power User: {}}",
    "a description beyond Latin-1": "permission_sets: {Admin: {description: \u5f35}}",
    "a session of no duration": "permission_sets: {Admin: {session_duration: [4h]}}",
    "assignments that are neither": "permission_sets: {Admin: {assignments: share}}",
    "an assignment without accounts": "assignments: {x: {groups: [a], permission_sets: [b]}}",
    "a selector with an unknown key": (
        "assignments: {x: {groups: [a], permission_sets: [b], accounts: [{uo: a}]}}"
    ),
    "an override of the user name": "overrides: {ada: {user_name: bob}}",
}


def test_each_error_in_the_shape_of_one_file_is_refused_by_the_schema_and_by_loading(tmp_path: Path) -> None:
    files = {}
    for number, (what, text) in enumerate(WRONG.items()):
        files[what] = tmp_path / f"{number:02}.yaml"
        files[what].write_text(text, encoding="utf-8")
        with pytest.raises(InputError):
            load(tree(text))
    _, expected = check("identities.schema.json", *files.values())
    assert [what for what, path in files.items() if f"{path}::" not in expected] == []


def test_scalars_that_editors_take_for_numbers_or_dates_are_text(tmp_path: Path) -> None:
    text = (
        "users:\n"
        "  ada: {user_name: 249043822, given_name: 1e3, family_name: no, title: 1.5, until: 2027-01-31}\n"
        "  bob: {user_name: b, until: 2027-01-31T18:00:00Z, title: null}\n"
        "groups: {ops: {members: [ada, {user: bob}]}, free: {members: unmanaged}}\n"
    )
    load(tree(text))
    path = tmp_path / "a.yaml"
    path.write_text(text, encoding="utf-8")
    assert check("identities.schema.json", path)[0] == 0


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        pytest.param("reconciler.schema.json", "timezone: UTC", id="a configuration without a format"),
        pytest.param("reconciler.schema.json", "format: 2", id="a format of the future"),
        pytest.param(
            "reconciler.schema.json",
            "format: 1\ntargets: {a: {type: scim, url: ftp://x, token: {env: T}}}",
            id="an address that is none",
        ),
        pytest.param(
            "reconciler.schema.json",
            "format: 1\ntargets: {a: {type: scim, url: https://x, token: secret}}",
            id="a token itself",
        ),
        pytest.param(
            "reconciler.schema.json",
            "format: 1\ntargets: {a: {type: identity-center, directory: {scim: {}}}}",
            id="a scim directory without an address",
        ),
        pytest.param("reconciler.schema.json", "format: 1\nscope: {users: all}", id="an unknown mode"),
        pytest.param("reconciler.schema.json", "format: 1\nauto_apply: [git]", id="auto_apply of git"),
        pytest.param(
            "reconciler.schema.json", "format: 1\nguards: {min_members: {a: 0}}", id="min_members of none"
        ),
        pytest.param(
            "approvals.schema.json",
            "approvals: {a: {guard: all, count: 1, until: 2027-01-01, reason: x}}",
            id="an approval of an unknown guard",
        ),
        pytest.param(
            "approvals.schema.json",
            "approvals: {a: {guard: protected, count: 1}}",
            id="an approval without end",
        ),
    ],
)
def test_errors_in_configuration_and_approvals_are_refused(tmp_path: Path, schema: str, text: str) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(text, encoding="utf-8")
    code, expected = check(schema, path)
    assert code == 1, expected
    name = "reconciler.yaml" if schema.startswith("reconciler") else "approvals/a.yaml"
    with pytest.raises(InputError):
        load(tree({name: text, "a.yaml": "users: {ada: {user_name: ada}}"}))


@pytest.mark.parametrize("name", ["identities", "reconciler", "approvals"])
def test_every_map_with_fields_refuses_the_fields_that_it_does_not_know(name: str) -> None:
    """A document that lost its configuration would take a misspelt guard for none."""
    schema = json.loads(schemas()[f"{name}.schema.json"])
    named = {"the file": schema, **schema["$defs"]}
    fields = {one: node for one, node in named.items() if "properties" in node}
    assert len(fields) > 1
    assert [one for one, node in fields.items() if node.get("additionalProperties") is not False] == []
