"""The bytes of a metadata document: from a file, or from one https address that the command line names."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

from reconciler.errors import InputError, Problem, Rejected, ServiceError, UsageError
from reconciler.saml.document import MAX_BYTES
from reconciler.wire.clock import Clock
from reconciler.wire.http_address import checked_url
from reconciler.wire.http_connection import Connection, Fault

_NAME = "saml"
_QUERY = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*")


def is_address(source: str) -> bool:
    """Whether it is a URL, and not a file."""
    return "://" in source


def read_source(source: str, clock: Clock, ca_file: str | None = None) -> bytes:
    """The document in a file or at a URL; `ca_file` is a private CA that is believed beside the public ones.

    Nothing but that address is asked, redirects are not followed, no proxy of the environment is taken, and
    no credentials are sent. Raises InputError, UsageError for an address that is not https, and ServiceError.
    """
    if is_address(source):
        return _fetched(source, clock, ca_file)
    try:
        with Path(source).open("rb") as file:
            # One more than is taken: the parser says that it is too much.
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "this is not a path"
        raise InputError(
            [Problem(f"{source}: {why}", "name a file, or a URL that begins with https://")]
        ) from None


def _fetched(url: str, clock: Clock, ca_file: str | None) -> bytes:
    if not url.lower().startswith("https://"):
        raise UsageError(
            "--metadata: a document that comes without encryption can be anybody's; use https://"
        )
    base, question, query = url.partition("?")
    if not _QUERY.fullmatch(query):
        raise UsageError("--metadata: the part of the URL behind ? is not percent-encoded")
    try:
        checked = checked_url(base, _NAME)
    except Rejected as error:
        raise UsageError(f"--metadata: {str(error).removeprefix(f'{_NAME}: ')}") from None
    parts = urlsplit(checked)
    # The slash at the end is part of an address that has one.
    path = (parts.path or "") + base[len(checked) :] or "/"
    label = f"GET {parts.scheme}://{parts.netloc}{path}"
    with closing(Connection(checked, _NAME, ca_file=ca_file, proxied=False, clock=clock)) as connection:
        accept = {"Accept": "application/samlmetadata+xml, */*"}
        reply = connection.exchange("GET", path + question + query, accept, None, None)
    if isinstance(reply, Fault):
        why = f": {reply.why}" if reply.why else ""
        raise ServiceError(f"no answer came ({reply.broken.value}{why})", target=_NAME, request=label)
    if 300 <= reply.status < 400:
        message = "the answer leads to another address, which is not followed; name that one if it is right"
        raise ServiceError(message, target=_NAME, request=label, code=str(reply.status))
    if reply.status != 200:
        raise ServiceError("the document is not there", target=_NAME, request=label, code=str(reply.status))
    return reply.body
