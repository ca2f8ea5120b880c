"""Before the ending of a story: every run is over, and every name is somebody's own."""

from __future__ import annotations

from dataclasses import replace

from reconciler.model.address import Kind
from tests.properties import oracle
from tests.properties.book import stem
from tests.properties.company import person_of, team_of
from tests.properties.runs import Runs

# What no approval lifts.
UNAPPROVABLE: frozenset[str] = frozenset()


class Settling(Runs):
    """What people do about doubts."""

    def settle_names(self) -> None:
        """Nobody has a name any more that anybody else had or has, and no doubt is left."""
        self._name_one_of_several()
        self.commit()
        self.book = self.book.unmistakable()
        refused = {each.code for each in self.plan().part.findings if each.severity == "refusal"}
        assert refused <= UNAPPROVABLE
        self.apply_all()
        assert "match-blocked" not in {each.code for each in self.plan().part.findings}

    def _name_one_of_several(self) -> None:
        """Where runs made several groups for one key and no name tells which is meant, somebody says it."""
        found = {each.address for each in self.plan().part.findings if each.code == "match-blocked"}
        for address in found:
            assert address is not None
            if address.kind is Kind.USER:
                self.tell("somebody renames one of", address)
                name = str(self.said.users[address.key].attributes["user_name"])
                made = [each for each in self.world.users if person_of(self.world, each) == stem(address.key)]
                user = self.world.users[min(made)]
                self.world.users[user.id] = replace(user, attributes={**user.attributes, "user_name": name})
            else:
                self.tell("somebody renames one of", address)
                name = oracle.title(self.said, address.key)
                made = [each for each in self.world.groups if team_of(self.world, each) == stem(address.key)]
                group = self.world.groups[min(made)]
                attributes = {**group.attributes, "display_name": name}
                self.world.groups[group.id] = replace(group, attributes=attributes)
        if found:
            self.apply_all()
