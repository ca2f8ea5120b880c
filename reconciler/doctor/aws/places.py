"""Which Region was asked, which instance is there, and whether it has permission sets."""

from __future__ import annotations

from reconciler.doctor.aws.facts import AwsFacts, Declared, Instance
from reconciler.doctor.check import Check, Unseen, not_checked, ok, problem

_SET = "set `region` of the target in reconciler.yaml"


def region(facts: AwsFacts) -> Check:
    """Whether the instance is in the Region that is asked."""
    name = "region"
    if isinstance(facts.region, Unseen):
        return problem(name, facts.region.why, f"{_SET}, or AWS_DEFAULT_REGION")
    asked = f"{facts.region} was asked ({facts.region_from})"
    if isinstance(facts.instances, Unseen):
        return not_checked(name, f"{asked}; {facts.instances.why}")
    if facts.instances:
        primary = facts.instances[0].primary_region
        if primary and primary != facts.region:
            found = f"{asked}: there is a replica, which cannot be written; the primary Region is {primary}"
            return problem(name, found, f"{_SET} to {primary}")
        return ok(name, f"{asked}, and an instance is there")
    if facts.elsewhere:
        found = f"{asked}, and no instance is there; there is one in {' and '.join(facts.elsewhere)}"
        return problem(name, found, f"{_SET} to that")
    return problem(
        name,
        f"{asked}, and no instance is there",
        f"{_SET} to the home Region of the instance (the console shows it under Settings), and use "
        "credentials of the management account or of the delegated administrator",
    )


def instance(facts: AwsFacts) -> Check:
    """Whether it is clear which instance is meant, and whether it is active."""
    name = "instance"
    found = _one(facts)
    if isinstance(found, str):
        return not_checked(name, found)
    if isinstance(found, tuple):
        arns = [f"{one.arn} ({one.store})" for one in found]
        fix = "set `instance_arn` of the target to one of them"
        return problem(name, f"there are {len(found)} instances", fix, arns)
    if found.status not in ("", "ACTIVE"):
        why = f": {found.status_reason}" if found.status_reason else ""
        return problem(name, f"{found.arn} is in state {found.status}{why}", "wait until it is active")
    return ok(name, f"{found.arn} with the identity store {found.store}, owned by account {found.owner}")


def permission_sets(facts: AwsFacts, declared: Declared) -> Check:
    """Whether the instance can have permission sets: one of a single account has none."""
    name = "permission-sets"
    found = _one(facts)
    if not isinstance(found, Instance):
        return not_checked(name, "it is not known which instance is meant")
    wants = "the files assign permission sets" if declared.assignments else ""
    if found.permission_sets is False:
        says = f"permission sets are not enabled on {found.arn}"
        fix = "enable them (sso:UpdateInstance, PermissionSetsEnabled; it cannot be undone)"
    elif isinstance(facts.management, Unseen):
        return not_checked(name, f"whether it is an instance of the organization: {facts.management.why}")
    elif not facts.management:
        says = f"{found.arn} is an account instance, outside of any organization: it has no permission sets"
        fix = "use the instance of the organization"
    elif found.owner not in ("", facts.management):
        says = f"{found.arn} is an instance of account {found.owner} alone: it has no permission sets"
        fix = "use the instance of the organization, with credentials of the management account"
    else:
        return ok(name, "the instance has permission sets")
    if not wants:
        return ok(name, f"{says}; the files declare no assignments")
    return problem(name, f"{says}; {wants}", f"{fix}, or delete `assignments` from the files of this target")


def _one(facts: AwsFacts) -> Instance | tuple[Instance, ...] | str:
    """The instance; several where it is not clear which; a sentence where none is known."""
    if isinstance(facts.instances, Unseen):
        return facts.instances.why
    if not facts.instances:
        return "no instance was found in the Region that was asked"
    return facts.instances[0] if len(facts.instances) == 1 else facts.instances
