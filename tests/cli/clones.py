"""Several clones of one repository, each a folder to run commands in, and one AWS behind all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.sandbox import Sandbox
from tests.cli.stage import FILES, Real
from tests.repositories import Work


def first_clone(
    root: Path, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], aws: Sandbox
) -> Real:
    """A clone of a bare repository, `origin.git` beside it, as people have it."""
    origin = Work(root / "origin.git", patch, start=False)
    origin.root.mkdir()
    origin.git("init", "-q", "--bare", "-b", "main")
    seed = Work(root / "seed", patch)
    seed.commit({f"identities/{path}": text for path, text in FILES.items()})
    seed.git("push", "-q", str(origin.root), "main")
    work = origin.clone(root / "access", patch)
    return Real(root / "access", patch, capsys, aws, Work(work.root, patch, start=False))


def another(
    stage: Real, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str = "second"
) -> Real:
    """A further clone of the same origin, with the tags that it has by now."""
    root = stage.root.parent / name
    Work(stage.root.parent / "origin.git", patch, start=False).clone(root, patch)
    return Real(root, patch, capsys, stage.sandbox, Work(root, patch, start=False))


def push(stage: Real) -> None:
    """Merge what is committed, as far as the others are concerned."""
    stage.work.git("push", "-q", "origin", "main")
    stage.work.git("fetch", "-q", "origin")
