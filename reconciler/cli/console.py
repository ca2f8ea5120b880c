"""`reconciler sandbox console`: somebody who changes the sandbox by hand, past git and past every review."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.common import answer
from reconciler.errors import ReconcilerError

if TYPE_CHECKING:
    from reconciler.sandbox import Console

_AWS_POLICIES = "arn:aws:iam::aws:policy/"
_UNKNOWN_TO_GIT = "and git does not declare it."


_SESSION = "reconciler.console.session"


@click.group("console", short_help="what somebody does in the console")
@click.option(
    "--as",
    "session",
    default="robin@example.com",
    show_default=True,
    metavar="NAME",
    help="Who does it, as the event history tells it.",
)
@click.pass_context
def console(context: click.Context, session: str) -> None:
    """Changes made behind the reconciler's back, to see how the next plan shows them."""
    context.meta[_SESSION] = session


@console.command("add-member", short_help="put somebody into a group")
@click.argument("group")
@click.argument("user")
@click.pass_obj
def add_member(file: Path, group: str, user: str) -> None:
    """Add USER (a user name; made if it is new) to GROUP (a display name)."""
    with _console(file) as console:
        _known("group with the display name", group, console.groups())
        if user not in console.users():
            console.add_user(user)
        console.add_member(group, user)
    answer(f"{user} is a member of {group} now, {_UNKNOWN_TO_GIT}")


@console.command("remove-member", short_help="take somebody out of a group")
@click.argument("group")
@click.argument("user")
@click.pass_obj
def remove_member(file: Path, group: str, user: str) -> None:
    """Take USER (a user name) out of GROUP (a display name)."""
    with _console(file) as console:
        _known("group with the display name", group, console.groups())
        if user not in console.members(group):
            raise ReconcilerError(
                f"{user} is not a member of {group}; `reconciler plan --sandbox` shows who is"
            )
        console.remove_member(group, user)
    answer(f"{user} is not a member of {group} any more, {_UNKNOWN_TO_GIT}")


@console.command("assign", short_help="assign a permission set")
@click.argument("permission_set")
@click.argument("account")
@click.argument("principal")
@click.pass_obj
def assign(file: Path, permission_set: str, account: str, principal: str) -> None:
    """Assign PERMISSION_SET on ACCOUNT (an id or a name) to PRINCIPAL (a display name, else a user name)."""
    with _console(file) as console:
        _known("permission set", permission_set, console.permission_sets())
        found = _account(account, console)
        group, user = _principal(principal, console)
        console.put_assignment(found, permission_set, group=group, user=user)
    answer(f"{principal} has {permission_set} on {account} now, {_UNKNOWN_TO_GIT}")


@console.command("unassign", short_help="end an assignment")
@click.argument("permission_set")
@click.argument("account")
@click.argument("principal")
@click.pass_obj
def unassign(file: Path, permission_set: str, account: str, principal: str) -> None:
    """Take PERMISSION_SET on ACCOUNT (an id or a name) from PRINCIPAL (a display name, else a user name)."""
    with _console(file) as console:
        _known("permission set", permission_set, console.permission_sets())
        found = _account(account, console)
        group, user = _principal(principal, console)
        console.remove_assignment(found, permission_set, group=group, user=user)
    answer(f"{principal} has {permission_set} on {account} no more, {_UNKNOWN_TO_GIT}")


@console.command("attach-policy", short_help="let a permission set allow more")
@click.argument("permission_set")
@click.argument("policy")
@click.pass_obj
def attach_policy(file: Path, permission_set: str, policy: str) -> None:
    """Attach POLICY to PERMISSION_SET, and provision it in every account where it is assigned.

    AWS's own policies go by name or ARN, those of the customer by path and name, such as /ci/deploy.
    """
    written = policy if policy.startswith(("arn:", "/")) else _AWS_POLICIES + policy
    with _console(file) as console:
        _known("permission set", permission_set, console.permission_sets())
        console.attach_policy(permission_set, written)
    answer(f"{permission_set} has the policy {policy} now, {_UNKNOWN_TO_GIT}")


@console.command("move-account", short_help="put an account into another unit")
@click.argument("account")
@click.argument("unit")
@click.pass_obj
def move_account(file: Path, account: str, unit: str) -> None:
    """Put ACCOUNT (an id or a name) into UNIT (a path such as Workloads/Prod; made if it is new)."""
    with _console(file) as console:
        console.move_account(_account(account, console), unit)
    answer(f"{account} lies in {unit} now.")


