"""What loading makes of files that are right, and that all that is wrong comes at once."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from reconciler.errors import Place
from reconciler.loading.summary import summary
from reconciler.model.address import Kind
from reconciler.model.plan import Severity
from reconciler.model.resources import (
    ALWAYS,
    Grant,
    Origin,
    PolicyReference,
    Selector,
    Sharing,
    Window,
)
from tests.trees import ACCOUNT, PERMISSION_SET, USER, assignment, configured, loaded

ZURICH = ZoneInfo("Europe/Zurich")


def test_only_what_was_written_of_a_user_is_kept_and_null_is_none() -> None:
    fields = "    user_name: Ada@example.com\n    given_name: 007\n    title: null\n    department:\n"
    text = f"users:\n  ada:\n{fields}"
    user = loaded(text).identities.users["ada"]
    assert user.attributes == {
        "user_name": "Ada@example.com",
        "given_name": "007",
        "title": None,
        "department": None,
    }
    assert (user.origin, user.external, user.active, user.window, user.previously) == (
        Origin("a.yaml", 3),
        False,
        None,
        ALWAYS,
        (),
    )


def test_address_photos_former_names_and_status_of_a_user_are_kept() -> None:
    text = (
        "users:\n  ada:\n    user_name: ada\n    active: true\n    previously: [lovelace]\n"
        "    address: {locality: London, country: null}\n    photos: [https://x.example/a.png]\n"
    )
    user = loaded(text).identities.users["ada"]
    assert user.active is True
    assert user.previously == ("lovelace",)
    assert user.attributes["address"] == {"locality": "London", "country": None}
    assert user.attributes["photos"] == ("https://x.example/a.png",)


def test_an_external_user_is_known_by_name_and_external_id() -> None:
    user = loaded("users:\n  sam: {external: true, user_name: sam, external_id: x1}\n").identities.users[
        "sam"
    ]
    assert user.external
    assert user.attributes == {"user_name": "sam", "external_id": "x1"}


def test_absent_members_are_none_and_an_empty_list_is_empty() -> None:
    groups = loaded("groups:\n  free:\n  none: {members: []}\n  only: {include: []}\n").identities.groups
    assert (groups["free"].members, groups["free"].include, groups["free"].attributes) == (None, None, {})
    assert (groups["none"].members, groups["none"].include) == ({}, None)
    assert (groups["only"].members, groups["only"].include) == (None, ())


def test_members_are_their_nodes_or_grants_where_there_is_more_to_say() -> None:
    text = (
        "users: {ada: {user_name: a}, bob: {user_name: b}, eve: {user_name: c}}\n"
        "groups:\n  ops:\n    shared: true\n    previously: [operations]\n    members:\n      - ada\n"
        "      - {user: bob, until: 2026-12-31, reason: INC-1}\n      - {user: eve}\n"
    )
    found = loaded(text)
    group = found.identities.groups["ops"]
    assert group.members is not None
    assert list(group.members) == ["ada", "bob", "eve"]
    grant = group.members["bob"]
    assert isinstance(grant, Grant)
    assert grant.window == Window(None, datetime(2027, 1, 1, tzinfo=UTC))
    assert grant.reason == "INC-1"
    nodes = [node if isinstance(node, int) else node.node for node in group.members.values()]
    places = found.locate([Origin("a.yaml", node) for node in nodes])
    assert [place.line for place in places.values()] == [7, 8, 9]
    assert (group.shared, group.previously) == (True, ("operations",))


def test_a_date_is_the_whole_day_in_the_configured_time_zone() -> None:
    text = "users:\n  ada: {user_name: ada, from: 2026-03-29, until: 2026-10-25}\n"
    window = loaded(configured("timezone: Europe/Zurich\n", text)).identities.users["ada"].window
    assert window.start is not None
    assert window.end is not None
    assert window.start.astimezone(UTC) == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert window.end.astimezone(UTC) == datetime(2026, 10, 25, 23, tzinfo=UTC)  # a day of 25 hours


def test_a_day_holds_until_its_last_moment_and_an_instant_until_it_is_reached() -> None:
    text = (
        "users:\n  ada: {user_name: a, until: 2026-06-30}\n"
        "  bob: {user_name: b, until: 2026-06-30T12:00:00+02:00}\n"
    )
    users = loaded(text).identities.users
    assert users["ada"].window.holds(datetime(2026, 6, 30, 23, 59, 59, tzinfo=UTC))
    assert not users["ada"].window.holds(datetime(2026, 7, 1, tzinfo=UTC))
    assert users["bob"].window.holds(datetime(2026, 6, 30, 9, 59, 59, tzinfo=UTC))
    assert not users["bob"].window.holds(datetime(2026, 6, 30, 10, tzinfo=UTC))


def test_includes_are_kept_unexpanded_with_windows_and_reasons() -> None:
    text = (
        "groups:\n  a: {members: []}\n  b: {members: [], include: [a]}\n"
        "  c: {include: [a, {group: b, until: 2026-01-01, reason: x}]}\n"
    )
    include = loaded(text).identities.groups["c"].include
    assert include is not None
    assert [(one.group, one.window, one.reason) for one in include] == [
        ("a", ALWAYS, None),
        ("b", Window(None, datetime(2026, 1, 2, tzinfo=UTC)), "x"),
    ]


def test_a_permission_set_keeps_what_was_declared_and_what_it_means() -> None:
    text = (
        "permission_sets:\n  Admin:\n    description: Tout l'acc\u00e8s\n    session_duration: 1h30m\n"
        "    relay_state: https://console.aws.amazon.com/\n    managed_policies: [A, job-function/B]\n"
        "    customer_managed_policies: [{name: deploy}, {name: deploy, path: /ci/}]\n"
        "    permissions_boundary: {managed_policy: PowerUserAccess}\n"
        "    inline_policy: {Version: 2012-10-17,\n"
        "      Statement: [{Effect: Deny, Action: '*', Resource: '*', Condition: {Bool: {a:x: true}}}]}\n"
        "    tags: {owner: platform, empty: ''}\n    assignments: shared\n    previously: [Old]\n"
    )
    one = loaded(text).identities.permission_sets["Admin"]
    assert one.description == "Tout l'acc\u00e8s"
    assert one.session_duration == "PT1H30M"
    assert one.managed_policies == ("A", "job-function/B")
    assert one.customer_managed_policies == (PolicyReference("deploy"), PolicyReference("deploy", "/ci/"))
    assert one.permissions_boundary == "PowerUserAccess"
    assert one.inline_policy == (
        '{"Statement":[{"Action":"*","Condition":{"Bool":{"a:x":"true"}},"Effect":"Deny","Resource":"*"}],'
        '"Version":"2012-10-17"}'
    )
    assert one.tags == {"owner": "platform", "empty": ""}
    assert (one.assignments, one.previously) == (Sharing.SHARED, ("Old",))
    assert one.declared >= {"description", "inline_policy", "tags"}
    assert "reconciler" not in one.declared


@pytest.mark.parametrize(
    ("written", "iso"),
    [
        ("1h", "PT1H"),
        ("12h", "PT12H"),
        ("90m", "PT1H30M"),
        ("PT4H", "PT4H"),
        ("PT240M", "PT4H"),
        ("PT3600S", "PT1H"),
        ("PT1H0M1S", "PT1H1S"),
    ],
)
def test_a_session_lasts_from_one_to_twelve_hours_in_any_notation(written: str, iso: str) -> None:
    text = f"permission_sets:\n  Admin: {{session_duration: {written}}}\n"
    assert loaded(text).identities.permission_sets["Admin"].session_duration == iso


def test_an_inline_policy_from_a_file_is_found_beside_the_file_that_names_it() -> None:
    statement = '{"Effect": "Deny", "Action": "*", "Resource": "*"}'
    files = {
        "sets/a.yaml": "permission_sets:\n  Admin: {inline_policy: ../policies/p.json}\n",
        "policies/p.json": f'{{\n  "Statement": {statement},\n  "Id": "\u00e9"}}\n',
    }
    assert (
        loaded(files).identities.permission_sets["Admin"].inline_policy
        == '{"Id":"\\u00e9","Statement":{"Action":"*","Effect":"Deny","Resource":"*"}}'
    )


def test_an_empty_permission_set_is_one_with_defaults() -> None:
    one = loaded(PERMISSION_SET).identities.permission_sets["Admin"]
    assert (one.declared, one.inline_policy, one.managed_policies) == (frozenset(), None, ())


def test_an_assignment_keeps_its_selectors_and_its_window() -> None:
    text = assignment(
        groups="[ops]",
        accounts='[prod, "210987654321", {ou: [A/B, ou-ab12-cd34ef56], direct: true}, '
        "{tag: {env: dev, team: [a, b]}}]",
        except_="[{all: true}]",
        from_="2026-12-01",
        until="2026-12-31",
        reason="move",
    )
    one = loaded(text).identities.assignments["x"]
    assert (one.groups, one.users, one.permission_sets) == (("ops",), ("ada",), ("Admin",))
    first, second, third, fourth = one.accounts
    assert (first.account, second.account) == ("prod", "210987654321")
    assert third == Selector(node=third.node, ou=("A/B", "ou-ab12-cd34ef56"), direct=True)
    assert fourth == Selector(node=fourth.node, tag={"env": ("dev",), "team": ("a", "b")})
    assert [selector.all for selector in one.excluded] == [True]
    assert one.window == Window(datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    assert one.reason == "move"


def test_accounts_keep_every_digit() -> None:
    accounts = loaded('accounts:\n  octal: "012345670123"\n').identities.accounts
    assert accounts["octal"].id == "012345670123"


def test_a_block_holds_always_or_from_the_first_moment_of_its_day() -> None:
    text = USER + "  bob: {user_name: bob}\nblocked:\n  ada:\n  bob: {since: 2026-11-20, reason: SEC-88}\n"
    blocked = loaded(configured("timezone: Europe/Zurich\n", text)).identities.blocked
    assert (blocked["ada"].since, blocked["ada"].reason) == (None, None)
    assert blocked["bob"].since == datetime(2026, 11, 20, tzinfo=ZURICH)
    assert blocked["bob"].reason == "SEC-88"


def test_an_override_keeps_the_end_of_the_users_window_that_it_does_not_mention() -> None:
    text = (
        "users:\n  ada: {user_name: ada, from: 2026-01-01, until: 2026-12-31}\n"
        "overrides:\n  ada: {until: 2027-06-30, title: null, active: false}\n"
    )
    override = loaded(text).identities.overrides["ada"]
    assert override.window == Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 7, 1, tzinfo=UTC))
    assert override.attributes == {"title": None}
    assert override.active is False


def test_an_override_lifts_an_end_with_null_and_leaves_a_window_alone_of_which_it_says_nothing() -> None:
    text = (
        "users:\n  ada: {user_name: ada, until: 2026-12-31}\n  bob: {user_name: bob, until: 2026-12-31}\n"
        "overrides:\n  ada: {until: null}\n  bob: {title: Boss}\n"
    )
    overrides = loaded(text).identities.overrides
    assert overrides["ada"].window == ALWAYS
    assert overrides["bob"].window is None


def test_an_override_is_found_in_a_file_that_is_read_before_the_users() -> None:
    files = {"a.yaml": "overrides:\n  ada: {until: 2026-06-30}\n", "b.yaml": USER}
    assert loaded(files).identities.overrides["ada"].window == Window(None, datetime(2026, 7, 1, tzinfo=UTC))


def test_approvals_are_read_from_their_folder() -> None:
    files = {
        "a.yaml": USER,
        "approvals/x/2026.yaml": (
            "approvals:\n  office: {guard: max-removals, kind: users, count: 40,\n"
            "           until: 2026-12-01, reason: closed}\n"
        ),
    }
    approval = loaded(files).identities.approvals["office"]
    assert (approval.guard, approval.kind, approval.count, approval.reason, approval.target) == (
        "max-removals",
        Kind.USER,
        40,
        "closed",
        None,
    )
    assert approval.until == datetime(2026, 12, 2, tzinfo=UTC)


def test_every_former_spelling_of_a_name_in_different_targets_may_be_the_same() -> None:
    targets = (
        "targets:\n  one: {type: identity-center, paths: ['one/**']}\n"
        "  two: {type: identity-center, paths: ['two/**']}\n"
    )
    files = {
        "reconciler.yaml": f"format: 1\n{targets}",
        "one/a.yaml": "users:\n  ada.one: {user_name: ada}\n",
        "two/a.yaml": "users:\n  ada.two: {user_name: ADA}\n",
    }
    assert set(loaded(files).identities.users) == {"ada.one", "ada.two"}


def test_names_with_accents_and_without_are_two_names() -> None:
    assert len(loaded("users:\n  a: {user_name: jos\u00e9}\n  b: {user_name: jose}\n").identities.users) == 2


def test_the_order_of_files_and_of_keys_changes_nothing() -> None:
    one = loaded({"a.yaml": "users:\n  ada: {user_name: a}\n  bob: {user_name: b}\n", "b.yaml": ACCOUNT})
    other = loaded({"z.yaml": "users:\n  bob: {user_name: b}\n  ada: {user_name: a}\n", "b.yaml": ACCOUNT})
    assert list(one.identities.users) == list(other.identities.users)
    assert [user.attributes for user in one.identities.users.values()] == [
        user.attributes for user in other.identities.users.values()
    ]
    assert one.identities.accounts == other.identities.accounts


def test_including_a_group_whose_members_are_not_managed_is_a_warning() -> None:
    found = loaded("groups:\n  a: {include: [b], members: []}\n  b: {}\n")
    (finding,) = found.findings
    assert (finding.code, finding.severity) == ("include-unmanaged", Severity.WARNING)
    assert finding.message == "group a includes b, whose members are not managed: it adds nobody"
    assert finding.fix == "give b members, or remove the include"
    assert finding.origin is not None
    assert found.locate([finding.origin])[finding.origin] == Place("ids/a.yaml", 2, 17)


def test_blocking_somebody_who_is_not_declared_is_a_warning() -> None:
    found = loaded(USER + "blocked:\n  adda:\n")
    (finding,) = found.findings
    assert (finding.code, finding.severity) == ("blocked-unknown", Severity.WARNING)
    assert (
        finding.message
        == '"adda" is blocked, and no user in git has that key; a plan also looks for a live one'
    )
    assert finding.fix == 'did you mean "ada"?'
    assert finding.origin is not None
    assert found.locate([finding.origin])[finding.origin] == Place("ids/a.yaml", 4, 3)


def test_nobody_is_managed_on_purpose_by_a_configuration_and_an_empty_section() -> None:
    assert loaded(configured("", "users: {}\n")).identities.users == {}


def test_the_summary_counts_what_there_is_in_one_line() -> None:
    assert summary(loaded(USER)) == "1 user, 0 groups in 1 file: all fine"
    text = assignment(groups="[ops]") + "blocked:\n  eve:\n"
    assert summary(loaded(configured("", text))) == (
        "1 user, 1 group, 1 permission set, 1 account, 1 assignment, 1 blocked user in 2 files: "
        "valid, with 1 warning"
    )
