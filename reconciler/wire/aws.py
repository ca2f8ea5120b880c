"""The only boto3: signs, sends, paces, retries, counts, checks, and says errors in our own words."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from reconciler import __version__
from reconciler.errors import IncompleteRead, Rejected, ServiceError
from reconciler.model.observer import Observer, Silent
from reconciler.wire import answers, aws_endpoint, retry
from reconciler.wire.answers import MalformedError
from reconciler.wire.aws_errors import RequestInfo, botocore_errors, configuration, translate
from reconciler.wire.aws_models import has_operation, new_session, service_model, token_name
from reconciler.wire.clock import Clock, SystemClock
from reconciler.wire.dates import http_date
from reconciler.wire.loopback import announced_speed, is_loopback
from reconciler.wire.pace import Pace, aws_ceiling, aws_cost
from reconciler.wire.pool import Guarded
from reconciler.wire.retry import Failure

# Seconds. No call that we make takes AWS longer than a few; a connection that takes five will not come.
CONNECT_TIMEOUT, READ_TIMEOUT = 5, 30
# As many connections as calls that may be under way.
CONNECTIONS = 16
# The quotas end at 2,000 full pages of users; a list with more pages than this does not end.
MAX_PAGES = 50_000
# No service has so many of anything; what lists ever new ones would fill all memory.
MAX_ITEMS = 1_000_000
# A page may be empty and not the last; so many in a row lead nowhere.
MAX_EMPTY_PAGES = 100

_MISSING: Any = object()
# What the embedded sandbox is called with: nobody's own.
_MADE_UP = {"aws_access_key_id": "sandbox", "aws_secret_access_key": "sandbox"}
# The shortest that a session of a role may be, in seconds (AssumeRole, DurationSeconds).
_SHORTEST_SESSION = 900


class Aws:
    """AWS as one target sees it. Thread-safe; clients are made when they are first needed.

    `region` None is the one of the environment or profile. `endpoint_url` replaces AWS's own addresses, as
    AWS_ENDPOINT_URL does; plain http is refused unless it leads to this machine. `credentials` are boto3's
    names and their values (None: as AWS is configured). `speed` says by how much the time of the embedded
    sandbox runs faster (None: read it from the answers of a loopback endpoint). `sandbox` sends made-up
    credentials instead of anybody's own, past every proxy.
    """

    def __init__(
        self,
        target: str,
        *,
        region: str | None = None,
        endpoint_url: str | None = None,
        clock: Clock | None = None,
        observer: Observer | None = None,
        speed: float | None = None,
        sandbox: bool = False,
        credentials: Mapping[str, str] | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.target, self._endpoint_url = target, endpoint_url
        self._clock: Clock = clock or SystemClock()
        self._pace = Pace(self._clock, observer or Silent(), target, ceiling=aws_ceiling, speed=speed or 1.0)
        if sandbox and not is_loopback(endpoint_url or ""):
            raise ValueError(f"the sandbox is on this machine, not at {endpoint_url}")
        self._speed_known, self._sandbox, self._announced = speed is not None, sandbox, False
        self._chance, self._asked_region = chance, region
        self._credentials: Mapping[str, str] = _MADE_UP if sandbox else {}
        if credentials is not None:
            self._credentials = credentials
        self._clients: Guarded[dict[str, Any]] = Guarded({})
        self._session: Any = None
        self._calls: Guarded[Counter[str]] = Guarded(Counter())
        self._offset: Guarded[list[timedelta]] = Guarded([])

    @property
    def speed(self) -> float:
        """How many times faster than AWS the other side's time runs."""
        return self._pace.speed

    @property
    def calls(self) -> Mapping[str, int]:
        """How many requests were sent so far, every retry among them, by `service.Operation`."""
        with self._calls as calls:
            return dict(calls)

    @property
    def offset(self) -> timedelta | None:
        """By how much the clock of AWS was ahead of ours at its last answer; None where no answer told.

        Whole seconds (RFC 9110, section 6.6.1: Date), and an error has the date as well as an answer.
        """
        with self._offset as known:
            return known[0] if known else None

    def region(self) -> str:
        """The Region that is asked. Raises Rejected when there is none."""
        asked = RequestInfo(self.target, "", "", mutates=False)
        with self._clients:
            region = self._asked_region or self._ready(asked).region_name
        if not region:
            message = "no region is known; set `region` of the target in reconciler.yaml"
            raise Rejected(message, target=self.target)
        return str(region)

    @property
    def region_from(self) -> str:
        """Where the Region is said, in words for a message; asks nobody."""
        return "`region` of the target" if self._asked_region else "by AWS_DEFAULT_REGION or the profile"

    def takes(self, service: str, operation: str, member: str) -> bool:
        """Whether the installed service model knows `member` in the request; asks nobody."""
        shape = self._operation(service, operation).input_shape
        return shape is not None and member in shape.members

    def knows(self, service: str, operation: str) -> bool:
        """Whether the installed botocore has the service and the operation; asks nobody."""
        return has_operation(service, operation)

    def members(self, service: str, operation: str) -> frozenset[str]:
        """What the installed service model knows in the request; asks nobody."""
        shape = self._operation(service, operation).input_shape
        return frozenset(shape.members if shape is not None else ())

    def call(
        self, service: str, operation: str, *, mutates: bool, expects: Sequence[str] = (), **params: Any
    ) -> dict[str, Any]:
        """One request, until it is answered; `params` and the answer are as in the API reference.

        `expects` names texts without which an answer is none.

        Reads are sent again after throttling, faults of the service and of the way. Writes are sent again
        only when they were throttled or never left; where the answer to a write was lost, OutcomeUnknown
        is raised. Raises ServiceError in its kinds; IncompleteRead when the answer is none of AWS's.
        """
        began, attempt, waited = self._clock.monotonic(), 0, 0.0
        cost = aws_cost(service, operation)
        while True:
            attempt += 1
            self._pace.wait(cost)
            asked = RequestInfo(self.target, service, operation, mutates)
            failure = self._once(asked, params, expects)
            if not isinstance(failure, Failure):
                return failure
            fate, retry_after = failure.fate, failure.retry_after
            if fate is retry.RetryDecision.THROTTLED:
                self._pace.throttled(cost, retry_after)
            if not retry.retryable(fate, mutates=mutates):
                raise failure.error
            # Waits count in the service's own time; what calls take does not shrink with a sandbox's speed.
            elapsed = max(waited, self._clock.monotonic() - began)
            seconds = retry.delay(fate, attempt, elapsed, retry_after, self._chance())
            if seconds is None:
                raise failure.error
            waited += seconds
            self._clock.sleep(seconds / self.speed)

    def pages(
        self,
        service: str,
        operation: str,
        result_key: str,
        id_of: Callable[[Mapping[str, Any]], object],
        **params: Any,
    ) -> Iterator[list[dict[str, Any]]]:
        """A list, page by page, to its end; whole only when the iterator is exhausted.

        `result_key` is where the items stand, `id_of` what tells them apart. Raises IncompleteRead for an
        answer without the list, an item without an id, an id or a token that comes twice, and a list that
        does not end.
        """

        def bad(message: str) -> IncompleteRead:
            return IncompleteRead(message, target=self.target, request=f"{service}.{operation}")

        tokens: set[str] = set()
        seen: set[str] = set()
        token, empty, name = "", 0, token_name(self.members(service, operation))
        for _ in range(MAX_PAGES):
            more = {name: token} if token else {}
            answer = self.call(service, operation, mutates=False, **params, **more)
            items = answer.get(result_key, _MISSING)
            if not isinstance(items, list):
                raise bad(f"the answer has no {result_key}")
            for item in items:
                identifier = id_of(item)
                if not (isinstance(identifier, str) and identifier):
                    raise bad(f"an item of {result_key} has no id")
                if identifier in seen:
                    raise bad(f"{identifier} came twice in one list: a page was repeated, or the list moved")
                seen.add(identifier)
            if len(seen) > MAX_ITEMS:
                raise bad(f"the list has not ended after {MAX_ITEMS:,} of its items")
            yield items
            empty = 0 if items else empty + 1
            token = answer.get(name) or ""
            if not token:
                return
            if empty >= MAX_EMPTY_PAGES:
                raise bad(f"{empty} pages in a row were empty, and none was the last")
            if token in tokens:
                raise bad("the same page token came twice: the list would never end")
            tokens.add(token)
        raise bad(f"the list has not ended after {MAX_PAGES:,} pages")

    def assuming(self, role: str, session: str, policy: str) -> Aws:
        """The same as a role (an ARN) for a quarter of an hour, and with no more rights than `policy` has.

        Raises ServiceError where the role cannot be had.
        """
        answer = self.call(
            "sts",
            "AssumeRole",
            mutates=False,
            expects=("Credentials",),
            RoleArn=role,
            RoleSessionName=session,
            Policy=policy,
            DurationSeconds=_SHORTEST_SESSION,
        )
        made = answer["Credentials"]
        names = {
            "aws_access_key_id": "AccessKeyId",
            "aws_secret_access_key": "SecretAccessKey",
            "aws_session_token": "SessionToken",
        }
        return Aws(
            self.target,
            region=self._asked_region,
            endpoint_url=self._endpoint_url,
            clock=self._clock,
            speed=self.speed,
            sandbox=self._sandbox,
            credentials={name: str(made.get(member, "")) for name, member in names.items()},
            chance=self._chance,
        )

    def _once(
        self, asked: RequestInfo, params: Mapping[str, Any], expects: Sequence[str]
    ) -> dict[str, Any] | Failure:
        from botocore import xform_name

        try:
            client = self._client(asked)
        except ServiceError as error:
            return Failure(error, retry.RetryDecision.FINAL)
        endpoint = str(client.meta.endpoint_url)
        with self._calls as calls:
            calls[asked.label] += 1
        try:
            answer: dict[str, Any] = getattr(client, xform_name(asked.operation))(**params)
            answer = answers.content(answer)
        except botocore_errors() as error:
            response = getattr(error, "response", None)
            self._notice_speed(endpoint, response)
            self._notice_date(response)
            located = RequestInfo(asked.target, asked.service, asked.operation, asked.mutates, endpoint)
            return translate(error, located)
        self._notice_speed(endpoint, answer)
        self._notice_date(answer)
        self._pace.answered(aws_cost(asked.service, asked.operation))
        answer.pop("ResponseMetadata", None)
        missing = [name for name in expects if not answer.get(name)]
        if missing:
            return translate(MalformedError(f"the answer has no {' and no '.join(missing)}", 200), asked)
        return answer

    def _notice_speed(self, endpoint: str, answer: Any) -> None:
        """Learn the sandbox's speed, from nobody but a loopback endpoint."""
        if self._announced or not isinstance(answer, dict):
            return
        headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        if (speed := announced_speed(endpoint, headers)) is not None:
            self._announced = True
            if not self._speed_known:
                self._pace.speed = speed

    def _notice_date(self, answer: Any) -> None:
        """Learn what time it is there, from whatever answered."""
        if not isinstance(answer, dict):
            return
        said = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
        there = http_date(said)
        if there is None:
            return
        with self._offset as known:
            known[:] = [there - self._clock.now()]

    def _client(self, asked: RequestInfo) -> Any:
        with self._clients as clients:
            client = clients.get(asked.service)
            if client is None:
                client = clients[asked.service] = self._connect(asked)
            return client

    def _connect(self, asked: RequestInfo) -> Any:
        from botocore.config import Config

        direct = self._sandbox or (self._endpoint_url is not None and is_loopback(self._endpoint_url))
        options: dict[str, Any] = {"proxies": {}} if direct else {}
        if self._sandbox:
            # The address is this one, also where the environment prefers another for AWS.
            options |= {"use_fips_endpoint": False, "use_dualstack_endpoint": False}
        config = Config(
            connect_timeout=CONNECT_TIMEOUT,
            read_timeout=READ_TIMEOUT,
            # botocore would silently send a create again whose answer was lost.
            retries={"total_max_attempts": 1, "mode": "standard"},
            max_pool_connections=CONNECTIONS,
            user_agent_extra=f"identity-reconciler/{__version__}",
            **options,
        )
        try:
            client = self._ready(asked).client(
                asked.service,
                region_name=self._asked_region,
                endpoint_url=self._endpoint_url,
                config=config,
                **self._credentials,
            )
        except botocore_errors() as error:
            raise configuration(error, asked) from error
        endpoint = str(client.meta.endpoint_url)
        if urlsplit(endpoint).scheme != "https" and not is_loopback(endpoint):
            message = f"{endpoint} is not encrypted, and no credentials are sent there; use https"
            raise Rejected(message, target=self.target, request=asked.label)
        client.meta.events.register("before-parse", answers.check)
        aws_endpoint.keep(client)
        return client

    def _ready(self, asked: RequestInfo) -> Any:
        """The session, under the lock of the clients."""
        if self._session is None:
            try:
                self._session = new_session(untouched=self._sandbox)
            except botocore_errors() as error:
                raise configuration(error, asked) from error
        return self._session

    @staticmethod
    def _operation(service: str, operation: str) -> Any:
        return service_model(service).operation_model(operation)
