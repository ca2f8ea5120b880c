"""A ledger is read as it was written; a small change is a small change; and nothing is lost in silence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given

from reconciler.errors import RecordError
from reconciler.loading.ledger_text import parse_ledger, render_ledger, seal
from reconciler.model.ledger import GivenObject, Ledger
from tests.loading.ledgers import ADA, LEDGER, OPS, ledgers

TEXTS = {
    "assignments/all": (
        "111122223333 arn:aws:sso:::permissionSet/ssoins-1/ps-1 *?user:9067-ada group:g-ops\n"
    ),
    "groups/all": "g-dev key=dev name=dev\ng-ops key=ops name=ops\n",
    "members/all": "g-dev\ng-ops =stranger ?5kIJk N1nAB\n",
    "sets/all": "arn:aws:sso:::permissionSet/ssoins-1/ps-1 key=Admin name=Admin\n",
    "users/all": (
        "+cyd key=cyd name=cyd@example.com unsure\n"
        "9067-ada key=ada name=ada@example.com attributes=title,user_name\n"
        "9067-bob key=bob name=Bob%20%C3%9Cnal inactive left\n"
    ),
}


def large(users: int) -> Ledger:
    known = {f"id-{number}": GivenObject(f"key-{number}", f"name {number}") for number in range(users)}
    members = {f"g-{number}": frozenset(list(known)[number::50]) for number in range(50)}
    return Ledger(users=known, members=members)


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> set[str]:
    return {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}


def test_a_ledger_reads_like_this() -> None:
    assert render_ledger(LEDGER) == TEXTS
    assert parse_ledger(TEXTS) == LEDGER


def test_an_empty_ledger_has_no_file() -> None:
    assert render_ledger(Ledger()) == {}
    assert parse_ledger({}) == Ledger()


@given(ledgers())
def test_whatever_can_be_given_is_read_back(ledger: Ledger) -> None:
    texts = render_ledger(ledger)
    assert parse_ledger(texts) == ledger
    assert all(text.isascii() and text.isprintable() for line in texts.values() for text in line.splitlines())
    assert all(text.split("\n")[:-1] == sorted(text.splitlines()) for text in texts.values())


@given(ledgers())
def test_equal_ledgers_are_equal_bytes(ledger: Ledger) -> None:
    turned = replace(
        ledger,
        users=dict(reversed(list(ledger.users.items()))),
        members=dict(reversed(list(ledger.members.items()))),
        assignments={
            pair: dict(reversed(list(given.items())))
            for pair, given in reversed(list(ledger.assignments.items()))
        },
    )
    assert render_ledger(turned) == render_ledger(ledger)
    assert seal(render_ledger(turned)) == seal(render_ledger(ledger))


@pytest.mark.parametrize(("users", "files"), [(120, 2), (3_000, 32), (6_000, 300)])
def test_a_large_ledger_is_spread_and_one_more_member_changes_one_file(users: int, files: int) -> None:
    ledger = large(users)
    texts = render_ledger(ledger)
    assert parse_ledger(texts) == ledger
    assert files * 0.9 < len(texts) <= files * 1.1
    more = replace(ledger, members={**ledger.members, "g-7": ledger.members["g-7"] | {"id-1"}})
    assert len(changed(texts, render_ledger(more))) == 1


def test_one_more_user_changes_a_file_or_two() -> None:
    ledger = large(6_000)
    more = replace(ledger, users={**ledger.users, "id-new": GivenObject("new")})
    assert len(changed(render_ledger(ledger), render_ledger(more))) <= 2


def test_what_a_later_version_adds_is_ignored() -> None:
    later = {
        **TEXTS,
        "windows/all": "whatever this is\n",
        "users/all": TEXTS["users/all"].replace("key=ada", "colour=blue key=ada") + ":note this\n",
        "members/all": TEXTS["members/all"].replace("g-dev", "g-dev :later"),
        "assignments/all": TEXTS["assignments/all"].replace("\n", " :later:x\n"),
    }
    assert parse_ledger(later) == LEDGER


@pytest.mark.parametrize(
    ("path", "old", "new", "message"),
    [
        pytest.param("users/all", "left\n", "left", "users/all ends in the middle of a line", id="cut"),
        pytest.param("users/all", "left\n", "left\n\n", "users/all:4 is empty", id="an empty line"),
        pytest.param("users/all", "key=ada", "", "users/all:2 does not say which", id="no key"),
        pytest.param("users/all", "key=ada", "key=ada key=bob", "says key twice", id="two keys"),
        pytest.param("users/all", "9067-bob", "9067-ada", "what another line speaks of", id="one user twice"),
        pytest.param("users/all", "9067-ada", "9067-adz", "who is not among the users", id="a lost user"),
        pytest.param("users/all", "9067-bob", "9067-aaa", "lines are sorted", id="an unsorted line"),
        pytest.param("users/all", "key=ada", "key=%FF", "is not text in UTF-8", id="no text"),
        pytest.param("members/all", "?5kIJk", "?", "who is not among the users", id="a lost member"),
        pytest.param("members/all", "=stranger", "=", "who is not among the users", id="a lost stranger"),
        pytest.param("members/all", "g-dev", "g-ops", "what another line speaks of", id="one group twice"),
        pytest.param("assignments/all", "group:", "robot:", "is not a user or a group", id="another kind"),
        pytest.param("assignments/all", "group:g-ops", "group:", "is not a user or a group", id="nobody"),
        pytest.param("assignments/all", TEXTS["assignments/all"], "1\n", "no permission set", id="no set"),
    ],
)
def test_a_damaged_file_is_an_error_that_names_the_line(path: str, old: str, new: str, message: str) -> None:
    assert old in TEXTS[path]
    with pytest.raises(RecordError, match=message):
        parse_ledger({**TEXTS, path: TEXTS[path].replace(old, new, 1)})


@pytest.mark.parametrize(
    "damaged",
    [
        pytest.param({path: text for path, text in TEXTS.items() if path != "members/all"}, id="a file less"),
        pytest.param({**TEXTS, "members/all": "g-dev\n"}, id="a line less"),
        pytest.param({**TEXTS, "members/more": "g-x\n"}, id="a file more"),
        pytest.param({**TEXTS, "users/all": TEXTS["users/all"].replace(ADA, OPS)}, id="another token"),
    ],
)
def test_a_seal_breaks_with_any_change(damaged: Mapping[str, str]) -> None:
    assert seal(damaged) != seal(TEXTS)
    assert seal(TEXTS).entries == 9
