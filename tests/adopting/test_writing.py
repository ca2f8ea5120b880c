"""The files of a first adoption are written all together, or none of them is."""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterator, Mapping
from pathlib import Path

import pytest

from reconciler.errors import ReconcilerError
from reconciler.scaffold.write import write

TOO_LONG = f"{'x' * 300}.yaml"


class Files(Mapping[str, bytes]):
    """Files, and something that happens when `at` of them are written."""

    def __init__(self, files: Mapping[str, bytes], happens: Callable[[], None], at: int) -> None:
        self._files, self._happens, self._at = files, happens, at

    def __getitem__(self, name: str) -> bytes:
        return self._files[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def items(self) -> ItemsView[str, bytes]:
        return _Items(self)

    def each(self) -> Iterator[tuple[str, bytes]]:
        for number, name in enumerate(self._files):
            if number == self._at:
                self._happens()
            yield name, self._files[name]


class _Items(ItemsView[str, bytes]):
    def __init__(self, files: Files) -> None:
        super().__init__(files)
        self._each = files.each

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        return self._each()


def below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


@pytest.mark.parametrize("there", [False, True])
def test_what_fails_in_the_middle_leaves_nothing(tmp_path: Path, there: bool) -> None:  # noqa: FBT001  # a case
    if there:
        (tmp_path / "new/identities").mkdir(parents=True)
        (tmp_path / "new/identities/mine").write_text("mine", "utf-8")
    before = below(tmp_path)

    with pytest.raises(ReconcilerError, match="nothing was written"):
        write(tmp_path / "new/identities", {"a.yaml": b"a", "policies/b.json": b"b", TOO_LONG: b"c"})

    assert below(tmp_path) == before


def test_ctrl_c_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    files = Files({"a.yaml": b"a", "policies/b.json": b"b", "c.yaml": b"c"}, interrupt, at=2)

    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "new/identities", files)

    assert below(tmp_path) == set()


def test_a_file_that_others_put_there_meanwhile_stays(tmp_path: Path) -> None:
    folder = tmp_path / "identities"

    def meanwhile() -> None:
        # After `write` looked whether they are there.
        (folder / "b.yaml").write_text("theirs", "utf-8")

    with pytest.raises(ReconcilerError, match="File exists; nothing was written"):
        write(folder, Files({"a.yaml": b"a", "b.yaml": b"b"}, meanwhile, at=1))

    assert below(folder) == {"b.yaml"}
    assert (folder / "b.yaml").read_text("utf-8") == "theirs"
