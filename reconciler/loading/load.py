"""From a tree of files to Identities: every file's shape, then what holds between files, all at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from reconciler.config import CONFIG_FILE, Config, ConfigFile, read_config
from reconciler.config.documents import ConfigDocument
from reconciler.config.lenient import read_config_leniently
from reconciler.config.selectors import check_quoted
from reconciler.errors import InputError, Place, Problem
from reconciler.files.documents import Document, suggest
from reconciler.files.faults import Faults, locate_all, whole_file
from reconciler.files.tree import FlawedTree, Tree
from reconciler.loading.access import account, account_ids, approval, assignment
from reconciler.loading.approvals import APPROVALS, renamed_guards
from reconciler.loading.documents import IDENTITIES
from reconciler.loading.known import Known, add_keys
from reconciler.loading.names import check_former_keys, check_names
from reconciler.loading.people import People
from reconciler.loading.policies import PermissionSets
from reconciler.loading.references import check_references
from reconciler.loading.sensible import sensible
from reconciler.loading.settings import check_settings
from reconciler.model.plan import Finding
from reconciler.model.resources import Origin
from reconciler.model.state import Identities

APPROVALS_FOLDER = "approvals/"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What people wrote, checked whole. `files` counts those that were read.

    `findings` are what is not wrong but worth a look; `locate` gives the place of an origin, reading its
    file once more.
    """

    identities: Identities
    config: Config
    findings: tuple[Finding, ...]
    locate: Callable[[Iterable[Origin]], Mapping[Origin, Place]]
    files: int


def load(tree: Tree, *, under_plan: bool = True) -> Loaded:
    """Everything that a tree declares. Raises InputError with all problems of all files at once.

    What a service is certain to reject is an error only `under_plan`: states of the past are read as they
    are.
    """
    faults = Faults(tree)
    loading = _Loading(tree, faults, read_config(tree, faults), under_plan=under_plan)
    loading.read()
    found = loading.identities()
    findings: tuple[Finding, ...] = ()
    check_names(found, loading.config.config, faults)
    if under_plan:
        check_former_keys(found, loading.known, faults)
    if loading.whole:
        findings = check_references(found, loading.known, faults)
        check_settings(found, loading.known, loading.config, faults)
    if faults:
        raise faults.error()
    loading.check_not_empty()
    return Loaded(
        identities=found,
        config=loading.config.config,
        findings=(*faults.findings, *findings),
        locate=partial(locate_all, tree),
        files=loading.files,
    )


def load_leniently(tree: Tree) -> tuple[Loaded, Sequence[Problem]]:
    """What a remembered tree declares, as far as it makes sense, and the problems of what was left out.

    A later release may judge more strictly than the one that applied it: so what is wrong and still means
    something is accepted here. Files, entries and references that mean nothing are left out, and planning
    can rely on the rest. A configuration that does not load gives no targets, or fewer, never a default one.
    Raises RecordError when git fails.
    """
    problems: Sequence[Problem] = ()
    if isinstance(tree, FlawedTree):
        tree, problems = tree.without_flaws()
    faults = Faults(tree)
    faults.include(problems)
    config = read_config_leniently(tree, faults)
    loading = _Loading(tree, faults, ConfigFile(config, None), under_plan=False, lenient=True)
    loading.read()
    found = loading.identities()
    check_names(found, config, faults)
    if loading.read_all:
        check_references(found, loading.known, faults)
    every = {target.policy.paths for target in config.targets.values()}
    loaded = Loaded(
        identities=sensible(found, every),
        config=config,
        findings=(),
        locate=partial(locate_all, tree),
        files=loading.files,
    )
    return loaded, faults.left_out()


_NAMES = {
    "users": "user",
    "groups": "group",
    "permission_sets": "permission set",
    "accounts": "account",
    "assignments": "assignment",
    "blocked": "blocked user",
    "overrides": "override of",
    "leavers": "leaver",
    "approvals": "approval",
}


_ELSEWHERE = {
    "approvals": f"move it into a file of its own in the folder {APPROVALS_FOLDER}",
    **dict.fromkeys(ConfigDocument.__annotations__, f"it belongs in {CONFIG_FILE} in the folder itself"),
}


