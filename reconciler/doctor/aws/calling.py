"""Who calls, by what clock, and what the caller may do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from reconciler.doctor.aws.actions import OPTIONAL, READS, WRITES, Use
from reconciler.doctor.aws.facts import Asked, AwsFacts, Instance, Reply, unnamed
from reconciler.doctor.check import Check, Unseen, not_checked, ok, problem, warning

OWN_SESSION = "reconciler-"
# A minute is more than a clock that is kept in time is ever wrong; at five, AWS refuses what is signed
# (AWS Signature Version 4, "Troubleshooting").
_WRONG, _REFUSED = timedelta(seconds=60), timedelta(minutes=5)
_POLICY = "add them to the policy of the role (the README has it whole), or see what denies them"


def credentials(facts: AwsFacts, use: Use | None) -> Check:
    """Whether there are any, and whether the session names the tool."""
    name = "credentials"
    if isinstance(facts.region, Unseen):
        return not_checked(name, "nobody can be asked who calls without a Region")
    if isinstance(facts.caller, Unseen):
        fix = "sign in (aws sso login), or set AWS_PROFILE or the AWS_ACCESS_KEY_ID pair"
        return problem(name, facts.caller.why, fix)
    kind, _, session = facts.caller.arn.rpartition(":")[2].partition("/")
    role, _, session = session.partition("/")
    found = f"{facts.caller.arn} in account {facts.caller.account}"
    if kind == "root":
        fix = "use a role with the policy of the README; delete the access keys of root"
        return warning(name, f"{found}: root of the account calls", fix)
    if kind != "assumed-role":
        fix = "use a role: its session is short, and its name says which run wrote"
        return warning(name, f"{found}: a user with long-lived keys calls, not a role", fix)
    if session.startswith(OWN_SESSION):
        return ok(name, f"{found}; `drift` knows what this session writes as its own")
    if use is Use.APPLY or not role.startswith("AWSReservedSSO_"):
        fix = f"name the session of runs {OWN_SESSION} and the run, as the workflows of `reconciler init` do"
        return warning(name, f"{found}: drift will show what this session writes as a person's", fix)
    return ok(name, f"{found}; a person")


def clock(facts: AwsFacts) -> Check:
    """Whether this machine's clock is that of AWS."""
    name = "clock"
    if facts.offset is None:
        if facts.signing:
            fix = "set this machine's clock; if it is right, the secret key is wrong"
            return problem(name, "AWS refuses the signature, and did not say what time it is", fix)
        return not_checked(name, "no answer of AWS said what time it is there")
    seconds = round(facts.offset.total_seconds())
    if abs(facts.offset) <= _WRONG:
        return ok(name, "this machine's clock is within a minute of AWS's")
    found = f"this machine's clock is {abs(seconds)} seconds {'behind' if seconds > 0 else 'ahead of'} AWS's"
    fix = "let a time service keep it (chrony, systemd-timesyncd)"
    if abs(facts.offset) >= _REFUSED or facts.signing:
        return problem(name, f"{found}; AWS refuses what is signed five minutes off", fix)
    return warning(name, found, fix)


def actions(facts: AwsFacts) -> Iterator[Check]:
    """Which actions are missing, all by name: those that a plan needs, and those that make it better."""
    name = "read-actions"
    asked = {one.action: one for one in facts.asked}
    denied = [_denial(one) for one in facts.asked if one.action in READS and one.reply is Reply.DENIED]
    allowed = [one for one in READS if one in asked and asked[one].reply is Reply.ANSWERED]
    unknown = _unknown(READS, asked)
    if not facts.asked:
        yield not_checked(name, "AWS could not be asked")
        return
    if denied:
        yield problem(name, f"{_many(len(denied))} that a plan needs are denied", _POLICY, denied)
    elif allowed:
        yield ok(name, f"none is denied of those that a plan needs; {len(allowed)} were answered")
    if unknown:
        yield not_checked(
            "untried-actions", "what a plan needs as well, and AWS did not tell", details=unknown
        )
    name = "optional-actions"
    lacking = [
        f"{one.action}: {OPTIONAL[one.action]}"
        for one in facts.asked
        if one.action in OPTIONAL and one.reply is Reply.DENIED
    ]
    unknown = _unknown(tuple(OPTIONAL), asked)
    if lacking:
        yield warning(name, f"{_many(len(lacking))} that help are denied", _POLICY, lacking + unknown)
    elif unknown:
        yield not_checked(name, f"{len(unknown)} could not be tried; none is denied", details=unknown)
    else:
        yield ok(name, "all that help are allowed")


_NOTHING = "(there is nothing to ask about)"


def _unknown(wanted: Sequence[str], asked: dict[str, Asked]) -> list[str]:
    found = []
    for action in wanted:
        one = asked.get(action, Asked(action, Reply.UNTRIED))
        if one.reply is Reply.UNTRIED:
            found.append(f"not tried: {action} {f'({one.text})' if one.text else _NOTHING}")
        elif one.reply in (Reply.FAILED, Reply.CREDENTIALS):
            found.append(f"not known: {action} ({one.text})")
    return found


