"""`reconciler snapshot`: what is live now, for plans that may ask no service."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import click

from reconciler.cli.common import Options, answer, common_options
from reconciler.cli.observing import beside, observing
from reconciler.errors import UsageError

_TAG = "reconciler/snapshot"


@click.command("snapshot", short_help="keep what is live, for plans without credentials")
@click.option(
    "--redact",
    "redacted",
    is_flag=True,
    help="Leave out values of people and groups that git does not hold.",
)
@click.option("--tag", default=_TAG, show_default=True, metavar="NAME", help="The tag to write it to.")
@click.option("--unpublished", is_flag=True, help="Keep the tag in this clone.")
@common_options(hide=("--sandbox", "--now", "--format"))
def command(options: Options, tag: str, *, redacted: bool, unpublished: bool) -> None:
    """Read every target whole, and keep it at a tag.

    `plan --live reconciler/snapshot` plans by it. Nothing is written to any service.
    """
    from reconciler.execution.snapshots import snapshot_ref, write_snapshots
    from reconciler.model.address import Kind
    from reconciler.render.words import of_kind
    from reconciler.session.opening import open_session

    snapshot_ref(tag)
    if options.sandbox:
        raise UsageError(
            "a snapshot is kept in git, and --sandbox uses none: serve it with `reconciler sandbox`"
        )
    if options.now is not None:
        raise UsageError("a snapshot is of now: leave --now out")
    if not redacted and _is_public(os.environ):
        raise UsageError(
            "this repository is public, so that everybody could read names and addresses of people in the "
            "snapshot: add --redact, or only validate pull requests"
        )
    with observing() as observer, open_session(beside(observer, options), observer) as session:
        if session.position is None:
            raise UsageError("a snapshot is kept in git, and this folder is not in a git repository")
        taken = session.snapshot(redacted=redacted)
        repository = session.position.repository
        push = repository.has_remote() and not unpublished
        others = session.config.targets.keys() - taken.keys()
        commit = write_snapshots(repository, tag, taken, session.now, keep=others, push=push)
    where = "here and at origin" if push else "in this clone"
    answer(
        "\n".join(
            f"{name}: "
            + ", ".join(
                of_kind(kind, count)
                for kind, count in (
                    (Kind.USER, len(one.live.users)),
                    (Kind.GROUP, len(one.live.groups)),
                    (Kind.PERMISSION_SET, len(one.live.permission_sets)),
                    (Kind.ASSIGNMENT, sum(map(len, one.live.assignments.values()))),
                )
            )
            for name, one in taken.items()
        )
        + f"\nKept at the tag {tag} ({commit[:10]}) {where}."
    )


def _is_public(environment: Mapping[str, str]) -> bool:
    """Whether everybody can read the repository of this run, by what GitHub or GitLab says of it.

    A run of GitHub that does not say that its repository is private counts as public. (GitLab, "Predefined
    CI/CD variables"; GitHub, the payload of the event.)
    """
    if environment.get("CI_PROJECT_VISIBILITY") == "public":
        return True
    at_github = environment.get("GITHUB_ACTIONS") == "true"
    try:
        event = json.loads(Path(environment.get("GITHUB_EVENT_PATH", "")).read_bytes())
    except (OSError, ValueError, RecursionError):
        return at_github
    repository = event.get("repository") if isinstance(event, dict) else None
    private = repository.get("private") if isinstance(repository, dict) else None
    return private is not True if at_github else private is False