class _Loading:
    """The state of one load: what has been read so far, file by file, so that few are in memory at once."""

    def __init__(
        self,
        tree: Tree,
        faults: Faults,
        config: ConfigFile,
        *,
        under_plan: bool = True,
        lenient: bool = False,
    ) -> None:
        self.config = config
        self.known = Known(tree)
        self.files = 0
        # Whether every file of identities could be read.
        self.read_all = True
        self._tree, self._faults = tree, faults
        # Then no assignment may be kept that gives more than was written, for want of its `except`.
        self._exact = ("assignments",) if lenient else ()
        self._zone = self.config.config.timezone
        self._sets = PermissionSets(tree, faults, under_plan=under_plan)
        self._found: dict[str, dict[str, Any]] = {section: {} for section in _NAMES}
        self._overrides: list[tuple[Document, str, int, Any]] = []
        self._sections = 0

    @property
    def whole(self) -> bool:
        """Whether every file could be read: only then is a name that nobody declares unknown for sure."""
        return self.read_all and (CONFIG_FILE not in self._tree.paths() or self.config.document is not None)

    def read(self) -> None:
        """Read every file that declares something."""
        if self.config.config.exists:
            self.files += 1
        for path in self._tree.paths():
            lower = path.lower()
            if path == CONFIG_FILE or not lower.endswith((".yaml", ".yml")):
                continue
            if not path.endswith(".yaml"):
                message = "the file would silently be absent: only names that end in .yaml are read"
                self._faults.add(whole_file(path), message, f"rename it to {path.rsplit('.', 1)[0]}.yaml")
                continue
            before = len(self._faults)
            document = Document.read(self._tree, path, self._faults)
            if document is None:
                self.read_all = False
                continue
            self.files += 1
            if path.startswith(APPROVALS_FOLDER):
                self._approvals(document)
            else:
                self._identities(document, flawed=len(self._faults) > before)

    def identities(self) -> Identities:
        """What was read, each section sorted by key, so that the order of files and lines is none."""
        users = self._found["users"]
        for key, leaver in self._found["leavers"].items():
            if key in users:
                users[key] = leaver.laid_on(users[key])
        for document, key, node, written in self._overrides:
            people = People(document, self._zone)
            self._found["overrides"][key] = people.override(key, node, written, users.get(key))
        return Identities(**{name: dict(sorted(found.items())) for name, found in self._found.items()})

    def check_not_empty(self) -> None:
        """Raise InputError for a folder that declares nothing: it is hardly the one that was meant.

        Managing nobody on purpose takes a reconciler.yaml and a section that says so (`users: {}`).
        """
        if any(self._found.values()) or (self.config.config.exists and self._sections):
            return
        yaml = self.files - self.config.config.exists
        what = "declares nothing" if yaml else "holds no YAML files with users or groups"
        raise InputError(
            [
                Problem(
                    f"the folder {self._tree.label} {what}",
                    "check the path; to manage nobody, write reconciler.yaml and a file with `users: {}`",
                )
            ]
        )

    def _identities(self, document: Document, *, flawed: bool) -> None:
        sections = [name for name in _NAMES if name != "approvals" and name in document.value]
        self._sections += len(sections)
        if any(name not in _NAMES and suggest(name, tuple(_NAMES)) for name in document.value):
            # What stands below a misspelt section is missed everywhere else: one problem is enough.
            self.read_all = False
        add_keys(self.known, document, sections, self._faults, _NAMES)
        written = cast(
            Mapping[str, Any],
            document.check(IDENTITIES, entries=True, elsewhere=_ELSEWHERE, exact=self._exact) or {},
        )
        people, zone = People(document, self._zone), self._zone
        builders: Mapping[str, Callable[[str, int, Any], object]] = {
            "users": people.user,
            "groups": people.group,
            "permission_sets": partial(self._sets.build, document),
            "accounts": partial(account, document),
            "assignments": lambda key, node, fields: assignment(document, key, node, fields, zone),
            "blocked": people.block,
            "leavers": people.leaver,
        }
        for section, entries in written.items():
            if flawed and section in self._exact:
                continue
            nodes = document.section(section)
            if section == "overrides":
                self._overrides.extend(
                    (document, key, nodes[key], one) for key, one in (entries or {}).items()
                )
                continue
            build, found = builders[section], self._found[section]
            for key, fields in (entries or {}).items():
                found.setdefault(key, build(key, nodes[key], fields))
        check_quoted(document, self._tree, account_ids(document), self._faults)

    def _approvals(self, document: Document) -> None:
        add_keys(self.known, document, ["approvals"], self._faults, _NAMES)
        written = document.check(APPROVALS, entries=True) or {}
        for finding in renamed_guards(document):
            document.remark(finding)
        nodes = document.section("approvals")
        for key, fields in (written.get("approvals") or {}).items():
            made = approval(document, key, nodes[key], fields, self._zone)
            self._found["approvals"].setdefault(key, made)