def _denial(one: Asked) -> str:
    """The action, and which kind of policy denies it where AWS says so."""
    by = next((words for mark, words in _BY.items() if mark in unnamed(one.text)), "")
    return f"{one.action}{f' ({by})' if by else ''}"


# As IAM words it ("Troubleshoot access denied error messages").
_BY = {
    "service control policy": "denied by a service control policy",
    "resource control policy": "denied by a resource control policy",
    "permissions boundary": "denied by the permissions boundary of the role",
    "session policy": "denied by the policy of the session",
    "explicit deny": "denied explicitly",
}


def writes(facts: AwsFacts, use: Use | None) -> Check:
    """What can be known of the actions that an apply needs, without writing anything."""
    name = "write-actions"
    fix = "the first apply tells, before anything else is lost; the README has the policy"
    if isinstance(facts.simulated, Unseen):
        return not_checked(name, f"{facts.simulated.why}; nothing is written to find out", fix, WRITES)
    simulated = facts.simulated
    allowed = [one for one in WRITES if simulated.get(one) == "allowed"]
    denied = [one for one in WRITES if one in simulated and simulated[one] != "allowed"]
    unknown = [one for one in WRITES if one not in simulated]
    scoped = "by the simulator, on all resources: a policy that names resources allows less than that"
    if use is Use.PLAN:
        if allowed:
            return warning(
                name,
                f"{_many(len(allowed))} that write are allowed to a role that plans",
                "take them from the role: a person who changes a workflow in a pull request has them",
                allowed,
            )
        if unknown:
            return not_checked(name, "IAM's simulator left some out", details=unknown)
        return ok(name, "the role cannot write, which is right for one that plans")
    if denied:
        found = f"{_many(len(denied))} that an apply needs are denied ({scoped})"
        made = problem if use is Use.APPLY else warning
        return made(name, found, f"where this role applies: {_POLICY}", denied)
    if unknown:
        return not_checked(name, "IAM's simulator left some out", fix, unknown)
    return ok(name, "all that an apply needs are allowed, as IAM's simulator has it")


def network(facts: AwsFacts) -> Check:
    """Denials that depend on where a call comes from; they do not mean that an action is missing."""
    name = "network"
    refused = [f"{one.action}: {one.text}" for one in facts.asked if one.reply is Reply.NETWORK]
    rules = [rule for one in _instances(facts) for rule in _rules(one.rules)]
    if refused:
        fix = (
            "call from a network that is allowed, or correct the policy of the VPC endpoint or the network "
            "rules of the instance (NetworkConfiguration); no action of the role is missing"
        )
        return problem(
            name, f"{len(refused)} calls are refused because of where they come from", fix, refused + rules
        )
    unseen = [one.rules for one in _instances(facts) if isinstance(one.rules, Unseen)]
    if not _any_answer(facts):
        return not_checked(name, "AWS did not answer")
    if rules:
        return warning(
            name, "the instance has network rules; calls from here pass", "run CI from there, too", rules
        )
    if unseen:
        return ok(
            name,
            f"no call is refused because of where it comes from; the rules are not seen: {unseen[0].why}",
        )
    return ok(name, "no call is refused because of where it comes from")


def key(facts: AwsFacts) -> Check:
    """Whether the customer-managed key of the instance can be used."""
    name = "encryption-key"
    refused = [f"{one.action}: {one.text}" for one in facts.asked if one.reply is Reply.KEY]
    keys = sorted({one.key for one in _instances(facts) if one.key})
    if refused:
        fix = (
            "allow the role kms:Decrypt on the key of the instance by sso and identitystore (an apply also "
            "needs kms:Encrypt and kms:GenerateDataKeyWithoutPlaintext), and see that the key is enabled"
        )
        named = f" {' and '.join(keys)}" if keys else ""
        return problem(name, f"the customer-managed KMS key{named} cannot be used", fix, refused)
    if not _any_answer(facts):
        return not_checked(name, "AWS did not answer")
    broken = [one for one in _instances(facts) if one.key_status not in ("", "ENABLED")]
    if broken:
        return warning(
            name, f"the encryption of {broken[0].arn} is in state {broken[0].key_status}", "see the console"
        )
    if keys:
        return ok(name, f"the customer-managed KMS key {' and '.join(keys)} can be used")
    return ok(name, "no call is refused because of a key")


def _any_answer(facts: AwsFacts) -> bool:
    return any(one.reply is Reply.ANSWERED for one in facts.asked)


def _instances(facts: AwsFacts) -> tuple[Instance, ...]:
    return () if isinstance(facts.instances, Unseen) else facts.instances


def _rules(rules: tuple[str, ...] | Unseen) -> tuple[str, ...]:
    return () if isinstance(rules, Unseen) else rules


def _many(count: int) -> str:
    return "one action" if count == 1 else f"{count} actions"
