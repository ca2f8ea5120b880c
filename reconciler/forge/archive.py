"""The files of an artifact: a zip archive that a pull request may have written, read as data."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Collection, Mapping

from reconciler.errors import PlanFileError

# A plan of 200,000 users stays below this many bytes; nothing else is looked for in an artifact.
MAX_MEMBER = 256 * 2**20
_MAX_MEMBERS = 8
_ENCRYPTED = 0x1
# What `zipfile` raises for archives that were made to be wrong: offsets before the beginning, names that are
# not text, sizes beyond what there is.
_NOT_READABLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OSError,
    ValueError,
    OverflowError,
)
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def members(archive: bytes, expected: Collection[str], label: str) -> Mapping[str, bytes]:
    """The content of each file of the archive, by name; nothing is written to a disk.

    Every file must be one of `expected`, which are plain names, so that no name leads elsewhere. Raises
    PlanFileError for another file, one that is there twice, is encrypted, or is too large, and for what is
    not a zip archive.
    """

    def refuse(message: str) -> PlanFileError:
        return PlanFileError(f"{label} {message}; nothing of it is used")

    found: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            infos = opened.infolist()
            if len(infos) > _MAX_MEMBERS:
                raise refuse(f"holds {len(infos):,} files")
            for info in infos:
                if info.filename not in expected:
                    raise refuse("holds a file that does not belong there")
                if info.filename in found:
                    raise refuse(f"holds {info.filename} twice")
                if info.flag_bits & _ENCRYPTED or info.is_dir() or info.compress_type not in _METHODS:
                    raise refuse("holds what is not a readable file")
                with opened.open(info) as file:
                    # The size in the directory of the archive is the word of who made it.
                    content = file.read(MAX_MEMBER + 1)
                if len(content) > MAX_MEMBER:
                    raise refuse(f"holds more than {MAX_MEMBER // 2**20} MiB in {info.filename}")
                found[info.filename] = content
    except _NOT_READABLE as error:
        raise refuse("is not a zip archive that can be read") from error
    return found
