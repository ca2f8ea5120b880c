"""`reconciler sandbox`: the stand-in for AWS, as a server of its own or changed behind the tool's back."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.common import answer, remark
from reconciler.cli.console import console
from reconciler.errors import ReconcilerError, UsageError
from reconciler.session.connecting import SANDBOX_FILE, make_folder

_SERVING = ("port", "speed", "seed")


@click.group("sandbox", invoke_without_command=True, short_help="serve the embedded sandbox for AWS tools")
@click.option(
    "--file",
    type=click.Path(path_type=Path),
    default=SANDBOX_FILE,
    show_default=True,
    metavar="PATH",
    help="Where its data is kept.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    metavar="PORT",
    help="Where it listens on this machine.  [default: any that is free]",
)
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
@click.pass_context
def command(context: click.Context, file: Path, port: int, speed: float, seed: Path | None) -> None:
    """Serve identitystore, sso-admin and organizations on loopback, until Ctrl-C.

    It prints what to set in another shell, so that any AWS tool calls it. With `console` it is not served:
    play somebody who changes its data by hand.
    """
    context.obj = file
    if context.invoked_subcommand is None:
        _serve(file, port, speed, seed)
        return
    given = [name for name in _SERVING if context.get_parameter_source(name) is not _default()]
    if given:
        raise UsageError(f"--{given[0]} is for serving; leave it out with {context.invoked_subcommand}")


def _default() -> object:
    return click.core.ParameterSource.DEFAULT


def _serve(file: Path, port: int, speed: float, seed: Path | None) -> None:
    from reconciler.sandbox import Sandbox
    from reconciler.wire.clock import SystemClock

    make_folder(file)
    try:
        with Sandbox(file, port=port, speed=speed, seed=seed) as sandbox:
            answer(
                f"export AWS_ENDPOINT_URL={sandbox.url}\n"
                # Most SDKs read the first, boto3 and so this tool the second alone.
                f"export AWS_REGION={sandbox.region} AWS_DEFAULT_REGION={sandbox.region}\n"
                "export AWS_ACCESS_KEY_ID=sandbox AWS_SECRET_ACCESS_KEY=sandbox"
            )
            remark(f"Serving {sandbox.instance_arn} from {file} until Ctrl-C.")
            remark(f"SCIM: {sandbox.scim_url} (`reconciler sandbox console create-scim-token` makes tokens)")
            clock = SystemClock()
            while True:
                clock.sleep(3600)
    except KeyboardInterrupt:
        remark("Stopped; the data is kept.")
    except OSError as error:
        raise ReconcilerError(
            f"port {port} cannot be served: {error.strerror}; name another with --port, or none at all"
        ) from error


command.add_command(console)
