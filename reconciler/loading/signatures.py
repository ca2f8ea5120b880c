"""Whether receipts must be signed, and by whom: the trusted branch says so, never the branch under review."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from reconciler.config import CONFIG_FILE
from reconciler.errors import InputError, RecordError
from reconciler.files.signing import KEY_VARIABLE, Signing
from reconciler.loading.position import GitPosition

ALLOWED_SIGNERS = "allowed_signers"


def with_signing(position: GitPosition, environment: Mapping[str, str], *, demanded: bool) -> GitPosition:
    """The same place, with a repository that signs, and refuses what is not signed where it is `demanded`.

    The key is the file that the variable RECONCILER_SIGNING_KEY names, and signs also where nothing is
    demanded. Raises RecordError where there is no such file, and where the trusted branch does not say who
    may sign.
    """
    key = _key(environment)
    if not demanded:
        signing = Signing(key) if key is not None else None
        return replace(position, repository=replace(position.repository, signing=signing))
    tree = position.repository.tree(position.trusted) if position.trusted else None
    where = f"memory.signed in {CONFIG_FILE} on {position.branch}"
    try:
        found = tree.read(ALLOWED_SIGNERS) if tree is not None and ALLOWED_SIGNERS in tree.paths() else None
    except InputError as error:
        raise RecordError(f"who may sign receipts is not known: {error.problems[0]}") from error
    if found is None or not found.strip():
        raise RecordError(
            f"receipts must be signed ({where}), and {position.branch} has no file {ALLOWED_SIGNERS} in "
            f"{position.label} that says who may; add it there, each line a name and a public ssh key"
        )
    signing = Signing(key, found, f"{where}, by {ALLOWED_SIGNERS}")
    return replace(position, repository=replace(position.repository, signing=signing))


def _key(environment: Mapping[str, str]) -> Path | None:
    named = environment.get(KEY_VARIABLE, "")
    if not named:
        return None
    path = Path.cwd() / named
    if not path.is_file():
        raise RecordError(f"{KEY_VARIABLE} names {path}, which is not a file; name that of a private ssh key")
    return path
