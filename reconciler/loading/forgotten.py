"""Targets that the memory has and the configuration has not: nothing that git gave there is taken back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from reconciler.errors import RecordError
from reconciler.files.git import Repository
from reconciler.files.git_objects import local_refs
from reconciler.loading.chain import BELOW, TAGS, chain_name, read_chain
from reconciler.loading.receipt import tag_name
from reconciler.model.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A target that is not configured. `ledger` is what git gave there, None where no receipt tells."""

    target: str
    tags: tuple[str, ...]
    ledger: Ledger | None

    @property
    def held(self) -> str:
        """How much git gave there that was not seen to be gone, in words."""
        if self.ledger is None:
            return "what that is only the files of old commits tell"
        ledger = self.ledger
        counts = {
            "user": len(ledger.users),
            "group": len(ledger.groups),
            "permission set": len(ledger.sets),
            "membership": sum(len(users) for users in ledger.members.values()),
            "assignment": sum(len(given) for given in ledger.assignments.values()),
        }
        words = [f"{count:,} {what}{'' if count == 1 else 's'}" for what, count in counts.items() if count]
        return f"its ledger still holds {', '.join(words)}" if words else "its ledger holds nothing"


def forgotten_targets(repository: Repository, configured: Collection[str]) -> Sequence[Forgotten]:
    """The targets that have a receipt or a tag of a whole apply here and are not among the configured.

    One whose ledger holds nothing any more is not among them: git took back what it gave. Raises RecordError
    where git fails.
    """
    refs = local_refs(repository.git, BELOW)
    names = {
        ref.removeprefix(f"{TAGS}{head}")
        for head in (chain_name(""), tag_name(""))
        for ref in refs
        if ref.startswith(f"{TAGS}{head}")
    }
    found = []
    for target in sorted(names - set(configured)):
        tags = tuple(name for name in (tag_name(target), chain_name(target)) if f"{TAGS}{name}" in refs)
        try:
            ledger = read_chain(repository, target).ledger
        except RecordError:
            ledger = None
        if ledger is None or ledger:
            found.append(Forgotten(target, tags, ledger))
    return found
