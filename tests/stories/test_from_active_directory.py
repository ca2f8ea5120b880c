"""From Active Directory to every account: one company's story, on a real domain controller."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from reconciler.model.denials import EMPTY
from reconciler.sandbox import Sandbox
from reconciler.wire.clock import SystemClock
from tests.cli.stage import SPEED
from tests.servers.samba import BASE, DISABLED, ENABLED, Domain, controller, entry, provisioned
from tests.stories.company import ACCOUNTS, CUTS, Company, founded
from tests.stories.cutting import Relay

pytestmark = [pytest.mark.slow, pytest.mark.long]

PAYMENTS = {("Developer", "payments-dev"), ("Developer", "payments-prod")}
DATA = {("Analyst", "data-prod")}
A_MINUTE = timedelta(minutes=1)
BOUGHT = {("Analyst", "harbour-prod")}
# What people wrote by hand, of a person by key.
ROTA = """\
groups:
  rota: {members: [eve, cyd]}
assignments:
  rota: {groups: [rota], permission_sets: [Developer], accounts: [harbour-prod]}
  eve-herself: {users: [eve], permission_sets: [Analyst], accounts: [harbour-prod]}
"""
ON_ROTA = {("Developer", "harbour-prod"), ("Analyst", "harbour-prod")}
CALLED = """\
assignments:
  called: {users: [cyd], permission_sets: [Developer], accounts: [harbour-prod]}
"""
HARBOUR = """\
assignments:
  harbour: {groups: [harbour], permission_sets: [Analyst], accounts: [harbour-prod]}
"""


@pytest.fixture
def ad(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Domain]:
    with controller(provisioned(tmp_path_factory)) as domain:
        yield domain


@pytest.fixture
def company(
    ad: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Company]:
    with Sandbox(None, speed=SPEED, latency=0.0) as aws:
        yield founded(tmp_path, ad, aws, monkeypatch, capsys)


def a_docker(unit: str, name: str) -> str:
    """One of many people, as LDIF."""
    address = f"{name}@example.test"
    named = {"sAMAccountName": name, "userPrincipalName": address, "mail": address, "givenName": "Harbour"}
    return entry(
        f"CN={name},{unit}",
        "user",
        {**named, "sn": name, "displayName": name, "userAccountControl": ENABLED, "department": "Harbour"},
    )


def everybody(company: Company) -> tuple[object, ...]:
    """People, groups and what they reach, as AWS has them."""
    store = company.aws.store
    return store.users(), store.memberships(), store.assignments()


def people_go_at_once(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for a review, a remote or the end of a session: part of the story, told apart."""
    store, cyd, ivo = company.aws.store, "cyd@example.test", "ivo@example.test"
    everywhere = set(ACCOUNTS.values())

    # A plan gives Cyd more, and is reviewed. Before it is applied, she is offboarded from a laptop, while the
    # remote is down.
    company.git.write({"harbour.yaml": CALLED})
    company.merge("Cyd is called to Harbour")
    assert company.git.plan().code == 0
    company.git.forget()
    with company.without_remote():
        ended = company.git.run("offboard", cyd, "--yes", "--revoke-only")
    assert ended.code == 0, ended.output
    assert company.git.written()[0] == "organizations.UpdatePolicy"
    assert store.denied(cyd) == everywhere
    assert company.holds(cyd) == set()
    company.git.run("apply", company.git.file)
    company.git.run("reconcile")
    assert company.holds(cyd) == set()
    assert store.denied(cyd) == everywhere
    # AD still calls her enabled, and the next import and plan give her nothing either.
    company.nothing_left()
    assert "denied-not-blocked" in company.git.plan().output
    assert company.git.run("apply", company.git.file).code == 0
    assert company.holds(cyd) == set()
    # Git says so, too, and takes over.
    company.git.write({"blocked.yaml": "blocked: {ivo: {reason: SEC-12}, cyd: {reason: SEC-13}}\n"})
    company.merge("Block Cyd")
    company.reconcile()
    assert store.denied(cyd) == everywhere

    # Somebody edits the policy by hand: it is not touched, and holds up no removal.
    found = store.scp_document(CUTS)
    store.update_scp(CUTS, EMPTY.replace('"nobody"', '"somebody"'))
    company.git.write({"harbour.yaml": None, "rota.yaml": None})
    company.merge("The rota ends")
    assert "deny-policy-unusable" in company.git.plan().output
    ended = company.git.run("apply", company.git.file)
    assert ended.code == 6, ended.output
    assert not [one for one in store.assignments() if one[3] == "rota"]
    assert store.scp_document(CUTS) == EMPTY.replace('"nobody"', '"somebody"')
    store.update_scp(CUTS, found)
    company.git.converge()
    assert store.denied(cyd) == store.denied(ivo) == everywhere

    # The entries go when no session can be left, and not before.
    company.reconcile()
    ends = [datetime.fromisoformat(each) for each in re.findall(r"Until(\w+Z)", store.scp_document(CUTS))]
    early = company.git.run("plan", "--now", f"{min(ends) - A_MINUTE:%Y-%m-%dT%H:%M:%SZ}")
    assert "aws/denial" not in early.output
    with monkeypatch.context() as later:
        later.setattr(SystemClock, "now", lambda _: max(ends) + A_MINUTE)
        company.reconcile()
    assert store.denied(cyd) == store.denied(ivo) == set()
    assert company.holds(cyd) == company.holds(ivo) == set()


