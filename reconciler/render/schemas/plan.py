"""The schema of a saved plan, which is what `plan --format json` and `show --format json` print."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model.access import Direction
from reconciler.model.address import Kind
from reconciler.model.change import Action, Cause, Effect
from reconciler.model.plan import Severity
from reconciler.render.schemas.build import (
    Schema,
    anything,
    constant,
    count,
    document,
    fields,
    flag,
    listed,
    mapped,
    moment,
    one_of,
    perhaps,
    ref,
    seconds,
    text,
)

_HASH = r"^(?:sha256:)?[0-9a-f]{64}$"
ORIGIN = fields(
    "Where something is declared: a file, and the node's number in it. `places` has its line.",
    {
        "path": text("The file, below the folder of identities."),
        "node": {"type": "integer", "description": "The number of the node in the file."},
    },
)
CHANGE = fields(
    "What happens to one object.",
    {
        "address": text("Which object: `aws/user/ada`, `aws/membership/sre/ada`."),
        "action": one_of(Action, "What is done to it."),
        "effect": one_of(Effect, "What that does to somebody's access."),
        "cause": one_of(Cause, "Why there is a change."),
        "before": text("A hash of what it is now; empty in a redacted plan."),
        "after": text("A hash of what it will be; empty in a redacted plan."),
        "fields": listed(
            fields(
                "One attribute.",
                {
                    "name": text("Its name."),
                    "before": anything("What it is; null where it is not set."),
                    "after": anything("What it will be; null where it will not be set."),
                },
            ),
            "The attributes that change.",
        ),
        "name": text("What people call the object."),
        "reason": perhaps(text("Why, for people.")),
        "origin": perhaps(ref("origin")),
        "restores": flag("Whether it gives again what somebody took away outside git."),
    },
)
FINDING = fields(
    "What a reviewer must know and that is no change.",
    {
        "code": text("What it is, as in docs/findings.md."),
        "severity": one_of(Severity, "A refusal keeps the plan from being applied."),
        "message": text("What it says."),
        "address": perhaps(text("The object that it is about.")),
        "origin": perhaps(ref("origin")),
        "fix": perhaps(text("What to do.")),
        "details": listed({"type": "string"}, "Whom or what it is about."),
        "count": count("How many things it is about."),
        "kind": perhaps(one_of(Kind, "Of which kind they are.")),
    },
)
GAP = fields(
    "What was not read; nothing there is removed.",
    {
        "kind": text("The kind of objects."),
        "scope": text("Which of them; `*` is all."),
        "reason": text("Why."),
    },
)
_KEYS = {"type": "string"}
_ACCESS = fields(
    "Each of `people` gains (loses, ...) `permission_set` on each of `accounts`.",
    {
        "direction": one_of(Direction, "What happens to the access."),
        "permission_set": text("Its name."),
        "people": listed(_KEYS, "Keys of users; behind a tilde the remote id of one that git does not know."),
        "accounts": listed(_KEYS, "Ids of accounts."),
        "groups": listed(_KEYS, "Keys of the groups through which; empty text is a direct assignment."),
        "privileged": flag("Whether the guards call it privileged."),
    },
    {
        "was_until": perhaps(text("When it ended before (UTC); null is never.")),
        "until": perhaps(text("When it ends now (UTC); null is never.")),
        "unknown_content": constant(True, "Nobody here knows what its policies say."),
    },
)
_COUNTS = fields(
    "How many of a kind there are.",
    {
        "live": count("At the target."),
        "desired": count("In git."),
        "unchanged": count("As git says."),
        "unmanaged": count("At the target, not in git, and left alone."),
        "ignored": count("Left alone because the configuration says so."),
    },
)
_TARGET = fields(
    "The part of a plan that is about one target.",
    {
        "target": text("Its name."),
        "identity": mapped({"type": "string"}, "Which instance it is."),
        "policy_digest": text("A hash of its guards, rules and scope.", pattern=_HASH),
        "digest": text("What people approve: a hash of identity, policy and changes.", pattern=_HASH),
        "shown": text("A hash of what is shown of it; it checks the file.", pattern=_HASH),
        "partial": flag("Whether something was left unread on purpose."),
        "applyable": flag("Whether no guard or rule refuses it."),
        "incomplete": flag("Whether removals may be missing."),
        "blocked": listed(perhaps({"type": "string"}), "Addresses of what waits for a person's word."),
        "gaps": listed(GAP, "What was not read."),
        "read_calls": mapped(count("How many."), "The calls that reading took, by name."),
        "counts": mapped(_COUNTS, "By kind."),
        "changes": listed(ref("change"), "In the order of addresses."),
        "findings": listed(ref("finding"), "The loudest first."),
        "access": listed(_ACCESS, "What the changes do to people."),
        "accounts": mapped(
            {"type": "string"}, "What people call accounts, and people and groups that have no key."
        ),
    },
    {
        "approvals": listed({"type": "string"}, "Lines of YAML that lift what is refused."),
        "only": listed({"type": "string"}, "The addresses that the plan was restricted to."),
        "authors": listed(_KEYS, "Keys of the users who wrote what is planned."),
        "self_grants": listed(_KEYS, "Keys of those authors who gain by the plan."),
        "takes": fields(
            "What applying takes, as far as quotas tell.",
            {"seconds": seconds("By the clock."), "calls": count("To the service.")},
        ),
    },
)
PLACE: Mapping[str, Schema] = {
    "path": text("The file."),
    "line": {"type": "integer", "minimum": 1, "description": "The line, from 1."},
    "column": {"type": "integer", "minimum": 1, "description": "The column, from 1."},
}
DEFS: Mapping[str, Schema] = {"origin": ORIGIN, "finding": FINDING}
PLAN = document(
    "Plan",
    fields(
        "What apply would do. A later minor version may have more fields.",
        {
            "format_version": text("Major and minor version of this format.", pattern=r"^1\.[0-9]+$"),
            "semantics_version": count("Plans of one version mean the same."),
            "tool_version": text("The version of the reconciler that planned."),
            "now": moment("The moment that it was planned for."),
            "tree": text("The git tree of the files; empty where they are not committed."),
            "partial": flag("Whether any target's part is."),
            "applyable": flag("Whether every target's part is."),
            "targets": listed(_TARGET, "A part for each target."),
            "places": listed(
                fields(
                    "Where an origin stands.",
                    {"origin": ref("origin"), "place": fields("Its place.", PLACE)},
                ),
                "For every origin of a change or finding.",
            ),
        },
        {
            "incomplete": constant(True, "Removals may be missing, so nothing of it can be applied."),
            "redacted": constant(True, "Values of people are replaced; nothing of it can be applied."),
        },
    ),
    {**DEFS, "change": CHANGE},
)
