"""The address that somebody configured instead of AWS's own, also where a service's rules pass it over.

The endpoint rules of `signin` (botocore 1.44.8) always choose AWS's own address for its control plane. So
requests that were meant for another address, such as the embedded sandbox, would leave this machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

# What rules of endpoints get a configured address as: of the client, the environment or the profile.
_GIVEN = "SDK::Endpoint"


def keep(client: Any) -> None:
    """Let every request of a client of boto3 go to the address that is configured, if one is."""
    events, given = client.meta.events, [""]

    def learn(builtins: Mapping[str, Any], **_: Any) -> None:
        given[0] = str(builtins.get(_GIVEN) or "")

    def correct(params: dict[str, Any], **_: Any) -> None:
        params["url"] = kept(params["url"], given[0])

    events.register("before-endpoint-resolution", learn)
    events.register("before-call", correct)


def kept(url: str, given: str) -> str:
    """`url` at the address `given` ("": none is), unless it is there already or on a host below it."""
    there, asked = urlsplit(given), urlsplit(url)
    if not there.netloc or asked.netloc == there.netloc or asked.netloc.endswith(f".{there.netloc}"):
        return url
    path = there.path.rstrip("/") + asked.path
    return urlunsplit((there.scheme, there.netloc, path, asked.query, asked.fragment))
