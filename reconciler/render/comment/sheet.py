"""A plan on its way to a comment: what several levels of the document need is made once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from reconciler.model.access import AccessChange
from reconciler.model.address import Kind
from reconciler.model.change import Change
from reconciler.model.plan import Plan, TargetPlan
from reconciler.planning.ordering.estimate import Estimate
from reconciler.render import authors, escape, naming, words
from reconciler.render.comment import reach, verdict
from reconciler.render.comment.levels import FOLDS, Level
from reconciler.render.naming import Names
from reconciler.render.rows import Fold, Section
from reconciler.render.sections import sections


@dataclass(frozen=True, slots=True)
class Where:
    """Where the whole plan is: at an https address, else in the file that it was saved to.

    Raises ValueError where the address is none.
    """

    address: str | None = None
    saved: str | None = None

    def __post_init__(self) -> None:
        if self.address is not None and not escape.is_link(self.address):
            raise ValueError(f"{self.address!r} is not an https address")

    def __str__(self) -> str:
        if self.address is not None:
            return escape.link("the whole plan", self.address)
        if self.saved is not None:
            return f"{escape.code(self.saved)}, which `reconciler show -v` prints"
        return "the plan file of this run (`reconciler plan --out FILE`), which `reconciler show -v` prints"


@dataclass(frozen=True)
class Sheet:
    """A plan with what is to be said beside it: what applying takes, by target, and where all of it is."""

    plan: Plan
    where: Where = field(default_factory=Where)
    estimates: Mapping[str, Estimate] = field(default_factory=dict)
    _sections: dict[tuple[int, Fold, bool], tuple[Section, ...]] = field(default_factory=dict)

    @cached_property
    def names(self) -> Mapping[str, Names]:
        """By target, what its things are called."""
        return {part.target: Names.of(part, self.plan.places, verbose=False) for part in self.plan.targets}

    @cached_property
    def title(self) -> str:
        """The verdict, and whom the plan affects."""
        return verdict.title(self.plan, self.names)

    @cached_property
    def heads(self) -> Sequence[str]:
        """What nobody may overlook."""
        return list(verdict.heads(self.plan, self.names))

    @cached_property
    def rows(self) -> Sequence[Sequence[AccessChange]]:
        """The rows of access of each target, in order."""
        return [reach.merged(part.access) for part in self.plan.targets]

    @cached_property
    def authors(self) -> Sequence[frozenset[str]]:
        """Of each target the authors who gain by the plan."""
        return [frozenset(authors.self_grants(part)) for part in self.plan.targets]

    def sections(self, number: int, level: Level) -> tuple[Section, ...]:
        """The changes of a target, folded as far as the level says.

        From COUNTS on, the rows are of what takes away, and the numbers are of everything.
        """
        few = level >= Level.COUNTS
        key = number, FOLDS[level], few
        if key not in self._sections:
            part = self.plan.targets[number]
            names = self.names[part.target]
            self._sections[key] = _taking(part, names) if few else sections(part, names, FOLDS[level])
        return self._sections[key]


def _taking(part: TargetPlan, names: Names) -> tuple[Section, ...]:
    by_title = {each.title: each for each in _counted(part)}
    kept = tuple(each for each in part.changes if naming.takes_away(each) or not each.writes)
    for made in sections(replace(part, changes=kept), names, Fold.GROUPS) if kept else ():
        rows = tuple(row for row in made.rows if row.takes_away or row.kept or row.glyph in ("-", "="))
        counts = by_title[made.title].counts if made.title in by_title else made.counts
        by_title[made.title] = Section(made.title, counts, rows)
    return tuple(by_title.values())


def _counted(part: TargetPlan) -> Sequence[Section]:
    """A section without rows for each kind that changes, in the order of kinds."""
    by_kind: dict[str, list[Change]] = {}
    for change in part.changes:
        if change.writes:
            by_kind.setdefault(change.address.kind.facts.title, []).append(change)
    titles = [kind.facts.title for kind in Kind if kind.facts.title in by_kind]
    return [Section(title, words.todo(by_kind[title]), ()) for title in titles]