@console.command("rename-unit", short_help="give a unit another name")
@click.argument("unit")
@click.argument("name")
@click.pass_obj
def rename_unit(file: Path, unit: str, name: str) -> None:
    """Give UNIT (a path such as Workloads/Prod, or an id) another NAME; its id stays."""
    with _console(file) as console:
        console.rename_ou(unit, name)
    answer(f"{unit} is called {name} now.")


@console.command("remove-unit", short_help="delete an empty unit")
@click.argument("unit")
@click.pass_obj
def remove_unit(file: Path, unit: str) -> None:
    """Delete UNIT (a path such as Workloads/Prod, or an id), in which no account and no unit may be."""
    with _console(file) as console:
        console.remove_ou(unit)
    answer(f"{unit} is gone.")


@console.command("close-account", short_help="close an account")
@click.argument("account")
@click.pass_obj
def close_account(file: Path, account: str) -> None:
    """Close ACCOUNT (an id or a name): roles in it can be neither made nor changed any more."""
    with _console(file) as console:
        console.close_account(_account(account, console))
    answer(f"{account} is closed now.")


@console.command("remove-account", short_help="let an account leave the organization")
@click.argument("account")
@click.pass_obj
def remove_account(file: Path, account: str) -> None:
    """Let ACCOUNT (an id or a name) leave the organization."""
    with _console(file) as console:
        console.remove_account(_account(account, console))
    answer(f"{account} has left the organization.")


@console.command("tag-account", short_help="tag an account")
@click.argument("account")
@click.argument("tags", nargs=-1, required=True, metavar="KEY=VALUE...")
@click.pass_obj
def tag_account(file: Path, account: str, tags: tuple[str, ...]) -> None:
    """Give ACCOUNT (an id or a name) tags; KEY alone takes a tag away."""
    given = {key: value if equals else None for key, equals, value in (tag.partition("=") for tag in tags)}
    with _console(file) as console:
        console.tag_account(_account(account, console), given)
    answer(f"{account} has other tags now: {' '.join(tags)}.")


@console.command("create-scim-token", short_help="make an access token for SCIM")
@click.pass_obj
def create_scim_token(file: Path) -> None:
    """Make an access token for the SCIM endpoint and print it, this once. It is valid for a year."""
    with _console(file) as console:
        token = console.create_scim_token()
    answer(token)


@console.command("list-scim-tokens", short_help="list the access tokens for SCIM")
@click.pass_obj
def list_scim_tokens(file: Path) -> None:
    """Print the id of each access token and when it expires, the oldest first; there are two at most."""
    with _console(file) as console:
        tokens = console.scim_tokens()
    for identifier, token in tokens.items():
        answer(f"{identifier} expires {datetime.fromtimestamp(token['expires_at'], UTC):%Y-%m-%d %H:%M} UTC")


@console.command("delete-scim-token", short_help="end an access token for SCIM")
@click.argument("identifier")
@click.pass_obj
def delete_scim_token(file: Path, identifier: str) -> None:
    """Delete the access token with this IDENTIFIER, as `list-scim-tokens` prints it; it works no more."""
    with _console(file) as console:
        _known("SCIM token", identifier, console.scim_tokens(), "sandbox console list-scim-tokens")
        console.delete_scim_token(identifier)
    answer(f"The SCIM token {identifier} works no more.")


@contextmanager
def _console(file: Path) -> Iterator[Console]:
    """ConsoleBase in the sandbox that is kept in `file`; what it refuses is a ReconcilerError."""
    from reconciler.sandbox import ApiError, Sandbox

    if not file.exists():
        raise ReconcilerError(f"{file} does not exist; run `reconciler plan --sandbox` first")
    with Sandbox(file) as sandbox:
        console = sandbox.store
        console.session = click.get_current_context().meta.get(_SESSION, console.session)
        try:
            yield console
        except ApiError as error:
            raise ReconcilerError(f"the sandbox refuses: {error.message} [{error.code}]") from error


def _known(what: str, name: str, there: Collection[str], by: str = "plan --sandbox") -> None:
    if name not in there:
        raise ReconcilerError(
            f"{what} {name} does not exist in the sandbox; `reconciler {by}` shows what is there"
        )


def _account(written: str, console: Console) -> str:
    """The id of an account that is written as id or name."""
    accounts = console.accounts()
    if written in accounts:
        return written
    found = [identifier for identifier, account in accounts.items() if account["name"] == written]
    if len(found) != 1:
        what = f"{len(found)} accounts are called {written}" if found else f"account {written} does not exist"
        raise ReconcilerError(f"{what} in the sandbox; write one of the ids: {', '.join(accounts)}")
    return found[0]


def _principal(written: str, console: Console) -> tuple[str | None, str | None]:
    """Group or user, whichever is there; a group where both are."""
    if written in console.groups():
        return written, None
    _known("group or user", written, console.users())
    return None, written
