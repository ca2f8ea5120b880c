from __future__ import annotations

import json
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reconciler.errors import Denied
from reconciler.model.address import Kind
from reconciler.model.report import Status
from reconciler.model.scim import USER_PATHS
from reconciler.targets.scim import findings, profiles
from reconciler.targets.scim.profile import Memberships
from reconciler.targets.scim.profile_list import names, profile
from tests.targets.scim.fields import DELETING, NEXT, TOKEN, Field, facing, git, user
from tests.targets.scim.odd import Odd

ADA, BOB = user("ada"), user("bob")
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
CANARY = "canary-7d1f"


# Profiles.


def test_a_profile_is_a_file_in_its_folder_and_nothing_else() -> None:
    files = {path.stem.replace("_", "-") for path in Path(profiles.__path__[0]).glob("*.py")} - {"--init--"}
    assert set(names()) == files
    with pytest.raises(KeyError):
        profile("nobody-s")


@pytest.mark.parametrize("name", names())
def test_a_profile_says_how_it_is_known_and_asks_for_nothing_that_it_does_not_write(name: str) -> None:
    known = profile(name)
    assert known.name == name
    assert known.evidence.startswith(("seen live: ", "documented only ("))
    assert "2026" in known.evidence
    assert {one for one in known.required if ":" not in one} <= known.user_attributes <= set(USER_PATHS)
    assert {"read", "write"} <= set(known.rates)
    assert all(known.rate(family) > 0 for family, _ in known.pace("PatchGroup", mutates=True, memberships=5))


def test_the_page_on_scim_has_every_profile_with_its_own_words() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "scim.md").read_text("utf-8")
    for name in names():
        known = profile(name)
        assert f"| `{name}` | {known.title} | {known.evidence} |" in page
        for words in (*known.quirks, known.deactivation, known.deletion):
            assert words in " ".join(page.split()), f"docs/scim.md does not say: {words}"


def test_aws_counts_each_api_and_each_member_apart() -> None:
    aws = profile("aws")
    assert aws.pace("PatchGroup", mutates=True, memberships=7) == (
        ("write:PatchGroup", 1.0),
        ("membership", 7.0),
    )
    assert aws.pace("ListUsers", mutates=False) == (("read:ListUsers", 1.0),)
    assert (aws.rate("read:ListUsers"), aws.rate("write:PatchGroup"), aws.rate("membership")) == (32, 20, 20)


# What a target says of itself.


def test_who_it_is_costs_no_call() -> None:
    with facing(Odd()) as here:
        assert here.target.identity()["url"].endswith("/v2")
        assert here.target.calls == {}


def test_before_anything_was_read_the_profile_speaks_for_the_service() -> None:
    with facing(Odd(), "github-enterprise") as here:
        can = here.target.capabilities
        assert can.required == profile("github-enterprise").required
        assert "title" not in can.user_attributes
        assert can.deletion
        assert can.deactivation
        assert here.target.calls == {}


def test_deleting_is_safe_but_where_assignments_are_not_seen() -> None:
    assert {name: profile(name).safe_deletion for name in names()} == {
        "aws": False,
        "entra": True,
        "generic": True,
        "github-enterprise": True,
        "slack": True,
    }


# The token.


@pytest.mark.parametrize(
    ("days", "next_ready", "expected"),
    [
        (61, False, None),
        (60, False, "in 61 days"),
        (8, False, "in 9 days"),
        (7, False, "RENEW IT NOW"),
        (0.5, False, "within a day: RENEW IT NOW"),
        (-1, False, "has ended"),
        (7, True, None),
        (-1, True, "the next one is used"),
    ],
)
def test_the_end_of_a_token_is_said_ever_louder(days: float, next_ready: bool, expected: str | None) -> None:  # noqa: FBT001  # a table
    found = findings.token_ends("chat", NOW, NOW + timedelta(days=days), next_ready=next_ready)
    assert len(found) == (expected is not None)
    if expected is not None:
        assert expected in found[0].message
        assert found[0].code == "token-expires"


def test_nobody_who_named_no_end_is_warned() -> None:
    assert findings.token_ends("chat", NOW, None, next_ready=False) == []


@pytest.mark.parametrize(
    ("seconds", "with_next", "fails"), [(3600, False, False), (7200, False, True), (7200, True, False)]
)
def test_an_apply_that_would_outlive_its_token_does_not_begin(
    monkeypatch: pytest.MonkeyPatch,
    seconds: float,
    with_next: bool,  # noqa: FBT001  # a table
    fails: bool,  # noqa: FBT001  # a table
) -> None:
    with facing(Odd(), expires=NOW + timedelta(seconds=7200), with_next=with_next) as here:
        monkeypatch.setenv(NEXT, "good")
        if fails:
            with pytest.raises(Denied, match="before this apply would"):
                here.target.ready(NOW, seconds)
        else:
            here.target.ready(NOW, seconds)
        assert here.target.calls == {}


def test_an_apply_without_a_token_does_not_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    with facing(Odd()) as here:
        monkeypatch.delenv(TOKEN)
        with pytest.raises(Denied, match=TOKEN):
            here.target.ready(NOW, 1)


