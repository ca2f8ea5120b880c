"""From which account the instance is administered, who moves access by tags, and policies in accounts."""

from __future__ import annotations

from reconciler.doctor.aws.facts import AwsFacts, CustomerPolicy, Declared
from reconciler.doctor.check import Check, Unseen, not_checked, ok, problem, warning

_MOST = 100


def management(facts: AwsFacts, declared: Declared) -> Check:
    """Whether management or delegated administrator, and what that forbids."""
    name = "administration"
    if isinstance(facts.management, Unseen):
        return not_checked(name, facts.management.why)
    if not facts.management:
        return not_checked(name, "the account is in no organization")
    if isinstance(facts.caller, Unseen):
        return not_checked(name, f"the management account is {facts.management}; who calls is not known")
    there = sorted(key for key, ids in declared.assignments.items() if facts.management in ids)
    if facts.caller.account == facts.management:
        found = f"the management account {facts.management} calls"
        if not there:
            return ok(name, f"{found}; the files name it in no assignment, which would need rights of IAM")
        fix = "give the role that applies the third policy of the README, for roles in the management account"
        return warning(name, f"{found}, and the files assign there", fix, there)
    found = f"account {facts.caller.account} calls, and {facts.management} is the management account"
    instances = () if isinstance(facts.instances, Unseen) else facts.instances
    if not instances or instances[0].owner not in ("", facts.management):
        return not_checked(name, f"{found}; it does not administer the instance of the organization")
    held = () if isinstance(facts.in_management, Unseen) else facts.in_management
    forbids = (
        f"{found}: a delegated administrator can neither assign in the management account nor change a "
        "permission set that is provisioned there"
    )
    fix = "call from the management account, or keep the management account out of the files"
    if there:
        return problem(name, f"{forbids}, and the files assign there", fix, there)
    if isinstance(facts.in_management, Unseen):
        return warning(name, f"{forbids}; which those are is not seen: {facts.in_management.why}")
    if held:
        return warning(name, f"{forbids}: {len(held)} are", fix, held)
    return ok(name, f"{forbids}; nothing of that is needed")


def tag_keys(declared: Declared) -> Check:
    """Those who may tag accounts move access, where selectors go by tags."""
    name = "selector-tags"
    if not declared.tag_keys:
        return ok(name, "no selector goes by tags of accounts")
    return warning(
        name,
        f"selectors go by {len(declared.tag_keys)} tag keys: those who may set them on accounts move access",
        "see who is allowed organizations:TagResource and organizations:UntagResource (also in the delegated "
        "administrators of other services), and deny both for these keys to everybody else by a service "
        "control policy with the condition aws:TagKeys",
        [f"{key}: {', '.join(places)}" for key, places in sorted(declared.tag_keys.items())],
    )


def customer_policies(facts: AwsFacts, declared: Declared) -> Check:
    """Whether customer-managed policies are in the accounts where a permission set needs them."""
    name = "customer-managed-policies"
    if not declared.customer_policies:
        return ok(name, "no permission set of the files refers to a customer-managed policy")
    missing = [_pair(one) for one in facts.policies if one.there is False]
    unknown = [f"{_pair(one)}: {one.there.why}" for one in facts.policies if isinstance(one.there, Unseen)]
    unknown += [
        f"{', '.join(policies)}: in every account of {what} (permission set {key})"
        for key, policies in sorted(declared.customer_policies.items())
        for what in declared.described.get(key, ())
    ]
    fix = (
        "in each account: aws iam get-policy --policy-arn ARN; create what is missing there before the "
        "permission set is assigned (for example by a StackSet), because provisioning fails without it"
    )
    if missing:
        return problem(name, f"{len(missing)} are missing in accounts", fix, [*missing, *unknown][:_MOST])
    if unknown:
        why = "name a role that may be asked there with --account-role, or look by hand"
        return not_checked(name, f"{len(unknown)} are not looked at: {why}", fix, unknown[:_MOST])
    if not facts.policies:
        return ok(name, "no permission set that refers to one is assigned anywhere yet")
    return ok(name, f"all {len(facts.policies)} are in their accounts")


def _pair(one: CustomerPolicy) -> str:
    """What can be pasted: the ARN, and for which permission sets."""
    return f"{one.arn} (permission set {', '.join(one.sets)})"
