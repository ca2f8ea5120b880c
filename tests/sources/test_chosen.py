"""Which attributes are imported where the configuration of the import names none."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.cli.main import run
from reconciler.files.tree import FolderTree
from reconciler.loading.load import load
from tests.support.directories import BASE, ldif, person

FOUR = {"email", "title", "department", "manager"}
BOSS = person(1, "bea")
ADA = person(
    2, "ada", title="Lead", department="R&D", manager=BOSS.dn, employeeID="7", telephoneNumber="+49 1",
    company="Example",
)  # fmt: skip
AWS = "  aws: {type: identity-center}\n"
SCIM = (
    "  app:\n    type: scim\n    url: https://scim.example.com/v2\n    token: {{env: TOKEN}}\n"
    "    profile: {profile}\n    map: {map}\n"
)


def imported(tmp_path: Path, targets: str | None, named: str = "") -> set[str]:
    """The attributes that Ada has after an import, beside those that everybody has."""
    identities = tmp_path / "identities"
    identities.mkdir(exist_ok=True)
    if targets is not None:
        (identities / "reconciler.yaml").write_text(f"format: 1\ntargets:\n{targets}")
    config, file = tmp_path / "ad.yaml", tmp_path / "ad.ldif"
    config.write_text(f"base: {BASE}\n{named}")
    file.write_text(ldif([ADA, BOSS]))
    words = ["import", "ad", "--config", str(config), "--ldif", str(file), "--identities", str(identities)]
    assert run([*words, "--detailed-exitcode"]) == 2
    assert run([*words, "--detailed-exitcode"]) == 0
    always = {"user_name", "external_id", "given_name", "family_name", "display_name"}
    return set(load(FolderTree(identities)).identities.users["ada"].attributes) - always


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        pytest.param(None, FOUR, id="without a configuration"),
        pytest.param(AWS, FOUR, id="AWS alone: nothing that nobody asked for"),
        pytest.param(
            SCIM.format(profile="github-enterprise", map="{}"), {"email"}, id="a service that takes no title"
        ),
        pytest.param(
            SCIM.format(profile="github-enterprise", map='{displayName: "{given_name} {employee_number}"}'),
            {"email", "employee_number"},
            id="what another attribute is made of",
        ),
        pytest.param(
            SCIM.format(profile="generic", map='{title: "{organization}", emails: "{key}@x.example"}'),
            {"organization", "department", "manager"},
            id="what is made of others is not sent itself",
        ),
        pytest.param(
            AWS
            + SCIM.format(
                profile="github-enterprise", map='{"urn:example:hr:2.0:User:no": "{phone_number}"}'
            ),
            FOUR | {"phone_number"},
            id="two targets",
        ),
    ],
)
def test_what_the_targets_use_is_imported(tmp_path: Path, targets: str | None, expected: set[str]) -> None:
    assert imported(tmp_path, targets) == expected


def test_what_is_named_wins(tmp_path: Path) -> None:
    assert imported(tmp_path, AWS, "attributes: [organization]\n") == {"organization"}


def test_a_configuration_that_is_wrong_is_told_by_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "reconciler.yaml").write_text("format: 1\ntargets:\n  aws: {typo: 1}\n")
    file = tmp_path / "ad.ldif"
    file.write_text(ldif([ADA]))
    assert run(["import", "ad", "--ldif", str(file), "--identities", str(tmp_path)]) == 1
    assert "reconciler.yaml:3:" in capsys.readouterr().err
