"""SCIM services to tell stories on, each empty, with the client in front of it and a plain look behind it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.config import TargetConfig
from reconciler.config.targets import connect
from reconciler.model.observer import Silent
from reconciler.model.policy import TargetPolicy
from reconciler.sandbox import Sandbox
from reconciler.targets.scim.channel import Channel
from reconciler.targets.scim.type import ScimSettings
from reconciler.wire.clock import SystemClock
from reconciler.wire.http import Endpoint
from reconciler.wire.tokens import TokenSource
from tests.servers.running import Server, scim2_server, scimmy
from tests.support.site import SPEED, FedSite

TOKEN = "RECONCILER_TEST_SCIM_TOKEN"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


@dataclass(frozen=True)
class Service:
    """A service that runs. `lacks` are attributes of ours that it has no place for."""

    name: str
    server: Server
    profile: str
    members: Callable[[], Mapping[str, frozenset[str]]]
    lacks: frozenset[str] = frozenset()

    def users(self) -> Mapping[str, Mapping[str, Any]]:
        """All users by user name, as the service shows them."""
        return {user["userName"]: user for user in self.everything("Users")}

    def groups(self) -> Mapping[str, Mapping[str, Any]]:
        """All groups by display name, as the service shows them."""
        return {group["displayName"]: group for group in self.everything("Groups")}

    def everything(self, kind: str) -> list[dict[str, Any]]:
        """All users or groups, past the code under test."""
        return self.server.everything(kind, cursor=self.profile == "aws")


Place = Callable[[], AbstractContextManager[Service]]


@contextmanager
def complete() -> Iterator[Service]:
    """scim2-server with all that it can do."""
    with scim2_server() as server:
        yield Service("scim2-server", server, "generic", lambda: shown(server))


@contextmanager
def restricted() -> Iterator[Service]:
    """scim2-server without PATCH, Bulk and ETags, in pages that everything here takes several of."""
    with scim2_server(restricted=True, page=20) as server:
        yield Service("scim2-server, restricted", server, "generic", lambda: shown(server))


@contextmanager
def another_language() -> Iterator[Service]:
    """SCIMMY on Express."""
    with scimmy() as server:
        yield Service("SCIMMY", server, "generic", lambda: shown(server))


@contextmanager
def aws_endpoint() -> Iterator[Service]:
    """The SCIM endpoint of the sandbox's Identity Center."""
    with Sandbox(None, speed=SPEED, latency=0.0) as sandbox:
        server = Server(sandbox.scim_url.rstrip("/"), sandbox.scim_token())
        yield Service(
            "the sandbox's SCIM endpoint",
            server,
            "aws",
            lambda: {name: frozenset(who) for name, who in sandbox.store.memberships().items()},
            lacks=frozenset(("photos",)),
        )


PLACES: tuple[Place, ...] = (complete, restricted, another_language, aws_endpoint)


def shown(server: Server) -> Mapping[str, frozenset[str]]:
    """Who is in which group, by names, as the groups themselves say it."""
    names = {user["id"]: user["userName"] for user in server.everything("Users")}
    return {
        group["displayName"]: frozenset(names[each["value"]] for each in group.get("members", ()))
        for group in server.everything("Groups")
    }


@contextmanager
def fed(service: Service, folder: Path, home: Path) -> Iterator[FedSite]:
    """The real client in front of a service, fed from `folder`, with its memory in `home`."""
    home.mkdir(parents=True, exist_ok=True)
    channel = Channel(Endpoint(url=service.server.url, token=TokenSource(env=TOKEN)))
    settings = ScimSettings(channel, service.profile)
    os.environ[TOKEN] = service.server.token
    try:
        # What a service is spared in the field, one that runs for the test alone is not.
        target = connect(
            TargetConfig("aws", TargetPolicy("aws"), "scim", settings), SystemClock(), Silent(), speed=SPEED
        )
        yield FedSite(target, folder, home / "record.json")
    finally:
        del os.environ[TOKEN]
