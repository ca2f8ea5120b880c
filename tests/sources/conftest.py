"""A domain controller for the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers.samba import Domain, controller, provisioned


@pytest.fixture(scope="module")
def samba(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Domain]:
    with controller(provisioned(tmp_path_factory)) as domain:
        yield domain
