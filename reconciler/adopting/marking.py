"""Which access that is adopted is privileged, so that a comment at its entry says so."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.access.privilege import Privilege
from reconciler.adopting.rules import Judge
from reconciler.model.policy import Privileged
from reconciler.model.selecting import select
from reconciler.model.state import Live


def judge(patterns: Privileged, live: Live, names: Mapping[str, str]) -> Judge:
    """Tells of an account id and the name of a set whether the guards call that access privileged.

    `names` are the keys of accounts with their ids.
    """
    accounts = select(patterns.accounts, (), live.organization, names).accounts
    privilege = Privilege(patterns, accounts.keys())
    sets = {
        str(one.name): privilege.marks(str(one.name), [one.attributes])
        for one in live.permission_sets.values()
    }
    return lambda pair: pair[0] in accounts or sets.get(pair[1], False)
