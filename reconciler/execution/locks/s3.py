"""A lock as an object in S3, changed by conditional writes alone (S3 user guide, "Conditional requests").

The bucket may have versions: a deleted object does not exist for a condition. The caller needs s3:GetObject,
s3:PutObject and s3:DeleteObject on the object, and s3:ListBucket on the bucket, without which S3 says
"forbidden" of an object that does not exist.
"""

from __future__ import annotations

from reconciler.errors import Conflict, NotFound, OutcomeUnknown
from reconciler.execution.locks.lease import LONGEST
from reconciler.execution.locks.lock import Kept
from reconciler.wire.aws import Aws

# Seconds that a look is good for.
BELIEVED = 10.0


class S3Place:
    """The lock of one target as the object `key`; its version is the object's ETag.

    The ETag is a digest of the content, or stands for it, and no two leases have the same content.
    """

    believed = BELIEVED

    def __init__(self, aws: Aws, bucket: str, key: str) -> None:
        self._aws, self._bucket, self._key = aws, bucket, key
        self.where = f"s3://{bucket}/{key}"

    def look(self) -> Kept | None:
        """What is kept there now. Raises ServiceError where S3 does not tell."""
        try:
            answer = self._aws.call(
                "s3", "GetObject", mutates=False, expects=("ETag",), Bucket=self._bucket, Key=self._key
            )
        except NotFound:
            return None
        text: bytes = answer.get("Body", b"")
        return Kept(str(answer["ETag"]), text[:LONGEST].decode("utf-8", "replace"))

    def put(self, text: str, expected: str | None) -> str | None:
        """Write `text` in the place of the version `expected`. Raises ServiceError where that fails."""
        condition = {"IfNoneMatch": "*"} if expected is None else {"IfMatch": expected}
        try:
            answer = self._aws.call(
                "s3",
                "PutObject",
                mutates=True,
                expects=("ETag",),
                Bucket=self._bucket,
                Key=self._key,
                Body=text.encode(),
                ContentType="text/plain; charset=utf-8",
                **condition,
            )
        except (Conflict, NotFound):
            return None
        except OutcomeUnknown:
            # The content tells: a text is written by one run, once.
            there = self.look()
            if there is None or there.text != text:
                raise
            return there.version
        return str(answer["ETag"])

    def remove(self, expected: str) -> bool:
        """Remove the version `expected`. Raises ServiceError where that fails."""
        try:
            self._aws.call(
                "s3", "DeleteObject", mutates=True, Bucket=self._bucket, Key=self._key, IfMatch=expected
            )
        except (Conflict, NotFound):
            return False
        return True
