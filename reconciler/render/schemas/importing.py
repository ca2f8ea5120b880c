"""The schema of what `import ad` prints as JSON."""

from __future__ import annotations

from reconciler.render.schemas.build import constant, count, document, fields, listed, text

_COUNTS = {
    "total": count("Those in the directory now."),
    "added": count("Those who came."),
    "changed": count("Those with other fields than at the last import."),
    "left": count("Those who are gone since then."),
    "unchanged": count("Those who stayed as they were."),
}
_PATHS = text("A path, relative to the folder of the identities.")
IMPORT = document(
    "Import",
    fields(
        "What `import ad` did.",
        {
            "format": constant("reconciler import", "What this is."),
            "version": constant(1, "Of this format."),
            "users": fields("Users in numbers.", _COUNTS),
            "groups": fields("Groups in numbers.", _COUNTS),
            "written": listed(_PATHS, "Files that are new or have other content."),
            "removed": listed(_PATHS, "Files that are gone."),
            "findings": listed(
                fields(
                    "Something about one entry.",
                    {
                        "code": text("Its kind, which stays (docs/active-directory.md)."),
                        "dn": text("The distinguished name; of who is not there, the key and objectGUID."),
                        "message": text("What is the matter."),
                        "fix": text("What to do."),
                    },
                ),
                "What is worth a look, sorted.",
            ),
        },
    ),
)
