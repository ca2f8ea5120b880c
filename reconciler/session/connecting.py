"""From the configuration to targets that can be called: those of AWS, or the embedded sandbox instead."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.config import Config, TargetConfig, check_usable
from reconciler.config.targets import connect, is_played
from reconciler.errors import InputError, Problem, ReconcilerError, UsageError
from reconciler.files.private import write_private
from reconciler.files.tree import FolderTree
from reconciler.model.denials import EMPTY
from reconciler.model.observer import Observer
from reconciler.session.settings import Settings
from reconciler.targets.base import Target
from reconciler.targets.registry import SCIM, is_loopback_endpoint
from reconciler.targets.target_type import Played
from reconciler.wire.clock import Clock

if TYPE_CHECKING:
    from reconciler.sandbox import Sandbox

# Where a run on the sandbox keeps its data and its record, in the folder that it is run in.
SANDBOX_FILE = Path(".reconciler/sandbox.sqlite")
SANDBOX_RECORD = Path(".reconciler/sandbox-record.json")
SANDBOX_TOKEN = Path(".reconciler/sandbox-scim-token")
# The embedded sandbox runs this many times faster than AWS would, unless the environment says otherwise.
_SANDBOX_SPEED = 20.0


def choose(config: Config, settings: Settings, among: Collection[str] | None) -> Mapping[str, TargetConfig]:
    """The targets of this run, by name. Without a configuration AWS itself is never touched.

    Raises UsageError for a target that is not configured, InputError where there is no configuration.
    """
    known = ", ".join(config.targets)
    for name in settings.targets:
        if name not in config.targets:
            raise UsageError(f"--target {name}: this target is not configured; configured are: {known}")
    if not config.exists and not settings.sandbox and not is_loopback_endpoint(os.environ):
        raise InputError(
            [
                Problem(
                    f"{settings.identities}/reconciler.yaml does not exist, so no target is configured",
                    "write one (`reconciler adopt` does, from what is live), or try the files with --sandbox",
                )
            ]
        )
    chosen = {
        name: target
        for name, target in config.targets.items()
        if name in (settings.targets or config.targets) and (among is None or name in among)
    }
    used = _played(chosen, settings) if settings.sandbox else chosen
    check_usable(FolderTree(settings.identities), used)
    return used


def _played(chosen: Mapping[str, TargetConfig], settings: Settings) -> Mapping[str, TargetConfig]:
    """Those that the sandbox can take the place of, the others named. Raises UsageError where none is."""
    played = {name: target for name, target in chosen.items() if is_played(target)}
    others = [target for name, target in chosen.items() if name not in played]
    left = ", ".join(target.name for target in others)
    what = "SCIM service" if all(target.type == SCIM for target in others) else "other service"
    if left and not played:
        raise UsageError(f"the sandbox replaces AWS only, and no {what} ({left}); leave out --sandbox")
    if left:
        settings.remark(f"Left out, because the sandbox replaces no {what}: {left}.")
    return played


def connect_all(
    stack: ExitStack,
    chosen: Mapping[str, TargetConfig],
    settings: Settings,
    clock: Clock,
    observer: Observer,
) -> Mapping[str, Target]:
    """The targets themselves. With --sandbox it runs as long as `stack` is open."""
    if not settings.sandbox:
        return {name: connect(target, clock, observer) for name, target in chosen.items()}
    from reconciler.sandbox import Sandbox

    speed = sandbox_speed()
    make_folder(SANDBOX_FILE)
    # Each time: an account or a unit that somebody writes is there from then on, and nothing ever goes.
    sandbox = stack.enter_context(Sandbox(SANDBOX_FILE, speed=speed, seed=settings.identities))
    settings.remark(
        f"On the embedded sandbox ({SANDBOX_FILE}, {speed:g} times as fast as AWS); AWS is not touched."
    )
    played = Played(
        sandbox.url,
        sandbox.region,
        sandbox.scim_url,
        partial(_scim_token, sandbox),
        lambda policy: sandbox.store.found_scp(policy, EMPTY),
        lambda role: setattr(sandbox.circumstances, "account_role", role),
    )
    return {
        name: connect(target, clock, observer, speed=speed, played=played) for name, target in chosen.items()
    }


def _scim_token(sandbox: Sandbox) -> Path:
    """A file with a token of the sandbox's own SCIM endpoint, kept beside its data."""
    write_private(SANDBOX_TOKEN, sandbox.scim_token())
    return SANDBOX_TOKEN


def make_folder(file: Path) -> None:
    """Make the folder that a file of the sandbox belongs in. Raises ReconcilerError when it cannot be."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReconcilerError(
            f"the folder {file.parent} of the sandbox cannot be made: {error.strerror}; "
            "move away what is at this path, or run this in a folder of your own"
        ) from error


def sandbox_speed() -> float:
    """How much faster than AWS the embedded sandbox runs."""
    text = os.environ.get("RECONCILER_SANDBOX_SPEED", f"{_SANDBOX_SPEED:g}")
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed < float("inf"):
        raise UsageError(f"RECONCILER_SANDBOX_SPEED is {text!r}; it must be a number above 0, such as 20")
    return speed
