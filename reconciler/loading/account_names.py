"""What names of accounts mean in a tree of which nothing else is needed, and perhaps not all is right."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.config import CONFIG_FILE
from reconciler.config.selectors import ACCOUNT_ID
from reconciler.errors import Problem
from reconciler.files.documents import Document
from reconciler.files.faults import Faults
from reconciler.files.tree import Tree
from reconciler.loading.load import APPROVALS_FOLDER


def account_names(tree: Tree) -> tuple[Mapping[str, str], Problem | None]:
    """The ids of `accounts`, by name; and the first problem of a file that cannot be read, if there is one.

    What else is wrong in the files does not matter here: the branch under plan may be what mends it.
    """
    faults = Faults(tree)
    found: dict[str, str] = {}
    for path in tree.paths():
        if path == CONFIG_FILE or not path.endswith(".yaml") or path.startswith(APPROVALS_FOLDER):
            continue
        document = Document.read(tree, path, faults)
        section = document.value.get("accounts") if document is not None else None
        for name, identifier in section.items() if isinstance(section, dict) else ():
            if isinstance(identifier, str) and ACCOUNT_ID.fullmatch(identifier):
                found.setdefault(str(name), identifier)
    return found, faults.error().problems[0] if faults else None
