"""Which changed files are of leavers, and take access away: by what stands in them, and by nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from reconciler.sources.judging import more_than_leavers

AT = datetime(2026, 11, 29, 12, tzinfo=UTC)
INTO = "identities/imported"
PATH = f"{INTO}/leavers/ada.yaml"
OFF = b"leavers:\n  ada:\n    external_id: x\n    active: false\n    reason: disabled\n"
ENDS = b"leavers:\n  ada:\n    external_id: x\n    until: 2031-01-01T00:00:00Z\n"
OVER = ENDS.replace(b"2031", b"2026")


@pytest.mark.parametrize(
    ("before", "after"),
    [(None, OFF), (OFF, OFF + b"# x\n"), (ENDS, OFF), (None, OVER), (ENDS, OVER), (OFF, OVER)],
)
def test_who_has_no_access_by_it_is_a_leaver(before: bytes | None, after: bytes) -> None:
    assert more_than_leavers(PATH, INTO, before, after, AT) is None


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        pytest.param(PATH, OFF, None, id="deleted"),
        pytest.param(PATH, OFF, ENDS, id="enabled, until an end to come"),
        pytest.param(PATH, OVER, ENDS, id="a later end"),
        pytest.param(PATH, None, ENDS, id="an end to come"),
        pytest.param(PATH, None, OFF.replace(b"false", b"true"), id="enabled"),
        pytest.param(PATH, None, OFF + b"groups:\n  ops: {members: [eve]}\n", id="a group as well"),
        pytest.param(PATH, None, b"groups:\n  ops: {members: [eve]}\n", id="a group"),
        pytest.param(PATH, None, b"leavers: {}\nleavers: {}\n", id="twice"),
        pytest.param(PATH, None, b"leavers: &a {ada: {external_id: x, active: false}}\n", id="an anchor"),
        pytest.param(PATH, None, OFF + b"  eve: {external_id: y, active: false}\n", id="two people"),
        pytest.param(PATH, OFF, OFF.replace(b"ada", b"eve"), id="another person"),
        pytest.param(PATH, OFF, OFF.replace(b": x", b": y"), id="another account"),
        pytest.param(PATH, None, OFF.replace(b"reason", b"title"), id="another field"),
        pytest.param(PATH, None, OVER.replace(b"2026-01-01T00:00:00Z", b"10000-01-01"), id="an odd end"),
        pytest.param(PATH, None, OVER.replace(b"T00:00:00Z", b"T00:00:00+99:00"), id="an odd zone"),
        pytest.param(PATH, None, b"leavers: [ada]\n", id="a list"),
        pytest.param(PATH, None, b"\xff\xfe", id="not text"),
        pytest.param(PATH, None, b"", id="nothing"),
        pytest.param(f"{INTO}/leavers/_folder.yaml", None, OFF, id="somebody in the file of the folder"),
        pytest.param(f"{INTO}/leavers/deep/ada.yaml", None, OFF, id="a folder in the folder"),
        pytest.param(f"{INTO}/leavers/ada.yml", None, OFF, id="another ending"),
        pytest.param(f"{INTO}/users/ada.yaml", None, OFF, id="a file of people"),
        pytest.param("identities/blocked.yaml", None, OFF, id="a file of people's own"),
        pytest.param(".github/workflows/plan.yml", None, OFF, id="a workflow"),
        pytest.param(f"{INTO}/leavers/../../x.yaml", None, OFF, id="a way out"),
    ],
)
def test_anything_else_is_not(path: str, before: bytes | None, after: bytes | None) -> None:
    assert more_than_leavers(path, INTO, before, after, AT)


def test_the_file_of_the_folder_says_nothing() -> None:
    assert more_than_leavers(f"{INTO}/leavers/_folder.yaml", INTO, None, b"# x\nleavers: {}\n", AT) is None
