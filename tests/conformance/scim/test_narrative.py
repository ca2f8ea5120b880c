"""On each service, from state to state: whatever people write is done there, and then nothing is left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from reconciler.model.report import Status
from tests.conformance.narrative import APPROVED, UNLIMITED
from tests.conformance.scim.services import ENTERPRISE, PLACES, Place, Service, fed
from tests.support.site import FedSite

pytestmark = pytest.mark.long

# More people than a page has, and more members than one request of Identity Center takes.
CROWD = 110
BOB = "  bob: {user_name: bob@example.com, given_name: Bob, family_name: Keller}\n"
FULL = f"""
users:
  ada:
    user_name: ada@example.com
    external_id: 6f1c-01
    given_name: Augusta
    middle_name: Ada
    family_name: King
    formatted_name: Augusta Ada King
    honorific_prefix: Lady
    honorific_suffix: FRS
    display_name: Ada King
    nick_name: Ada
    email: ada@example.com
    phone_number: +41 44 000 00 00
    address: {{formatted: "Main 1, Zürich", street_address: Main 1, locality: Zürich, region: ZH,
              postal_code: 08000, country: CH}}
    user_type: employee
    title: Principal
    role: engineer
    preferred_language: en
    locale: de-CH
    timezone: Europe/Zurich
    profile_url: https://people.example.com/ada
    employee_number: 0012
    cost_center: 1e3
    organization: no
    division: Engines
    department: Analytics
    manager: bob
{BOB}
groups:
  crew: {{display_name: Crew, members: [ada, bob]}}
  empty: {{members: []}}
"""
FULL_SEEN = {
    "userName": "ada@example.com",
    "externalId": "6f1c-01",
    "name.givenName": "Augusta",
    "name.middleName": "Ada",
    "name.familyName": "King",
    "name.formatted": "Augusta Ada King",
    "name.honorificPrefix": "Lady",
    "name.honorificSuffix": "FRS",
    "displayName": "Ada King",
    "nickName": "Ada",
    "emails.value": "ada@example.com",
    "phoneNumbers.value": "+41 44 000 00 00",
    "addresses.formatted": "Main 1, Zürich",
    "addresses.streetAddress": "Main 1",
    "addresses.locality": "Zürich",
    "addresses.region": "ZH",
    "addresses.postalCode": "08000",
    "addresses.country": "CH",
    "userType": "employee",
    "title": "Principal",
    "roles.value": "engineer",
    "preferredLanguage": "en",
    "locale": "de-CH",
    "timezone": "Europe/Zurich",
    "profileUrl": "https://people.example.com/ada",
    f"{ENTERPRISE}.employeeNumber": "0012",
    f"{ENTERPRISE}.costCenter": "1e3",
    f"{ENTERPRISE}.organization": "no",
    f"{ENTERPRISE}.division": "Engines",
    f"{ENTERPRISE}.department": "Analytics",
    f"{ENTERPRISE}.manager.value": "bob@example.com",
    "active": True,
}
# Every attribute otherwise, and some cleared.
OTHERWISE = f"""
users:
  ada:
    user_name: ada@example.com
    external_id: 6f1c-01
    given_name: A.
    middle_name: null
    family_name: Lovelace
    formatted_name: A. Lovelace
    honorific_prefix: null
    honorific_suffix: null
    display_name: A. Lovelace
    nick_name: Countess
    email: countess@example.com
    phone_number: +44 20 0000 0000
    address: {{street_address: St James 12, locality: London, region: LND, postal_code: SW1, country: GB}}
    user_type: guest
    title: null
    role: analyst
    preferred_language: fr
    locale: en-GB
    timezone: Europe/London
    profile_url: https://people.example.com/countess
    employee_number: 0013
    cost_center: 2e4
    organization: yes
    division: null
    department: Notes
    manager: null
{BOB}
groups:
  crew: {{display_name: Crew, members: [ada, bob]}}
  empty: {{members: []}}
