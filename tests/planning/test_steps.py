"""The steps of a plan, each in full: what it carries out, writes, refers to and waits for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from reconciler.model.address import Address
from reconciler.model.change import Action, Change, Effect
from reconciler.model.plan import Step
from reconciler.planning.ordering.steps import (
    Dependencies,
    needs,
    needs_provisioning,
    rank,
    restricted,
)
from reconciler.planning.ordering.steps import steps as steps_of
from tests.planning.access_stage import change, written

ONE, TWO = "100000000001", "100000000002"
FEW = [f"10000000000{number}" for number in range(1, 4)]
MANY = [f"10000000000{number}" for number in range(1, 5)]
RANKS = {0: "takes", 1: "gives", 2: "gives, with members", 3: "last"}


def at(text: str) -> Address:
    return Address.parse(f"aws/{text}")


def declared(text: str) -> Change:
    """`MIXED update user/ada user_name:a>b`; the effect may be left out."""
    first, rest = text.split(maxsplit=1)
    if first.isupper():
        return written(rest, Effect[first])
    return written(text, change(" ".join(text.split()[:2])).effect)


def spelled(step: Step) -> str:
    """`gives update user/ada: carries; fields; after; refs; lane`, less what there is nothing of."""
    name = str(step.address).removeprefix("aws/")
    assert step.id.partition("#")[0] == str(step.address)
    mark = "#" + step.id.partition("#")[2] if "#" in step.id else ""
    carried = [str(each).removeprefix("aws/") for each in step.changes]
    parts = [
        "" if carried == [name] else f"carries {' '.join(carried)}",
        f"writes {' '.join(each.name for each in step.fields)}" if step.fields else "",
        f"after {' '.join(each.removeprefix('aws/') for each in step.after)}" if step.after else "",
        " ".join(
            [
                "refers",
                *(f"{role}={str(one).removeprefix('aws/')}" for role, one in sorted(step.refs.items())),
            ]
        )
        if step.refs
        else "",
        f"lane {step.lane}" if step.lane else "",
    ]
    assert not step.held_by
    return "; ".join([f"{RANKS[step.rank]} {step.action} {name}{mark}", *filter(None, parts)])


def steps(
    texts: Sequence[str],
    provisioned: Mapping[str, Sequence[str]] | None = None,
    holding: Mapping[str, Sequence[str]] | None = None,
) -> list[str]:
    dependencies = Dependencies(
        holding={
            at(f"group/{key}"): tuple(at(f"permission-set/{one}") for one in names)
            for key, names in (holding or {}).items()
        },
        provisioned={
            at(f"permission-set/{name}"): frozenset(found) for name, found in (provisioned or {}).items()
        },
    )
    made = steps_of([declared(text) for text in texts], dependencies)
    assert all(identifier == step.id for identifier, step in made.items())
    return [spelled(step) for step in made.values()]


ADA_ON_ONE = f"assignment/{ONE}/Admin/user:ada"
OPS_ON_ONE = f"assignment/{ONE}/Admin/group:ops"
ADMIN = "permission_set=permission-set/Admin"
# What a step refers to, and its lane.
OPS_ADA, BOSS = "refers group=group/ops user=user/ada", "refers manager=user/bob"
TO_ADA, TO_OPS = (f"refers {ADMIN} principal={each}; lane {ONE}" for each in ("user/ada", "group/ops"))
RING = list(zip("hgfedcba", "ahgfedcb", strict=True))
BOSS_IS_ADA = "refers manager=user/ada"
READ_TO_OPS = f"refers permission_set=permission-set/Read principal=group/ops; lane {TWO}"


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        pytest.param(
            ["create user/ada user_name:>ada"], ["gives create user/ada; writes user_name"], id="a user"
        ),
        pytest.param(["create group/ops"], ["gives create group/ops"], id="a group"),
        pytest.param(
            ["create user/ada user_name:>ada manager:>bob"],
            [f"gives create user/ada; writes user_name manager; {BOSS}"],
            id="a user whose manager is there",
        ),
        pytest.param(
            ["create user/ada user_name:>ada manager:>bob", "create user/bob"],
            [
                "gives create user/ada; writes user_name",
                f"gives update user/ada#manager; writes manager; after user/ada user/bob; {BOSS}",
                "gives create user/bob",
            ],
            id="a user whose manager is made",
        ),
        pytest.param(
            ["create user/bob manager:>ada", "create user/ada"],
            [
                "gives create user/bob",
                f"gives update user/bob#manager; writes manager; after user/ada user/bob; {BOSS_IS_ADA}",
                "gives create user/ada",
            ],
            id="a user of whom nothing else is said",
        ),
        pytest.param(
            [f"create user/{one} manager:>{boss}" for one, boss in RING],
            [
                each
                for one, boss in RING
                for each in (
                    f"gives create user/{one}",
                    f"gives update user/{one}#manager; writes manager; after "
                    + " ".join(sorted((f"user/{one}", f"user/{boss}")))
                    + f"; refers manager=user/{boss}",
                )
            ],
            id="users who are one another's managers, each after both in order",
        ),
        pytest.param(
            ["update user/ada manager:>bob", "create user/bob"],
            [
                f"gives update user/ada#manager; writes manager; after user/bob; {BOSS}",
                "gives create user/bob",
            ],
            id="nothing but a manager who is made",
        ),
        pytest.param(
            ["update user/ada title:>x manager:cyd>bob", "create user/bob"],
            [
                "gives update user/ada; writes title",
                f"gives update user/ada#manager; writes manager; after user/ada user/bob; {BOSS}",
                "gives create user/bob",
            ],
            id="a manager who is made, and more",
        ),
        pytest.param(
            ["update user/ada manager:bob>"],
            ["gives update user/ada; writes manager"],
            id="no manager any more",
        ),
        pytest.param(
            ["update group/ops manager:>bob"],
            ["gives update group/ops; writes manager"],
            id="a group has none",
        ),
        pytest.param(
            ["REVOKE update user/ada active:yes>no"], ["takes update user/ada; writes active"], id="disabled"
        ),
        pytest.param(
            [
                "delete membership/ops/ada",
                f"delete {ADA_ON_ONE}",
                "delete user/ada",
                "delete membership/ops/bob",
            ],
            [
                f"takes delete membership/ops/ada; {OPS_ADA}",
                f"takes delete {ADA_ON_ONE}; {TO_ADA}",
                f"takes delete user/ada; after {ADA_ON_ONE} membership/ops/ada",
                "takes delete membership/ops/bob; refers group=group/ops user=user/bob",
            ],
            id="a user goes after what hangs on them",
        ),
        pytest.param(
            [
                "delete group/ops",
                f"delete {OPS_ON_ONE}",
                "delete membership/ops/ada",
                "create membership/ops/bob",
            ],
            [
                f"last delete group/ops; after {OPS_ON_ONE} membership/ops/ada",
                f"takes delete {OPS_ON_ONE}; {TO_OPS}",
                f"takes delete membership/ops/ada; {OPS_ADA}",
                f"gives create membership/ops/bob; after {OPS_ON_ONE}; refers group=group/ops user=user/bob",
            ],
            id="a group, last; and nobody enters before it lost what it shall",
        ),
        pytest.param(
            ["delete permission-set/Admin", f"delete {ADA_ON_ONE}"],
            [
                f"last delete permission-set/Admin; after {ADA_ON_ONE}",
                f"takes delete {ADA_ON_ONE}; {TO_ADA}",
            ],
            id="a set, last",
        ),
        pytest.param(
            ["create group/ops", "create user/ada", "create membership/ops/ada", "delete membership/red/ada"],
            [
                "gives create group/ops",
                "gives create user/ada",
                f"gives create membership/ops/ada; after group/ops user/ada; {OPS_ADA}",
                "takes delete membership/red/ada; refers group=group/red user=user/ada",
            ],
            id="a membership after its ends",
        ),
        pytest.param(
            ["MIXED update user/ada user_name:a>b", "create membership/ops/ada", "delete membership/red/ada"],
            [
                "gives update user/ada; writes user_name; after membership/red/ada",
                f"gives create membership/ops/ada; after user/ada; {OPS_ADA}",
                "takes delete membership/red/ada; refers group=group/red user=user/ada",
            ],
            id="a name that passes to somebody else",
        ),
        pytest.param(
            [
                "MIXED update user/ada user_name:a>b",
                *(f"delete membership/{key}/ada" for key in ("sre", "red", "dba", "net")),
            ],
            [
                "gives update user/ada; writes user_name; after "
                + " ".join(f"membership/{key}/ada" for key in ("dba", "net", "red", "sre")),
                *(
                    f"takes delete membership/{key}/ada; refers group=group/{key} user=user/ada"
                    for key in ("sre", "red", "dba", "net")
                ),
            ],
            id="a name that passes to somebody else, after all that they leave in order",
        ),
        pytest.param(
            ["update user/ada title:a>b", "create membership/ops/ada", "delete membership/red/ada"],
            [
                "gives update user/ada; writes title",
                f"gives create membership/ops/ada; {OPS_ADA}",
                "takes delete membership/red/ada; refers group=group/red user=user/ada",
            ],
            id="an edit of somebody who stays who they are",
        ),
        pytest.param(
            [
                "MIXED update group/ops display_name:a>b",
                "create membership/ops/ada",
                "delete membership/ops/bob",
            ],
            [
                "gives update group/ops; writes display_name",
                f"gives create membership/ops/ada; {OPS_ADA}",
                "takes delete membership/ops/bob; refers group=group/ops user=user/bob",
            ],
            id="a group is nobody",
        ),
        pytest.param(
            [
                "create permission-set/Admin",
                "create user/ada",
                f"create {ADA_ON_ONE}",
                "delete membership/ops/ada",
            ],
            [
                "gives create permission-set/Admin",
                "gives create user/ada",
                f"gives create {ADA_ON_ONE}; after user/ada permission-set/Admin; {TO_ADA}",
                f"takes delete membership/ops/ada; {OPS_ADA}",
            ],
            id="an assignment after its ends",
        ),
        pytest.param(
            [
                f"create {OPS_ON_ONE}",
                "delete membership/ops/ada",
                "delete membership/red/ada",
                f"delete assignment/{TWO}/Read/group:ops",
            ],
            [
                f"gives create {OPS_ON_ONE}; after membership/ops/ada; {TO_OPS}",
                f"takes delete membership/ops/ada; {OPS_ADA}",
                "takes delete membership/red/ada; refers group=group/red user=user/ada",
                f"takes delete assignment/{TWO}/Read/group:ops; {READ_TO_OPS}",
            ],
            id="a group is given more when whoever leaves has left",
        ),
        pytest.param(
            [f"create {ADA_ON_ONE}", "update permission-set/Admin tags.a:>b"],
            [
                f"gives create {ADA_ON_ONE}; after permission-set/Admin; {TO_ADA}",
                "gives update permission-set/Admin; writes tags.a",
            ],
            id="a set is assigned when it was edited",
        ),
    ],
)
def test_steps_of_changes(texts: Sequence[str], expected: Sequence[str]) -> None:
    assert steps(texts) == expected


@pytest.mark.parametrize(
    ("texts", "waits"),
    [
        pytest.param(
            ["update user/bob user_name:x>y", "create user/ada user_name:>x"], "user/bob", id="a name"
        ),
        pytest.param(
            ["update user/bob user_name:X>y", "create user/ada user_name:>x"], "user/bob", id="folded"
        ),
        pytest.param(["update user/bob email:x>", "create user/ada email:>X"], "user/bob", id="an address"),
        pytest.param(["update user/bob email:x>", "create user/ada user_name:>x"], "", id="of another sort"),
        pytest.param(["update user/bob title:x>y", "create user/ada title:>x"], "", id="what many may share"),
        pytest.param(
            ["update group/bob display_name:x>y", "create user/ada user_name:>x"], "", id="of a group"
        ),
        pytest.param(
            ["update group/x display_name:x>y", "create group/ada display_name:>x"], "group/x", id="groups"
        ),
        pytest.param(["delete user/x", "create user/ada user_name:>x"], "user/x", id="of whoever goes"),
        pytest.param(["delete user/x", "create user/ada email:>x"], "", id="an address of whoever goes"),
        pytest.param(
            ["delete group/x", "create group/ada display_name:>X"], "group/x", id="of a group that goes"
        ),
        pytest.param(
            ["create user/bob user_name:>x", "create user/ada user_name:>x"], "", id="which nobody frees"
        ),
        pytest.param(["update user/bob email:None>y", "update user/ada email:x>"], "", id="none is no name"),
        pytest.param(["update user/bob email:>y", "create user/ada email:>None"], "", id="nor was it"),
        pytest.param(["update user/ada user_name:x>X"], "", id="never for itself"),
        pytest.param(
            [
                "update user/cyd email:y>",
                "update user/bob user_name:x>",
                "create user/ada user_name:>x email:>y",
            ],
            "user/bob user/cyd",
            id="two, in order",
        ),
    ],
)
def test_a_value_is_freed_before_it_is_given(texts: Sequence[str], waits: str) -> None:
    (found,) = [
        each
        for each in steps(texts)
        if " user/ada" in each.split(";")[0] or " group/ada" in each.split(";")[0]
    ]
    assert [each for each in found.split("; ") if each.startswith("after")] == (
        [f"after {waits}"] if waits else []
    )


def test_what_is_made_frees_no_name() -> None:
    changes = [declared("delete user/x"), replace(declared("create user/ada user_name:>x"), name="x")]
    made = steps_of(changes, Dependencies())
    assert made["aws/user/ada"].after == ("aws/user/x",)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        pytest.param(
            ["create user/ada user_name:>x manager:>bob", "delete user/x"],
            [f"gives create user/ada; writes user_name manager; after user/x; {BOSS}"],
            id="with a manager who is there",
        ),
        pytest.param(
            ["create user/ada user_name:>x manager:>bob", "delete user/x", "create user/bob"],
            [
                "gives create user/ada; writes user_name; after user/x",
                f"gives update user/ada#manager; writes manager; after user/ada user/bob; {BOSS}",
            ],
            id="with a manager who is made",
        ),
        pytest.param(
            ["MIXED update user/ada user_name:a>x", "delete user/x"]
            + [f"delete membership/{key}/ada" for key in ("zoo", "red", "ops", "lab")],
            [
                (
                    "gives update user/ada; writes user_name; after membership/lab/ada membership/ops/ada"
                    " membership/red/ada membership/zoo/ada user/x"
                )
            ],
            id="beside what is lost first",
        ),
    ],
)
def test_whoever_takes_a_name_waits_for_it_in_any_case(texts: Sequence[str], expected: Sequence[str]) -> None:
    assert [
        each for each in steps(texts) if "user/ada" in each.split(";")[0] and "delete" not in each
    ] == expected


EDIT = "update permission-set/Admin inline_policy:a>b"
TAGS = "update permission-set/Admin tags.a:>b"
EDITED = "gives update permission-set/Admin; writes inline_policy"
TAGGED = "gives update permission-set/Admin; writes tags.a"


def lagging(accounts: Sequence[str], name: str = "Admin") -> list[str]:
    return [f"update provisioning/{name}/{account}" for account in accounts]


def renewed(account: str, after: str = "") -> str:
    waits = f"after {after}; " if after else ""
    return f"gives update provisioning/Admin/{account}; {waits}refers {ADMIN}; lane {account}"


def everywhere(carried: Sequence[str], after: str = "") -> str:
    waits = f"after {after}; " if after else ""
    return f"gives update provisioning/Admin; carries {' '.join(carried)}; {waits}refers {ADMIN}"


ROLES = [f"provisioning/Admin/{account}" for account in MANY]
SET = "permission-set/Admin"


@pytest.mark.parametrize(
    ("texts", "provisioned", "expected"),
    [
        pytest.param(lagging(FEW), MANY, [*map(renewed, FEW)], id="few, one by one"),
        pytest.param(lagging(MANY), MANY, [everywhere(ROLES)], id="many, all at once"),
        pytest.param([EDIT], [], [EDITED], id="an edit of what has no roles"),
        pytest.param([EDIT], MANY, [everywhere([SET], SET), EDITED], id="an edit"),
        pytest.param(
            [*lagging(FEW[:1]), EDIT],
            MANY,
            [everywhere([SET, ROLES[0]], SET), EDITED],
            id="an edit, and one that lagged",
        ),
        pytest.param(
            [EDIT, *lagging(MANY)],
            MANY,
            [everywhere([SET, *ROLES], SET), EDITED],
            id="an edit, and many that lagged",
        ),
        pytest.param([TAGS], MANY, [TAGGED], id="tags, which no role has"),
        pytest.param(
            ["delete permission-set/Admin", *lagging(FEW[:1])],
            MANY,
            [renewed(FEW[0]), "last delete permission-set/Admin"],
            id="a set that goes is no edit",
        ),
        pytest.param(
            [TAGS, *lagging(FEW[:1])], MANY, [renewed(FEW[0], SET), TAGGED], id="tags, and one that lagged"
        ),
        pytest.param(
            [TAGS, *lagging(MANY)], MANY, [everywhere(ROLES, SET), TAGGED], id="tags, and many that lagged"
        ),
        pytest.param(
            ["create permission-set/Admin inline_policy:>b"],
            MANY,
            ["gives create permission-set/Admin; writes inline_policy"],
            id="a set that is made",
        ),
    ],
)
def test_roles_are_brought_up_to_date(
    texts: Sequence[str], provisioned: Sequence[str], expected: Sequence[str]
) -> None:
    assert steps(texts, {"Admin": provisioned}) == expected


def test_more_roles_than_one_request_takes_are_renewed_account_by_account() -> None:
    accounts = [f"{number:012}" for number in range(3501)]
    for found, one_by_one in ((accounts, True), (accounts[1:], False)):
        edited = steps([EDIT, *lagging(accounts[-1:])], {"Admin": found[::-1]})
        lagged = steps(lagging(accounts[-9:]), {"Admin": found})
        assert (len(edited), len(lagged)) == ((3502, 9) if one_by_one else (2, 1))
        if one_by_one:
            first = f"provisioning/Admin/{accounts[0]}"
            assert edited[0] == (
                f"gives update {first}; carries {SET}; after {SET}; refers {ADMIN}; lane {accounts[0]}"
            )
            last = f"provisioning/Admin/{accounts[-1]}"
            assert edited[3500] == (
                f"gives update {last}; carries {SET} {last}; after {SET}; refers {ADMIN}; lane {accounts[-1]}"
            )
    assert len(steps(lagging(accounts), {})) == 3501
    assert len(steps(lagging(accounts[1:]), {})) == 1


def test_nobody_enters_a_group_before_what_it_holds_is_as_it_shall_be() -> None:
    texts = [
        "create membership/ops/ada",
        "create membership/red/ada",
        EDIT,
        "update permission-set/Tagged tags.a:>b",
        *lagging(FEW[1::-1], "Read"),
        "update permission-set/Other inline_policy:>x",
    ]
    holding = {"ops": ["Read", "Tagged", "Admin", "Admin", "Still"]}

    found = steps(
        [*texts, f"delete {OPS_ON_ONE}", "create membership/ops/bob"], {"Admin": FEW, "Other": FEW}, holding
    )

    waits = (
        f"after {OPS_ON_ONE} permission-set/Admin permission-set/Tagged provisioning/Admin"
        f" provisioning/Read/{ONE} provisioning/Read/{TWO}"
    )
    for user in ("ada", "bob"):
        assert (
            f"gives create membership/ops/{user}; {waits}; refers group=group/ops user=user/{user}" in found
        )
    assert "gives create membership/red/ada; refers group=group/red user=user/ada" in found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("delete user/ada", "takes"),
        ("delete membership/ops/ada", "takes"),
        (f"NEUTRAL delete {ADA_ON_ONE}", "takes"),
        ("delete group/ops", "last"),
        ("delete permission-set/Admin", "last"),
        ("REVOKE update user/ada", "takes"),
        ("MIXED update user/ada", "gives"),
        ("NEUTRAL update user/ada", "gives"),
        ("GRANT create membership/ops/ada", "gives"),
        ("NEUTRAL create group/ops", "gives"),
        (f"MIXED update provisioning/Admin/{ONE}", "gives"),
    ],
)
def test_the_rank_of_a_change(text: str, expected: str) -> None:
    assert RANKS[rank(declared(text))] == expected


@pytest.mark.parametrize(
    ("texts", "reaches"),
    [
        ("inline_policy:>a", True),
        ("tags.a:>b", False),
        ("tags.a:>b tags.c:d>", False),
        ("tags.a:>b description:>x", True),
        ("", False),
    ],
)
def test_which_edits_of_a_set_reach_its_roles(texts: str, *, reaches: bool) -> None:
    assert needs_provisioning(declared(f"update permission-set/Admin {texts}")) is reaches


def test_what_addresses_are_between() -> None:
    assert at("membership/ops/ada").ends == (at("group/ops"), at("user/ada"))
    assert at(OPS_ON_ONE).ends == (at("group/ops"), at("permission-set/Admin"))
    assert at(ADA_ON_ONE).ends == (at("user/ada"), at("permission-set/Admin"))
    assert (
        at(f"provisioning/Admin/{ONE}").permission_set
        == at("provisioning/Admin").permission_set
        == at("permission-set/Admin")
    )


EVERYTHING = (
    "aws/user/ada",
    "aws/group/ops",
    "aws/permission-set/Admin",
    f"aws/provisioning/Admin/{ONE}",
    "aws/membership/ops/bob",
    f"aws/{OPS_ON_ONE}",
)


@pytest.mark.parametrize(
    ("address", "needed"),
    [
        ("membership/ops/ada", EVERYTHING[:2]),
        (ADA_ON_ONE, EVERYTHING[:3]),
        ("user/ada", EVERYTHING),
        ("permission-set/Admin", EVERYTHING),
    ],
)
def test_what_a_step_cannot_do_without(address: str, needed: Sequence[str]) -> None:
    step = Step(f"aws/{address}", at(address), Action.CREATE, (at(address),), after=EVERYTHING)
    assert tuple(needs(step)) == needed


@pytest.mark.parametrize(
    ("texts", "go", "expected"),
    [
        pytest.param(
            ["create user/ada", "create user/bob"], ["user/bob"], ["gives create user/bob"], id="a change"
        ),
        pytest.param([EDIT, *lagging(FEW[:2])], [], [], id="nothing"),
        pytest.param(
            [EDIT, *lagging(FEW[:2])],
            [SET, ROLES[1]],
            [everywhere([SET, ROLES[1]], SET), EDITED],
            id="an edit without one that lagged",
        ),
        pytest.param(
            [EDIT, *lagging(FEW[:2])],
            ROLES[:2],
            [renewed(FEW[0], SET), renewed(FEW[1], SET)],
            id="what lagged without the edit",
        ),
        pytest.param(lagging(MANY), ROLES, [everywhere(ROLES)], id="all that lagged"),
        pytest.param(lagging(MANY), ROLES[2:], [renewed(MANY[2]), renewed(MANY[3])], id="some that lagged"),
    ],
)
def test_the_steps_of_what_may_be_done(
    texts: Sequence[str], go: Sequence[str], expected: Sequence[str]
) -> None:
    made = steps_of([declared(text) for text in texts], Dependencies(provisioned={at(SET): frozenset(MANY)}))
    assert [spelled(step) for step in restricted(made.values(), {at(each) for each in go})] == expected
