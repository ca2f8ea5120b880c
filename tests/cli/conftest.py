"""Where the commands of these tests run."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from reconciler.sandbox import Sandbox
from tests.cli.clones import first_clone
from tests.cli.holding import Gate
from tests.cli.stage import FILES, SPEED, Played, Real
from tests.repositories import Work
from tests.support.patience import end_noted

# Makes of a name and what to do on a new stage a stage on which that was done.
Done = Callable[[str, Callable[[Real], object]], Real]


@pytest.fixture(autouse=True)
def _no_process_outlives_its_test() -> Iterator[None]:
    yield
    end_noted()


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Played:
    """A folder with three people and two groups, and the embedded sandbox."""
    return Played(tmp_path / "access", monkeypatch, capsys)


@pytest.fixture
def aws() -> Iterator[Sandbox]:
    """What stands in for AWS."""
    gate = Gate(SPEED)
    with Sandbox(None, clock=gate, latency=0.0) as sandbox:
        yield sandbox
        gate.open()


@pytest.fixture
def real(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], aws: Sandbox
) -> Real:
    """The same files, committed, and nothing applied yet."""
    stage = Real(tmp_path / "access", monkeypatch, capsys, aws)
    stage.commit(dict(FILES))
    return stage


@pytest.fixture(scope="session")
def done_before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of stages on which something was done, each by its name."""
    return tmp_path_factory.mktemp("done")


@pytest.fixture
def done(
    done_before: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Done]:
    """Stages on which the same was done as on others of their name: once, and each is a copy of its own."""
    with ExitStack() as stack:

        def opened(folder: Path, work: Work | None) -> Real:
            return Real(folder / "access", monkeypatch, capsys, _kept(stack, folder), work)

        def copied(name: str, doing: Callable[[Real], object]) -> Real:
            original, making = done_before / name, done_before / f"{name}-making"
            if not original.exists():
                shutil.rmtree(making, ignore_errors=True)
                making.mkdir()
                doing(opened(making, None))
                stack.close()
                making.rename(original)
            shutil.copytree(original, tmp_path / "done")
            return opened(tmp_path / "done", Work(tmp_path / "done" / "access", monkeypatch, start=False))

        yield copied


@pytest.fixture
def cloned_once(
    done_before: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Done]:
    """The same with clones of a bare repository, which are beside it in the folder of the test."""
    with ExitStack() as stack:

        def copied(name: str, doing: Callable[[Real], object]) -> Real:
            original, making = done_before / name, done_before / f"{name}-making"
            if not original.exists():
                shutil.rmtree(making, ignore_errors=True)
                making.mkdir()
                doing(first_clone(making, monkeypatch, capsys, _kept(stack, making)))
                stack.close()
                making.rename(original)
            shutil.copytree(original, tmp_path, dirs_exist_ok=True)
            for config in tmp_path.glob("*/.git/config"):
                config.write_text(config.read_text("utf-8").replace(str(making), str(tmp_path)), "utf-8")
            work = Work(tmp_path / "access", monkeypatch, start=False)
            return Real(work.root, monkeypatch, capsys, _kept(stack, tmp_path), work)

        yield copied


def _kept(stack: ExitStack, folder: Path) -> Sandbox:
    """What stands in for AWS, and is kept in a folder."""
    gate = Gate(SPEED)
    sandbox = stack.enter_context(Sandbox(folder / "aws.sqlite", clock=gate, latency=0.0))
    stack.callback(gate.open)
    return sandbox


@pytest.fixture
def settled(done: Done) -> Real:
    """The files of `real`, committed and applied."""

    def settle(stage: Real) -> None:
        stage.commit(dict(FILES))
        stage.converge("--first-apply")

    return done("settled", settle)
