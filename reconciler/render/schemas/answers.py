"""The schemas of what else commands print as JSON: validation, reports, answers about access, drift."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model.access import Direction
from reconciler.model.authorship import Channel
from reconciler.model.drift import DriftState
from reconciler.model.plan import Severity
from reconciler.model.report import Status
from reconciler.render.schemas.build import (
    Schema,
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
from reconciler.render.schemas.plan import CHANGE, DEFS, GAP, PLACE

_KEYS = {"type": "string"}
_VERSION = text("Major and minor version of the format.", pattern=r"^1\.[0-9]+$")
_SPOT: Mapping[str, Schema] = {name: perhaps(shape) for name, shape in PLACE.items()}
VALIDATION = document(
    "Validation",
    fields(
        "What `validate` says of the files; every command says the same where they are not valid.",
        {
            "format_version": _VERSION,
            "valid": flag("Whether the files are valid."),
            "summary": perhaps(text("What is in them, in a sentence.")),
            "problems": listed(
                fields(
                    "One thing that is wrong.",
                    {
                        **_SPOT,
                        "message": text("What is wrong."),
                        "fix": perhaps(text("What to write instead.")),
                    },
                ),
                "Everything that is wrong.",
            ),
            "findings": listed(
                fields(
                    "Something worth a look.",
                    {
                        **_SPOT,
                        "code": text("What it is, as in docs/findings.md."),
                        "severity": one_of(Severity, "How loud it is."),
                        "message": text("What it says."),
                        "fix": perhaps(text("What to do.")),
                        "details": listed(_KEYS, "Whom or what it is about."),
                    },
                ),
                "In the order of their discovery.",
            ),
        },
    ),
)
REPORT = document(
    "Report",
    fields(
        "What `apply` or `reconcile` did.",
        {
            "format_version": _VERSION,
            "interrupted": flag("Whether it was interrupted."),
            "failed": flag("Whether something that was to be done was not."),
            "writes": count("Writes that were answered with success."),
            "statuses": {
                "type": "object",
                "description": "How many changes ended how.",
                "propertyNames": {"enum": [str(status) for status in Status]},
                "additionalProperties": count("How many."),
            },
            "targets": listed(
                fields(
                    "How one target fared.",
                    {
                        "target": text("Its name."),
                        "digest": text("The digest of what was planned."),
                        "whole": flag("Whether the target is as git says."),
                        "writes": count("Writes that were answered with success."),
                        "calls": mapped(count("How many."), "Calls by name."),
                        "seconds": seconds("How long it took."),
                        "notes": listed(_KEYS, "Sentences for people."),
                        "refusals": listed(ref("finding"), "What guards and rules refused."),
                        "approvals": listed(_KEYS, "Lines of YAML that lift them."),
                        "results": listed(
                            fields(
                                "How one change ended.",
                                {
                                    "address": text("Which object."),
                                    "status": one_of(Status, "How it ended."),
                                    "message": text("What went wrong; empty where nothing did."),
                                    "request_id": text("What the service's support asks for."),
                                },
                            ),
                            "One for each change.",
                        ),
                    },
                ),
                "One for each target.",
            ),
        },
    ),
    DEFS,
)
_ROW: Mapping[str, Schema] = {
    "people": listed(_KEYS, "Keys of users; behind a tilde the remote id of one that git does not know."),
    "accounts": listed(_KEYS, "Ids of accounts."),
    "permission_set": text("Its name."),
    "through": listed(perhaps(_KEYS), "Keys of groups; null is a direct assignment."),
    "privileged": flag("Whether the guards call it privileged."),
    "unknown": flag("Whether nobody here knows what its policies say."),
    "until": perhaps(text("When it ends (UTC); null is never.")),
}
ACCESS = document(
    "Access",
    fields(
        "What `access` answers: each of `people` has `permission_set` on each of `accounts`.",
        {
            "format": constant("reconciler access", "What this is."),
            "version": constant(1, "Of this format."),
            "not_read": listed(_KEYS, "What is not part of the answer."),
            "targets": listed(
                fields(
                    "The access at one target.",
                    {
                        "target": text("Its name."),
                        "access": listed(
                            {
                                "anyOf": [
                                    fields(
                                        "What is there.",
                                        {
                                            **_ROW,
                                            "entries": listed(
                                                perhaps(_KEYS), "Entries of `assignments`; null is none."
                                            ),
                                        },
                                    ),
                                    fields(
                                        "What differs.",
                                        {**_ROW, "change": one_of(Direction, "How it differs.")},
                                    ),
                                ]
                            },
                            "Privileged access first.",
                        ),
                        "applications": perhaps(
                            listed(
                                fields(
                                    "Who has an application.",
                                    {
                                        "application": text("Its name."),
                                        "arn": text("Its ARN."),
                                        "people": listed(_KEYS, "Keys of users."),
                                        "through": perhaps(text("The group; null is directly.")),
                                    },
                                ),
                                "Null where they were not read.",
                            )
                        ),
                        "unread": listed(_KEYS, "What else was not read, in sentences."),
                        "names": mapped(_KEYS, "What people call ids of accounts, people and groups."),
                        "gaps": listed(GAP, "What was not read."),
                    },
                ),
                "One for each target.",
            ),
        },
    ),
)
RULES = document(
    "Access rules",
    fields(
        "What `access --rules` answers: access as the files select it.",
        {
            "format": constant("reconciler access rules", "What this is."),
            "version": constant(1, "Of this format."),
            "targets": listed(
                fields(
                    "The rules of one target.",
                    {
                        "target": text("Its name."),
                        "rules": listed(
                            fields(
                                "One permission set for one group or some people.",
                                {
                                    "change": perhaps(one_of(Direction, "How it differs.")),
                                    "entry": text("The entry of `assignments`."),
                                    "permission_set": text("Its name."),
                                    "through": perhaps(text("The group; null is directly.")),
                                    "people": listed(_KEYS, "Keys of users."),
                                    "members_unknown": flag("Whether git does not declare the members."),
                                    "accounts": listed(_KEYS, "As the files select them."),
                                    "except": listed(_KEYS, "What is left out."),
                                    "named": listed(_KEYS, "Ids of accounts that are named."),
                                    "never": listed(_KEYS, "Ids of accounts that are never selected."),
                                    "selects": flag("Whether accounts are selected, and not named alone."),
                                    "privileged": flag("Whether the guards call it privileged."),
                                    "from": perhaps(text("When it begins; null is always.")),
                                    "until": perhaps(text("When it ends; null is never.")),
                                },
                            ),
                            "Privileged access first.",
                        ),
                    },
                ),
                "One for each target.",
            ),
        },
    ),
)
_AUTHOR = perhaps(
    fields(
        "Whose hand it was.",
        {
            "who": text("A person or a session."),
            "own": flag("Whether it was a run of the reconciler."),
            "at": perhaps(moment("When.")),
            "channel": perhaps(one_of(Channel, "By which door.")),
            "event": perhaps(text("The name of the call.")),
            "event_id": perhaps(text("The id of the event.")),
        },
    )
)
DRIFT = document(
    "Drift",
    fields(
        "What `drift` found.",
        {
            "format": constant("reconciler drift", "What this is."),
            "version": constant(1, "Of this format."),
            "now": moment("When it was looked."),
            "targets": listed(
                fields(
                    "What differs at one target.",
                    {
                        "target": text("Its name."),
                        "state": one_of(DriftState, "What is known of it."),
                        "refused": flag("Whether a guard or rule refuses what would set it right."),
                        "error": perhaps(text("Why it could not be compared.")),
                        "checked": perhaps(moment("When an apply compared all of it last.")),
                        "file": perhaps(text("The Markdown file about it.")),
                        "differences": listed(
                            fields(
                                "One object that is not as git says.",
                                {
                                    "change": ref("change"),
                                    "drifted": flag("Whether it was changed outside git."),
                                    "privileged": flag("Whether it is about privileged access."),
                                    "right_at": perhaps(moment("When an apply last saw it right.")),
                                    "withheld": perhaps(text("Why it is not set right.")),
                                    "author": _AUTHOR,
                                },
                            ),
                            "Privileged ones first.",
                        ),
                        "unmanaged": listed(
                            fields(
                                "A grant that git neither declares nor gave.",
                                {
                                    "address": text("Which."),
                                    "privileged": flag("Whether it is privileged."),
                                    "author": _AUTHOR,
                                },
                            ),
                            "Privileged ones first.",
                        ),
                        "unattributed": perhaps(text("Why some have no author.")),
                        "findings": listed(ref("finding"), "What else to know."),
                        "names": mapped(_KEYS, "What people call ids of accounts, people and groups."),
                        "gaps": listed(GAP, "What was not read."),
                    },
                ),
                "One for each target.",
            ),
        },
    ),
    {**DEFS, "change": CHANGE},
)

WHO_EDITS = document(
    "Who edits",
    fields(
        "Which lines decide, as `who-edits` found them.",
        {
            "format": constant("reconciler who-edits", "What this is."),
            "version": constant(1, "Of this format."),
            "owners": mapped(listed(_KEYS, "Owners."), "Who owns each file, by CODEOWNERS."),
            "found": listed(
                fields(
                    "Something that the name means.",
                    {
                        "kind": text("What it is."),
                        "key": text("Its key in the files."),
                        "lines": listed(
                            fields(
                                "A line that decides about it.",
                                {
                                    "path": text("The file."),
                                    "line": perhaps(count("The line, from 1.")),
                                    "column": perhaps(count("The column, from 1.")),
                                    "says": text("What it says, as a sentence."),
                                },
                            ),
                            "The declaration first.",
                        ),
                    },
                ),
                "Everything that the name means.",
            ),
        },
    ),
)
