"""Page tokens: opaque, bound to the operation and its parameters, and to nothing that can be deleted."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import Any

# What may differ from page to page.
_FREE = ("NextToken", "MaxResults")


def issue(operation: str, params: Mapping[str, Any], after: int) -> str:
    """A token for the page that begins behind row `after`; two tokens for one page differ."""
    raw = json.dumps([_binding(operation, params), after, secrets.token_hex(4)])
    return base64.urlsafe_b64encode(raw.encode()).decode()


def redeem(operation: str, params: Mapping[str, Any], token: str) -> int | None:
    """The row behind which the page begins, or None when the token is foreign to this request."""
    try:
        binding, after, _ = json.loads(base64.b64decode(token, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        return None
    return after if binding == _binding(operation, params) and isinstance(after, int) else None


def _binding(operation: str, params: Mapping[str, Any]) -> str:
    kept = {key: value for key, value in params.items() if key not in _FREE}
    text = json.dumps([operation, kept], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
