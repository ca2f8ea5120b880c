"""`reconciler adopt` of whole organizations: the plan is empty, and files come back byte for byte."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.stage import Real
from tests.support.organisation import Place, organisations
from tests.support.site import files_site


@pytest.mark.parametrize("place", organisations(scale=0.03))
def test_files_come_back_by_way_of_two_services(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    organisation = place(tmp_path / "given")
    found = []
    folder = organisation.folder
    for number in range(2):
        with files_site(folder, tmp_path / f"home{number}") as here:
            assert here.apply().whole
            here.sandbox.requests.clear()
            stage = Real(tmp_path / f"access{number}", monkeypatch, capsys, here.sandbox)
            ended = stage.run("adopt", "--region", "us-east-1")
            assert ended.code == 0, ended.output
            stage.commit()
            assert stage.run("plan", "--detailed-exitcode").code == 0
            assert stage.written() == []
            arn = here.sandbox.instance_arn
        folder = stage.root / "identities"
        found.append(
            {
                path.relative_to(folder).as_posix(): path.read_text("utf-8").replace(arn, "")
                for path in sorted(folder.rglob("*.*"))
            }
        )

    assert found[0] == found[1]
    entries = "".join(text for path, text in found[0].items() if path.startswith("assignments"))
    written = re.findall(r"^  [^ #].*:", entries, re.MULTILINE)
    assert 0 < len(written) <= len(organisation.assignments)