"""
OTHERWISE_SEEN = {
    "userName": "ada@example.com",
    "externalId": "6f1c-01",
    "name.givenName": "A.",
    "name.familyName": "Lovelace",
    "name.formatted": "A. Lovelace",
    "displayName": "A. Lovelace",
    "nickName": "Countess",
    "emails.value": "countess@example.com",
    "phoneNumbers.value": "+44 20 0000 0000",
    "addresses.streetAddress": "St James 12",
    "addresses.locality": "London",
    "addresses.region": "LND",
    "addresses.postalCode": "SW1",
    "addresses.country": "GB",
    "userType": "guest",
    "roles.value": "analyst",
    "preferredLanguage": "fr",
    "locale": "en-GB",
    "timezone": "Europe/London",
    "profileUrl": "https://people.example.com/countess",
    f"{ENTERPRISE}.employeeNumber": "0013",
    f"{ENTERPRISE}.costCenter": "2e4",
    f"{ENTERPRISE}.organization": "yes",
    f"{ENTERPRISE}.department": "Notes",
    "active": True,
}
ADA = "ada: {user_name: countess@example.com, given_name: A., family_name: Lovelace"
CREW = "groups:\n  crew: {display_name: Navigators, members: [%s]}\n  empty: {members: []}\n"


@pytest.mark.parametrize("place", PLACES)
def test_every_step_of_a_life_is_taken_and_leaves_nothing_to_do(place: Place, tmp_path: Path) -> None:
    with place() as service, fed(service, tmp_path / "identities", tmp_path / "home") as here:
        life = Life(service, here)

        life.step(FULL)
        assert life.person("ada@example.com") == FULL_SEEN
        assert service.members() == {"Crew": {"ada@example.com", "bob@example.com"}, "empty": frozenset()}

        life.step(OTHERWISE)
        assert life.person("ada@example.com") == OTHERWISE_SEEN

        before = life.ids()
        life.step(f"users:\n  {ADA}}}\n{BOB}{CREW % 'ada, bob'}")
        assert life.ids() == {
            "countess@example.com": before["ada@example.com"],
            "bob@example.com": before["bob@example.com"],
            "Navigators": before["Crew"],
            "empty": before["empty"],
        }
        assert service.members()["Navigators"] == {"countess@example.com", "bob@example.com"}

        crowd = "".join(
            f"  u{number}: {{user_name: u{number}@example.com, given_name: U, family_name: N{number}}}\n"
            for number in range(CROWD)
        )
        everybody = ", ".join(["ada", "bob", *(f"u{number}" for number in range(CROWD))])
        life.step(f"users:\n  {ADA}}}\n{BOB}{crowd}{CREW % everybody}")
        assert len(service.members()["Navigators"]) == CROWD + 2

        life.step(f"users:\n  {ADA}}}\n{BOB}{crowd}{CREW % 'bob'}")
        assert service.members()["Navigators"] == {"bob@example.com"}

        life.step(f"users:\n  {ADA}, active: false}}\n{BOB}{crowd}{CREW % 'ada, bob'}")
        assert service.users()["countess@example.com"]["active"] is False
        assert service.members()["Navigators"] == {"bob@example.com"}

        life.step(f"users:\n  {ADA}}}\n{BOB}{crowd}{CREW % 'ada, bob'}")
        assert service.users()["countess@example.com"]["active"] is True
        assert service.members()["Navigators"] == {"countess@example.com", "bob@example.com"}

        # Gone from the files: disabled, and out of every group. The groups themselves are deleted, but where
        # nobody can see what else hangs on them.
        keeps = service.profile == "aws"
        life.step(f"users:\n{BOB}{CREW % 'bob' if keeps else ''}")
        users = service.users()
        assert [name for name in users if users[name].get("active") is not False] == ["bob@example.com"]
        assert len(users) == CROWD + 2
        assert service.members() == ({"Navigators": {"bob@example.com"}, "empty": set()} if keeps else {})
        assert life.ids()["countess@example.com"] == before["ada@example.com"]


@pytest.mark.parametrize("place", PLACES[:3])
def test_who_is_gone_from_the_files_is_deleted_where_that_is_written(place: Place, tmp_path: Path) -> None:
    with place() as service, fed(service, tmp_path / "identities", tmp_path / "home") as here:
        life = Life(service, here, more="    on_removal: delete\n")
        life.step(f"users:\n  {ADA}}}\n{BOB}{CREW % 'ada, bob'}")
        life.step(f"users:\n{BOB}{CREW % 'bob'}")
        assert service.users().keys() == {"bob@example.com"}
        assert service.members() == {"Navigators": {"bob@example.com"}, "empty": set()}


class Life:
    """A site whose files change, step by step."""

    def __init__(self, service: Service, here: FedSite, *, more: str = "") -> None:
        self._service, self._here = service, here
        here.folder.mkdir(parents=True)
        (here.folder / "approvals").mkdir()
        (here.folder / "approvals" / "all.yaml").write_text(
            APPROVED.replace("count: 99", "count: 999"), encoding="utf-8"
        )
        (here.folder / "reconciler.yaml").write_text(
            "format: 1\ntargets:\n  aws:\n    type: scim\n    url: https://scim.example/v2\n"
            f"    token: {{env: T}}\n{more}{UNLIMITED}",
            encoding="utf-8",
        )

    def step(self, text: str) -> None:
        """Write `text`, apply it, and expect everything to be done and the next plan to be empty."""
        (self._here.folder / "all.yaml").write_text(text, encoding="utf-8")
        report = self._here.apply()
        assert [result for result in report.results if result.status is not Status.DONE] == []
        again = self._here.plan().plan.changes
        assert [f"{change.action} {change.address}" for change in again] == []

    def ids(self) -> Mapping[str, str]:
        """Remote ids by user name and display name; here no user is called like a group."""
        found = {**self._service.users(), **self._service.groups()}
        return {name: str(one["id"]) for name, one in found.items()}

    def person(self, name: str) -> Mapping[str, Any]:
        """A user as the service shows them, by path; the manager by user name."""
        users = self._service.users()
        names = {str(user["id"]): each for each, user in users.items()}
        found = dict(_flat(users[name]))
        manager = f"{ENTERPRISE}.manager.value"
        if manager in found:
            found[manager] = names[found[manager]]
        return found


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            if not path and key in ("id", "meta", "schemas", "groups"):
                continue
            if key in ("type", "primary", "$ref", "display"):
                continue
            yield from _flat(each, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for each in value:
            yield from _flat(each, path)
    elif value not in (None, ""):
        yield path, value
