"""Text of a service is data: it reads back as it was, and never becomes anything else."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.adopting.inventory import take_inventory
from reconciler.adopting.marking import judge
from reconciler.adopting.outcome import Entry, Users
from reconciler.adopting.rules import compress
from reconciler.adopting.selectors import Describer
from reconciler.adopting.text import block, files
from reconciler.files.characters import FORBIDDEN
from reconciler.files.tree import MemoryTree
from reconciler.files.yaml import parse
from reconciler.loading.load import load
from reconciler.model.address import AccountId, Arn, Kind
from reconciler.model.organization import LiveAccount, Organization
from reconciler.model.pairs import Principal
from reconciler.model.policy import Privileged
from reconciler.model.state import Live, LiveGroup, LivePermissionSet, LiveUser

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30) | st.sampled_from(
    ("yes", "null", "~", "*a", "&a", "a: b", "a #b", "- a", "? a", "{a}", "[a]", "!a", "%a", "@a", "`a", "|",
     ">", "'", '"', "\\", "a\nb: c", "0x1f", "1_000", "12:30", ".inf", "<<", "=", "---", "...", "#", "a:",
     " a", "a ", "", "\u202eabc", "a\u0085b", "\ufeff", "a\u00a0b", "\u2028", "😀")
)  # fmt: skip
# IAM Identity Center API, CreatePermissionSet, Name: [\w+=,.@-]+
_SETS = st.text("aB0_+=,.@-", min_size=1, max_size=8) | st.sampled_from(("null", "yes", "1e3", "2026-01-01"))


@settings(max_examples=300, deadline=None)
@given(
    key=_TEXT,
    value=_TEXT,
    items=st.lists(_TEXT, max_size=4),
    inner=st.dictionaries(_TEXT.filter(bool), _TEXT, max_size=3),
)
def test_a_value_reads_back_as_it_was(key: str, value: str, items: list[str], inner: dict[str, str]) -> None:
    texts = (key, value, *items, *inner, *inner.values())
    if any(FORBIDDEN.search(text) for text in texts) or "<<" in (key, *inner):
        return  # no file may hold them, however they are written: those are left out before

    read = parse(("a:\n" + block(Entry(key, {"value": value, "items": items, "inner": inner}))).encode())

    assert not read.flaws, read.flaws
    assert read.value == {"a": {key: {"value": value, "items": items, "inner": inner}}}


@settings(max_examples=200, deadline=None)
@given(
    names=st.lists(_TEXT, min_size=1, max_size=6),
    titles=st.lists(_TEXT, min_size=6, max_size=6),
    called=st.lists(_SETS, min_size=6, max_size=6, unique_by=str.lower),
)
def test_whatever_a_service_calls_things_the_files_are_valid(
    names: list[str], titles: list[str], called: list[str]
) -> None:
    account = AccountId("210000000001")
    live = Live(
        "aws",
        users={
            str(n): LiveUser(str(n), {"user_name": name, "title": titles[n], "given_name": name})
            for n, name in enumerate(names)
        },
        groups={
            str(n): LiveGroup(str(n), {"display_name": name, "description": titles[n]})
            for n, name in enumerate(names)
        },
        members={str(n): {str(n): ""} for n in range(len(names))},
        permission_sets={
            Arn(str(n)): LivePermissionSet(
                Arn(str(n)),
                {"name": called[n], "description": name, "relay_state": titles[n], f"tags.{name}": titles[n]},
            )
            for n, name in enumerate(names)
        },
        assignments={
            (account, Arn(str(n))): frozenset({Principal(Kind.GROUP, str(n)), Principal(Kind.USER, str(n))})
            for n in range(len(names))
        },
        organization=Organization({account: LiveAccount(account, names[0])}),
    )
    inventory = take_inventory(live, users=Users.ALL)
    named = {one.key: str(one.fields["id"]) for one in inventory.accounts}
    rules = compress(
        inventory.granted, Describer(live.organization, named), privileged=judge(Privileged(), live, named)
    )
    texts = files(inventory, rules)
    if not texts:
        return

    found = load(MemoryTree("files", {path: text.encode() for path, text in texts.items()})).identities

    left = {one.name for one in inventory.left}
    assert {user.attributes["user_name"] for user in found.users.values()} >= {
        name for name in names if name and name not in left
    }
    for key, user in found.users.items():
        (identifier,) = (one for one, known in inventory.user_keys.items() if known == key)
        have = live.users[identifier].attributes
        assert all(have[name] == value for name, value in user.attributes.items() if value is not None)
    for key, group in found.groups.items():
        (identifier,) = (one for one, known in inventory.group_keys.items() if known == key)
        have = live.groups[identifier].attributes
        assert all(have[name] == value for name, value in group.attributes.items())
        assert group.attributes.get("display_name", key) == have["display_name"]
    sets = {str(one.name): one.attributes for one in live.permission_sets.values()}
    for name, one in found.permission_sets.items():
        assert one.description in (None, sets[name].get("description"))
        assert all(sets[name][f"tags.{tag}"] == value for tag, value in one.tags.items())
