"""Reads what another tool has of an organization that is adopted."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from reconciler.adopting.moving.pipeline import read_pipeline
from reconciler.adopting.moving.source import Source
from reconciler.adopting.moving.sso_util import read_csv
from reconciler.adopting.moving.terraform import Resource, read_state, source
from reconciler.errors import InputError, Problem
from reconciler.files.tree import FolderTree
from reconciler.session.adopted import Wishes


def read_source(wishes: Wishes) -> tuple[Source | None, Sequence[Resource]]:
    """Names and structure of another tool, and the resources of Terraform. Raises InputError."""
    if wishes.terraform is not None:
        resources = read_state(_text(wishes.terraform), wishes.terraform.as_posix())
        return source(resources), resources
    if wishes.pipeline is not None:
        if not os.path.exists(wishes.pipeline):  # noqa: PTH110  # a name that is too long does not exist either
            raise InputError([Problem(f"{wishes.pipeline} does not exist", "check the path")])
        return read_pipeline(FolderTree(wishes.pipeline)), ()
    if wishes.sso_util is not None:
        return read_csv(_text(wishes.sso_util), wishes.sso_util.as_posix()), ()
    return None, ()


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        raise InputError([Problem(f"{path} is not UTF-8", "save it as UTF-8")]) from None
    except OSError as error:
        raise InputError([Problem(f"{path} cannot be read: {error.strerror}", "check the path")]) from None
