"""What git says of a permission set, in the words in which the service has it.

A managed policy is the same whether git names it by name, path or ARN, a duration however it is spelled, and
an inline policy in any order and form that IAM reads alike; where the live set has the same in other words,
the live words are the ones that are wanted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.model import policy_documents
from reconciler.model.durations import seconds_of
from reconciler.model.resources import (
    DEFAULT_DURATION,
    SET_ATTRIBUTES,
    TAG_PREFIX,
    Attributes,
    PermissionSet,
    PolicyReference,
    Value,
)

# Policies and the boundary of a declared set are whole: absent means none (docs/identities.md,
# "Permission sets").
WHOLE = ("managed_policies", "customer_managed_policies", "permissions_boundary", "inline_policy")
# Fields that nobody's access depends on.
HARMLESS = frozenset(("description",))
# IAM user guide, "AWS managed policies for job functions": those that lie under that path.
_JOB_FUNCTIONS = frozenset(
    (
        "Billing",
        "DatabaseAdministrator",
        "DataScientist",
        "NetworkAdministrator",
        "SupportUser",
        "SystemAdministrator",
        "ViewOnlyAccess",
    )
)
_POLICY = ":policy/"


def declared_values(permission_set: PermissionSet, live: Attributes, partition: str) -> dict[str, Value]:
    """The attributes that git says something of, in the order of SET_ATTRIBUTES; None is "not set".

    `live` is what the set has now (nothing, where there is none), `partition` that of the instance's ARN.
    """
    written: dict[str, Value] = {
        # What is blank is no description to the service.
        "description": (permission_set.description or "").strip() or None,
        "session_duration": duration(permission_set.session_duration, live),
        "relay_state": permission_set.relay_state or None,
        "managed_policies": managed_policies(permission_set.managed_policies, live, partition),
        "customer_managed_policies": tuple(
            sorted({one.path + one.name for one in permission_set.customer_managed_policies})
        )
        or None,
        "permissions_boundary": _boundary(permission_set.permissions_boundary, live, partition),
        "inline_policy": _inline(permission_set.inline_policy, live),
    }
    values = {
        name: written[name] for name in SET_ATTRIBUTES if name in WHOLE or name in permission_set.declared
    }
    return values | {TAG_PREFIX + key: value for key, value in sorted(permission_set.tags.items())}


def cleared(name: str, live: Attributes) -> Value:
    """What an attribute is when git says it no longer."""
    return duration(None, live) if name == "session_duration" else None


def duration(written: str | None, live: Attributes) -> str:
    """A session's duration (ISO 8601): the live spelling, where it lasts as long; one hour by default."""
    wanted = written or DEFAULT_DURATION
    have = live.get("session_duration")
    if isinstance(have, str) and seconds_of(have) is not None and seconds_of(have) == seconds_of(wanted):
        return have
    return wanted


def managed_policies(written: Sequence[str], live: Attributes, partition: str) -> tuple[str, ...] | None:
    """The ARNs of AWS-managed policies, sorted; None for none."""
    attached = live.get("managed_policies")
    have = [str(arn) for arn in attached] if isinstance(attached, tuple) else []
    return tuple(sorted({managed_policy(one, have, partition) for one in written})) or None


def managed_policy(written: str, live: Sequence[str], partition: str) -> str:
    """The ARN of one AWS-managed policy that is written as a name, a path or an ARN of any partition.

    A name alone is that of any of the `live` ARNs with this name, under any path where AWS keeps it.
    """
    path = written.partition(_POLICY)[2] if written.startswith("arn:") else written
    if "/" not in path and not written.startswith("arn:"):
        for arn in live:
            if arn.startswith("arn:") and arn.rpartition("/")[2] == path:
                return arn
        path = f"job-function/{path}" if path in _JOB_FUNCTIONS else path
    return f"arn:{partition}:iam::aws{_POLICY}{path}"


def differs(name: str, live: Attributes, value: Value) -> bool:
    """Whether an attribute has another value than `value`; an empty list is none, no duration the default."""
    have = live.get(name)
    if name in WHOLE:
        have = have or None
    elif name == "session_duration":
        have = have or DEFAULT_DURATION
    return have != value


def is_harmless(names: Sequence[str]) -> bool:
    """Whether a change of these attributes alone leaves everybody's access as it is."""
    return all(name in HARMLESS or name.startswith(TAG_PREFIX) for name in names)


def partition_of(identity: Mapping[str, str]) -> str:
    """The partition (`aws`, `aws-cn`, `aws-us-gov`, …) of the instance that `identity` names."""
    parts = identity.get("instance_arn", "").split(":")
    return parts[1] if len(parts) > 1 and parts[1] else "aws"


def _boundary(written: str | PolicyReference | None, live: Attributes, partition: str) -> str | None:
    if isinstance(written, PolicyReference):
        return written.path + written.name
    have = live.get("permissions_boundary")
    return managed_policy(written, [have] if isinstance(have, str) else [], partition) if written else None


def _inline(written: str | None, live: Attributes) -> str | None:
    """The live policy where it means the same; else what is written, in the form that is compared."""
    have = live.get("inline_policy")
    if written is None or (isinstance(have, str) and policy_documents.same(written, have)):
        return have if written is not None and isinstance(have, str) else None
    return policy_documents.canonical(written)
