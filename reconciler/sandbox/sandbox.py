"""The sandbox as Python sees it: start it, ask where it is, break it, look inside."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from reconciler.sandbox.access.terms import Circumstances, Durations, Quotas
from reconciler.sandbox.app import App
from reconciler.sandbox.clock import SandboxClock
from reconciler.sandbox.console import Console
from reconciler.sandbox.control import Control
from reconciler.sandbox.directory.records import MAX_GROUPS, MAX_USERS
from reconciler.sandbox.faults import Faults
from reconciler.sandbox.faulty_replies import Reply
from reconciler.sandbox.journal import Journal
from reconciler.sandbox.scim import bearer
from reconciler.sandbox.scim.app import ScimApp, is_meant
from reconciler.sandbox.seed import seed
from reconciler.sandbox.server import Server
from reconciler.sandbox.signin import app as signin
from reconciler.sandbox.signin.app import SigninApp
from reconciler.sandbox.store import Store
from reconciler.sandbox.throttle import Throttle
from reconciler.sandbox.world import World

SPEED_HEADER = "x-reconciler-sandbox-speed"
DEFAULT_LATENCY = 0.01


class Sandbox:
    """An AWS stand-in on loopback: identitystore, sso-admin, SCIM, organizations, who calls (sts), signin.

    `path` is the SQLite file, which survives restarts (None: in memory); `port` 0 takes a free one. `speed`
    divides latency, asynchronous times and quota windows alike. `seed` is an organisation file or an
    identities directory; it is applied each time and only adds. `throttling` False admits any rate; `rates`
    replaces calls a second by service (SCIM has three: `scim-read`, `scim-write` and `scim-membership`).
    `latency` is in seconds a call. `largest_page` is how many items a page of the JSON services has at most,
    so that few objects fill several. `region` and `management_account` are used when the file is new.
    `quotas` and `durations` (of asynchronous calls) are the documented ones where they are not given;
    `circumstances` says who calls, and may be changed while it runs. `clock` is for tests that decide what
    time it is; it brings a speed of its own.

    Starting raises OSError when the port is taken, InputError when the seed is wrong, ReconcilerError when
    the file is not the sandbox's.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        port: int = 0,
        speed: float = 1.0,
        seed: Path | None = None,
        region: str = "us-east-1",
        management_account: str = "111111111111",
        throttling: bool = True,
        rates: Mapping[str, float] | None = None,
        latency: float = DEFAULT_LATENCY,
        largest_page: int | None = None,
        max_users: int = MAX_USERS,
        max_groups: int = MAX_GROUPS,
        quotas: Quotas | None = None,
        durations: Durations | None = None,
        circumstances: Circumstances | None = None,
        clock: SandboxClock | None = None,
    ) -> None:
        self._clock = clock or SandboxClock(speed)
        self.path, self.speed = path, self._clock.speed
        self.circumstances = circumstances or Circumstances()
        self.faults, self.requests = Faults(), Journal()
        self._quotas, self._durations = quotas or Quotas(), durations or Durations()
        self._port, self._seed = port, seed
        self._region, self._account = region, management_account
        self._throttle = Throttle(self._clock, rates) if throttling else None
        self._latency, self._largest_page = latency, largest_page
        self._max_users, self._max_groups = max_users, max_groups
        self._world: World | None = None
        self._server: Server | None = None

    def start(self) -> Self:
        """Open the file, apply the seed, and serve."""
        if self._server is not None:
            return self
        store = Store(
            self.path,
            region=self._region,
            management_account=self._account,
            created_at=self._clock.now(),
            now=self._clock.now,
        )
        try:
            self._world = World(
                store,
                self._max_users,
                self._max_groups,
                self._quotas,
                self._durations,
                self.speed,
                self.circumstances,
            )
            if self._seed is not None:
                seed(store, self._seed, now=self._clock.now())
            shared = (
                self._world,
                self._clock,
                self.faults,
                self.requests,
                self._throttle,
                self._latency,
            )
            app, scim = App(*shared, largest_page=self._largest_page), ScimApp(*shared)
            sessions = SigninApp(*shared, largest_page=self._largest_page)
            control = Control(self.info, self.faults, self.requests, self.store)

            def route(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
                if path.startswith("/_sandbox"):
                    return control.answer(method, path, headers, body)
                if is_meant(path):
                    return scim.answer(method, path, headers, body)
                if signin.is_meant(path):
                    return sessions.answer(path, headers, body)
                return app.answer(headers, body)

            server = Server(route, port=self._port, headers={SPEED_HEADER: f"{self.speed:g}"})
        except BaseException:
            store.close()
            self._world = None
            raise
        self._server = server
        server.start()
        return self

    def stop(self) -> None:
        """End every connection and close the file. Stopping twice is fine."""
        if self._server is not None:
            self._server.stop()
            self._server = None
        if self._world is not None:
            self._world.store.close()
            self._world = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """The port that it listens on."""
        if self._server is None:
            raise RuntimeError("the sandbox is not running")
        return self._server.port

    @property
    def url(self) -> str:
        """Where to point AWS_ENDPOINT_URL."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def scim_url(self) -> str:
        """Where the SCIM endpoint is: what the console calls it, with a slash at its end."""
        return f"{self.url}/{self._meta['scim_tenant']}/scim/v2/"

    def scim_token(self) -> str:
        """An access token for the SCIM endpoint, made when it is first asked for and again when it ran out.

        The next sandbox over the same file gives the same one. It is one of the two that a directory may
        have: raises ReconcilerError where two others were made at the console.
        """
        return bearer.own(self._running.store, self._clock.now())

    @property
    def region(self) -> str:
        """The Region of the instance."""
        return self._meta["region"]

    @property
    def identity_store_id(self) -> str:
        """`d-` and ten hexadecimal digits."""
        return self._meta["identity_store_id"]

    @property
    def instance_arn(self) -> str:
        """The ARN of the Identity Center instance."""
        return self._meta["instance_arn"]

    @property
    def management_account(self) -> str:
        """The account that owns the organisation and the instance."""
        return self._meta["management_account"]

    @property
    def store(self) -> Console:
        """What an administrator does in the console, past the API, and what is there now."""
        return Console(self._running, self._clock)

    def info(self) -> Mapping[str, str | float | int]:
        """What `GET /_sandbox` tells."""
        return {
            "speed": self.speed,
            "url": self.url,
            "scim_url": self.scim_url,
            "region": self.region,
            "identity_store_id": self.identity_store_id,
            "instance_arn": self.instance_arn,
            "management_account": self.management_account,
            "requests": self.requests.total(),
        }

    @property
    def _running(self) -> World:
        if self._world is None:
            raise RuntimeError("the sandbox is not running")
        return self._world

    @property
    def _meta(self) -> Mapping[str, str]:
        return self._running.store.meta()
