"""From a target's configuration to the target: the one place that names concrete ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from reconciler.config.documents import IDENTITY_CENTER, SCIM, TARGET_TYPES
from reconciler.errors import Rejected

if TYPE_CHECKING:
    from reconciler.config.channels import Channel
    from reconciler.config.scim_settings import ScimSettings
    from reconciler.model.observer import Observer
    from reconciler.targets.base import Target
    from reconciler.wire.clock import Clock

__all__ = ["IDENTITY_CENTER", "SCIM", "Settings", "connect", "is_loopback_endpoint", "profiles"]

# What is known of the SCIM endpoint of IAM Identity Center.
_AWS_PROFILE = "aws"
# The services that are called, as botocore spells them in AWS_ENDPOINT_URL_<SERVICE>.
_SERVICES = ("IDENTITYSTORE", "SSO_ADMIN", "ORGANIZATIONS", "STS")


class Settings(Protocol):
    """What a target is made from; the configuration's TargetConfig is one."""

    @property
    def name(self) -> str:
        """The first part of every address."""

    @property
    def type(self) -> str:
        """Which kind of service: `identity-center` or `scim`."""

    @property
    def region(self) -> str | None:
        """The Region of the instance; None: that of the environment or profile."""

    @property
    def instance_arn(self) -> str | None:
        """Which instance, where there are several."""

    @property
    def identity_store_id(self) -> str | None:
        """Which identity store, where there are several."""

    @property
    def channel(self) -> Channel | None:
        """How a SCIM service is reached, or the SCIM endpoint of an instance."""

    @property
    def profile(self) -> str | None:
        """What is known of a SCIM service, by name."""

    @property
    def settings(self) -> ScimSettings:
        """What the configuration states of a SCIM service in place of its profile."""

    @property
    def extensions(self) -> tuple[str, ...]:
        """The paths of attributes in extensions that are written beside ours."""


def profiles() -> tuple[str, ...]:
    """The names of the profiles of SCIM services that there are."""
    from reconciler.targets.scim.profile_list import names

    return names()


def required(settings: Settings) -> tuple[str, ...]:
    """The attributes without which the target creates no user, as far as they are known without asking it."""
    from reconciler.targets.identity_center.required import REQUIRED
    from reconciler.targets.scim.profile_list import names, profile

    if settings.type == IDENTITY_CENTER:
        return REQUIRED
    return profile(settings.profile).required if settings.profile in names() else ("user_name",)


def is_loopback_endpoint(environment: Mapping[str, str]) -> bool:
    """Whether every call goes to this machine by AWS_ENDPOINT_URL and its kin (AWS SDKs reference guide)."""
    from reconciler.wire.loopback import is_loopback

    if environment.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return False
    everywhere = environment.get("AWS_ENDPOINT_URL", "")
    return all(is_loopback(environment.get(f"AWS_ENDPOINT_URL_{name}", everywhere)) for name in _SERVICES)


def connect(
    settings: Settings,
    *,
    clock: Clock,
    observer: Observer,
    endpoint_url: str | None = None,
    speed: float | None = None,
    sandbox: bool = False,
) -> Target:
    """The target that `settings` describe; nobody is called yet.

    `endpoint_url` replaces the service's own addresses; `sandbox` says that the embedded sandbox is behind
    it, `speed` by how much the time of what is there runs faster. Raises Rejected for an unknown type.
    """
    if settings.type == SCIM and settings.channel is not None:
        return _scim(
            settings, settings.channel, settings.profile or "", clock=clock, observer=observer, speed=speed
        )
    if settings.type == IDENTITY_CENTER:
        from reconciler.targets.identity_center.target import IdentityCenter
        from reconciler.wire.aws import Aws

        aws = Aws(
            settings.name,
            region=settings.region,
            endpoint_url=endpoint_url,
            clock=clock,
            observer=observer,
            speed=speed,
            sandbox=sandbox,
        )
        by_scim: Target | None = None
        if settings.channel is not None:
            by_scim = _scim(
                settings, settings.channel, _AWS_PROFILE, clock=clock, observer=observer, speed=speed
            )
        return IdentityCenter(
            aws,
            clock=clock,
            observer=observer,
            instance_arn=settings.instance_arn,
            identity_store_id=settings.identity_store_id,
            channel=by_scim,
        )
    message = f"there is no target type {settings.type!r}; there is {' and '.join(TARGET_TYPES)}"
    raise Rejected(message, target=settings.name)


def _scim(
    settings: Settings,
    channel: Channel,
    name: str,
    *,
    clock: Clock,
    observer: Observer,
    speed: float | None = None,
) -> Target:
    from reconciler.targets.scim.adjusting import adjusted
    from reconciler.targets.scim.profile_list import names, profile
    from reconciler.targets.scim.target import Scim
    from reconciler.wire.http import Http

    if name not in names():
        message = f"there is no profile {name!r}; there is {', '.join(names())}"
        raise Rejected(message, target=settings.name)
    known = profile(name)
    if settings.type == SCIM:
        known = adjusted(known, settings.settings)
    http = Http(
        settings.name,
        channel.endpoint,
        rate=known.rate,
        clock=clock,
        observer=observer,
        headers=known.headers,
        speed=speed,
    )
    return Scim(
        http,
        known,
        clock=clock,
        observer=observer,
        extensions=settings.extensions,
        expires=channel.expires,
    )
