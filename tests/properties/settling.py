"""Before the ending of a story: every run is over, and every name is somebody's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from reconciler.model.address import Kind
from reconciler.model.policy import Mode
from reconciler.planning.prepared import PreparedPlan
from tests.planning.entitled import NEW, PAY, organization
from tests.properties import oracle
from tests.properties.book import Book, stem
from tests.properties.company import person_of, team_of
from tests.properties.failing import odd_removals
from tests.properties.runs import Runs

# What no approval lifts.
UNAPPROVABLE: frozenset[str] = frozenset()
# What ends once everybody has a name of their own: a circle, and an object that is to be made under the name
# of one that is deleted (a run deleted what bore that name in git, and died).
OF_NAMES = frozenset({"rename-cycle", "recreate"})


class Settling(Runs):
    """What people do about doubts, and what goes wrong at the end."""

    def settle_names(self) -> None:
        """Nobody has a name any more that anybody else had or has, and no doubt is left."""
        self._name_one_of_several()
        self.commit()
        self.book = self.book.unmistakable()
        refused = {each.code for each in self.plan().plan.findings if each.severity == "refusal"}
        assert refused <= UNAPPROVABLE
        self.apply_all()
        assert "match-blocked" not in {each.code for each in self.plan().plan.findings}

    def _name_one_of_several(self) -> None:
        """Where runs made several groups for one key and no name tells which is meant, somebody says it."""
        found = {each.address for each in self.plan().plan.findings if each.code == "match-blocked"}
        for address in found:
            assert address is not None
            if address.kind is Kind.USER:
                self.tell("somebody renames one of", address)
                name = str(self.declared.users[address.key].attributes["user_name"])
                made = [each for each in self.world.users if person_of(self.world, each) == stem(address.key)]
                user = self.world.users[min(made)]
                self.world.users[user.id] = replace(user, attributes={**user.attributes, "user_name": name})
            else:
                self.tell("somebody renames one of", address)
                name = oracle.title(self.declared, address.key)
                made = [each for each in self.world.groups if team_of(self.world, each) == stem(address.key)]
                group = self.world.groups[min(made)]
                attributes = {**group.attributes, "display_name": name}
                self.world.groups[group.id] = replace(group, attributes=attributes)
        if found:
            self.apply_all()

    def apply_badly(self) -> None:
        """Every other removal fails, kinds are only observed, and accounts are suspended: it stays owed.

        Each of these runs ends, and its receipt is what the next one knows.
        """
        policy, places = self.policy, self.world.organization
        self._receive_part(odd_removals)
        for kind in ("memberships", "assignments", "users", "groups"):
            scope = replace(policy.scope, **{kind: Mode.OBSERVE})  # type: ignore[arg-type]  # a field by name
            self.policy = replace(policy, scope=scope)
            self._receive_part(odd_removals)
        self.policy = policy
        self.world.organization = organization(**{f"a{PAY}": "SUSPENDED", f"a{NEW}": "Lab"})
        self._receive_part(odd_removals)
        self.world.organization = places

    def _receive_part(self, failing: Callable[[PreparedPlan], frozenset[str]]) -> None:
        fresh = self.plan()
        if fresh.plan.applyable:
            go = frozenset(each.address for each in fresh.plan.changes)
            self.receive(fresh, self.carry_out(fresh, go, failing(fresh)))
            self.plan()

    def kill_and_revert(self, before: Book) -> None:
        """A run makes all of it, dies, and git goes back to what it said; nobody remembers that."""
        after = self.book
        with self.forgotten():
            self.kill(1000)
            self.book = before
            self.plan()
            self.settle_runs()
            self.apply_all()
        self.book = after
