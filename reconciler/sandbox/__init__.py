"""The sandbox: an AWS stand-in on loopback over one SQLite file, faithful to the documented limits.

It shares no code with the client, so that the two cannot agree by being wrong together. `Sandbox` is all
that most callers need; boto3 reaches it by AWS_ENDPOINT_URL, and a SCIM client by its SCIM address and a
token, as any tool would.
"""

from __future__ import annotations

from reconciler.sandbox.access.terms import Caller, Circumstances, Durations, Quotas
from reconciler.sandbox.answers import ApiError
from reconciler.sandbox.console import Console
from reconciler.sandbox.directory.rules import SCIM_ISSUER
from reconciler.sandbox.faults import Fault, FaultKind, Faults
from reconciler.sandbox.journal import Entry, Journal
from reconciler.sandbox.sandbox import SPEED_HEADER, Sandbox

__all__ = [
    "SCIM_ISSUER",
    "SPEED_HEADER",
    "ApiError",
    "Caller",
    "Circumstances",
    "Console",
    "Durations",
    "Entry",
    "Fault",
    "FaultKind",
    "Faults",
    "Journal",
    "Quotas",
    "Sandbox",
]
