"""What holds for every test: how hypothesis searches, and no environment of the person who runs it."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

# A slow machine is no fault of a test. In CI the examples are the same each time, so that what lands does
# not depend on luck; elsewhere they are new each time, so that luck is used.
settings.register_profile(
    "suite",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
    derandomize=os.environ.get("CI") == "true",
)
settings.load_profile("suite")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes the longest comes first: nobody shall wait for it at the end."""

    def is_short(item: pytest.Item) -> bool:
        return item.get_closest_marker("long") is None and item.get_closest_marker("real") is None

    items.sort(key=is_short)


@pytest.fixture(autouse=True)
def _nobodys_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials, endpoints and colours of whoever runs the tests never reach them."""
    for name in list(os.environ):
        if name.startswith("AWS_") or name in {
            "CI",
            "NO_COLOR",
            "GITHUB_ACTIONS",
            "RECONCILER_SANDBOX_SPEED",
        }:
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
