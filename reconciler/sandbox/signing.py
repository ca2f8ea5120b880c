"""Who signed a request, and for which Region (Signature version 4). No signature is checked."""

from __future__ import annotations

import re
from collections.abc import Mapping

from reconciler.sandbox.answers import ApiError

# Credential=<key>/<date>/<region>/<service>/aws4_request
_KEY = re.compile(r"Credential=([^/,\s]+)/")
_SCOPE = re.compile(r"Credential=[^/,\s]+/\d{8}/(?P<region>[a-z0-9-]+)/(?P<service>[a-z0-9-]+)/aws4_request")


def key_of(headers: Mapping[str, str]) -> str:
    """The id of the key that signed; "" where none did."""
    found = _KEY.search(headers.get("authorization", ""))
    return found[1] if found else ""


def signed_region(signing_name: str, headers: Mapping[str, str]) -> str:
    """The Region of the credential scope. Raises ApiError where none was signed for this service."""
    authorization = headers.get("authorization", "")
    if not authorization:
        raise ApiError("MissingAuthenticationTokenException", "Missing Authentication Token")
    scope = _SCOPE.search(authorization)
    if scope is None:
        raise ApiError(
            "IncompleteSignatureException", "The Authorization header has no valid credential scope."
        )
    if scope["service"] != signing_name:
        raise ApiError(
            "UnrecognizedClientException",
            f"Credential should be scoped to correct service: '{signing_name}'.",
        )
    return scope["region"]
