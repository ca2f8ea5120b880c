"""How a SCIM service is reached, as people write it: its address, and where its tokens are found."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from string import Formatter
from typing import TYPE_CHECKING, Annotated, Any, Literal, Required
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema, with_config
from typing_extensions import TypedDict

from reconciler.files.documents import Document, Loc, suggest
from reconciler.files.fields import STRICT, Text
from reconciler.files.moments import Moment, end_of
from reconciler.files.shapes import Shape, refused
from reconciler.model.resources import USER_ATTRIBUTES
from reconciler.model.scim import CORE_USER, ENTERPRISE_USER, USER_PATHS
from reconciler.wire.loopback import is_loopback
from reconciler.wire.tokens import TokenSource

if TYPE_CHECKING:
    from reconciler.wire.http import Endpoint

_WHERE_TOKENS_ARE = "name where it is found: {env: SLACK_SCIM_TOKEN}, or {file: /run/secrets/slack-scim}"
# An attribute of an extension that we have no name for: its schema's URN, a colon, the attribute.
_EXTENSION_PATH = re.compile(r"urn:[A-Za-z0-9][A-Za-z0-9-]{1,31}:[A-Za-z0-9.:_\-]+:[A-Za-z][A-Za-z0-9_\-]*")
_OURS: Mapping[str, str] = {path.lower(): name for name, path in USER_PATHS.items()}
# What a template may speak of beside attributes.
KEY = "key"
# What is not a single text, and can neither be made from others nor be a part of them.
_NOT_TEXT = frozenset(("address", "photos", "manager"))
_PLACEHOLDERS = (KEY, *(name for name in USER_ATTRIBUTES if name not in _NOT_TEXT))
_MAX_URL = 2048

EnvironmentName = Annotated[
    str,
    Shape(
        r"[A-Za-z_][A-Za-z0-9_]{0,127}",
        "is not a valid name of an environment variable",
        "write it as SLACK_SCIM_TOKEN",
    ),
]


@with_config(STRICT)
class TokenPlaceDocument(TypedDict, total=False):
    """Where a token is found; the token itself never stands in a file of these."""

    env: Annotated[EnvironmentName, Field(description="In this environment variable.")]
    file: Annotated[Text, Field(description="In this file of the machine that runs the reconciler.")]


def _token(value: Any) -> Any:
    if not isinstance(value, dict):
        # Never shown: it may be the token.
        raise refused("does not say where the token is found", _WHERE_TOKENS_ARE)
    if len(value) != 1:
        raise refused("must name one place, an environment variable or a file", _WHERE_TOKENS_ARE)
    return value


Token = Annotated[TokenPlaceDocument, BeforeValidator(_token), Field(min_length=1, max_length=1)]


def _url(value: str) -> str:
    try:
        parts = urlsplit(value)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise refused("is not a valid address", "write it as https://scim.example.com/scim/v2") from None
    if parts.username is not None or parts.password is not None:
        raise refused("has a user name or a password in it", "take it out; the token says who asks")
    if parts.scheme not in ("https", "http") or not host or port == 0:
        raise refused("is not a web address", "write it as https://scim.example.com/scim/v2")
    if parts.scheme != "https" and not is_loopback(value):
        raise refused("is not encrypted, and no token is sent there", "write it with https://")
    if parts.query or parts.fragment or value.endswith(("?", "#")):
        raise refused("has a query or a fragment", "end it with the path, as in https://…/scim/v2")
    return value


Url = Annotated[
    str,
    StringConstraints(min_length=1, max_length=_MAX_URL),
    Shape(r"[!-~]+", "has a space or a character that no address has", "write it in ASCII"),
    AfterValidator(_url),
    WithJsonSchema({"type": "string", "pattern": r"^https?://", "maxLength": _MAX_URL}),
]
UrlField = Annotated[Url, Field(description="The base address, up to and with `/v2`.")]
TokenField = Annotated[Token, Field(description="Where the bearer token is found.")]


@with_config(STRICT)
class _MoreOfAChannel(TypedDict, total=False):
    """What may be said of a channel beside its address and its token."""

    token_next: Annotated[
        Token, Field(description="Where the next one is found, which is tried when the first is refused.")
    ]
    expires: Annotated[Moment, Field(description="The last day on which `token` is good.")]
    ca_file: Annotated[
        Text, Field(description="A file with the certificates (PEM) of a private CA, beside the public ones.")
    ]
    proxy: Annotated[
        Literal["environment"],
        Field(description="`environment`: through the proxy that HTTPS_PROXY names. Default: none."),
    ]


class ChannelDocument(_MoreOfAChannel, total=False):
    """How a SCIM service is reached."""

    url: Required[UrlField]
    token: Required[TokenField]


class ChannelFields(_MoreOfAChannel, total=False):
    """The same among the fields of a target, of which some types have it."""

    url: UrlField
    token: TokenField


CHANNEL_FIELDS = ("url", "token", "token_next", "expires", "ca_file", "proxy")


MapDocument = dict[
    Annotated[str, StringConstraints(min_length=1, max_length=512)],
    Annotated[Text, Field(description="Text, with attributes in braces: `{given_name} {family_name}`.")],
]


@dataclass(frozen=True, slots=True)
class Channel:
    """A SCIM service as it is reached; `expires` is the first moment at which the token is good no more."""

    endpoint: Endpoint
    expires: datetime | None = None


def build_channel(
    document: Document, at: Loc, written: Mapping[str, Any], zone: tzinfo, *, key: bool = True
) -> Channel | None:
    """The channel that stands at `at`; None, with what is missing noted, where it has no address or token."""
    missing = [name for name in ("url", "token") if name not in written]
    for name in missing:
        document.fault(at, f"has no {name}", f"add `{name}: …`", key=key)
    if missing:
        return None
    expires = written.get("expires")
    following = written.get("token_next")
    if following is not None and following == written["token"]:
        document.fault((*at, "token_next"), "is the same place as `token`", "name another, or delete it")
    # `validate` needs it only where a service is declared, and it brings the whole HTTP client along.
    from reconciler.wire.http import Endpoint

    endpoint = Endpoint(
        url=written["url"],
        token=TokenSource(**written["token"]),
        token_next=None if following is None else TokenSource(**following),
        ca_file=written.get("ca_file"),
        environment_proxy=written.get("proxy") == "environment",
    )
    return Channel(endpoint, None if expires is None else end_of(expires, zone))


def build_map(document: Document, at: Loc, written: Mapping[str, str]) -> Mapping[str, str]:
    """Templates by our names of attributes, or by the path of an extension; faults are noted."""
    built: dict[str, str] = {}
    for path, template in written.items():
        name = _attribute(path)
        if name is None:
            fix = suggest(path, tuple(USER_PATHS.values()))
            document.fault(
                (*at, path), "is not an attribute of a SCIM user", fix or "see docs/scim.md", key=True
            )
        elif name in built:
            document.fault((*at, path), "says the same attribute twice", "delete one", key=True)
        else:
            built[name] = template
        for says, fix in _faults(template):
            document.fault((*at, path), says, fix)
    return built


def _attribute(path: str) -> str | None:
    """Our name of what stands at a path, without regard to case (RFC 7643 section 2.1)."""
    plain = path.lower().removeprefix(f"{CORE_USER.lower()}:").removesuffix(".value")
    if (name := _OURS.get(plain)) is not None:
        return None if name in _NOT_TEXT else name
    if _EXTENSION_PATH.fullmatch(path) and not path.lower().startswith(f"{ENTERPRISE_USER.lower()}:"):
        return path
    return None


def _faults(template: str) -> Iterator[tuple[str, str]]:
    """What is wrong with a template: anything but text and names in braces."""
    try:
        parts = list(Formatter().parse(template))
    except ValueError:
        yield "has a brace without its other one", "write {{ or }} for a brace that is meant"
        return
    for _, name, spec, conversion in parts:
        if name is None:
            continue
        if spec or conversion or name not in _PLACEHOLDERS:
            fix = suggest(name, _PLACEHOLDERS) or f"name one of {', '.join(_PLACEHOLDERS)}"
            yield f"speaks of {{{name}}}, which is not an attribute that is text", fix
