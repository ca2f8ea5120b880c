"""Files that change together: all of them, or none."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from reconciler.errors import ReconcilerError
from reconciler.files.tree import FolderTree


def write_files(root: Path, files: Mapping[str, tuple[bytes | None, bytes | None]]) -> None:
    """Give each file below `root`, by its path, its second content in place of its first.

    None is a file that does not exist. Every new content lies beside its place, on the disk, before the
    first file is replaced; each is then replaced by renaming. A file that is no longer as it was read is
    not written over. Where something fails, what was replaced is put back. Raises ReconcilerError, and then
    nothing is changed.
    """
    ready: list[tuple[Path, Path | None]] = []
    done: list[tuple[Path, bytes | None]] = []
    try:
        for path, (before, after) in files.items():
            place = root / path
            _compare(root, path, before)
            ready.append((place, None if after is None else _beside(place, after, before is not None)))
        for (place, beside), (path, (before, _)) in zip(ready, files.items(), strict=True):
            _compare(root, path, before)
            if beside is None:
                place.unlink()
            else:
                beside.replace(place)
            done.append((place, before))
    except BaseException as error:
        for place, before in reversed(done):
            _restore(place, before)
        for _, beside in ready:
            if beside is not None:
                beside.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise ReconcilerError(
                f"{error.filename or root} cannot be written: {error.strerror}; no file was changed"
            ) from error
        raise


def _compare(root: Path, path: str, before: bytes | None) -> None:
    tree = FolderTree(root)
    now = tree.read(path) if path in tree.paths() else None
    if now != before:
        raise ReconcilerError(
            f"{(root / path).as_posix()} was changed meanwhile; no file was changed: run the command again"
        )


def _beside(place: Path, data: bytes, existed: bool) -> Path:  # noqa: FBT001  # one caller
    place.parent.mkdir(parents=True, exist_ok=True)
    # Hidden files are not part of the identities (files/tree.py).
    descriptor, name = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
    beside = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.chmod(place.stat().st_mode & 0o777 if existed else 0o666 & ~_umask())
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return beside


def _restore(place: Path, before: bytes | None) -> None:
    with contextlib.suppress(OSError):
        if before is None:
            place.unlink(missing_ok=True)
        else:
            _beside(place, before, existed=place.exists()).replace(place)


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
