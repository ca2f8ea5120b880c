"""What was seen of AWS, and what the files say that concerns it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from reconciler.doctor.check import Unseen
from reconciler.errors import Denied, NotFound, ServiceError
from reconciler.model.denials import Denials
from reconciler.model.organization import Organization
from reconciler.model.plan import Finding


class Reply(StrEnum):
    """How AWS answered a call that was made to see whether it may be made."""

    ANSWERED = "answered"
    DENIED = "denied"  # by a policy of IAM, of the organization or of the session
    NETWORK = "network"  # by where the call comes from: an endpoint policy, a network rule
    KEY = "key"  # the customer-managed KMS key of the instance
    CREDENTIALS = "credentials"  # missing, unknown, run out, or signed by a wrong clock
    FAILED = "failed"  # anything else: nothing is known
    UNTRIED = "untried"  # there was nothing to ask about


@dataclass(frozen=True, slots=True)
class Asked:
    """One action that was tried, and how AWS answered."""

    action: str
    reply: Reply
    text: str = ""


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance, as ListInstances and DescribeInstance tell; None and "" where they do not."""

    arn: str
    store: str
    owner: str
    status: str
    status_reason: str = ""
    primary_region: str = ""
    permission_sets: bool | None = None
    key: str = ""
    key_status: str = ""
    # Network rules of the instance or its store: a sentence each.
    rules: tuple[str, ...] | Unseen = ()


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, as GetCallerIdentity says it."""

    arn: str
    account: str


@dataclass(frozen=True, slots=True)
class CustomerPolicy:
    """A customer-managed policy that permission sets need in an account, which its ARN names."""

    arn: str
    sets: tuple[str, ...]
    there: bool | Unseen


@dataclass(frozen=True, slots=True)
class Declared:
    """What the files say. Permission sets and assignments go by key.

    `customer_policies` are paths by set, `accounts` the ids that assignments of a set name, `described` how
    they describe others. `tag_keys` are those in selectors, each with the places that use it.
    """

    customer_policies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    accounts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    described: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    assignments: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tag_keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DenyFacts:
    """What was seen of the policy: `targets` are ids of the root, of units and accounts it is attached to."""

    denials: Denials
    arn: str = ""
    targets: frozenset[str] | Unseen = frozenset()
    organization: Organization | Unseen = field(default_factory=Organization)


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """What was seen of sessions of `aws login`. `known` says whether the installed boto3 has them.

    `role` is the one in other accounts ("": none is named). `tried` are accounts that were looked at as it,
    each with why that failed ("": it did not), of `wanted` in which the files assign something.
    """

    known: bool
    role: str = ""
    tried: Mapping[str, str] = field(default_factory=dict)
    wanted: int = 0


_NOBODY = Unseen("AWS was not asked")


@dataclass(frozen=True, slots=True)
class AwsFacts:
    """Everything that was seen for one target.

    `region` is the one that was asked, `instances` those there that the settings allow. `management` is the
    management account, "" outside of any organization. `in_management` are names of permission sets that are
    provisioned there. `deny` is the policy of denials, where one is configured, `sessions` what is known of
    those of `aws login`. `simulated` maps write
    actions to the decision of IAM's simulator. `offset` is by how much the clock of AWS is ahead of this
    machine's. `token` says why the token of SCIM is not usable.
    """

    region: str | Unseen
    region_from: str
    caller: Caller | Unseen
    signing: bool = False
    instances: tuple[Instance, ...] | Unseen = _NOBODY
    elsewhere: tuple[str, ...] = ()
    management: str | Unseen = _NOBODY
    in_management: tuple[str, ...] | Unseen = _NOBODY
    asked: tuple[Asked, ...] = ()
    simulated: Mapping[str, str] | Unseen = _NOBODY
    offset: timedelta | None = None
    policies: tuple[CustomerPolicy, ...] = ()
    notices: tuple[Finding, ...] = ()
    has_channel: bool = False
    token: str = ""
    deny: DenyFacts | None = None
    sessions: SessionFacts | None = None


_SIGNING = frozenset(
    ("InvalidSignatureException", "SignatureDoesNotMatch", "RequestExpired", "RequestTimeTooSkewed")
)
_CREDENTIALS = _SIGNING | frozenset(
    ("ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException",
     "MissingAuthenticationToken", "MissingAuthenticationTokenException", "IncompleteSignature",
     "IncompleteSignatureException")
)  # fmt: skip
# As IAM words it ("because no VPC endpoint policy allows the … action", "with an explicit deny in a VPC
# endpoint policy"; IAM user guide, "Troubleshoot access denied error messages"), and what a rule of the
# identity store can say (NetworkConfiguration: VPC endpoints and source addresses).
_ARN = re.compile(r"\barn:\S+")
_NETWORK = re.compile(r"\bvpc\b|\bvpce\b|\bnetwork|source ?(?:ip|vpc)|\bip address", re.IGNORECASE)


def is_signing(error: ServiceError) -> bool:
    """Whether AWS refused the signature, which a wrong clock makes wrong as well as a wrong key."""
    return error.code in _SIGNING


def reply_of(error: ServiceError) -> Reply:
    """What an error says of whether the call may be made."""
    if isinstance(error, NotFound):
        # Who may not ask is told so before anything is looked for.
        return Reply.ANSWERED
    if error.reason.upper().startswith("KMS"):
        return Reply.KEY
    if not isinstance(error, Denied):
        return Reply.FAILED
    if error.code in _CREDENTIALS or not error.code:
        return Reply.CREDENTIALS
    return Reply.NETWORK if _NETWORK.search(unnamed(str(error))) else Reply.DENIED


def unnamed(text: str) -> str:
    """An error without what people have named: an ARN can hold any word."""
    return _ARN.sub("", text)