def test_a_token_that_was_replaced_is_followed_by_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    odd = Odd(token="new")
    with facing(odd, with_next=True) as here:
        monkeypatch.setenv(TOKEN, "old")
        monkeypatch.setenv(NEXT, "new")
        here.converge(git((ADA,)))
    assert sorted(one["userName"] for one in odd.users.values()) == ["ada"]


def test_no_token_shows_in_anything_that_a_target_says() -> None:
    odd = Odd(token=CANARY, fail=lambda _method, _path: None)
    with facing(odd) as here:
        here.converge(git((ADA,)))
        odd.token = "another"
        with pytest.raises(Denied) as caught:
            here.read()
    assert CANARY not in f"{caught.value} {caught.value!r} {vars(caught.value)} {here.target!r}"


# Attributes that a service does not keep.


@pytest.mark.parametrize("patch", [204, 501])
@pytest.mark.parametrize(
    "drops", [{"title"}, {"displayName"}, {"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"}]
)
def test_what_a_service_does_not_keep_is_said_once_and_the_plan_is_empty(drops: set[str], patch: int) -> None:
    odd = Odd(drops=frozenset(drops), patch=patch)
    wish = git(
        (user("ada", title="Boss", display_name="A", department="R", manager="bob"), BOB), crew=["ada"]
    )
    # A group is nothing without its name.
    if "displayName" in drops:
        wish = replace(wish, groups={})
    with facing(odd) as here:
        report = here.apply(wish)
        assert {one.status for one in report.results} == {Status.DONE}
        planned = here.plan(wish)
        assert planned.plan.changes == ()
        assert [one.code for one in planned.plan.findings].count("attribute-not-persisted") == 1


# Services in particular.


def test_entra_is_given_a_password_that_nobody_sees_and_groups_of_its_kind() -> None:
    mail = "urn:ietf:params:scim:schemas:extension:Microsoft:Entra:2.0:User:mailNickname"
    odd = Odd(members="by-filter")
    with entra(odd, mail) as here:
        here.converge(git((user("ada", display_name="Ada", **{mail: "ada"}),), crew=["ada"]))
    posts = [body for method, path, body in odd.writes() if method == "POST"]
    password = next(body["password"] for body in posts if "userName" in body)
    assert len(password) > 30
    group = next(body for body in posts if "userName" not in body)
    assert group["urn:ietf:params:scim:schemas:extension:Microsoft:Entra:2.0:Group"]["securityEnabled"]
    assert odd.crews() == {"crew": {"ada"}}


def test_entra_lets_twenty_in_with_one_request_and_one_out() -> None:
    mail = "urn:ietf:params:scim:schemas:extension:Microsoft:Entra:2.0:User:mailNickname"
    odd = Odd(members="by-filter")
    people = [user(f"p{n}", display_name="P", **{mail: f"p{n}"}) for n in range(45)]
    with entra(odd, mail) as here:
        here.converge(git(people, crew=[one.key for one in people]))
        here.converge(git(people, crew=[one.key for one in people[:40]]))
    sizes = [
        len(operation.get("value", ["one"]))
        for method, path, body in odd.writes()
        if method == "PATCH"
        for operation in body["Operations"]
    ]
    assert max(sizes) == 20
    removals = [body for _, _, body in odd.writes() if body and "remove" in json.dumps(body)]
    assert [len(body["Operations"]) for body in removals] == [1] * 5
    assert len(odd.crews()["crew"]) == 40


def entra(odd: Odd, mail: str) -> AbstractContextManager[Field]:
    # The odd service has neither cursors nor lower-case paths; the rest is the profile's.
    known = replace(
        profile("entra"), paging=profile("generic").paging, users_path="Users", groups_path="Groups"
    )
    assert known.memberships is Memberships.BY_FILTER
    return facing(odd, known, extensions=(mail,))


def test_slack_keeps_the_manager_where_slack_looks_for_it() -> None:
    odd = Odd()
    with facing(odd, "slack") as here:
        here.converge(
            git(
                (user("ada", email="a@x.example", manager="bob"), user("bob", email="b@x.example")),
                crew=["ada"],
            )
        )
    enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    assert odd.named("ada")[enterprise] == {"manager": {"managerId": odd.named("bob")["id"]}}


def test_who_leaves_slack_is_disabled_whatever_is_wished_and_stays_so() -> None:
    people = [user(name, email=f"{name}@x.example") for name in ("ada", "bob")]
    odd = Odd()
    with facing(odd, "slack", policy=DELETING) as here:
        here.converge(git(people, crew=["ada", "bob"]))
        here.converge(git(people[1:], crew=["bob"]))
        assert odd.named("ada")["active"] is False
        assert odd.crews() == {"crew": {"bob"}}


def test_kinds_that_cannot_be_read_are_not_written() -> None:
    silent = replace(profile("generic"), memberships=Memberships.NOWHERE)
    with facing(Odd(), silent) as here:
        assert here.target.capabilities.kinds == {Kind.USER, Kind.GROUP}
