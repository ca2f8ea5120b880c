"""Writes a new repository, or says how a folder differs from it. Never over a file that is there."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping, Sequence
from difflib import unified_diff
from pathlib import Path

from reconciler.errors import ReconcilerError, UsageError

_FIX = "name another folder, or see with --diff what would differ"


def differing(folder: Path, files: Mapping[str, bytes]) -> Sequence[str]:
    """The names of the files that are absent, or other than they would be. Raises ReconcilerError."""
    return [name for name, content in files.items() if _read(folder, name) != content]


def differences(folder: Path, files: Mapping[str, bytes]) -> Iterator[str]:
    """How the folder would have to change, as a unified diff, line by line. Raises ReconcilerError."""
    for name in differing(folder, files):
        before, after = _lines(_read(folder, name)), _lines(files[name])
        if before is None or after is None:
            yield f"Binary file {name} differs"
            continue
        yield from unified_diff(before, after, f"a/{name}", f"b/{name}", lineterm="")


def write(folder: Path, files: Mapping[str, bytes], fix: str = _FIX) -> None:
    """Write every file, or none: raises UsageError where one is there already, ReconcilerError on failure.

    `fix` says what to do where a file is there. What was written before a failure or Ctrl-C is deleted
    again, with the folders that were made for it.
    """
    there = [name for name in files if os.path.lexists(folder / name)]
    if there:
        more = f" and {len(there) - 5} more" if len(there) > 5 else ""
        raise UsageError(
            f"{folder} has {', '.join(there[:5])}{more} already, and no file is overwritten; {fix}"
        )
    links = [name for name in files if _through_link(folder, name)]
    if links:
        raise UsageError(f"{folder / links[0]} is behind a symbolic link; name a folder without one")
    path = folder
    made: list[Path] = []
    try:
        for name, content in files.items():
            path = folder / name
            made += _folder(path.parent)
            # Never what somebody put there meanwhile.
            with path.open("xb") as file:
                made.append(path)
                file.write(content)
    except BaseException as error:
        # Half of the files would mean something else than all of them, also after Ctrl-C.
        left = [str(one) for one in reversed(made) if not _removed(one)]
        if not isinstance(error, OSError):
            raise
        also = f"delete {', '.join(left)}, which could not be deleted" if left else "nothing was written"
        raise ReconcilerError(f"{path} cannot be written: {error.strerror}; {also}") from error


def _folder(folder: Path) -> Sequence[Path]:
    """Make a folder and those above it; what was not there before, the outermost first."""
    absent = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return absent[::-1]


def _removed(path: Path) -> bool:
    """Delete a file or folder that was made here. False where it stays, unless others use the folder."""
    try:
        path.rmdir() if path.is_dir() else path.unlink()
    except OSError as error:
        return error.errno in (errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST)
    return True


def _through_link(folder: Path, name: str) -> bool:
    return any((folder / above).is_symlink() for above in Path(name).parents if above != Path())


def _read(folder: Path, name: str) -> bytes | None:
    path = folder / name
    try:
        return path.read_bytes() if path.is_file() else None
    except OSError as error:
        raise ReconcilerError(f"{path} cannot be read: {error.strerror}") from error


def _lines(content: bytes | None) -> list[str] | None:
    try:
        return [] if content is None else content.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        return None
