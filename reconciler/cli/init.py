"""`reconciler init`: a new identity repository."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.common import answer
from reconciler.errors import ReconcilerError, UsageError


@click.command("init", short_help="write a new identity repository")
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option(
    "--ci", type=click.Choice(["github", "gitlab"]), default="github", show_default=True, help="Where."
)
@click.option(
    "--repository", default="OWNER/NAME", show_default=True, metavar="OWNER/NAME", help="Its name there."
)
@click.option("--branch", default="main", show_default=True, metavar="NAME", help="The trusted branch.")
@click.option(
    "--region",
    default="eu-central-1",
    show_default=True,
    metavar="REGION",
    help="Where IAM Identity Center is enabled.",
)
@click.option(
    "--account",
    default="111111111111",
    show_default=True,
    metavar="ID",
    help="The account with the roles: the management account, or that which administers Identity Center.",
)
@click.option(
    "--owners",
    default="",
    metavar="NAMES",
    help='Who approves, such as "@octo-org/identity".  [default: @OWNER/identity-admins]',
)
@click.option("--repository-id", default="REPOSITORY_ID", metavar="NUMBER", help="For the trust policies.")
@click.option("--owner-id", default="OWNER_ID", metavar="NUMBER", help="For the trust policies.")
@click.option(
    "--plan-with",
    type=click.Choice(["snapshot", "role"]),
    default="snapshot",
    show_default=True,
    help="What pull requests are planned by: the last snapshot, forks too, or a role that only reads.",
)
@click.option(
    "--approvals",
    type=click.IntRange(0, 10),
    default=1,
    show_default=True,
    help="How many people approve a pull request; 0 where one person works alone.",
)
@click.option(
    "--source",
    type=click.Choice(["ad"]),
    help="Also import people and groups from Active Directory, every hour.",
)
@click.option(
    "--runner",
    default="identity-directory",
    show_default=True,
    metavar="LABEL",
    help="The label of the self-hosted runner that reaches the domain controller.",
)
@click.option(
    "--deny-policy",
    default="",
    metavar="ID",
    help="The service control policy that denies blocked people everything at once.  [default: none]",
)
@click.option(
    "--session-role",
    default="",
    metavar="NAME",
    help="The role in other accounts by which `offboard` ends sessions of `aws login`.  [default: none]",
)
@click.option("--redact", is_flag=True, help="Leave people out of the snapshot that git does not hold.")
@click.option(
    "--wheel",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The wheel of the reconciler, to ship along and to pin by its hash.",
)
@click.option("--diff", is_flag=True, help="Write nothing; show what would change in DIR.")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 where DIR differs.")
def command(
    folder: Path,
    ci: str,
    repository: str,
    branch: str,
    region: str,
    account: str,
    owners: str,
    repository_id: str,
    owner_id: str,
    plan_with: str,
    approvals: int,
    deny_policy: str,
    session_role: str,
    wheel: Path | None,
    source: str | None,
    runner: str,
    *,
    redact: bool,
    diff: bool,
    check: bool,
) -> int:
    """Write a new identity repository into DIR: example files, workflows, rules, policies, a runbook.

    No file is overwritten. The README in DIR says what to do next.
    """
    from reconciler.scaffold.choices import Choices
    from reconciler.scaffold.files import files
    from reconciler.scaffold.write import differences, differing, write

    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is not a folder; name another one")
    made = files(
        Choices(
            forge=ci,
            repository=repository,
            branch=branch,
            region=region,
            account=account,
            owners=owners,
            repository_id=repository_id,
            owner_id=owner_id,
            plan_with=plan_with,
            approvals=approvals,
            redact=redact,
            deny_policy=deny_policy,
            session_role=session_role,
            wheel=wheel,
            source=source or "",
            runner=runner,
        )
    )
    if diff or check:
        names = differing(folder, made)
        shown = differences(folder, made) if diff else iter(names)
        answer("\n".join(shown) if names else f"{folder} is as it would be written.")
        return ReconcilerError.exit_code if check and names else 0
    write(folder, made)
    answer(f"{len(made)} files are in {folder}. {folder / 'README.md'} says what to do next.")
    return 0
