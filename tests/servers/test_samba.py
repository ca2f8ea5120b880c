"""Samba answers as a domain controller, so that tests on it are about what it says."""

from __future__ import annotations

import os

import pytest
from _pytest.outcomes import Failed, Skipped

from tests.servers import samba
from tests.servers.running import REQUIRED


@pytest.mark.parametrize("required", [False, True])
def test_where_samba_is_missing_that_is_said_and_where_it_is_required_it_is_no_excuse(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, *, required: bool
) -> None:
    monkeypatch.setattr(samba, "PATH", os.devnull)
    monkeypatch.setenv(REQUIRED, "1" if required else "")
    outcome = Failed if required else Skipped
    with pytest.raises(outcome, match=r"Samba is not installed \(samba, .*`make directories`"):
        samba.provisioned(tmp_path_factory)


def test_every_process_has_an_address_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    pids = (1, 255, 256, 65_535, 65_536, 4_194_303)
    found = set()
    for pid in pids:
        monkeypatch.setattr(os, "getpid", lambda pid=pid: pid)
        found.add(samba._address())
    assert len(found) == len(pids)
    assert all(each.startswith("127.") and each != "127.255.255.255" for each in found)
