"""Which kind of lock a run takes: as configured, and by default what excludes others where it runs."""

from __future__ import annotations

import getpass
import os
import re
import secrets
import socket
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from reconciler.config.locks import LockConfig, LockType
from reconciler.errors import ReconcilerError
from reconciler.execution.locks.git_ref import GitPlace
from reconciler.execution.locks.lease import Run
from reconciler.execution.locks.local import LocalPlace
from reconciler.execution.locks.lock import Place
from reconciler.execution.locks.s3 import S3Place
from reconciler.files.git import DEFAULT_REMOTE, Repository
from reconciler.wire.aws import Aws
from reconciler.wire.clock import Clock

_NO = frozenset(("", "0", "false", "no", "off"))
# Who asked for a run, where the account that it runs as says nothing: GitHub, GitLab.
_ACTORS = ("GITHUB_ACTOR", "GITLAB_USER_LOGIN")
_RUNS = ("GITHUB_RUN_ID", "CI_JOB_ID", "BUILD_ID")


def in_ci(environment: Mapping[str, str]) -> bool:
    """Whether this is a CI job, by the variable CI: each job has a machine or a folder of its own there."""
    return environment.get("CI", "").strip().lower() not in _NO


def chosen_type(
    config: LockConfig, repository: Repository | None, environment: Mapping[str, str]
) -> LockType:
    """The kind of lock to take; never AUTO. `repository` is None outside git.

    By default that is a file, and in CI a ref at the remote of git. Without a remote nobody but this very
    clone knows what was applied, so that a file in it keeps apart all who could apply at all. Raises
    ReconcilerError for a file in CI that is asked for by name, and for git without a remote.
    """
    remote = repository is not None and repository.has_remote()
    if config.type is LockType.AUTO:
        return LockType.GIT if in_ci(environment) and remote else LockType.FILE
    if config.type is LockType.FILE and in_ci(environment):
        raise ReconcilerError(
            "`lock: {type: file}` in reconciler.yaml excludes nobody in CI, where each job has a folder of "
            "its own; write `type: git` (a ref at the remote), `type: s3`, leave the type out (a ref at the "
            "remote in CI, a file elsewhere), or `type: none` where something else keeps two applies apart"
        )
    if config.type is LockType.GIT and not remote:
        raise ReconcilerError(
            f"`lock: {{type: git}}` in reconciler.yaml needs a remote called {DEFAULT_REMOTE}, and this "
            "clone has none; add it, or write `type: file` or `type: s3`"
        )
    return config.type


def possible_types(
    config: LockConfig, repository: Repository | None, environment: Mapping[str, str]
) -> Sequence[LockType]:
    """Every kind of lock that a run on this configuration may hold, here or elsewhere.

    By default a job in CI holds another kind than a person does. Raises as `chosen_type` does.
    """
    if config.type is not LockType.AUTO:
        return (chosen_type(config, repository, environment),)
    remote = repository is not None and repository.has_remote()
    return (LockType.FILE, LockType.GIT) if remote else (LockType.FILE,)


def places(
    config: LockConfig, kind: LockType, repository: Repository | None, clock: Clock
) -> Callable[[str], Place] | None:
    """Makes of the name of a target the place of its lock; None where none is taken.

    That is for the type NONE, and outside git for those that live there.
    """
    if kind is LockType.S3:
        assert config.bucket is not None
        aws, bucket, prefix = Aws("the lock", region=config.region, clock=clock), config.bucket, config.prefix
        return lambda target: S3Place(aws, bucket, f"{prefix}{target}")
    if kind is LockType.NONE or repository is None:
        return None
    if kind is LockType.GIT:
        return lambda target: GitPlace(repository, target, clock)
    folder = repository.private_folder() / "locks"
    return lambda target: LocalPlace(folder, target, clock)


_UNFIT = re.compile(r"[^A-Za-z0-9]+")


def beside(folder: Path, clock: Clock) -> Callable[[str], Place]:
    """Makes of the name of a target the place of its lock in a folder, as runs on the sandbox have it."""
    return lambda target: LocalPlace(folder, target, clock)


def this_run(command: str, plans: Mapping[str, str], environment: Mapping[str, str]) -> Run:
    """Who runs this, where, and a fresh id; in CI also who asked for it, and the id that the CI gave it."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container whose user has no name
        user = f"user {os.getuid()}"
    actor = next((environment[name] for name in _ACTORS if environment.get(name)), None)
    job = next((environment[name] for name in _RUNS if environment.get(name)), None)
    fresh = secrets.token_hex(8)
    return Run(
        holder=f"{actor} ({user})" if actor else user,
        host=socket.gethostname(),
        # It is a part of the names of refs (git-check-ref-format).
        id=f"{_UNFIT.sub('-', job)}-{fresh}" if job else fresh,
        command=command,
        plans=plans,
    )
