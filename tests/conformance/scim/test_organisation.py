"""The users and groups of a real organisation, whole, on each service: applied, and then nothing is left."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.model.report import Status
from tests.conformance.scim.services import PLACES, Place, aws_endpoint, complete, fed
from tests.conformance.worlds import in_the_files
from tests.support.organisation import Place as Writing
from tests.support.organisation import describe, organisations, without_access

pytestmark = pytest.mark.long

# Of the generated organisation.
SCALE = 0.1


GENERATED, REAL = organisations(scale=SCALE)


@pytest.mark.parametrize(
    ("place", "write"),
    [
        *(pytest.param(place, *GENERATED.values, id=place.__name__) for place in PLACES),
        # What only size shows, two show: the fastest of the others, and Identity Center's own.
        *(
            pytest.param(place, *REAL.values, id=f"{place.__name__}-{REAL.id}", marks=REAL.marks)
            for place in (complete, aws_endpoint)
        ),
    ],
)
def test_an_organisation_is_written_whole(place: Place, write: Writing, tmp_path: Path) -> None:
    folder = tmp_path / "identities"
    write(folder)
    without_access(folder)
    configure(folder)
    with place() as service, fed(service, folder, tmp_path / "home") as here:
        report = here.apply()

        assert [result for result in report.results if result.status is not Status.DONE] == []
        assert here.plan().plan.changes == ()
        users, groups, members = in_the_files(describe(folder))
        found = service.users()
        assert {
            name: (
                user["name"]["givenName"],
                user["name"]["familyName"],
                user["displayName"],
                user["emails"][0]["value"] if "emails" in user else None,
            )
            for name, user in found.items()
        } == {
            name: (given, family, display, email if "@" in email.strip("@") else None)
            for name, (given, family, display, email) in users.items()
        }
        assert service.groups().keys() == groups.keys()
        assert service.members() == {name: frozenset(who) for name, who in members.items()}


def configure(folder: Path) -> None:
    """What reconciler.yaml says of a SCIM service; the address and token of the tests are others."""
    (folder / "reconciler.yaml").write_text(
        "format: 1\ntargets:\n  aws: {type: scim, url: https://scim.example/v2, token: {env: T}}\n",
        encoding="utf-8",
    )
