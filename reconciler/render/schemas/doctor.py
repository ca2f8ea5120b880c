"""The schema of what `doctor` prints as JSON."""

from __future__ import annotations

from reconciler.doctor.check import Outcome
from reconciler.render.schemas.build import constant, document, fields, flag, listed, one_of, perhaps, text

_CHECK = fields(
    "One check.",
    {
        "name": text("Its name, which stays; `:` and a name follow where there are several of a kind."),
        "outcome": one_of(Outcome, "How it ended. What could not be looked at is `not checked`."),
        "found": text("What was found."),
        "fix": perhaps(text("What to do.")),
        "details": listed(text("One of them."), "Which."),
    },
)
DOCTOR = document(
    "Doctor",
    fields(
        "What `doctor aws` or `doctor github` found.",
        {
            "format": constant("reconciler doctor", "What this is."),
            "version": constant(1, "Of this format."),
            "about": one_of(("aws", "github"), "What was examined."),
            "healthy": flag("Whether no check found a problem."),
            "examinations": listed(
                fields(
                    "One target, or one repository.",
                    {
                        "subject": text("Its name."),
                        "healthy": flag("Whether none of its checks found a problem."),
                        "checks": listed(_CHECK, "All of them."),
                    },
                ),
                "One for each subject.",
            ),
        },
    ),
)
