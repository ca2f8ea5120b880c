"""The policy that denies people at once: whether it exists, binds, may be written, and has room."""

from __future__ import annotations

import json
from collections.abc import Iterator

from reconciler.doctor.aws.facts import AwsFacts, Declared, DenyFacts
from reconciler.doctor.check import Check, Unseen, not_checked, ok, problem, warning
from reconciler.model.denials import EMPTY, LARGEST, fitted, render

READS = ("organizations:DescribePolicy", "organizations:ListTargetsForPolicy")
WRITE = "organizations:UpdatePolicy"
_HELP = "docs/out-at-once.md"
# A person's id with quotes and comma; below so many it is time to look.
_PERSON, _FEW = 50, 10


def deny_policy(facts: AwsFacts, declared: Declared) -> Iterator[Check]:
    """Every check of the policy of denials; none where the target names no policy."""
    seen = facts.deny
    if seen is None:
        return
    yield _content(seen)
    yield _attached(seen, declared)
    yield _update(facts, seen)
    yield _room(seen)


def _content(seen: DenyFacts) -> Check:
    name, denials = "deny-policy", seen.denials
    if denials.problem:
        fix = f"see {_HELP}: create it, and allow the caller {' and '.join(READS)}"
        return problem(name, f"{denials.policy} cannot be used: {denials.problem}", fix, [EMPTY])
    if denials.foreign:
        fix = "move everything else to a policy of its own; the policy of denials holds nothing beside them"
        return problem(name, f"{denials.policy} has more than denials", fix, denials.foreign)
    return ok(name, f"{denials.policy} is a service control policy and denies {len(denials.entries)} people")


def _attached(seen: DenyFacts, declared: Declared) -> Check:
    name = "deny-policy-attached"
    if seen.denials.problem:
        return not_checked(name, "the policy cannot be used")
    if isinstance(seen.targets, Unseen):
        return not_checked(name, seen.targets, f"allow {READS[1]}")
    if isinstance(seen.organization, Unseen):
        return not_checked(name, seen.organization)
    organization = seen.organization
    open_ = sorted(
        account.id
        for account in organization.accounts.values()
        if account.active
        and account.id != organization.management
        and not seen.targets & {organization.root, account.id, *account.units}
    )
    if not open_:
        return ok(name, "it binds every account except the management account, which no policy binds")
    assigned = {account for ids in declared.assignments.values() for account in ids}
    fix = "attach it to the root: aws organizations attach-policy --policy-id "
    fix += f"{seen.denials.policy} --target-id {organization.root}"
    if hit := sorted(assigned.intersection(open_)):
        return problem(name, f"it does not bind {len(hit)} accounts in which the files assign", fix, hit)
    return warning(name, f"it does not bind {len(open_)} accounts", fix, open_[:100])


def _update(facts: AwsFacts, seen: DenyFacts) -> Check:
    """Whether the caller may write it, as far as that can be told without writing."""
    name = "deny-policy-update"
    if isinstance(facts.caller, Unseen) or isinstance(facts.management, Unseen):
        return not_checked(name, "who calls is not known")
    decided = "" if isinstance(facts.simulated, Unseen) else facts.simulated.get(WRITE, "")
    if decided and decided != "allowed":
        fix = f"allow {WRITE} on {seen.arn or seen.denials.policy}, for roles that apply or revoke"
        return warning(name, f"the caller's policies do not allow {WRITE}", fix)
    if facts.caller.account == facts.management:
        if decided:
            return ok(name, f"the caller's policies allow {WRITE}, and the management account calls")
        return not_checked(name, f"whether the caller's policies allow {WRITE} was not simulated")
    return not_checked(
        name,
        f"{facts.caller.account} is a delegated administrator, which may update policies only where the "
        "resource policy of AWS Organizations allows it",
        "add this statement to it: aws organizations put-resource-policy, in the management account",
        [delegation(facts.caller.account, seen)],
    )


def delegation(account: str, seen: DenyFacts) -> str:
    """The statement of the resource policy of Organizations that lets an account use the policy."""
    statement = {
        "Sid": "DenyPeopleAtOnce",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": [*READS, WRITE],
        "Resource": seen.arn
        or f"arn:aws:organizations::*:policy/*/service_control_policy/{seen.denials.policy}",
        "Condition": {"StringLikeIfExists": {"organizations:PolicyType": "SERVICE_CONTROL_POLICY"}},
    }
    return json.dumps(statement)


def _room(seen: DenyFacts) -> Check:
    name = "deny-policy-room"
    if seen.denials.unwritable:
        return not_checked(name, "the policy cannot be used")
    size = len(render(fitted(seen.denials.entries)).encode())
    more = max(0, (LARGEST - size) // _PERSON)
    found = f"it has {size:,} of {LARGEST:,} bytes: room for {more} people more"
    if more < _FEW:
        fix = "let reconcile run, which takes out whose time is over; declare offboarded people as blocked"
        return warning(name, found, fix)
    return ok(name, found)
