"""Rules on what is written: which entries they speak of, and on what a change of the plan rests."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.model.plan import Severity
from reconciler.model.resources import Assignment, Include, Origin, PermissionSet, Window
from reconciler.model.rules import Require, Restrict, RuledAccess
from reconciler.model.state import Identities
from tests.planning.entitled import DEV, NEW, PAY, entry, git, on, plan, pset, realm, settled
from tests.planning.ruling import ADMIN, ADMIN_ON_PROD, BROKEN, OLD, judged, verdicts
from tests.planning.world import NOW, POLICY, group, identities, person, remembered

SAFE, OPEN = Origin("privileged/access.yaml", 1), Origin("team.yaml", 9)
EXPIRE = Require("expire", ("reason",), ADMIN_ON_PROD)
WHO = Restrict("who", ADMIN, ("privileged/**",))
WHO_ON_PROD = replace(WHO, access=ADMIN_ON_PROD)
SETS = (pset("Read"), pset("BigAdmin"), pset("Admin"))


def declared(*entries: Assignment, sets: tuple[PermissionSet, ...] = SETS, **teams: str) -> Identities:
    """Entries beside teams: `ops="ada bob"`."""
    members = {key: users.split() for key, users in (teams or {"ops": "ada"}).items()}
    return git(entries, sets, people=("ada", "bob"), teams=members)


def ops(*accounts: str, who: str = "group:ops", names: str = "Admin", **more: object) -> Assignment:
    plain = entry("e", who, "", *accounts or (PAY,))
    return replace(plain, permission_sets=tuple(names.split()), **more)  # type: ignore[arg-type]  # any field by name


FULL = ops(NEW, names="Admin", key="f", reason="INC-1")


@pytest.mark.parametrize(
    ("before", "now", "loud"),
    [
        pytest.param(
            declared(ops()), declared(ops(who="group:ops group:dev"), ops="ada", dev=""), BROKEN, id="a group"
        ),
        pytest.param(declared(ops()), declared(ops(who="group:ops user:ada")), BROKEN, id="a user"),
        pytest.param(
            declared(ops(who="user:bob")),
            declared(
                ops(who="user:bob"), entry("f", "group:bob", "Admin", PAY, reason="x"), ops="ada", bob=""
            ),
            OLD,
            id="a group by the name of a user",
        ),
        pytest.param(declared(ops()), declared(ops(names="Admin Read")), OLD, id="another set of the entry"),
        pytest.param(
            declared(ops(names="Read")),
            declared(ops(names="BigAdmin Read")),
            BROKEN,
            id="the first set of it",
        ),
        pytest.param(
            declared(ops(names="BigAdmin")),
            declared(ops(names="BigAdmin Admin")),
            BROKEN,
            id="one more set of the entry",
        ),
        pytest.param(
            declared(ops()), declared(ops(PAY, DEV)), OLD, id="an account that the rule does not name"
        ),
        pytest.param(declared(ops()), declared(ops(PAY, NEW)), BROKEN, id="one more account of the rule"),
        pytest.param(
            declared(ops()), declared(ops(), FULL), OLD, id="an account of the rule, by another entry"
        ),
    ],
)
def test_without_a_memory_a_breach_is_the_plans_where_it_assigns_what_the_entry_gives(
    before: Identities, now: Identities, loud: Severity
) -> None:
    world = settled(before, realm(**{f"a{NEW}": "Prod"}))
    assert verdicts(now, world, EXPIRE) == [loud]


@pytest.mark.parametrize(
    ("paths", "sets", "names", "broken"),
    [
        pytest.param((), SETS, "Admin", True, id="everywhere"),
        pytest.param(("people.yaml",), SETS, "Admin", False, id="an entry of another target"),
        pytest.param(("people.yaml", "team.yaml"), SETS, "Admin", True, id="an entry of this target"),
        pytest.param(("people.yaml", "team.yaml"), SETS, "Read Admin", True, id="of two sets the second"),
        pytest.param(
            ("people.yaml", "team.yaml"),
            (pset("Admin", origin=Origin("other.yaml", 1)), pset("Read")),
            "Read Admin",
            False,
            id="a set of another target",
        ),
    ],
)
def test_entries_count_where_the_target_has_them(
    paths: tuple[str, ...], sets: tuple[PermissionSet, ...], names: str, *, broken: bool
) -> None:
    policy = replace(POLICY, rules=(EXPIRE,), paths=paths or POLICY.paths)
    found = plan(declared(ops(names=names, origin=OPEN), sets=sets), realm(), policy=policy).plan.findings
    assert ("rule-require" in [one.code for one in found]) is broken


def test_entries_are_told_by_key_with_how_many_there_are() -> None:
    now = declared(ops(key="z", origin=SAFE), ops(key="a", names="BigAdmin", origin=OPEN))

    (finding,) = judged(now, settled(now), EXPIRE)

    assert finding.message == (
        "expire: 2 entries of `assignments` lack what such access must say (`reason`), as before this plan"
    )
    assert finding.details == ("a in team.yaml: no reason", "z in privileged/access.yaml: no reason")
    assert (finding.count, finding.origin) == (2, OPEN)


# Which declarations decide, and what rests on them.


def filed(
    *more: Assignment,
    where: Origin = SAFE,
    sets: Origin = SAFE,
    team: Origin = SAFE,
    inner: Origin = SAFE,
    include: str = "",
    over: bool = False,
    **teams: str,
) -> Identities:
    """The team ops is Admin in pay; entry, sets, the team, and all other teams stand in files.

    `include` are teams that ops includes, until yesterday where `over`.
    """
    window = Window(None, NOW - timedelta(days=1) if over else None)
    found = declared(
        ops(origin=where),
        *more,
        sets=(pset("BigAdmin", origin=sets), pset("Admin", origin=sets), pset("Read", origin=SAFE)),
        **{"ops": "ada", **teams},
    )
    groups = {key: replace(one, origin=team if key == "ops" else inner) for key, one in found.groups.items()}
    includes = tuple(Include(key, 4, window) for key in include.split())
    return replace(found, groups={**groups, "ops": replace(groups["ops"], include=includes)})


def edited(found: Identities, **fields: object) -> Identities:
    """The same, with an edit of the set Admin."""
    origin = found.permission_sets["Admin"].origin
    return replace(
        found, permission_sets={**found.permission_sets, "Admin": pset("Admin", origin=origin, **fields)}
    )


def without(found: Identities, name: str) -> Identities:
    return replace(
        found, permission_sets={key: one for key, one in found.permission_sets.items() if key != name}
    )


def described(found: Identities, key: str) -> Identities:
    one = replace(found.groups[key], attributes={"description": "new"})
    return replace(found, groups={**found.groups, key: one})


def joined(found: Identities, key: str) -> Identities:
    """The same, and one more user."""
    return replace(found, users={**found.users, key: person(key)})


TO_RED = entry("f", "group:red", "Admin", PAY, origin=SAFE)
ON_DEV = entry("f", "group:ops", "Admin", DEV, origin=SAFE)
READS = entry("f", "group:ops", "Read", PAY, origin=SAFE)
TO_USER = entry("f", "user:ops", "Admin", PAY, origin=SAFE)
SRE = filed(inner=OPEN, include="sre", sre="bob")


@pytest.mark.parametrize(
    ("rule", "before", "now", "loud"),
    [
        pytest.param(WHO, filed(team=OPEN), filed(team=OPEN), [OLD], id="nothing rests on it"),
        pytest.param(
            WHO,
            without(filed(sets=OPEN), "BigAdmin"),
            filed(sets=OPEN),
            [BROKEN, OLD],
            id="a set that is made and given nowhere",
        ),
        pytest.param(
            WHO,
            filed(sets=OPEN),
            filed(sets=OPEN, Admin=""),
            [OLD],
            id="a group by the name of a set is made",
        ),
        pytest.param(
            WHO,
            filed(sets=OPEN),
            edited(filed(sets=OPEN), description="new"),
            [OLD],
            id="a harmless edit",
        ),
        pytest.param(
            WHO,
            filed(sets=OPEN),
            edited(filed(sets=OPEN), inline_policy="{}"),
            [BROKEN, OLD],
            id="an edit that gives and takes",
        ),
        pytest.param(WHO, filed(sets=OPEN), filed(ON_DEV, sets=OPEN), [BROKEN, OLD], id="a set is assigned"),
        pytest.param(
            WHO_ON_PROD, filed(sets=OPEN), filed(ON_DEV, sets=OPEN), [OLD], id="a set is assigned elsewhere"
        ),
        pytest.param(
            WHO_ON_PROD,
            filed(sets=OPEN, red=""),
            filed(TO_RED, sets=OPEN, red=""),
            [BROKEN],
            id="a set is assigned where the rule says",
        ),
        pytest.param(
            WHO, filed(team=OPEN), filed(ON_DEV, team=OPEN), [BROKEN], id="a group is assigned more"
        ),
        pytest.param(
            WHO, filed(team=OPEN), filed(READS, team=OPEN), [OLD], id="a group is assigned other things"
        ),
        pytest.param(
            WHO,
            joined(filed(team=OPEN), "ops"),
            joined(filed(TO_USER, team=OPEN), "ops"),
            [OLD],
            id="a user by the name of a group is assigned",
        ),
        pytest.param(
            WHO_ON_PROD,
            filed(team=OPEN),
            filed(ON_DEV, team=OPEN),
            [OLD],
            id="a group is assigned more elsewhere",
        ),
        pytest.param(
            WHO,
            filed(sre=""),
            filed(inner=OPEN, include="sre", sre=""),
            [OLD],
            id="a group that was there is included",
        ),
        pytest.param(
            WHO,
            filed(),
            filed(inner=OPEN, include="sre", sre=""),
            [BROKEN],
            id="a group is made and included",
        ),
        pytest.param(WHO, SRE, joined(SRE, "sre"), [OLD], id="a user by the name of a group is made"),
        pytest.param(WHO, SRE, described(SRE, "sre"), [OLD], id="a group is edited"),
        pytest.param(
            WHO,
            filed(),
            filed(inner=OPEN, include="sre", over=True, sre=""),
            [],
            id="included until yesterday",
        ),
        pytest.param(
            WHO,
            filed(inner=OPEN, include="sre", sre=""),
            filed(inner=OPEN, include="sre", sre="", ops="ada bob"),
            [OLD],
            id="somebody joins only the group that includes it",
        ),
        pytest.param(
            WHO,
            filed(team=OPEN, dev=""),
            filed(team=OPEN, dev="ada"),
            [OLD],
            id="a member joins a group that has nothing to do with it",
        ),
    ],
)
def test_without_a_memory_a_breach_is_the_plans_where_it_rests_on_the_declaration(
    rule: Restrict, before: Identities, now: Identities, loud: list[Severity]
) -> None:
    assert verdicts(now, settled(before), rule) == loud


def test_roles_brought_up_to_date_rest_on_the_definition() -> None:
    now = filed(sets=OPEN)
    world = settled(now)
    arn = world.set_arn("Admin")
    world.sets[arn] = replace(world.sets[arn], outdated=frozenset({PAY}))

    assert verdicts(now, world, WHO) == [BROKEN, OLD]


@pytest.mark.parametrize(
    ("then", "now", "loud"),
    [
        pytest.param({}, {"where": OPEN}, BROKEN, id="entry"),
        pytest.param({}, {"sets": OPEN}, BROKEN, id="sets"),
        pytest.param({}, {"team": OPEN}, BROKEN, id="group"),
        pytest.param({"where": OPEN}, {"where": Origin("other.yaml", 1)}, OLD, id="from bad to bad"),
        pytest.param(
            {"dev": "ada bob"}, {"where": OPEN, "dev": "ada"}, OLD, id="by a plan that only takes away"
        ),
        pytest.param({"dev": "ada"}, {"where": OPEN, "dev": "ada bob"}, BROKEN, id="by a plan that gives"),
    ],
)
def test_a_declaration_that_moved_since_the_last_whole_apply(
    then: dict[str, object], now: dict[str, object], loud: Severity
) -> None:
    before = filed(**{"dev": "", **then})  # type: ignore[arg-type]  # any argument by name
    after = filed(**{"dev": "", **now})  # type: ignore[arg-type]  # any argument by name
    assert verdicts(after, settled(before), WHO, memory=remembered(before)) == [loud]


def test_one_declaration_is_told_by_itself() -> None:
    now = filed(team=OPEN)

    (finding,) = judged(now, settled(now), WHO)

    assert finding.message == (
        "who: 1 declaration outside of privileged/** decides who has access that only those may give,"
        " as before this plan"
    )
    assert (finding.count, finding.origin, finding.details) == (1, OPEN, ("group ops in team.yaml",))


def test_declarations_are_told_in_order_with_the_groups_that_include_them() -> None:
    ops_too = entry("a", "group:red", "Admin", PAY, origin=OPEN)
    now = filed(
        ops_too, where=OPEN, sets=OPEN, team=OPEN, inner=OPEN, include="lab all", lab="", all="bob", red=""
    )
    now = replace(
        now, groups={**now.groups, "red": group("red", [], origin=SAFE, include=(Include("lab", 4),))}
    )

    (finding,) = judged(now, realm(), WHO)

    assert finding.message == (
        "who: 7 declarations outside of privileged/** decide who has access that only those may give"
    )
    assert finding.count == 7
    assert finding.details == (
        "entry a in team.yaml",
        "entry e in team.yaml",
        "permission set Admin in team.yaml",
        "permission set BigAdmin in team.yaml",
        "group all, included by ops, in team.yaml",
        "group lab, included by ops, red, in team.yaml",
        "group ops in team.yaml",
    )


def test_the_groups_that_include_another_are_told_in_order() -> None:
    names = ("ops", "sre", "dba", "net", "red")
    entries = [entry(f"of-{name}", f"group:{name}", "Admin", PAY, origin=SAFE) for name in names]
    teams = [group(name, [], origin=SAFE, include=(Include("lab", 4),)) for name in names]
    now = identities([person("ada")], [*teams, group("lab", ["ada"], origin=OPEN)])
    sets = {"Admin": pset("Admin", origin=SAFE)}

    (finding,) = judged(
        replace(now, permission_sets=sets, assignments={one.key: one for one in entries}), realm(), WHO
    )

    assert finding.details == ("group lab, included by dba, net, ops, red, sre, in team.yaml",)


def test_where_a_rule_names_every_set_on_some_accounts_only_what_is_given_there_counts() -> None:
    rule = replace(WHO, access=RuledAccess((), on("Prod")))
    found = filed(entry("f", "group:ops", "BigAdmin", DEV, origin=OPEN), sets=OPEN)
    (finding,) = judged(found, realm(), rule)
    assert finding.details == ("permission set Admin in team.yaml",)
