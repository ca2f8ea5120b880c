"""What `settings` of a target state holds in place of the profile, on the wire."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reconciler.config import load_config
from reconciler.errors import InputError
from reconciler.targets.scim.profile import Memberships
from reconciler.targets.scim.profile_list import profile
from reconciler.targets.scim.settings import Deviations, adjusted
from reconciler.targets.scim.type import ScimSettings
from tests.targets.scim.fields import facing, git, user
from tests.targets.scim.odd import Odd
from tests.trees import tree

THREE = tuple(user(each) for each in ("ada", "bob", "eve"))
_TARGET = """\
format: 1
targets:
  chat:
    type: scim
    url: https://chat.example/scim/v2
    token: {env: T}
    settings: """


def settings(text: str) -> Deviations:
    found = load_config(tree({"reconciler.yaml": _TARGET + text})).targets["chat"].settings
    assert isinstance(found, ScimSettings)
    return found.deviations


def lists(odd: Odd) -> list[str]:
    asked = [path for method, path, _ in odd.asked if method == "GET" and "filter=" not in path]
    return [path for path in asked if path.startswith(("Users", "Groups"))]


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("{paging: none}", lambda odd: all("?" not in each for each in lists(odd))),
        ("{page_size: 7}", lambda odd: any("count=7" in each for each in lists(odd))),
        ("{page_size: null}", lambda odd: all("count=" not in each for each in lists(odd))),
        ("{totals: trusted}", lambda odd: all("startIndex=1" in each for each in lists(odd) if "?" in each)),
        ("{patch: false}", lambda odd: "PATCH" not in {method for method, _, _ in odd.asked}),
        ("{put: false}", lambda odd: "PUT" not in {method for method, _, _ in odd.asked}),
        ("{discovery: false}", lambda odd: "Schemas" not in {path for _, path, _ in odd.asked}),
        ("{removal: put}", lambda odd: ("PUT", "Groups") in {(m, p[:6]) for m, p, _ in odd.asked}),
    ],
)
def test_what_is_set_is_what_is_sent(text: str, holds: Callable[[Odd], bool]) -> None:
    odd = Odd()
    with facing(odd, adjusted(profile("generic"), settings(text))) as here:
        here.converge(git(THREE, crew=["ada", "bob"]))
        here.converge(git(THREE, crew=["ada"]))
    assert odd.crews() == {"crew": {"ada"}}
    assert holds(odd)


def test_members_are_read_where_it_is_said() -> None:
    odd = Odd(members="by-filter")
    known = adjusted(profile("generic"), settings("{memberships: by-filter, put: false}"))
    assert known.memberships is Memberships.BY_FILTER
    with facing(odd, known) as here:
        here.converge(git(THREE, crew=["ada", "bob"]))


def test_rates_are_those_that_are_set() -> None:
    known = adjusted(profile("generic"), settings("{reads_per_second: 2, writes_per_second: 0.5}"))
    assert (known.rate("read"), known.rate("write"), known.writes_per_second) == (2, 0.5, 0.5)


def test_without_settings_a_profile_is_as_it_is() -> None:
    for name in ("generic", "aws", "slack"):
        assert adjusted(profile(name), Deviations()) == profile(name)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{paging: pages}", "paging"),
        ("{pagesize: 3}", "pagesize"),
        ("{page_size: 0}", "page_size"),
        ("{reads_per_second: 0}", "reads_per_second"),
        ("{patch: maybe}", "patch"),
    ],
)
def test_a_setting_that_means_nothing_is_an_error_at_its_place(text: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        settings(text)
    assert says in str(caught.value)
    assert "reconciler.yaml:7" in str(caught.value)


def test_settings_make_no_sense_where_there_is_no_scim_service() -> None:
    text = "format: 1\ntargets:\n  aws: {type: identity-center, settings: {paging: none}}\n"
    with pytest.raises(InputError, match="makes no sense for a target of type identity-center"):
        load_config(tree({"reconciler.yaml": text}))
