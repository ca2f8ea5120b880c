"""`reconciler sandbox`: the stand-in for AWS, as a server of its own or changed behind the tool's back."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.common import answer, remark
from reconciler.cli.workspace import SANDBOX_FILE
from reconciler.errors import ReconcilerError


@click.group("sandbox", short_help="run or poke the embedded AWS stand-in")
def command() -> None:
    """The embedded stand-in for Identity Center: serve it to any tool, or play somebody at the console."""


@command.command("serve", short_help="serve it on loopback until Ctrl-C")
@click.option(
    "--file",
    type=click.Path(path_type=Path),
    default=SANDBOX_FILE,
    show_default=True,
    metavar="PATH",
    help="Its data.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, metavar="PORT", help="0 takes a free one.")
@click.option(
    "--speed",
    type=click.FloatRange(min=0.001),
    default=1.0,
    show_default=True,
    metavar="N",
    help="Divides latency and quota windows alike.",
)
@click.option(
    "--seed",
    type=click.Path(path_type=Path, exists=True),
    metavar="PATH",
    help="An organisation file, or an identities folder whose accounts it creates.",
)
def serve(file: Path, port: int, speed: float, seed: Path | None) -> None:
    """Serve identitystore, sso-admin and organizations on loopback; any AWS tool reaches it."""
    from reconciler.sandbox import Sandbox
    from reconciler.wire.clock import SystemClock

    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with Sandbox(file, port=port, speed=speed, seed=seed) as sandbox:
            answer(f"export AWS_ENDPOINT_URL={sandbox.url} AWS_REGION={sandbox.region}")
            answer("export AWS_ACCESS_KEY_ID=sandbox AWS_SECRET_ACCESS_KEY=sandbox")
            remark(f"Serving {sandbox.instance_arn} until Ctrl-C.")
            clock = SystemClock()
            while True:
                clock.sleep(3600)
    except KeyboardInterrupt:
        remark("Stopped; the data is kept.")
    except OSError as error:
        raise ReconcilerError(f"port {port} cannot be served: {error.strerror}") from error


@command.group("console", short_help="what somebody does in the console")
def console() -> None:
    """Changes made behind the reconciler's back, to see how the next plan shows them."""


@console.command("add-member")
@click.argument("group")
@click.argument("user")
def add_member(group: str, user: str) -> None:
    """Add USER (a user name; made if it is new) to GROUP (a display name)."""
    from reconciler.sandbox import Sandbox

    with Sandbox(_existing()) as sandbox:
        if user not in sandbox.store.users():
            sandbox.store.add_user(user)
        _known(group, sandbox.store.groups())
        sandbox.store.add_member(group, user)
    answer(f"{user} is a member of {group} now, and git knows nothing of it.")


@console.command("remove-member")
@click.argument("group")
@click.argument("user")
def remove_member(group: str, user: str) -> None:
    """Take USER (a user name) out of GROUP (a display name)."""
    from reconciler.sandbox import Sandbox

    with Sandbox(_existing()) as sandbox:
        _known(group, sandbox.store.groups())
        if user not in sandbox.store.members(group):
            raise ReconcilerError(f"{user} is no member of {group}")
        sandbox.store.remove_member(group, user)
    answer(f"{user} is no member of {group} any more, and git knows nothing of it.")


def _existing() -> Path:
    if not SANDBOX_FILE.exists():
        raise ReconcilerError(f"{SANDBOX_FILE} does not exist; run a plan with --sandbox first")
    return SANDBOX_FILE


def _known(group: str, groups: object) -> None:
    if group not in groups:  # type: ignore[operator]  # a mapping of names
        raise ReconcilerError(f"there is no group named {group} in the sandbox")
