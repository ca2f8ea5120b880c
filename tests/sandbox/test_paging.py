"""Pages: sizes, tokens, and what happens to them while the world moves."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.sandbox import Sandbox
from tests.sandbox.aws import Aws, connected, refusal


@pytest.fixture
def many(aws: Aws, sandbox: Sandbox) -> Aws:
    """105 users, 105 groups; u0 is in all groups, and g0 has all users."""
    for number in range(105):
        sandbox.store.add_user(f"u{number}")
        sandbox.store.add_group(f"g{number}")
        sandbox.store.add_member(f"g{number}", "u0")
        if number:
            sandbox.store.add_member("g0", f"u{number}")
    return aws


def lists(aws: Aws) -> dict[str, tuple[str, dict[str, Any]]]:
    users = aws("list_users", Filters=[{"AttributePath": "UserName", "AttributeValue": "u0"}])["Users"]
    groups = aws("list_groups", Filters=[{"AttributePath": "DisplayName", "AttributeValue": "g0"}])["Groups"]
    return {
        "list_users": ("Users", {}),
        "list_groups": ("Groups", {}),
        "list_group_memberships": ("GroupMemberships", {"GroupId": groups[0]["GroupId"]}),
        "list_group_memberships_for_member": (
            "GroupMemberships",
            {"MemberId": {"UserId": users[0]["UserId"]}},
        ),
    }


LISTS = ("list_users", "list_groups", "list_group_memberships", "list_group_memberships_for_member")


@pytest.mark.parametrize("operation", LISTS)
@pytest.mark.parametrize(
    ("size", "pages"),
    [({}, [100, 5]), ({"MaxResults": 100}, [100, 5]), ({"MaxResults": 35}, [35, 35, 35])],
    ids=["by default a hundred", "a hundred", "35, with no empty page at the end"],
)
def test_a_list_comes_in_pages_and_is_whole(
    many: Aws, operation: str, size: dict[str, int], pages: list[int]
) -> None:
    key, params = lists(many)[operation]
    sizes: list[int] = []
    seen: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = many(operation, **params, **size, **token)
        sizes.append(len(page[key]))
        seen += [str(item) for item in page[key]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert sizes == pages
    assert len(set(seen)) == 105


@pytest.mark.parametrize("operation", LISTS)
@pytest.mark.parametrize("size", [0, 101])
def test_a_page_holds_one_to_a_hundred(unchecked: Aws, sandbox: Sandbox, operation: str, size: int) -> None:
    sandbox.store.add_user("u0")
    sandbox.store.add_group("g0")
    _, params = lists(unchecked)[operation]
    error = refusal(lambda: unchecked(operation, **params, MaxResults=size))
    assert error["Code"] == "ValidationException"
    assert "'maxResults'" in error["Message"]


def test_boto3_paginators_reach_the_end(many: Aws) -> None:
    pages = many.directory.get_paginator("list_users").paginate(
        IdentityStoreId=many.store, PaginationConfig={"PageSize": 10}
    )
    names = [user["UserName"] for page in pages for user in page["Users"]]
    assert names == [f"u{number}" for number in range(105)]


def test_a_token_belongs_to_its_operation_and_parameters(many: Aws) -> None:
    params = lists(many)
    token = many("list_users", MaxResults=10)["NextToken"]
    for operation, more in (
        ("list_groups", {}),
        ("list_users", {"Extensions": ["aws:identitystore:enterprise"]}),
        ("list_group_memberships", params["list_group_memberships"][1]),
    ):
        error = refusal(many, operation, NextToken=token, **more)
        assert error["Code"] == "ValidationException"


@pytest.mark.parametrize("token", ["nonsense", "====", "WzEsMl0=", "a" * 3000])
def test_a_token_that_was_never_given_is_refused(many: Aws, token: str) -> None:
    assert refusal(lambda: many("list_users", NextToken=token))["Code"] == "ValidationException"


def test_the_size_of_a_page_may_change_on_the_way(many: Aws) -> None:
    token = many("list_users", MaxResults=10)["NextToken"]
    page = many("list_users", MaxResults=50, NextToken=token)
    assert [user["UserName"] for user in page["Users"]] == [f"u{number}" for number in range(10, 60)]


def test_a_token_survives_the_deletion_of_any_row(many: Aws, sandbox: Sandbox) -> None:
    token = many("list_users", MaxResults=10)["NextToken"]
    for number in (3, 9, 10, 11):
        sandbox.store.remove_user(f"u{number}")
    page = many("list_users", MaxResults=2, NextToken=token)
    assert [user["UserName"] for user in page["Users"]] == ["u12", "u13"]


def test_who_is_created_on_the_way_comes_at_the_end_and_nobody_twice(many: Aws, sandbox: Sandbox) -> None:
    token = many("list_users")["NextToken"]
    sandbox.store.remove_user("u1")
    sandbox.store.add_user("late")
    page = many("list_users", NextToken=token)
    assert [user["UserName"] for user in page["Users"]] == [f"u{n}" for n in range(100, 105)] + ["late"]
    assert "NextToken" not in page


def test_two_tokens_for_the_same_page_differ(many: Aws) -> None:
    assert many("list_users")["NextToken"] != many("list_users")["NextToken"]


@pytest.mark.parametrize(
    ("size", "pages"),
    [({}, [2, 2, 1]), ({"MaxResults": 100}, [2, 2, 1]), ({"MaxResults": 1}, [1] * 5)],
    ids=["by default", "a hundred", "fewer"],
)
def test_a_largest_page_holds_for_whatever_is_asked_for(size: dict[str, int], pages: list[int]) -> None:
    with Sandbox(throttling=False, latency=0, largest_page=2) as sandbox, connected(sandbox) as aws:
        for number in range(5):
            sandbox.store.add_user(f"u{number}")
        found = [aws("list_users", **size)]
        while token := found[-1].get("NextToken"):
            found.append(aws("list_users", **size, NextToken=token))

    assert [len(page["Users"]) for page in found] == pages
    names = [user["UserName"] for page in found for user in page["Users"]]
    assert names == [f"u{number}" for number in range(5)]
