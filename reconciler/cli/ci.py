"""`reconciler ci`: what workflows ask of GitHub and GitLab, between the commands that plan and apply."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import ci_import
from reconciler.cli.ci_request import request
from reconciler.cli.common import Command, answer, remark
from reconciler.cli.plan import parse_duration
from reconciler.errors import PlanFileError, ReconcilerError, Stale, UsageError

if TYPE_CHECKING:
    from reconciler.files.git import Repository
    from reconciler.forge.github import GitHub, Run
    from reconciler.model.plan import Plan

_WORKFLOWS = ".github/workflows/"
_PLAIN = re.compile(r"[a-z0-9-]+=[A-Za-z0-9.-]*")
# The line of a comment that says which run planned needs room beside the plan; bytes.
_ROOM = 1_024
# Characters of an error; it can quote what a pull request wrote.
_WHY = 500


@click.group("ci", short_help="what the workflows ask of GitHub")
def command() -> None:
    """Post plans as comments, find what was reviewed, keep issues about drift.

    For the workflows that `reconciler init` writes. The token is in GITHUB_TOKEN, for GitLab in
    RECONCILER_NOTE_TOKEN.
    """


command.add_command(ci_import.propose)
command.add_command(ci_import.merge_leavers)
command.add_command(request)


def _branch(command: Command) -> Command:
    return click.option(
        "--branch", default="main", show_default=True, metavar="NAME", help="The trusted branch."
    )(command)


def _workflow(name: str, default: str, says: str) -> Callable[[Command], Command]:
    def decorate(command: Command) -> Command:
        return click.option(name, "workflow", default=default, show_default=True, metavar="FILE", help=says)(
            command
        )

    return decorate


def _author(command: Command) -> Command:
    return click.option(
        "--author",
        default="github-actions[bot]",
        show_default=True,
        metavar="LOGIN",
        help="Who writes with the token: only its comments and issues are ours.",
    )(command)


@command.command("comment", short_help="show a plan at its pull request")
@_workflow("--workflow", "plan.yml", "The workflow that plans pull requests.")
@_branch
@_author
@click.option(
    "--out-dir",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FOLDER",
    help="Where to write the plan that was shown, for the apply.",
)
def comment(workflow: str, branch: str, author: str, out_dir: Path) -> None:
    """Show the plan of a finished run as the one comment of its pull request.

    Runs on the event workflow_run, with the workflow of the trusted branch. The pull request is the one
    that GitHub names; the artifact is data.
    """
    from reconciler.forge.comments import put_comment
    from reconciler.forge.github import connect, read_event, run_of_event
    from reconciler.forge.shown import PLAN, check_base, planned, pull_of_run, shown_name

    github, run = connect(os.environ), run_of_event(read_event(os.environ))
    path = f"{_WORKFLOWS}{workflow}"
    if run.event == "merge_group" and run.workflow == path:
        # The queue merges what was reviewed at the pull request; there is nobody to show it to.
        _output({"commit": run.head_sha})
        answer("A merge queue planned; nothing is shown.")
        return
    pull = pull_of_run(github, run, path, branch)
    if pull is None:
        answer("Nothing to show: no open pull request has this commit as its newest.")
        return
    try:
        check_base(github, run, branch)
        content = planned(github, run).get(PLAN)
        plan = None if content is None else _plan(content)
        why = "The run left no plan."
    except PlanFileError as error:
        content, plan, why = None, None, str(error)
    done = put_comment(github, pull.number, "plan", _shown(plan, why, github, run), author)
    if content is not None and plan is not None:
        from reconciler.files.private import write_private

        write_private(out_dir / PLAN, content.decode("utf-8"))
        _output({"artifact": shown_name(pull.number, run.head_sha), "commit": run.head_sha})
    answer(f"The comment of pull request {pull.number}: {done}.")


@command.command("shown", short_help="say at a commit that its plan was shown")
@click.argument("commit", metavar="COMMIT")
def shown(commit: str) -> None:
    """Set the status `plan shown` on a commit, for the branch rule that waits for it.

    Comes after the plan is kept: what is merged before that has no reviewed plan.
    """
    from reconciler.forge.github import connect
    from reconciler.forge.status import CONTEXT, mark_shown

    if not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", commit):
        raise UsageError(f"{commit!r} is not the full id of a commit")
    number = os.environ.get("GITHUB_RUN_ID", "")
    github = connect(os.environ)
    mark_shown(github, commit, _url(github, int(number)) if number.isascii() and number.isdigit() else "")
    answer(f"The status {CONTEXT!r} is on {commit[:10]}.")


@command.command("reviewed", short_help="find what was reviewed and merged")
@_workflow("--workflow", "plan-comment.yml", "The workflow that shows plans.")
@_branch
@click.option("--identities", default="identities", show_default=True, metavar="PATH", help="The folder.")
@click.option(
    "--approvals",
    type=click.IntRange(0, 10),
    default=1,
    show_default=True,
    help="How many people must have approved the last commit; 0 where one person works alone.",
)
@click.option(
    "--out-dir",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FOLDER",
    help="Where to write the plans, each as pull-NUMBER.json.",
)
def reviewed(workflow: str, branch: str, identities: str, approvals: int, out_dir: Path) -> None:
    """Find the plans that were reviewed and merged since the last whole apply.

    Each is the plan that the trusted branch's own workflow showed for the last commit of a merged pull
    request. What has none is named; exit code 4 where nothing has one.
    """
    from reconciler.files.git import Repository
    from reconciler.files.private import write_private
    from reconciler.forge.github import connect
    from reconciler.forge.reviewed import Wanted, changed_commits, find
    from reconciler.render.escape import sentence

    folder = Path(identities)
    repository = Repository.of(folder)
    head = repository.head() if repository is not None else None
    if repository is None or head is None:
        raise UsageError(f"{identities} is not in a git repository with commits; check the branch out first")
    commits = changed_commits(repository, head, *_memory(repository, folder))
    if not commits:
        _output({"plans": "0"})
        answer("Nothing was merged that changes the identities since the last whole apply.")
        return
    wanted = Wanted(branch, f"{_WORKFLOWS}{workflow}", approvals)
    found = find(connect(os.environ), repository, commits, wanted)
    without, usable = list(found.without), {}
    for number, content in found.plans.items():
        try:
            _check(_plan(content))
        except PlanFileError as error:
            without.append(f"pull request {number}: {error}")
        else:
            usable[number] = content
    # What is wrong with a plan can quote it, and this is the log of a job with credentials.
    told = "\n".join(f"Not reviewed: {sentence(one)}." for one in without)
    if not usable:
        raise Stale(
            f"No reviewed plan for what was merged; nothing was written.\n{told}\nOpen a pull request (a "
            "change of a comment is enough), have its plan reviewed, and merge it"
        )
    if told:
        remark(told)
    for number, content in usable.items():
        write_private(out_dir / f"pull-{number}.json", content.decode("utf-8"))
    _output({"plans": str(len(usable))})
    answer("Reviewed: " + ", ".join(f"pull request {number}" for number in usable) + ".")


@command.command("issue", short_help="keep an issue for each target that drifted")
@click.option(
    "--from",
    "folder",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FOLDER",
    help="What `reconciler drift --out-dir` wrote.",
)
@_author
def issue(folder: Path, author: str) -> None:
    """Keep one issue for each target that drifted: opened, updated, closed, reopened.

    A target that could not be read keeps its issue as it is.
    """
    from reconciler.forge.drift import put_issues, read_drift
    from reconciler.forge.github import connect
    from reconciler.render.escape import line, sentence

    drifted = read_drift(folder)
    number = os.environ.get("GITHUB_RUN_ID", "")
    github = connect(os.environ)
    url = _url(github, int(number)) if number.isascii() and number.isdigit() else ""
    for each in put_issues(github, drifted, author, url):
        answer(line(sentence(each)))


@command.command("note", short_help="show a plan at its merge request at GitLab")
@click.argument("plan", type=click.Path(path_type=Path), metavar="PLAN")
def note(plan: Path) -> None:
    """Show a saved plan as the one note of ours on the merge request of this job, at GitLab.

    The token is in RECONCILER_NOTE_TOKEN.
    """
    from reconciler.execution.plan_file import read_plan
    from reconciler.forge.comments import MAX_CHARACTERS
    from reconciler.forge.gitlab import put_note
    from reconciler.render.comment.document import plan_markdown
    from reconciler.render.escape import is_link

    url = os.environ.get("CI_PIPELINE_URL", "")
    whole = url if is_link(url) else None
    # As long as a comment elsewhere: nobody reads a million characters.
    text = plan_markdown(read_plan(plan), max_bytes=MAX_CHARACTERS - _ROOM, saved=str(plan), whole_plan=whole)
    answer(f"The note of the merge request: {put_note(os.environ, text)}.")


@command.command("heartbeat", short_help="say which schedules stopped")
@click.argument("workflows", nargs=-1, required=True, metavar="FILE...")
@_branch
@click.option(
    "--max-age",
    callback=parse_duration,
    metavar="TIME",
    default="26h",
    show_default=True,
    help="How long ago each may have succeeded last, such as 90m, 24h or 7d.",
)
def heartbeat(workflows: tuple[str, ...], branch: str, max_age: timedelta) -> int:
    """Say which scheduled workflows did not succeed lately, or are switched off: exit code 1."""
    from reconciler.forge.github import connect
    from reconciler.forge.heartbeat import silent

    for name in workflows:
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*\.ya?ml", name):
            raise UsageError(f"{name!r} is not the name of a workflow file, such as drift.yml")
    found = list(silent(connect(os.environ), workflows, branch, max_age))
    answer("\n".join(found) or "Every schedule runs.")
    return ReconcilerError.exit_code if found else 0


def _plan(content: bytes) -> Plan:
    """The plan that an artifact holds. Raises PlanFileError for anything else."""
    from reconciler.render.json import plan_from_json

    try:
        return plan_from_json(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise PlanFileError("the plan is not UTF-8") from error


def _check(plan: Plan) -> None:
    from reconciler.model.plan import SEMANTICS_VERSION

    if plan.incomplete:
        raise PlanFileError("its plan is incomplete")
    if plan.semantics_version != SEMANTICS_VERSION:
        raise PlanFileError("its plan was made by a version that plans otherwise")


def _shown(plan: Plan | None, why: str, github: GitHub, run: Run) -> str:
    """The text of the comment. Nothing of a plan is in it but what the renderer has escaped."""
    from reconciler.forge.comments import MAX_CHARACTERS
    from reconciler.forge.shown import PLAN
    from reconciler.render.comment.document import plan_markdown
    from reconciler.render.escape import code, is_link, sentence

    url = _run_url(github, run)
    made = f"Planned for {run.head_sha[:10]} by [this run]({url})."
    if plan is None:
        quoted = code(sentence(why)[:_WHY])
        more = "The log of the run, and the notes at the lines of the files, say what is wrong."
        return f"## No plan\n\n{quoted}\n\n{more}\n\n{made}\n"
    whole = url if is_link(url) else None
    text = plan_markdown(plan, max_bytes=MAX_CHARACTERS - _ROOM, saved=PLAN, whole_plan=whole)
    return f"{text.rstrip()}\n\n{made}\n"


def _run_url(github: GitHub, run: Run) -> str:
    return _url(github, run.id)


def _url(github: GitHub, number: int) -> str:
    server = os.environ.get("GITHUB_SERVER_URL") or "https://github.com"
    return f"{server}/{github.repository}/actions/runs/{number}"


def _output(values: Mapping[str, str]) -> None:
    """Hand values to later steps of the job, where there are any (GITHUB_OUTPUT)."""
    file = os.environ.get("GITHUB_OUTPUT")
    if not file:
        return
    lines = [f"{name}={value}" for name, value in values.items()]
    assert all(_PLAIN.fullmatch(line) for line in lines)
    try:
        with Path(file).open("a", encoding="utf-8") as opened:
            opened.writelines(f"{line}\n" for line in lines)
    except OSError as error:
        raise ReconcilerError(f"GITHUB_OUTPUT cannot be written: {error.strerror}") from error


def _memory(repository: Repository, folder: Path) -> tuple[list[str], list[str]]:
    """The commits of the last whole apply of each target, and those at which first applies began."""
    from reconciler.config import load_config
    from reconciler.files.tree import FolderTree
    from reconciler.loading.receipt import begun_name, tag_name

    applied, begun = [], []
    for target in load_config(FolderTree(folder)).targets:
        if (tag := repository.tag(tag_name(target))) is not None:
            applied.append(tag.commit)
        elif (tag := repository.tag(begun_name(target))) is not None:
            begun.append(tag.commit)
    return applied, begun
