"""Answers of AWS Organizations that the sandbox does not give: without paths, or such as make no sense."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.errors import IncompleteRead
from reconciler.model.observer import Silent
from reconciler.model.organization import Organization
from reconciler.targets.identity_center.organization.api import Organizations
from reconciler.targets.identity_center.organization.reading import OrganizationReader
from reconciler.wire.aws import Aws
from tests.wire.clocks import FakeClock
from tests.wire.scripted import Reply, error, serve

MANAGEMENT, ONE, TWO = "111111111111", "222222222222", "333333333333"


def account(identifier: str, **more: Any) -> dict[str, Any]:
    return {"Id": identifier, "Name": f"n{identifier[0]}", "State": "ACTIVE", **more}


class Script:
    """An organization of the older kind: a root, a unit in it, a unit in that; changed as a test wants."""

    def __init__(self, **changed: Any) -> None:
        self.accounts = [account(MANAGEMENT), account(ONE), account(TWO)]
        self.below: dict[str, list[str]] = {"r-1111": [MANAGEMENT], "ou-1-a": [ONE], "ou-1-b": [TWO]}
        self.units = {"r-1111": [("ou-1-a", "Work")], "ou-1-a": [("ou-1-b", "Prod")], "ou-1-b": []}
        self.parents: dict[str, str] = {}
        self.roots = ["r-1111"]
        self.asked: list[str] = []
        for name, value in changed.items():
            setattr(self, name, value)

    def answer(self, operation: str, params: Mapping[str, Any]) -> Reply:
        self.asked.append(operation)
        parent = params.get("ParentId", "")
        match operation:
            case "ListAccounts":
                return Reply({"Accounts": self.accounts})
            case "ListRoots":
                return Reply({"Roots": [{"Id": root} for root in self.roots]})
            case "ListOrganizationalUnitsForParent" if parent in self.units:
                listed = [{"Id": identifier, "Name": name} for identifier, name in self.units[parent]]
                return Reply({"OrganizationalUnits": listed})
            case "ListAccountsForParent" if parent in self.below:
                return Reply({"Accounts": [{"Id": identifier} for identifier in self.below[parent]]})
            case "ListParents" if params["ChildId"] in self.parents:
                return Reply({"Parents": [{"Id": self.parents[params["ChildId"]]}]})
            case "ListParents":
                return error("ChildNotFoundException")
            case "ListTagsForResource":
                return error("TargetNotFoundException")
            case "DescribeAccount":
                return error("AccountNotFoundException")
        return error("ParentNotFoundException")

    def read(self, *, units: bool = True, tags: bool = False) -> Organization:
        with serve(answer=self.answer) as script:
            aws = Aws("aws", region="us-east-1", endpoint_url=script.url, sandbox=True, clock=FakeClock())
            reader = OrganizationReader(Organizations(aws), Silent(), "aws")
            return reader.organization(reader.accounts(MANAGEMENT), MANAGEMENT, units=units, tags=tags)


def places(organization: Organization) -> dict[str, tuple[str, ...]]:
    return {identifier: found.units for identifier, found in organization.accounts.items()}


@pytest.mark.parametrize("units", [True, False])
def test_without_paths_accounts_are_found_in_their_units(units: bool) -> None:  # noqa: FBT001  # a table column
    script = Script()

    organization = script.read(units=units)

    assert places(organization) == {MANAGEMENT: (), ONE: ("ou-1-a",), TWO: ("ou-1-a", "ou-1-b")}
    assert organization.root == "r-1111"
    assert script.asked.count("ListAccountsForParent") == 3
    assert {unit.path for unit in organization.units.values()} == ({"Work", "Work/Prod"} if units else set())


@pytest.mark.parametrize(
    ("below", "parents", "expected"),
    [
        pytest.param({"ou-1-a": [], "ou-1-b": [TWO]}, {ONE: "ou-1-b"}, ("ou-1-a", "ou-1-b"), id="in no list"),
        pytest.param({"ou-1-a": [ONE], "ou-1-b": [TWO, ONE]}, {ONE: "ou-1-a"}, ("ou-1-a",), id="in two"),
        pytest.param({"ou-1-a": [], "ou-1-b": [TWO]}, {ONE: "r-1111"}, (), id="moved to the root"),
        pytest.param({"ou-1-a": [], "ou-1-b": [TWO]}, {}, None, id="gone"),
    ],
)
def test_an_account_that_moves_meanwhile_is_settled_by_asking_for_it(
    below: dict[str, list[str]], parents: dict[str, str], expected: tuple[str, ...] | None
) -> None:
    script = Script(below={"r-1111": [MANAGEMENT], **below}, parents=parents)

    assert places(script.read()).get(ONE) == expected


def test_a_unit_that_goes_meanwhile_is_gone() -> None:
    script = Script(
        units={
            "r-1111": [("ou-1-a", "Work"), ("ou-1-z", "Gone")],
            "ou-1-a": [("ou-1-b", "Prod")],
            "ou-1-b": [],
        }
    )

    assert script.read().units.keys() == {"ou-1-a", "ou-1-b"}


def test_tags_of_an_account_that_goes_meanwhile_take_the_account_along() -> None:
    assert script_tags(DescribeAccount=error("AccountNotFoundException")) == {MANAGEMENT}
    with pytest.raises(IncompleteRead, match="yet the account is"):
        script_tags(DescribeAccount=Reply({"Account": account(ONE)}))


def script_tags(**replies: Reply) -> set[str]:
    both = [MANAGEMENT, ONE]
    script = Script(
        accounts=[account(each) for each in both], below={"r-1111": both, "ou-1-a": [], "ou-1-b": []}
    )
    usual = script.answer

    def answer(operation: str, params: Mapping[str, Any]) -> Reply:
        if params.get("ResourceId") == MANAGEMENT:
            return Reply({"Tags": []})
        return replies.get(operation) or usual(operation, params)

    script.answer = answer  # type: ignore[method-assign]  # what this test changes
    return set(script.read(tags=True).accounts)


@pytest.mark.parametrize(
    ("more", "state"),
    [
        pytest.param({"State": "ACTIVE", "Status": "SUSPENDED"}, "ACTIVE", id="the newer word"),
        pytest.param({"Status": "SUSPENDED"}, "SUSPENDED", id="the older, where it is alone"),
    ],
)
def test_the_state_is_read_in_both_spellings(more: dict[str, str], state: str) -> None:
    raw = {"Id": ONE, "Name": "n", "Paths": [f"o-1/r-1111/ou-1-a/{ONE}/"], **more}

    management = account(MANAGEMENT, Paths=[f"o-1/r-1111/{MANAGEMENT}/"])
    found = Script(accounts=[raw, management]).read(units=False).accounts[ONE]

    assert (found.state, found.units) == (state, ("ou-1-a",))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        pytest.param(
            {"accounts": [account("12"), account(MANAGEMENT)]},
            "not a valid account id",
            id="an id of two digits",
        ),
        pytest.param({"accounts": [account(ONE), account(ONE)]}, "came twice", id="an account twice"),
        pytest.param(
            {"accounts": [account(MANAGEMENT, State="", Paths=[f"o-1/r-1111/{MANAGEMENT}/"])]},
            "has no state",
            id="no state",
        ),
        pytest.param(
            {"accounts": [account(MANAGEMENT, Paths=["o-1/x/"])]}, "is not a valid path of", id="no path"
        ),
        pytest.param(
            {"accounts": [account(MANAGEMENT, Paths=[f"o-1/r-1111/{TWO}/"])]},
            "is not a valid path of",
            id="another's path",
        ),
        pytest.param(
            {"accounts": [account(MANAGEMENT, Paths=[f"o-1/r-9999/{MANAGEMENT}/"])]},
            "is not a valid path of",
            id="another root",
        ),
        pytest.param(
            {"accounts": [account(MANAGEMENT, Paths=[f"o-1/r-1111/ou-9-z/{MANAGEMENT}/"])]},
            "ou-9-z",
            id="an unknown unit",
        ),
        pytest.param(
            {"accounts": [account(MANAGEMENT)]}, "in no list", id="accounts below that are in no list"
        ),
        pytest.param({"roots": []}, "this one 0", id="no root"),
        pytest.param({"roots": ["r-1111", "r-2222"]}, "this one 2", id="two roots"),
        pytest.param({"units": {}}, "the root r-1111 is not found", id="a root that is not there"),
        pytest.param(
            {"units": {"r-1111": [("ou-1-a", "A"), ("ou-1-b", "B")], "ou-1-a": [("ou-1-b", "B")]}},
            "below two units",
            id="a unit twice",
        ),
        pytest.param(
            {
                "units": {
                    "r-1111": [("ou-1-a", "A"), ("ou-1-b", "B")],
                    "ou-1-a": [("ou-1-c", "C")],
                    "ou-1-c": [("ou-1-b", "B")],
                }
            },
            "below two units",
            id="a unit that went comes again",
        ),
        pytest.param({"units": {"r-1111": [("ou-1-a", "")], "ou-1-a": []}}, "no name", id="a unit unnamed"),
    ],
)
def test_answers_that_make_no_sense_end_the_read(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(IncompleteRead, match=re.escape(message)):
        Script(**changed).read()
