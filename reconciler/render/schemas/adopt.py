"""JSON Schema of what `adopt --format json` prints."""

from __future__ import annotations

from reconciler.render.schemas.build import constant, count, document, fields, flag, listed, mapped, text

_LEFT = fields(
    "Something that is not declared, and stays as it is.",
    {
        "what": text("What it is."),
        "name": text("What the service or Terraform calls it."),
        "why": text("Why."),
        "fix": text('What to do about it; "" for nothing.'),
    },
)

ADOPT = document(
    "Adopted",
    fields(
        "What `adopt` declared and wrote.",
        {
            "format": constant("reconciler adopt", "What this is."),
            "version": constant(1, "Of this format."),
            "target": text("The target that was read."),
            "identity": mapped(text("Its value."), "Which instance it is."),
            "users": count("Users that are declared."),
            "groups": count("Groups that are declared."),
            "permission_sets": count("Permission sets that are declared."),
            "accounts": count("Accounts that have a name."),
            "assignments": count("Assignments that the entries expand to."),
            "entries": count("Entries of `assignments`."),
            "entries_that_widen": count("Entries that find accounts that join later, too."),
            "written": mapped(count("Its lines."), "The files that were written, by path."),
            "gitignore_written": flag("Whether a `.gitignore` was written in the current folder."),
            "differing": listed(text("An address."), "What git says otherwise than it is."),
            "ignored": listed(
                fields(
                    "A permission set that `ignore` names.",
                    {"permission_set": text("Its name."), "why": text("Why.")},
                ),
                "By name.",
            ),
            "removed": listed(text("A `removed` block."), "What Terraform can let go of."),
            "kept": listed(_LEFT, "Resources that stay Terraform's."),
            "left": listed(_LEFT, "By kind and name."),
        },
    ),
)
