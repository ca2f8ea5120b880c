"""This very machine: who lives here, and the one header that is believed of nobody else."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

# By this header the embedded sandbox tells by how much its time runs faster.
SPEED_HEADER = "x-reconciler-sandbox-speed"


def is_loopback(endpoint: str) -> bool:
    """Whether the URL leads to this very machine, by its name or number, without asking a resolver."""
    host = urlsplit(endpoint).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def announced_speed(endpoint: str, headers: Mapping[str, str]) -> float | None:
    """How many times faster the sandbox at `endpoint` runs; None where it does not say."""
    if not is_loopback(endpoint):
        return None
    try:
        speed = float(headers.get(SPEED_HEADER, ""))
    except ValueError:
        return None
    return speed if 0 < speed < float("inf") else None
