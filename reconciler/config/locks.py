"""Where the lock of an apply is kept, as people write it, and as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema, with_config
from typing_extensions import TypedDict

from reconciler.files.documents import Document, Loc
from reconciler.files.fields import STRICT, Region
from reconciler.files.shapes import Shape, refused

DEFAULT_LEASE_SECONDS = 900
# Shorter, and one slow answer of a service outlives it; longer, and a killed run blocks others for a day.
_LEAST_LEASE, _LONGEST_LEASE = 60, 86_400
DEFAULT_PREFIX = "reconciler/locks/"


class LockType(StrEnum):
    """Where a lock is kept. AUTO is a file, and the remote of git in CI."""

    AUTO = "auto"
    FILE = "file"
    GIT = "git"
    S3 = "s3"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class LockConfig:
    """How applies are kept apart. `seconds` is how long a lock holds without being renewed.

    `bucket`, `prefix` and `region` are for S3: the object of a target is called prefix + target. A region of
    None is as AWS is configured.
    """

    type: LockType = LockType.AUTO
    seconds: int = DEFAULT_LEASE_SECONDS
    bucket: str | None = None
    prefix: str = DEFAULT_PREFIX
    region: str | None = None


def _type(value: Any) -> str:
    if value in tuple(LockType):
        return str(value)
    raise refused("is a type of lock that does not exist", f"write {', '.join(LockType)}")


def _seconds(value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 10:
        number = int(value)
        if _LEAST_LEASE <= number <= _LONGEST_LEASE:
            return number
    raise refused(
        f"is not a whole number of seconds from {_LEAST_LEASE} to {_LONGEST_LEASE}",
        f"write seconds, such as {DEFAULT_LEASE_SECONDS}",
    )


# Amazon S3 user guide, "General purpose buckets naming rules".
BucketName = Annotated[
    str,
    Shape(
        r"[a-z0-9][a-z0-9.\-]{1,61}[a-z0-9]",
        "is not the name of an S3 bucket",
        "write the name alone, such as example-locks: 3 to 63 small letters, digits, - and .",
    ),
]
# "Naming Amazon S3 objects", safe characters; the name of a target follows, so some length is left to it.
KeyPrefix = Annotated[
    str,
    Shape(
        r"[A-Za-z0-9!_.*'()\-][A-Za-z0-9!_.*'()\-/]*",
        "is not a prefix of keys in S3",
        "write it as reconciler/locks/, without a slash at its beginning",
    ),
]


@with_config(STRICT)
class LockDocument(TypedDict, total=False):
    """How two applies at once are kept apart."""

    type: Annotated[
        Any,
        BeforeValidator(_type),
        WithJsonSchema({"type": "string", "enum": list(LockType)}),
        Field(description="Where it is kept. Default: auto, which is a file, and in CI a ref at the remote."),
    ]
    lease_seconds: Annotated[
        Any,
        BeforeValidator(_seconds),
        WithJsonSchema({"type": "integer", "minimum": _LEAST_LEASE, "maximum": _LONGEST_LEASE}),
        Field(description=f"How long it holds without being renewed. Default: {DEFAULT_LEASE_SECONDS}."),
    ]
    bucket: Annotated[BucketName, Field(description="For s3: the bucket.")]
    prefix: Annotated[
        KeyPrefix,
        Field(max_length=512, description=f"For s3: what keys begin with. Default: {DEFAULT_PREFIX}"),
    ]
    region: Annotated[
        Region, Field(description="For s3: the region of the bucket. Default: as AWS is configured.")
    ]


def build_lock(document: Document, written: Mapping[str, Any] | None) -> LockConfig:
    """The lock as it is written; a bucket that is missing, or of no use, is noted as a fault."""
    if written is None:
        return LockConfig()
    at: Loc = ("lock",)
    chosen = LockType(written.get("type", LockType.AUTO))
    if chosen is LockType.S3:
        if "bucket" not in written:
            document.fault(at, "has no bucket", "add `bucket: …`, or choose another type", key=True)
    else:
        for name in ("bucket", "prefix", "region"):
            if name in written:
                says = f"makes no sense for a lock of type {chosen}"
                document.fault((*at, name), says, "delete it, or write `type: s3`", key=True)
    if chosen is LockType.NONE and "lease_seconds" in written:
        document.fault((*at, "lease_seconds"), "makes no sense without a lock", "delete it", key=True)
    return LockConfig(
        chosen,
        written.get("lease_seconds", DEFAULT_LEASE_SECONDS),
        written.get("bucket"),
        written.get("prefix", DEFAULT_PREFIX),
        written.get("region"),
    )
