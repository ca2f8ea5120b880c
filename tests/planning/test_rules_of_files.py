"""Rules on what is written: what entries must say, and in which files. Kept, broken now or before, mended."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.model.plan import Severity
from reconciler.model.resources import Account, Assignment, Include, Origin, Selector, Window
from reconciler.model.rules import Require, Restrict, RuledAccess
from reconciler.model.state import Identities
from tests.planning.entitled import DEV, PAY, entry, git, on, pset, realm, settled
from tests.planning.ruling import ADMIN, ADMIN_ON_PROD, BROKEN, OLD, judged, verdicts
from tests.planning.world import NOW, group, remembered

SAFE, OPEN = Origin("privileged/access.yaml", 1), Origin("team.yaml", 9)
SOON = Window(None, NOW + timedelta(days=3))
EXPIRE = Require("expire", ("reason", "until"), ADMIN_ON_PROD)
WHO = Restrict("who", ADMIN, ("privileged/**",))


def ops(name: str = "Admin", account: str = PAY, **more: object) -> Assignment:
    return entry("e", "group:ops", name, account, **more)


FULL = ops(window=SOON, reason="INC-1")
NOTHING = git()

REQUIRED = [
    # what git said at the last whole apply, what it says, how loud
    pytest.param(NOTHING, git([FULL]), [], id="kept"),
    pytest.param(NOTHING, git([ops(window=SOON)]), [BROKEN], id="no reason"),
    pytest.param(NOTHING, git([ops(reason="INC-1")]), [BROKEN], id="no end"),
    pytest.param(NOTHING, git([ops(account=DEV)]), [], id="in another account"),
    pytest.param(NOTHING, git([ops("Read")]), [], id="of another set"),
    pytest.param(NOTHING, git([ops(account="Prod")]), [BROKEN], id="by the unit"),
    pytest.param(
        NOTHING, git([ops(account="Prod", excluded=on(PAY))]), [], id="by the unit, but for the only account"
    ),
    pytest.param(git([ops()]), git([ops()]), [OLD], id="broken before"),
    pytest.param(git([ops()]), git([FULL]), [], id="mended"),
    pytest.param(git([FULL]), git([replace(FULL, reason=None)]), [BROKEN], id="broken without a change"),
    pytest.param(
        git([FULL]), git([FULL, replace(ops(), key="f")]), [BROKEN], id="one more that says the same"
    ),
    pytest.param(
        git([ops()]),
        git([ops(groups=("ops", "dev"))], teams={"ops": ["ada"], "dev": ["bob"]}),
        [BROKEN],
        id="broken before, and wider now",
    ),
    pytest.param(
        git([ops()], people=("ada", "bob"), teams={"ops": ["ada", "bob"]}),
        git([ops()], people=("ada", "bob"), teams={"ops": ["ada"]}),
        [OLD],
        id="broken before, and less now",
    ),
    pytest.param(
        git([FULL], teams={"ops": ["ada", "bob"]}),
        git([replace(FULL, reason=None)], teams={"ops": ["ada"]}),
        [OLD],
        id="broken by a plan that only takes away",
    ),
    pytest.param(NOTHING, git([ops(window=Window(None, NOW - timedelta(days=1)))]), [], id="over"),
    pytest.param(
        NOTHING, git([ops(window=Window(NOW + timedelta(days=1), None))]), [BROKEN], id="yet to come"
    ),
]


@pytest.mark.parametrize(("before", "declared", "loud"), REQUIRED)
def test_what_an_entry_must_say(before: Identities, declared: Identities, loud: list[Severity]) -> None:
    assert verdicts(declared, settled(before), EXPIRE, memory=remembered(before)) == loud


def test_an_entry_is_told_with_its_file_and_what_it_lacks() -> None:
    (finding,) = judged(git([ops(origin=OPEN)]), realm(), EXPIRE)
    assert finding.code == "rule-require"
    assert finding.message == (
        "expire: 1 entry of `assignments` lacks what such access must say (`reason` and `until`)"
    )
    assert finding.details == ("e in team.yaml: no reason and no until",)
    assert (finding.origin, finding.fix) == (OPEN, "write `reason` and `until` at each")


def test_without_a_memory_the_changes_tell_what_is_new() -> None:
    assert verdicts(git([ops()]), realm(), EXPIRE) == [BROKEN]
    assert verdicts(git([ops()]), settled(git([ops()])), EXPIRE) == [OLD]


def filed(
    where: Origin = SAFE, definition: Origin = SAFE, team: Origin = SAFE, members: str = "ada"
) -> Identities:
    """The team ops is Admin in pay; each of the three stands in a file."""
    declared = git(
        [ops(origin=where)],
        [pset("Admin", origin=definition), pset("Read")],
        teams={"ops": members.split()},
    )
    return replace(declared, groups={"ops": replace(declared.groups["ops"], origin=team)})


def including(inner: Origin, *members: str) -> Identities:
    """The same, where ops includes the group sre, which stands in `inner`."""
    declared = filed()
    outer = replace(declared.groups["ops"], include=(Include("sre", 4),))
    return replace(declared, groups={"ops": outer, "sre": group("sre", members, origin=inner)})


RESTRICTED = [
    pytest.param(NOTHING, filed(), [], id="kept"),
    pytest.param(NOTHING, filed(OPEN), [BROKEN], id="an entry elsewhere"),
    pytest.param(NOTHING, filed(definition=OPEN), [BROKEN], id="a definition elsewhere"),
    pytest.param(NOTHING, filed(team=OPEN), [BROKEN], id="a group elsewhere"),
    pytest.param(NOTHING, git([ops("Read", origin=OPEN)], [pset("Read")]), [], id="other access"),
    pytest.param(filed(OPEN, OPEN, OPEN), filed(OPEN, OPEN, OPEN), [OLD], id="broken before"),
    pytest.param(filed(OPEN, OPEN, OPEN), filed(), [], id="mended"),
    pytest.param(filed(), filed(OPEN), [BROKEN], id="moved out"),
    pytest.param(
        filed(team=OPEN), filed(team=OPEN, members="ada bob"), [BROKEN], id="a member more elsewhere"
    ),
    pytest.param(filed(team=OPEN), filed(team=OPEN, members=""), [OLD], id="a member less elsewhere"),
    pytest.param(filed(), including(SAFE, "bob"), [], id="a group included"),
    pytest.param(filed(), including(OPEN, "bob"), [BROKEN], id="a group included from elsewhere"),
    pytest.param(including(OPEN), including(OPEN, "bob"), [BROKEN], id="a member more by inclusion"),
    pytest.param(including(OPEN, "bob"), including(OPEN, "bob"), [OLD], id="a group included before"),
]


@pytest.mark.parametrize(("before", "declared", "loud"), RESTRICTED)
def test_where_access_may_be_given_from(
    before: Identities, declared: Identities, loud: list[Severity]
) -> None:
    assert verdicts(declared, settled(before), WHO, memory=remembered(before)) == loud


def test_an_edit_of_a_definition_elsewhere_is_the_plans() -> None:
    before = filed(definition=OPEN)
    wider = pset("Admin", origin=OPEN, managed_policies=("AdministratorAccess",))
    declared = replace(before, permission_sets={**before.permission_sets, "Admin": wider})
    assert verdicts(declared, settled(before), WHO, memory=remembered(before)) == [BROKEN]


def test_with_accounts_a_definition_counts_where_it_is_given() -> None:
    on_prod = replace(WHO, access=RuledAccess((), on("Prod")))
    declared = filed()
    declared = replace(
        declared, permission_sets={**declared.permission_sets, "Read": pset("Read", origin=OPEN)}
    )
    assert verdicts(declared, realm(), on_prod) == []
    more = {**declared.assignments, "f": replace(ops("Read", origin=SAFE), key="f")}
    assert verdicts(replace(declared, assignments=more), realm(), on_prod) == [BROKEN]


def test_every_declaration_elsewhere_is_told_with_its_file() -> None:
    declared = filed(OPEN, OPEN, OPEN)
    (finding,) = judged(replace(declared, groups={**declared.groups}), realm(), WHO)
    assert finding.code == "rule-restrict"
    assert finding.details == (
        "entry e in team.yaml",
        "permission set Admin in team.yaml",
        "group ops in team.yaml",
    )
    assert finding.fix == "move what is listed into files that match privileged/**"
    (included,) = judged(including(OPEN, "bob"), realm(), WHO)
    assert included.details == ("group sre, included by ops, in team.yaml",)


def test_a_file_of_an_inline_policy_elsewhere_is_not_edited() -> None:
    def allowing(action: str, file: str) -> Identities:
        policy = f'{{"Statement":[{{"Action":"{action}","Effect":"Allow","Resource":"*"}}]}}'
        admin = pset("Admin", origin=SAFE, inline_policy=policy, policy_file=file)
        return replace(filed(), permission_sets={"Admin": admin})

    outside, inside = "policies/p.json", "privileged/p.json"
    before = allowing("s3:GetObject", outside)
    assert verdicts(allowing("*", outside), settled(before), WHO, memory=remembered(before)) == [BROKEN]
    assert verdicts(before, settled(before), WHO, memory=remembered(before)) == [OLD]
    before = allowing("s3:GetObject", inside)
    assert verdicts(allowing("*", inside), settled(before), WHO, memory=remembered(before)) == []


@pytest.mark.parametrize("excepted", [False, True])
def test_an_account_of_another_id_under_the_same_name_elsewhere_decides_too(*, excepted: bool) -> None:
    places = (Selector(1, account="pay"),)
    one = replace(ops(origin=SAFE), accounts=on("all") if excepted else places)
    one = replace(one, excluded=places if excepted else ())
    before = replace(filed(), assignments={"e": one})
    declared = replace(before, accounts={"pay": Account("pay", DEV, OPEN)})
    assert verdicts(declared, settled(before), WHO, memory=remembered(before)) == [BROKEN]
    declared = replace(before, accounts={"pay": Account("pay", DEV, SAFE)})
    assert verdicts(declared, settled(before), WHO, memory=remembered(before)) == []
