"""A package with a target of its own, as docs/targets.md writes it, installed for a test."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest

from reconciler.config import targets
from reconciler.targets import registry
from tests.support.organisation import ROOT

PAGE = (ROOT / "docs" / "targets.md").read_text(encoding="utf-8")


def block(name: str) -> str:
    """The block of the page that begins with the name of a file."""
    found: str = re.findall(
        rf"^```\w+\n# {re.escape(name)}\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL
    )[0]
    return found


def install(folder: Path, package: str, code: str, entries: str) -> None:
    """A package as pip leaves it: a module, and a dist-info with its entry points."""
    module = package.replace("-", "_")
    info = folder / f"{module}-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / f"{module}.py").write_text(code, encoding="utf-8")
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n", encoding="utf-8"
    )
    (info / "entry_points.txt").write_text(f"[reconciler.targets]\n{entries}\n", encoding="utf-8")


@contextmanager
def site_packages(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is installed in `folder` can be imported; nothing of it is left behind."""
    folder.mkdir(exist_ok=True)
    patch.syspath_prepend(str(folder))
    before = set(sys.modules)
    _forget()
    try:
        yield
    finally:
        for name in set(sys.modules) - before:
            if not name.startswith("reconciler"):
                del sys.modules[name]
        _forget()


def notebook(folder: Path) -> None:
    """The package of the page."""
    install(folder, "notebook-target", block("notebook_target.py"), "notebook = notebook_target:NotebookType")


def module() -> ModuleType:
    return importlib.import_module("notebook_target")


def _forget() -> None:
    importlib.invalidate_caches()
    registry._load.cache_clear()
    targets.adapter.cache_clear()
    targets._document_of.cache_clear()
