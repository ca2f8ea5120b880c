"""The type `scim`: its settings in reconciler.yaml, and how it is connected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, with_config

from reconciler.files.documents import suggest
from reconciler.files.fields import STRICT
from reconciler.files.shapes import Shape
from reconciler.targets.scim.channel import Channel, ChannelFields, MapDocument, build_channel, build_map
from reconciler.targets.scim.profile import Profile
from reconciler.targets.scim.profile_list import names, profile
from reconciler.targets.scim.settings import (
    AS_PROFILED,
    Deviations,
    DeviationsDocument,
    adjusted,
    build_deviations,
)
from reconciler.targets.target_type import Connection, Place, TargetType

if TYPE_CHECKING:
    from reconciler.targets.base import Target

DEFAULT_PROFILE = "generic"

ProfileName = Annotated[
    str,
    Shape(
        r"[a-z0-9][a-z0-9\-]{0,62}",
        "is not a valid name of a profile",
        "write a name from docs/scim.md, such as generic",
    ),
]


@with_config(STRICT)
class ScimDocument(ChannelFields, total=False):
    """A service provider of SCIM 2.0."""

    profile: Annotated[
        ProfileName, Field(description="What is known of the SCIM service, by name. Default: generic.")
    ]
    settings: Annotated[
        DeviationsDocument, Field(description="What holds of the SCIM service in place of its profile.")
    ]
    map: Annotated[
        MapDocument,
        Field(description='SCIM attributes that are made from others: `userName: "{email}"`. By SCIM path.'),
    ]


@dataclass(frozen=True, slots=True)
class ScimSettings:
    """How a service is reached; `profile` names what is known of it, `deviations` what holds in its place."""

    channel: Channel
    profile: str = DEFAULT_PROFILE
    deviations: Deviations = AS_PROFILED


class ScimType(TargetType[ScimSettings]):
    """A service provider of SCIM 2.0; see TargetType."""

    name = "scim"
    document = ScimDocument

    def settings(self, written: Mapping[str, Any], place: Place) -> ScimSettings | None:
        """The settings as a value; None where there is no address or token."""
        named = written.get("profile", DEFAULT_PROFILE)
        if named not in names():
            fix = suggest(named, names()) or f"write {', '.join(names())}"
            place.fault(("profile",), "is a profile that does not exist", fix)
        channel = build_channel(place.document, place.at, written, place.zone)
        if channel is None:
            return None
        return ScimSettings(channel, named, build_deviations(written.get("settings", {})))

    def attribute_map(self, written: Mapping[str, Any], place: Place) -> Mapping[str, str]:
        """What `map` says."""
        return build_map(place.document, (*place.at, "map"), written.get("map", {}))

    def connect(self, settings: ScimSettings, connection: Connection) -> Target:
        """The service."""
        return connect_channel(
            settings.channel, adjusted(profile(settings.profile), settings.deviations), connection
        )

    def required(self, settings: ScimSettings | None) -> tuple[str, ...]:
        """As the profile says."""
        known = settings is not None and settings.profile in names()
        return profile(settings.profile).required if settings is not None and known else ("user_name",)

    def user_attributes(self, settings: ScimSettings) -> frozenset[str] | None:
        """As the profile says."""
        return profile(settings.profile).user_attributes if settings.profile in names() else None

    def address(self, settings: ScimSettings) -> str:
        """The base address."""
        return settings.channel.endpoint.url.rstrip("/")

    def differences(self, ours: ScimSettings, theirs: ScimSettings) -> Iterable[str]:
        """The profile by name; of the rest no more than that."""
        if ours.profile != theirs.profile:
            yield f"{theirs.profile} for `profile`, where the file here says {ours.profile}"
        if ours.channel != theirs.channel:
            yield "another endpoint or token for SCIM than the file here"
        if ours.deviations != theirs.deviations:
            yield "other `settings` than the file here"


def connect_channel(channel: Channel, known: Profile, connection: Connection) -> Target:
    """A service of which so much is known; nobody is called yet."""
    from reconciler.targets.scim.target import Scim
    from reconciler.wire.http import Http

    http = Http(
        connection.name,
        channel.endpoint,
        rate=known.rate,
        clock=connection.clock,
        observer=connection.observer,
        headers=known.headers,
        speed=connection.speed,
    )
    return Scim(
        http,
        known,
        clock=connection.clock,
        observer=connection.observer,
        extensions=connection.extensions,
        expires=channel.expires,
    )
