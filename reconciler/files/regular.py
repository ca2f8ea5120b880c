"""Opens what somebody else may have put at a path: a regular file, and nothing that never ends."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO


def open_regular(path: Path) -> BinaryIO | None:
    """The file at `path`, open for reading; None for a folder, device, pipe or socket. Raises OSError."""
    # Without O_NONBLOCK, opening a named pipe waits for a writer that never comes.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if stat.S_ISREG(os.fstat(handle).st_mode):
            return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise
    os.close(handle)
    return None
