"""A stand-in for GitHub, and the environment of a job whose token may do everything."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.github import Hub, hub

Job = Callable[[Mapping[str, Any]], Path]
EVERYTHING = dict.fromkeys(("contents", "actions", "pull-requests", "issues", "statuses"), "write")


@pytest.fixture
def github() -> Iterator[Hub]:
    with hub() as made:
        yield made


@pytest.fixture
def job(github: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Job:
    """Sets the environment of a job with an event; gives the file of its outputs."""

    def started(event: Mapping[str, Any]) -> Path:
        file, outputs = tmp_path / "event.json", tmp_path / "outputs"
        file.write_text(json.dumps(event), "utf-8")
        outputs.unlink(missing_ok=True)
        outputs.touch()
        environment = github.environment(github.token(EVERYTHING))
        for name, value in {
            **environment,
            "GITHUB_EVENT_PATH": str(file),
            "GITHUB_OUTPUT": str(outputs),
            "GITHUB_RUN_ID": "77",
        }.items():
            monkeypatch.setenv(name, value)
        return outputs

    return started
