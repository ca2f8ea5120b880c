"""Entries give exactly what was granted, over random organizations, as the loader itself expands them."""

from __future__ import annotations

from collections import defaultdict
from random import Random

import pytest

from reconciler.adopting.inventory import take_inventory
from reconciler.adopting.outcome import Granted
from reconciler.adopting.rules import compress
from reconciler.adopting.selectors import Describer
from reconciler.adopting.text import files
from reconciler.files.tree import MemoryTree
from reconciler.loading.load import load
from reconciler.model.address import AccountId, Arn, Kind
from reconciler.model.organization import LiveAccount, LiveUnit, Organization
from reconciler.model.pairs import Principal
from reconciler.model.selecting import Places
from reconciler.model.state import Live, LiveGroup, LivePermissionSet, LiveUser

_NAMES = ("Prod", "Dev", "R/D", "ou-abcd-12345678", "Prod/Cards", "Sand box", "Ünit", "yes", "a: b", "#")
Grants = set[tuple[str, str, str]]


def organization(random: Random) -> Organization:
    """Units three deep, some of one name, some with slashes; accounts anywhere, some of them closed."""
    units: dict[str, LiveUnit] = {}
    chains: list[tuple[str, ...]] = [()]
    for number in range(random.randint(0, 9)):
        above = random.choice([chain for chain in chains if len(chain) < 3])
        unit = f"ou-abcd-{number:08}"
        names = units[above[-1]].names if above else ()
        units[unit] = LiveUnit(unit, (*names, random.choice(_NAMES)))
        chains.append((*above, unit))
    accounts = {}
    for number in range(random.randint(1, 24)):
        identifier = f"{400000000000 + number}"
        accounts[identifier] = LiveAccount(
            identifier,
            random.choice(("app", "App!", f"app-{number}", "management", "210000000000")),
            state="SUSPENDED" if random.random() < 0.1 else "ACTIVE",
            units=random.choice(chains),
            tags={"tier": random.choice(("a", "b", "c"))} if random.random() < 0.8 else {},
        )
    return Organization(accounts, units, "r-abcd", management=random.choice(list(accounts)))


def granted(random: Random, live: Organization) -> dict[tuple[AccountId, Arn], frozenset[Principal]]:
    """Grants as people make them: by place, by tag, everywhere, or one by one, with exceptions."""
    active = [one for one in live.accounts.values() if one.active]
    found: defaultdict[tuple[AccountId, Arn], set[Principal]] = defaultdict(set)
    for _ in range(random.randint(1, 14)):
        where = random.choice([one.units for one in active] or [()])
        tier = random.choice(("a", "b", "c"))
        chosen = {
            0: active,
            1: [one for one in active if one.units[: len(where)] == where],
            2: [one for one in active if (one.tags or {}).get("tier") == tier],
            3: random.sample(active, min(len(active), random.randint(0, 3))),
        }[random.randrange(4)]
        off = random.sample(chosen, min(len(chosen), random.choice((0, 0, 1, 2))))
        kind = random.choice((Kind.GROUP, Kind.GROUP, Kind.USER))
        for principal in random.sample(range(4), random.randint(1, 3)):
            for name in random.sample(range(3), random.randint(1, 2)):
                for one in chosen:
                    if one not in off:
                        found[AccountId(one.id), Arn(f"arn:{name}")].add(Principal(kind, str(principal)))
    return {pair: frozenset(principals) for pair, principals in found.items()}


def world(seed: int) -> Live:
    random = Random(seed)  # a test, the same each time
    around = organization(random)
    return Live(
        "aws",
        users={str(n): LiveUser(str(n), {"user_name": f"user{n}@example.com"}) for n in range(4)},
        groups={str(n): LiveGroup(str(n), {"display_name": f"Group {n}"}) for n in range(4)},
        members={str(n): {str(n): ""} for n in range(4)},
        permission_sets={
            Arn(f"arn:{n}"): LivePermissionSet(Arn(f"arn:{n}"), {"name": f"Set{n}"}) for n in range(3)
        },
        assignments=granted(random, around),
        organization=around,
    )


