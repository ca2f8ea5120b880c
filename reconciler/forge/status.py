"""The commit status that says that a plan was shown, so that a rule can let merging wait for it.

It orders things, and proves nothing: every workflow of the repository may write a status. What the apply
rests on is `reviewed`.
"""

from __future__ import annotations

from reconciler.forge.github import GitHub

CONTEXT = "plan shown"


def mark_shown(github: GitHub, commit: str, url: str) -> None:
    """Set the status on a commit. Raises ServiceError."""
    body = {
        "state": "success",
        "context": CONTEXT,
        "description": "The plan is in the comment of the pull request.",
        "target_url": url,
    }
    github.rest.ask("POST", github.at("statuses", commit), "CreateStatus", body=body)
