"""What is wrong with files, collected until all of it is known, and then put into places."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from reconciler.errors import InputError, Place, Problem
from reconciler.files.tree import Tree
from reconciler.files.yaml import Spot, locate
from reconciler.model.plan import Finding
from reconciler.model.resources import Origin

# The number of a node that no file has: the file as such, shown as its first line.
WHOLE_FILE = -1


class Fault(NamedTuple):
    """One thing wrong: at a node of a file, and where it collides with another, that one's place too.

    `kept` says that the value is in the result all the same, as far as it means anything.
    """

    origin: Origin
    message: str
    fix: str | None
    other: Origin | None
    kept: bool


class Faults:
    """A list that is added to from everywhere while files are read, so that all problems come at once.

    `findings` are beside them: what is not wrong but worth a look.
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._faults: list[Fault] = []
        self._problems: list[Problem] = []
        self.findings: list[Finding] = []

    def __len__(self) -> int:
        return len(self._faults) + len(self._problems)

    def add(
        self,
        origin: Origin,
        message: str,
        fix: str | None = None,
        other: Origin | None = None,
        *,
        kept: bool = False,
    ) -> None:
        """Note a fault at a node. `other` is named after the message: "...; the other is at FILE:1:2".

        `kept` is for what a lenient load keeps: the fault is not a reason to doubt what was declared.
        """
        self._faults.append(Fault(origin, message, fix, other, kept))

    def at(self, path: str, spot: Spot, message: str, fix: str | None = None) -> None:
        """Note a fault at a line and column that are known already."""
        self._problems.append(Problem(message, fix, Place(place_path(self._tree, path), *spot[:2])))

    def include(self, problems: Iterable[Problem]) -> None:
        """Note problems that say themselves where they are."""
        self._problems.extend(problems)

    def error(self) -> InputError:
        """Everything at once, in the order of files and lines, each problem once."""
        return InputError(self._sorted(self._faults))

    def left_out(self) -> Sequence[Problem]:
        """What a lenient load leaves out, in the order of files and lines, each problem once."""
        return self._sorted([fault for fault in self._faults if not fault.kept])

    def _sorted(self, faults: Sequence[Fault]) -> Sequence[Problem]:
        wanted = {fault.origin for fault in faults} | {
            fault.other for fault in faults if fault.other is not None
        }
        places = locate_all(self._tree, wanted)
        problems = list(self._problems)
        for fault in faults:
            also = "" if fault.other is None else f"; the other is at {places[fault.other]}"
            problems.append(Problem(fault.message + also, fault.fix, places[fault.origin]))
        nowhere = Place("", 0, 0)
        return sorted(dict.fromkeys(problems), key=lambda problem: problem.place or nowhere)


def whole_file(path: str) -> Origin:
    """The origin of a file as such."""
    return Origin(path, WHOLE_FILE)


def place_path(tree: Tree, path: str) -> str:
    """A path of the tree as errors name it."""
    return f"{tree.label}/{path}"


def spots_of(tree: Tree, origins: Iterable[Origin]) -> Mapping[Origin, Spot]:
    """Where nodes are and whether they are plain, by reading their files once more.

    A file that cannot be read any more, or that lost the node, gives its first line.
    """
    by_path: defaultdict[str, list[int]] = defaultdict(list)
    for origin in origins:
        by_path[origin.path].append(origin.node)
    spots: dict[Origin, Spot] = {}
    for path, nodes in by_path.items():
        wanted = [node for node in nodes if node != WHOLE_FILE]
        try:
            found = locate(tree.read(path), wanted) if wanted else {}
        except (InputError, KeyError):
            found = {}
        spots.update((Origin(path, node), found.get(node, Spot(1, 1))) for node in nodes)
    return spots


def locate_all(tree: Tree, origins: Iterable[Origin]) -> Mapping[Origin, Place]:
    """The place of each origin."""
    return {
        origin: Place(place_path(tree, origin.path), spot.line, spot.column)
        for origin, spot in spots_of(tree, origins).items()
    }
