"""Writes `blocked:` into the files for somebody whose access is gone, so that git agrees."""

from __future__ import annotations

from pathlib import Path

from reconciler.config import CONFIG_FILE
from reconciler.editing import Editor
from reconciler.errors import ReconcilerError
from reconciler.loading.load import APPROVALS_FOLDER

_FILE = "blocked.yaml"


def block_in_files(identities: Path, key: str, reason: str) -> tuple[str, str]:
    """Block a key in the files, and load them; the file that was changed, and why none was ("" otherwise).

    Raises nothing: the access is gone already. The file is one that has `blocked`, else the one that declares
    the person, else a new one; never one that an import owns.
    """
    try:
        editor = Editor(identities)
        if editor.find("blocked", key) is not None:
            return "", ""
        path = _place(editor, key)
        if path is None:
            path = _FILE
            if path not in editor.paths():
                editor.create(path, "")
        editor.assign(path, ("blocked", key), {"reason": reason})
        return editor.write(tolerant=True)[0], ""
    except (ReconcilerError, OSError, ValueError) as error:
        return "", str(error)


def _place(editor: Editor, key: str) -> str | None:
    with_blocks = [path for path, _ in editor.section("blocked")]
    declaring = editor.find("users", key)
    for path in (*with_blocks, declaring):
        if path is None or path == CONFIG_FILE or path.startswith(APPROVALS_FOLDER) or editor.is_owned(path):
            continue
        return path
    return None
