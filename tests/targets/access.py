"""An organization with permission sets and assignments, and what is seen of it, in names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.model.state import Live
from reconciler.sandbox import Sandbox

ONE, TWO, MANAGEMENT = "222222222222", "333333333333", "111111111111"
# All accounts there are.
ACCOUNTS = (MANAGEMENT, ONE, TWO, "444444444444")

Grant = tuple[str, str, str]


def fill(sandbox: Sandbox, *, sets: int, groups: int, grants: Sequence[Grant] = ()) -> None:
    """Sets s0…, groups g0…, the user ada; `grants` are set, account and principal (groups begin with g)."""
    store = sandbox.store
    for account in ACCOUNTS[1:]:
        store.create_account(account, f"a{account[0]}")
    store.add_user("ada")
    for number in range(groups):
        store.add_group(f"g{number}")
    for number in range(sets):
        store.create_permission_set(f"s{number}")
    for name, account, principal in grants:
        if principal.startswith("g"):
            store.put_assignment(account, name, group=principal)
        else:
            store.put_assignment(account, name, user=principal)


def set_arns(sandbox: Sandbox) -> dict[str, str]:
    return {name: found["PermissionSetArn"] for name, found in sandbox.store.permission_sets().items()}


def assigned(sandbox: Sandbox, live: Live) -> frozenset[tuple[str, str, str, str]]:
    """What was read, as the sandbox's console says it: account, set, USER or GROUP, name (an orphan's id)."""
    names = {identifier: str(user.attributes["user_name"]) for identifier, user in live.users.items()}
    names |= {identifier: str(group.attributes["display_name"]) for identifier, group in live.groups.items()}
    sets = {arn: name for name, arn in set_arns(sandbox).items()}
    return frozenset(
        (account, sets[arn], principal.kind.value.upper(), names.get(principal.id, principal.id))
        for (account, arn), principals in live.assignments.items()
        for principal in principals
    )


def operations(sandbox: Sandbox) -> Mapping[str, int]:
    """How often each operation of sso-admin was called."""
    counts = sandbox.requests.counts()
    return {name.partition(".")[2]: count for name, count in counts.items() if name.startswith("sso-admin")}
