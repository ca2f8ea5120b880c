"""GitLab's REST API, as far as a note on a merge request needs it.

Sources: docs.gitlab.com, "Notes API", "Users API", "REST API authentication" (a project access token
is a bearer token) and "Predefined CI/CD variables reference".
"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.errors import IncompleteRead, UsageError
from reconciler.forge.marker import marker
from reconciler.forge.rest import Rest
from reconciler.wire.clock import Clock
from reconciler.wire.tokens import TokenSource

TOKEN = "RECONCILER_NOTE_TOKEN"  # noqa: S105  # the name of a variable
# Characters ("Instance limits": size of comments and descriptions).
MAX_CHARACTERS = 1_000_000


def put_note(environment: Mapping[str, str], text: str, clock: Clock | None = None) -> str:
    """Let the one note of ours on the merge request of this job say `text`; returns what was done.

    Notes of others are left alone, also such that begin like ours. Raises UsageError outside a job of a merge
    request, and ServiceError.
    """
    url, project, request = (
        environment.get(name, "") for name in ("CI_API_V4_URL", "CI_PROJECT_ID", "CI_MERGE_REQUEST_IID")
    )
    if not (url and project.isascii() and project.isdigit() and request.isascii() and request.isdigit()):
        raise UsageError(
            "this runs in a job of a merge request at GitLab, which names it in CI_MERGE_REQUEST_IID"
        )
    rest = Rest("gitlab", url, TokenSource(env=TOKEN), clock=clock)
    me = rest.ask("GET", "user", "GetUser")
    own = me.get("id") if isinstance(me, dict) else None
    if not isinstance(own, int):
        raise IncompleteRead("the answer has no id", target="gitlab", request="GetUser")
    mark = marker("plan")
    body, path = f"{mark}\n{text}", f"projects/{project}/merge_requests/{request}/notes"
    if len(body) > MAX_CHARACTERS:
        raise ValueError(f"a note has at most {MAX_CHARACTERS:,} characters")
    for note in rest.pages(path, "ListNotes"):
        author, said, number = note.get("author"), note.get("body"), note.get("id")
        if not isinstance(said, str) or not isinstance(number, int) or not isinstance(author, dict):
            continue
        if author.get("id") != own or said.partition("\n")[0].rstrip("\r") != mark:
            continue
        if said.replace("\r\n", "\n").rstrip() == body.rstrip():
            return "unchanged"
        rest.ask("PUT", f"{path}/{number}", "UpdateNote", body={"body": body})
        return "updated"
    rest.ask("POST", path, "CreateNote", body={"body": body})
    return "created"
