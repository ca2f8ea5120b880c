"""The type `identity-center`: its settings in reconciler.yaml, and how it is connected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, StringConstraints, with_config
from typing_extensions import TypedDict

from reconciler.files.fields import STRICT, Region
from reconciler.files.shapes import Shape
from reconciler.targets.scim.channel import CHANNEL_FIELDS, Channel, ChannelDocument, build_channel
from reconciler.targets.target_type import Connection, Place, TargetType

if TYPE_CHECKING:
    from reconciler.targets.base import Target

# "Required in practice" by CreateUser: the model asks for none, the service refuses without.
REQUIRED = ("user_name", "display_name", "given_name", "family_name")
# What is known of the SCIM endpoint of IAM Identity Center.
_PROFILE = "aws"
_FIELDS = ("region", "instance_arn", "identity_store_id", "deny_policy", "session_role")

InstanceArn = Annotated[
    str,
    Shape(
        r"arn:aws(-[a-z]{1,5}){0,3}:sso:::instance/(sso)?ins-[a-zA-Z0-9\-.]{16}",
        "is not an ARN of an IAM Identity Center instance",
        "it looks like arn:aws:sso:::instance/ssoins-1234567890abcdef",
    ),
]
IdentityStoreId = Annotated[
    str,
    Shape(
        r"d-[0-9a-f]{10}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        "is not a valid id of an identity store",
        "it looks like d-1234567890",
    ),
]
PolicyId = Annotated[
    str,
    Shape(
        r"p-[0-9a-zA-Z_]{8,128}",
        "is not a valid id of a policy of AWS Organizations",
        "it looks like p-1a2b3c4d",
    ),
]

# Path and name of a role (IAM API reference, Role).
RoleName = Annotated[
    str,
    StringConstraints(max_length=576),
    Shape(
        r"([A-Za-z0-9_+=,.@\-]{1,128}/){0,16}[A-Za-z0-9_+=,.@\-]{1,64}",
        "is not the name of a role in IAM, with or without its path",
        "write it without account and slash at the beginning, as identity-reconciler-sessions or path/name",
    ),
]


@with_config(STRICT)
class DirectoryDocument(TypedDict, total=False):
    """By which channel users and groups are written. Default: the Identity Store API."""

    scim: Annotated[ChannelDocument, Field(description="The SCIM endpoint of this very instance.")]


@with_config(STRICT)
class IdentityCenterDocument(TypedDict, total=False):
    """An instance of AWS IAM Identity Center."""

    region: Annotated[
        Region, Field(description="Home region of the instance. Default: as AWS is configured.")
    ]
    instance_arn: Annotated[InstanceArn, Field(description="The instance. Default: the only one there is.")]
    identity_store_id: Annotated[
        IdentityStoreId, Field(description="Its identity store. Default: discovered.")
    ]
    directory: Annotated[
        DirectoryDocument,
        Field(description="How users and groups are written. Default: by the Identity Store API."),
    ]
    deny_policy: Annotated[
        PolicyId,
        Field(
            description="The service control policy in which people who are blocked or leave are denied "
            "everything at once. Default: none, and their sessions end by themselves."
        ),
    ]
    session_role: Annotated[
        RoleName,
        Field(
            description="The role in other accounts that `reconciler offboard` assumes to end sessions of "
            "`aws login`. Default: none, and only those in the caller's own account are ended."
        ),
    ]


@dataclass(frozen=True, slots=True)
class IdentityCenterSettings:
    """One instance; None is "as AWS is configured". `channel` is its SCIM endpoint (None: the API).

    `deny_policy` is the policy that denies people, `session_role` the role in other accounts that ends
    sessions there (None: there is none).
    """

    region: str | None = None
    instance_arn: str | None = None
    identity_store_id: str | None = None
    channel: Channel | None = None
    deny_policy: str | None = None
    session_role: str | None = None


class IdentityCenterType(TargetType[IdentityCenterSettings]):
    """AWS IAM Identity Center; see TargetType."""

    name = "identity-center"
    document = IdentityCenterDocument
    is_played = True

    def settings(self, written: Mapping[str, Any], place: Place) -> IdentityCenterSettings:
        """The settings as a value."""
        channel = None
        if (directory := written.get("directory")) is not None:
            if "scim" in directory:
                channel = build_channel(
                    place.document, (*place.at, "directory", "scim"), directory["scim"], place.zone
                )
            else:
                place.fault(
                    ("directory",), "names no channel", "add `scim: {url: …, token: …}`, or delete it"
                )
        return IdentityCenterSettings(**{name: written.get(name) for name in _FIELDS}, channel=channel)

    def connect(self, settings: IdentityCenterSettings, connection: Connection) -> Target:
        """The instance, or the sandbox in its place."""
        from reconciler.targets.identity_center.target import IdentityCenter
        from reconciler.targets.scim.profile_list import profile
        from reconciler.targets.scim.type import connect_channel
        from reconciler.wire.aws import Aws

        played = connection.played
        if played is not None:
            channel = None if settings.channel is None else _played_channel(connection)
            policy = settings.deny_policy
            if policy is not None and played.deny_policy is not None:
                played.deny_policy(policy)
            if settings.session_role is not None and played.session_role is not None:
                played.session_role(settings.session_role)
            settings = IdentityCenterSettings(
                region=played.region,
                channel=channel,
                deny_policy=policy,
                session_role=settings.session_role,
            )
        aws = Aws(
            connection.name,
            region=settings.region,
            endpoint_url=None if played is None else played.url,
            clock=connection.clock,
            observer=connection.observer,
            speed=connection.speed,
            sandbox=played is not None,
        )
        by_scim = None
        if settings.channel is not None:
            by_scim = connect_channel(settings.channel, profile(_PROFILE), connection)
        return IdentityCenter(
            aws,
            clock=connection.clock,
            observer=connection.observer,
            instance_arn=settings.instance_arn,
            identity_store_id=settings.identity_store_id,
            channel=by_scim,
            deny_policy=settings.deny_policy,
            session_role=settings.session_role,
        )

    def instead_of(self, field: str) -> str | None:
        """A field of a channel stands below `directory`."""
        return f"write it as `directory: {{scim: {{{field}: …}}}}`" if field in CHANNEL_FIELDS else None

    def required(self, _settings: IdentityCenterSettings | None) -> tuple[str, ...]:
        """As CreateUser has it."""
        return REQUIRED

    def is_default_endpoint(self, settings: IdentityCenterSettings) -> bool:
        """AWS itself, unless a token of the environment would go to an address of the file."""
        return settings.channel is None

    def deny_policy(self, settings: IdentityCenterSettings) -> str:
        """As it is written."""
        return settings.deny_policy or ""

    def differences(self, ours: IdentityCenterSettings, theirs: IdentityCenterSettings) -> Iterable[str]:
        """Field by field; of a channel no more than that."""
        for field in _FIELDS:
            here, there = getattr(ours, field), getattr(theirs, field)
            if here != there:
                yield f"{there or 'nothing'} for `{field}`, where the file here says {here or 'nothing'}"
        if ours.channel != theirs.channel:
            yield "another endpoint or token for SCIM than the file here"


def _played_channel(connection: Connection) -> Channel:
    """The sandbox's own SCIM endpoint, with a token of its own."""
    from reconciler.wire.http import Endpoint
    from reconciler.wire.tokens import TokenSource

    played = connection.played
    assert played is not None
    assert played.scim_token is not None
    return Channel(Endpoint(url=played.scim_url, token=TokenSource(file=str(played.scim_token()))))
