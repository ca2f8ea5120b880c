"""Codes of findings: what git remembers and trusts."""

from __future__ import annotations

from reconciler.model.catalogue.code import Code
from reconciler.model.plan import Severity

TITLE = "What git remembers and trusts"
CODES = (
    Code(
        "first-apply",
        (Severity.NOTE,),
        "nothing was applied (whole) yet; it says whether anything is removed all the same",
    ),
    Code(
        "head-trusted",
        (Severity.NOTE,),
        "the repository has no remote, or `--trusted-ref HEAD` is given: the checked-out commit is trusted",
    ),
    Code(
        "memory-unknown",
        (Severity.WARNING,),
        (
            "what git declared before is not known, or not all of it, so nothing is removed for "
            "having been deleted from the files"
        ),
    ),
    Code(
        "commits-passed-over",
        (Severity.WARNING,),
        ("commits since the last whole apply do not load whole; what of them makes sense is remembered"),
    ),
    Code(
        "memory-incomplete",
        (Severity.WARNING,),
        (
            "the tag of the last apply cannot be read, is foreign, was not fetched, or its history is "
            "cut off, or receipts do not fit: the plan is headed *Incomplete plan*, ends with exit "
            "code 1 and is not saved"
        ),
    ),
    Code(
        "memory-unreliable",
        (Severity.WARNING,),
        "what was applied last is not contained in HEAD, with what fixes it",
    ),
    Code(
        "memory-by-commits",
        (Severity.WARNING,),
        (
            "no receipt tells what git gave by remote ids (lost, or of an older version), so the "
            "files of commits answer until the next apply"
        ),
    ),
    Code(
        "runs-not-ended",
        (Severity.WARNING,),
        (
            "a run began to write and left no receipt (it is going, or it was killed), so what it may "
            "have given counts; `reconciler unlock` closes the mark of a dead run"
        ),
    ),
    Code(
        "target-not-configured",
        (Severity.WARNING,),
        (
            "a target was applied and is not configured any more, with how much git gave there that "
            "nothing takes back"
        ),
    ),
    Code(
        "working-tree-differs",
        (Severity.NOTE,),
        "the files differ from the commit, or nothing is committed; apply will refuse",
        formerly="not-as-in-git",
    ),
    Code(
        "not-merged",
        (Severity.NOTE,),
        (
            "the commit is not on the trusted branch, as on every branch under review; apply will refuse. A "
            "comment on a pull request leaves it out"
        ),
    ),
    Code(
        "no-trusted-configuration",
        (Severity.WARNING,),
        "the trusted branch has no `reconciler.yaml` yet: guards and all else that only it may "
        "say are the defaults, and targets with a SCIM endpoint are not planned (where `HEAD` "
        "itself is trusted, the file under plan is used)",
    ),
    Code(
        "configuration-not-trusted",
        (Severity.WARNING,),
        "`reconciler.yaml` differs from the trusted branch in what is only taken from there",
    ),
    Code(
        "accounts-not-trusted",
        (Severity.WARNING,),
        (
            "`accounts` gives a name of the trusted guards or restrictions to another account, or to "
            "none; they mean the account that it is on the trusted branch"
        ),
    ),
    Code(
        "rules-changed",
        (Severity.WARNING,),
        "rules that the trusted branch has are gone or changed in the files under plan",
    ),
    Code(
        "scope-changed",
        (Severity.WARNING,),
        "`scope`, `ignore`, `paths`, `provision`, `on_removal`, `map` or `timezone` differ from the "
        "trusted branch, and are used as they are in the files under plan",
    ),
    Code(
        "owed",
        (Severity.WARNING,),
        (
            "what git gave, does not want any more and cannot take back now, with what each waits "
            "for; it is planned again as soon as it can be"
        ),
    ),
    Code(
        "released",
        (Severity.WARNING,),
        (
            "what git gave and lets go of, by `external: true`, `ignore` or `members: unmanaged`; "
            "privileged access first"
        ),
    ),
    Code(
        "end-not-reviewed",
        (Severity.WARNING,),
        (
            "by rule alone: git puts off the end of what it gave, and no review of that was applied, "
            "so the earlier end holds"
        ),
    ),
    Code(
        "until-past",
        (Severity.WARNING,),
        "a new entry, membership, include, person or override has an `until` that is past already",
    ),
    Code(
        "members-undeclared",
        (Severity.WARNING,),
        (
            "a group declares no members any more, and those that git gave are removed; `members: "
            "unmanaged` leaves them"
        ),
    ),
    Code(
        "restores",
        (Severity.WARNING,),
        ("the plan gives again what somebody took away outside git; it is shown above every other warning"),
    ),
)
