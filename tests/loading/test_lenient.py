"""Lenient loading of remembered trees: what makes sense stays, the rest goes, and planning can work on it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from reconciler.errors import InputError
from reconciler.files.tree import FolderTree
from reconciler.loading.load import Loaded, load, load_leniently
from tests.loading.leniently import lenient, shape
from tests.trees import ACCOUNT, PERMISSION_SET, USER, problems, tree

SAMPLE = Path(__file__).parents[2] / "identities"
PAIR = "users:\n  ada: {user_name: ada}\n  bob: {user_name: bob}\n"


def members(found: Loaded) -> dict[str, list[str]]:
    return {key: sorted(one.members or ()) for key, one in found.identities.groups.items()}


def includes(found: Loaded) -> dict[str, list[str]]:
    return {
        key: [include.group for include in one.include or ()] for key, one in found.identities.groups.items()
    }


def test_what_loads_whole_is_the_same_leniently() -> None:
    strict, (found, problems) = load(FolderTree(SAMPLE)), load_leniently(FolderTree(SAMPLE))
    assert problems == []
    assert found.identities == strict.identities
    assert found.config == strict.config


def test_a_file_that_is_no_yaml_is_left_out_with_what_refers_into_it() -> None:
    files = {
        "a.yaml": PAIR,
        "b.yaml": "users: {eve: {user_name: eve}\n",
        "c.yaml": "groups: {ops: {members: [ada, eve, {user: eve, reason: x}, {user: bob, reason: x}]}}\n",
    }
    found, expected = lenient(files)
    assert shape(found) == {"users": ["ada", "bob"], "groups": ["ops"]}
    assert members(found) == {"ops": ["ada", "bob"]}
    assert [one.split(" ")[0] for one in expected] == ["b.yaml:2:1"]


@pytest.mark.parametrize("content", [b"\xff\xfe", b"users: \xe9\n", b"- x\n", b"users: {\x00: x}\n"])
def test_bytes_that_are_no_file_of_ours_leave_the_others(content: bytes) -> None:
    found, expected = lenient({"a.yaml": USER, "b.yaml": content})
    assert shape(found) == {"users": ["ada"]}
    assert [one.split(":")[0] for one in expected] == ["b.yaml"]


def test_a_duplicate_key_counts_once_and_is_named() -> None:
    found, expected = lenient(
        "users:\n  ada: {user_name: ada}\n  ada: {user_name: eve}\n  bob: {user_name: b}\n"
    )
    assert shape(found) == {"users": ["ada", "bob"]}
    assert expected == ['a.yaml:3:3 the key "ada" is in this map twice']


def test_one_key_in_two_files_counts_once_and_is_named() -> None:
    found, expected = lenient(
        {"a.yaml": USER, "b.yaml": "users: {ada: {user_name: eve}, bob: {user_name: b}}\n"}
    )
    assert shape(found) == {"users": ["ada", "bob"]}
    assert expected == ["b.yaml:1:9 user ada is declared in two files; the other is at ids/a.yaml:2:3"]


def test_an_unknown_field_is_left_out_and_the_entry_stays() -> None:
    found, expected = lenient("users: {ada: {user_name: ada, titel: x, title: y}}\n")
    assert found.identities.users["ada"].attributes == {"user_name": "ada", "title": "y"}
    assert expected == ['a.yaml:1:31 user ada has an unknown field "titel"']


def test_an_entry_that_is_wrong_goes_with_its_references() -> None:
    text = (
        "users: {ada: {user_name: a b}, bob: {user_name: bob, manager: ada}}\n"
        "groups: {ops: {members: [ada, bob]}}\n"
        "overrides: {ada: {title: x}, bob: {manager: ada, title: x}}\nblocked: {ada: {}}\n"
    )
    found, expected = lenient(text)
    assert shape(found) == {"users": ["bob"], "groups": ["ops"], "overrides": ["bob"], "blocked": ["ada"]}
    assert members(found) == {"ops": ["bob"]}
    assert found.identities.users["bob"].attributes == {"user_name": "bob"}
    assert found.identities.overrides["bob"].attributes == {"title": "x"}
    assert expected == ["a.yaml:1:26 user_name of user ada has a space in it"] or len(expected) == 1


def test_dangling_references_are_left_out_and_named() -> None:
    head = PAIR + PERMISSION_SET + ACCOUNT
    text = (
        f"{head}groups:\n  ops: {{members: [ada, eve], include: [sre, none]}}\n  sre: {{members: [bob]}}\n"
        "assignments:\n"
        "  some:\n    {groups: [ops, none], users: [ada, eve], permission_sets: [Admin, No], "
        "accounts: [prod, no]}\n"
        "  nobody: {groups: [none], permission_sets: [Admin], accounts: [prod]}\n"
        "  nothing: {users: [ada], permission_sets: [No], accounts: [prod]}\n"
        "  nowhere: {users: [ada], permission_sets: [Admin], accounts: [no]}\n"
        "  more: {users: [ada], permission_sets: [Admin], accounts: [{all: true}], except: [no]}\n"
    )
    found, expected = lenient(text)
    assert (members(found)["ops"], includes(found)["ops"]) == (["ada"], ["sre"])
    assert sorted(found.identities.assignments) == ["some"]
    some = found.identities.assignments["some"]
    assert (some.groups, some.users, some.permission_sets) == (("ops",), ("ada",), ("Admin",))
    assert [one.account for one in some.accounts] == ["prod"]
    assert len(expected) == 10
    assert all("is not declared" in one for one in expected)


@pytest.mark.parametrize(
    "selector", ["{}", "{all: false}", "{account: prod, ou: X}", "{all: true, ou: X}", "{direct: true}"]
)
@pytest.mark.parametrize("field", ["accounts", "except"])
def test_a_selector_that_means_nothing_never_gives_more(selector: str, field: str) -> None:
    lists = {"accounts": "prod", "except": "'123456789013'"}
    lists[field] += f", {selector}"
    text = (
        f"{USER}{PERMISSION_SET}{ACCOUNT}assignments:\n  x: {{users: [ada], permission_sets: [Admin], "
        f"accounts: [{lists['accounts']}], except: [{lists['except']}]}}\n"
    )
    found, expected = lenient(text)
    assert expected
    entries = found.identities.assignments
    if field == "except":
        assert not entries
    else:
        assert [one.account for one in entries["x"].accounts] == ["prod"]


@pytest.mark.parametrize(
    "wrong",
    [
        "excpt: [prod]",
        "except: [prod], except: ['123456789013']",
        "except: *others",
        "except: [*others]",
        "except: [{uo: x}]",
        "<<: *others",
        "except: prod",
        "untill: 2026-01-01",
        "until: never",
    ],
)
def test_an_entry_whose_limits_are_lost_goes_whole(wrong: str) -> None:
    text = (
        f"{USER}{PERMISSION_SET}{ACCOUNT}assignments:\n  x: {{users: [ada], permission_sets: [Admin], "
        f"accounts: [{{all: true}}], {wrong}}}\n"
    )
    found, expected = lenient(text)
    assert "assignments" not in shape(found)
    assert shape(found)["users"] == ["ada"]
    assert expected


@pytest.mark.parametrize(
    ("groups", "left"),
    [
        pytest.param({"a": ["a"]}, {"a": []}, id="itself"),
        pytest.param({"a": ["b"], "b": ["a"]}, {"a": ["b"], "b": []}, id="two"),
        pytest.param(
            {"a": ["b", "c"], "b": ["c"], "c": ["a", "b"]}, {"a": ["b", "c"], "b": ["c"], "c": []}, id="knot"
        ),
    ],
)
def test_circles_of_includes_are_cut(groups: dict[str, list[str]], left: dict[str, list[str]]) -> None:
    lines = [f"  {key}: {{include: [{', '.join(inner)}]}}\n" for key, inner in groups.items()]
    found, expected = lenient("groups:\n" + "".join(lines))
    assert includes(found) == left
    assert any("circle" in one for one in expected)


def test_an_include_of_what_is_external_is_left_out() -> None:
    found, expected = lenient("groups: {a: {include: [b]}, b: {external: true}}\n")
    assert includes(found) == {"a": [], "b": []}
    assert len(expected) == 1


@pytest.mark.parametrize("second", ["eve: {user_name: ADA}", "eve: {user_name: Ada}"])
def test_of_two_users_with_one_name_neither_is_known(second: str) -> None:
    text = f"users: {{ada: {{user_name: ada}}, bob: {{user_name: bob}}, {second}}}\n"
    found, expected = lenient(text + "groups: {ops: {members: [ada, bob, eve]}}\n")
    assert shape(found)["users"] == ["bob"]
    assert members(found) == {"ops": ["bob"]}
    assert len(expected) == 1
    assert "have one user_name" in expected[0]


def test_of_two_groups_with_one_name_neither_is_known() -> None:
    found, expected = lenient("groups: {a: {display_name: Ops}, ops: {}, sre: {include: [a, ops]}}\n")
    assert includes(found) == {"sre": []}
    assert len(expected) == 1


def test_names_that_different_targets_have_may_be_the_same() -> None:
    config = (
        "format: 1\ntargets:\n"
        "  one: {type: identity-center, paths: [one/**]}\n  two: {type: identity-center, paths: [two/**]}\n"
    )
    files = {
        "reconciler.yaml": config,
        "one/a.yaml": USER,
        "two/a.yaml": "users: {eve: {user_name: ada}}\n",
    }
    found, expected = lenient(files)
    assert (shape(found), expected) == ({"users": ["ada", "eve"]}, [])


def test_external_ids_and_pasts_that_two_claim_belong_to_neither() -> None:
    text = (
        "users:\n  ada: {user_name: ada, external_id: x, previously: [old, a]}\n"
        "  bob: {user_name: bob, external_id: x, previously: [old]}\n"
    )
    found, expected = lenient(text)
    users = found.identities.users
    assert [dict(one.attributes) for one in users.values()] == [{"user_name": "ada"}, {"user_name": "bob"}]
    assert [one.previously for one in users.values()] == [("a",), ()]
    assert len(expected) == 2


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("groups: {AWSAdministrators: {}}\n", id="a reserved name"),
        pytest.param(USER + "groups: {ops: {members: [ada, ada]}}\n", id="a member twice"),
        pytest.param("groups: {ops: {display_name: null}}\n", id="a name that is nothing"),
        pytest.param(
            "users: {ada: {user_name: ada, external: true, title: x}}\n", id="external with a title"
        ),
        pytest.param(
            "users: {ada: {user_name: ada, from: 2026-02-01, until: 2026-01-01}}\n", id="a window of nothing"
        ),
        pytest.param(
            "users: {ada: {user_name: ada}, eve: {user_name: \u0430da}}\n", id="names that look alike"
        ),
        pytest.param(
            "users: {ada: {user_name: a, email: x@x.example}, eve: {user_name: b, email: x@x.example}}\n",
            id="one address twice",
        ),
        pytest.param("accounts: {a: '123456789012', b: '123456789012'}\n", id="an account with two names"),
        pytest.param("accounts: {a: 123456789012}\n", id="an id without quotes"),
        pytest.param("permission_sets: {Admin: {tags: {aws:x: y}}}\n", id="a reserved tag"),
        pytest.param(USER + "overrides: {ada: {}}\n", id="an override of nothing"),
    ],
)
def test_what_is_only_judged_more_strictly_is_kept_without_a_problem(text: str) -> None:
    with pytest.raises(InputError):
        load(tree(text))
    found, expected = lenient(text)
    assert expected == []
    assert shape(found)


def test_a_folder_that_declares_nothing_is_that_and_no_problem() -> None:
    found, expected = lenient({})
    assert (shape(found), expected) == ({}, [])


def test_whatever_happens_to_the_lines_of_a_tree_planning_can_work_on_it() -> None:
    """Lines deleted, doubled, swapped between files and cut short: never an error, and problems are told."""
    folder = FolderTree(SAMPLE)
    whole = {path: folder.read(path).decode() for path in folder.paths()}
    chance = random.Random(10)
    for _ in range(120):
        files = dict(whole)
        for _ in range(chance.randint(1, 6)):
            path = chance.choice(sorted(files))
            lines = files[path].splitlines(keepends=True)
            at = chance.randrange(len(lines))
            match chance.randrange(5):
                case 0:
                    del lines[at]
                case 1:
                    lines.insert(at, lines[at])
                case 2:
                    lines[at] = lines[at][: chance.randrange(len(lines[at]) + 1)]
                case 3:
                    other = files[chance.choice(sorted(files))].splitlines(keepends=True)
                    lines[at] = chance.choice(other)
                case _:
                    del files[path]
                    if not files:
                        break
                    continue
            files[path] = "".join(lines) or "{}\n"
        try:
            strict: Loaded | None = load(tree(files))
        except InputError:
            strict = None
        found, expected = lenient(files)
        if strict is not None:
            assert (found.identities, expected) == (strict.identities, [])


@pytest.mark.parametrize("policy", ["*x", "{Statement: *x}", "{Version: 2012-10-17, Statement: [{Sid: *x}]}"])
def test_what_is_refused_inside_an_inline_policy_is_one_problem_with_a_place(policy: str) -> None:
    text = f"permission_sets: {{Admin: {{inline_policy: {policy}}}}}\n"
    place = f"a.yaml:1:{text.index('*x') + 1}"
    assert [(at, says) for at, says, _ in problems(text)] == [(place, "the alias *x is not allowed")]
    found, expected = lenient(text)
    assert shape(found) == {"permission_sets": ["Admin"]}
    assert expected == [f"{place} the alias *x is not allowed"]