def test_a_company_lives_in_active_directory_and_its_accounts_follow(  # noqa: PLR0915  # a story, told in one piece
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    ad = company.ad
    staff = ad.unit("Staff")
    payments, data = ad.unit("Payments,OU=Staff"), ad.unit("Data,OU=Staff")
    groups = ad.unit("Groups")
    ada = ad.person(payments, "ada", "Ada", "Okafor", department="Payments")
    ivo = ad.person(payments, "ivo", "Ivo", "Horvat", department="Payments")
    cyd = ad.person(data, "cyd", "Cyd", "Lind", department="Data")
    eve = ad.person(data, "eve", "Eve", "Ito", department="Data", manager=cyd)
    in_payments, in_data = ad.group(groups, "payments", [ada, ivo]), ad.group(groups, "data", [cyd, eve])
    company.scope = (f"base: {BASE}", f"users: {{bases: ['{staff}']}}", f"groups: {{bases: ['{groups}']}}")
    assert company.import_ad().code == 0
    company.merge("Import from AD")
    company.git.converge("--first-apply")
    assert company.reaches("ada@example.test") == PAYMENTS
    assert company.reaches("eve@example.test") == DATA

    # Mara joins in AD, and reaches two accounts.
    mara = ad.person(payments, "mara", "Mara", "Weber", department="Payments")
    ad.join(in_payments, mara)
    company.arrives("Mara joins")
    assert company.reaches("mara@example.test") == PAYMENTS
    hers = company.user_id("mara@example.test")

    # She moves to another department, and her accounts change.
    mara = ad.move(mara, unit=data)
    ad.change(mara, department="Data")
    ad.leave(in_payments, mara)
    ad.join(in_data, mara)
    company.arrives("Mara moves to Data")
    assert company.reaches("mara@example.test") == DATA
    assert company.user_id("mara@example.test") == hers

    # She changes her name, and nothing is made anew.
    mara = ad.move(mara, name="Mara Brandt")
    ad.change(
        mara,
        sn="Brandt",
        displayName="Mara Brandt",
        sAMAccountName="mara.brandt",
        userPrincipalName="mara.brandt@example.test",
        mail="mara.brandt@example.test",
    )
    company.arrives("Mara Weber is Mara Brandt")
    assert company.reaches("mara.brandt@example.test") == DATA
    assert company.user_id("mara.brandt@example.test") == hers
    assert "mara@example.test" not in company.aws.store.users()

    # She leaves: her account is disabled. Every session is cut before any access goes, without a review.
    ad.change(mara, userAccountControl=DISABLED)
    company.git.forget()
    company.leaves("Mara leaves")
    assert company.git.written()[0] == "organizations.UpdatePolicy"
    assert company.aws.store.denied("mara.brandt@example.test") == set(ACCOUNTS.values())
    assert company.reaches("mara.brandt@example.test") == set()
    assert company.aws.store.users()["mara.brandt@example.test"]["UserStatus"] == "DISABLED"
    assert not any("mara.brandt@example.test" in each for each in company.aws.store.memberships().values())

    # A security officer blocks Ivo, whom AD still calls enabled; the next import does not bring him back.
    company.git.write({"blocked.yaml": "blocked: {ivo: {reason: SEC-12}}\n"})
    company.merge("Block Ivo")
    company.reconcile()
    assert company.reaches("ivo@example.test") == set()
    ad.change(ivo, title="Engineer")
    company.arrives("Ivo has a title")
    assert company.reaches("ivo@example.test") == set()

    # Eve is deleted in AD, and somebody else of the same name is hired, who gets nothing of hers.
    company.git.write({"rota.yaml": ROTA})
    company.change("Eve and Cyd are on the rota")
    assert company.reaches("eve@example.test") == DATA | ON_ROTA
    hers = company.user_id("eve@example.test")
    ad.delete(eve)
    company.leaves("Eve is gone")
    assert company.reaches("eve@example.test") == set()
    ad.person(data, "eve", "Eve", "Ito", department="Data")
    assert "name-of-gone" in company.nothing_left().output
    company.git.write({"rota.yaml": ROTA.replace("eve, ", "").replace("users: [eve]", "users: [cyd]")})
    company.change("Cyd takes Eve's place")
    assert company.import_ad().code == 0
    company.merge("Another Eve Ito")
    assert "match-blocked" in company.git.run("plan").output
    assert company.reaches("eve@example.test") == set()
    company.aws.store.remove_user("eve@example.test")
    company.git.converge()
    assert company.reaches("eve@example.test") == set()
    assert company.user_id("eve@example.test") != hers

    people_go_at_once(company, monkeypatch)

    # Another company is bought: a group of 2,200 arrives whole.
    harbour = ad.unit("Harbour,OU=Staff")
    names = [f"h{number:04}" for number in range(2_200)]
    ad.load([a_docker(harbour, name) for name in names])
    members = [f"CN={name},{harbour}" for name in names]
    ad.load([entry(f"CN=harbour,{groups}", "group", {"sAMAccountName": "harbour", "member": members})])
    company.git.write({"harbour.yaml": HARBOUR})
    company.arrives("Harbour joins")
    assert len(company.aws.store.memberships()["harbour"]) == 2_200
    assert company.reaches("h0000@example.test") == company.reaches("h2199@example.test") == BOUGHT

    # The controller answers half, wherever it breaks off: nothing is written, and nothing is removed.
    before = everybody(company)
    with Relay(ad.address) as relay:
        assert company.import_ad("--detailed-exitcode", url=relay.url).code == 0
    for after in (100, relay.passed // 2, relay.passed - 20_000):
        with Relay(ad.address, after) as relay:
            ended = company.import_ad("--max-shrink", "100%", url=relay.url)
        assert ended.code == 1, ended.output
        assert company.git.work.git("status", "--porcelain") == ""
    assert company.git.run("plan", "--detailed-exitcode").code == 0
    assert everybody(company) == before