def expanded(texts: dict[str, str], live: Live) -> Grants:
    """What files give, by the loader's own code: account id, set, and kind with key."""
    loaded = load(MemoryTree("files", {path: text.encode() for path, text in texts.items()}))
    names = {account.key: account.id for account in loaded.identities.accounts.values()}
    places = Places(live.organization, names)
    found: Grants = set()
    for entry in loaded.identities.assignments.values():
        chosen = places.select(entry.accounts, entry.excluded)
        assert not chosen.unknown, chosen
        assert not chosen.ambiguous, chosen
        assert not chosen.unreachable, chosen
        for account in chosen.accounts:
            for name in entry.permission_sets:
                given = {(account, name, f"group:{key}") for key in entry.groups}
                given |= {(account, name, f"user:{key}") for key in entry.users}
                assert not given & found, "an assignment is in two entries"
                found |= given
    return found


@pytest.mark.parametrize("start", range(0, 200, 50))
def test_what_is_expanded_is_what_is_live(start: int) -> None:
    selected = 0
    for seed in range(start, start + 50):
        live = world(seed)
        inventory = take_inventory(live)
        names = {one.key: str(one.fields["id"]) for one in inventory.accounts}
        rules = compress(inventory.granted, Describer(live.organization, names))
        wanted = {
            (account, f"Set{arn[-1]}", f"{one.kind}:{_key(one)}")
            for (account, arn), principals in live.assignments.items()
            for one in principals
        }

        assert expanded(files(inventory, rules), live) == wanted, seed
        assert len(rules) <= len(wanted)
        selected += sum(one.widens for one in rules)
        plain = compress(inventory.granted, Describer(live.organization, names, by_name=True))
        assert not any(one.widens for one in plain)
        assert expanded(files(inventory, plain), live) == wanted, seed
        assert sum(len(one.accounts) for one in rules) <= sum(len(one.accounts) for one in plain)
    assert selected > 20, "the test is to see selectors"


def _key(principal: Principal) -> str:
    return f"user{principal.id}" if principal.kind is Kind.USER else f"group-{principal.id}"


def accounts(*placed: tuple[str, tuple[str, ...]], management: str = "") -> Organization:
    units = {
        unit: LiveUnit(unit, tuple(chain[: n + 1])) for _, chain in placed for n, unit in enumerate(chain)
    }
    live = {one: LiveAccount(one, one, units=chain, tags={}) for one, chain in placed}
    return Organization(live, units, "r-abcd", management)


def described(organization: Organization, *wanted: str) -> tuple[tuple[object, ...], tuple[object, ...]]:
    found = Describer(organization, {}).describe(frozenset(wanted))
    return found.accounts, found.excluded


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("12", (({"ou": "a/b"},), ())),  # the unit that means least of those that find the same
        ("123", (({"ou": "a"},), ())),
        ("3", (("3",), ())),  # one account is named
        ("1234", (({"ou": "a"}, "4"), ())),  # less than all is not all
        ("12345678", (({"all": True},), ())),
        ("123456789", (({"all": True}, "9"), ())),  # management is named, always
        ("1234567", (({"all": True},), ("8",))),  # an exception is named
        ("45678", (({"ou": "c"},), ())),
    ],
)
def test_accounts_are_written_as_a_person_would(wanted: str, said: object) -> None:
    live = accounts(
        ("1", ("a", "a/b")), ("2", ("a", "a/b")), ("3", ("a",)), *((n, ("c",)) for n in "45678"), ("9", ()),
        management="9",
    )  # fmt: skip

    assert described(live, *wanted) == said


def test_groups_and_sets_with_the_same_accounts_are_in_one_entry() -> None:
    from reconciler.model.state import Holder

    held = {Holder(Kind.GROUP, "a"), Holder(Kind.GROUP, "b")}
    grants: Granted = {
        (AccountId(account), name): frozenset(held)
        for account in ("210000000001", "210000000002")
        for name in ("Read", "Write")
    }

    (rule,) = compress(grants, Describer(Organization(), {}))

    assert (rule.groups, rule.permission_sets) == (("a", "b"), ("Read", "Write"))
    assert rule.key == "a-and-b-Read-and-Write"
