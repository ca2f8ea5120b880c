"""One comment on each pull request, written anew when there is something new to say."""

from __future__ import annotations

from reconciler.forge.github import GitHub, number_of
from reconciler.forge.marker import is_ours, marker

# Characters (GitHub's own limit of a comment, docs of "Create an issue comment" and its error message).
MAX_CHARACTERS = 65_536


def put_comment(github: GitHub, number: int, kind: str, text: str, author: str) -> str:
    """Let the one comment of this kind on a pull request say `text`; returns what was done.

    Comments of others, and such that only begin like ours, are left alone. Further ones of ours, as two runs
    at once can leave them, are deleted. Raises ServiceError.
    """
    mark = marker(kind)
    body = f"{mark}\n{text}"
    if len(body) > MAX_CHARACTERS:
        raise ValueError(f"a comment has at most {MAX_CHARACTERS:,} characters")
    path = github.at("issues", number, "comments")
    ours = [one for one in github.rest.pages(path, "ListComments") if is_ours(one, mark, author)]
    if not ours:
        github.rest.ask("POST", path, "CreateComment", body={"body": body})
        return "created"
    first, *others = ours
    for one in others:
        other = github.at("issues", "comments", number_of(one, "id"))
        github.rest.ask("DELETE", other, "DeleteComment")
    # GitHub keeps line ends as they came, and gives them back as CR LF where a browser wrote them.
    if str(first.get("body", "")).replace("\r\n", "\n").rstrip("\n") == body.rstrip("\n"):
        return "unchanged"
    own = github.at("issues", "comments", number_of(first, "id"))
    github.rest.ask("PATCH", own, "UpdateComment", body={"body": body})
    return "updated"
