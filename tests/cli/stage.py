"""A folder to run commands in, as a person would: with the embedded sandbox, or with a sandbox for AWS."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from reconciler.cli.main import run
from reconciler.sandbox import Console, Sandbox
from tests.repositories import Work
from tests.support.forked import Forked
from tests.support.json_output import check_json
from tests.support.patience import PATIENCE

__all__ = [
    "CONFIG", "DATA", "FILES", "GROUPS", "PATIENCE", "PEOPLE", "ROOT", "SPEED", "TEAM", "Ended", "Played",
    "Real", "Stage", "no_traceback",
]  # fmt: skip
ROOT = Path(__file__).resolve().parents[2]
DATA = ".reconciler/sandbox.sqlite"
CONFIG = "format: 1\ntargets:\n  aws: {type: identity-center, region: us-east-1}\n"
PEOPLE = """\
users:
  ada: {user_name: ada@example.com, given_name: Ada, family_name: Okafor, title: Engineer}
  bob: {user_name: bob@example.com, given_name: Bob, family_name: Keller}
  cyd: {user_name: cyd@example.com, given_name: Cyd, family_name: Lind}
"""
GROUPS = "groups:\n  ops: {members: [ada, bob]}\n  dev: {members: [cyd]}\n"
FILES = {"reconciler.yaml": CONFIG, "people.yaml": PEOPLE, "groups.yaml": GROUPS}
TEAM = {
    "ops": frozenset({"ada@example.com", "bob@example.com"}),
    "dev": frozenset({"cyd@example.com"}),
}
# Fast, and the quotas still hold.
SPEED = 1000.0


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, and what it printed where."""

    code: int
    out: str
    err: str

    @property
    def output(self) -> str:
        """All of it, with line breaks and indents as one blank: how it is wrapped does not matter."""
        return " ".join(f"{self.out}\n{self.err}".split())


def no_traceback(ended: Ended) -> Ended:
    """Every command of every test comes by here."""
    assert "Traceback" not in ended.output
    assert "Internal error" not in ended.output
    return ended


class Stage:
    """The folder. Commands run in this process, or (by `shell`) in one of their own."""

    def __init__(
        self, root: Path, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *options: str
    ) -> None:
        self.root, self._patch, self._capsys, self._options = root, patch, capsys, options
        root.mkdir(parents=True, exist_ok=True)
        patch.chdir(root)
        for name in list(os.environ):
            if name.startswith(("AWS_", "RECONCILER_", "GITHUB_")) or name in ("NO_COLOR", "COLUMNS"):
                patch.delenv(name)
        patch.setenv("AWS_CONFIG_FILE", os.devnull)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.setenv("RECONCILER_SANDBOX_SPEED", f"{SPEED:g}")

    def run(self, *arguments: str) -> Ended:
        """Run a command line in this process."""
        self._capsys.readouterr()
        self._patch.chdir(self.root)
        code = run(self.full(*arguments))
        out, err = self._capsys.readouterr()
        if out.startswith("{") and ("json" in arguments or "-" in arguments):
            check_json(out)
        return no_traceback(Ended(code, out, err))

    def shell(self, *arguments: str, stdin: str = "", env: Mapping[str, str] | None = None) -> Ended:
        """Run a command line in a process of its own."""
        if any(name.startswith("PYTHON") for name in env or {}):  # what Python reads when it starts
            done = subprocess.run(
                self.command(*arguments),
                cwd=self.root,
                input=stdin.encode(),
                env={**os.environ, **(env or {})},
                capture_output=True,
                timeout=PATIENCE,
                check=False,
            )
            return no_traceback(Ended(done.returncode, done.stdout.decode(), done.stderr.decode()))
        with (
            tempfile.TemporaryFile() as given,
            tempfile.TemporaryFile() as out,
            tempfile.TemporaryFile() as err,
        ):
            given.write(stdin.encode())
            given.seek(0)
            streams = (given.fileno(), out.fileno(), err.fileno())
            forked = Forked(self.full(*arguments), self.root, {**os.environ, **(env or {})}, streams)
            try:
                code = forked.wait()
            except BaseException as error:
                out.seek(0)
                err.seek(0)
                error.add_note(f"it had said: {out.read()!r} {err.read()!r}")
                raise
            out.seek(0)
            err.seek(0)
            return no_traceback(Ended(code, out.read().decode(), err.read().decode()))

    def command(self, *arguments: str) -> list[str]:
        """The words of a process that runs this command line."""
        return [sys.executable, "-m", "reconciler", *self.full(*arguments)]

    def write(self, files: Mapping[str, str | None]) -> None:
        """Write (or, for None, remove) files of the identities."""
        for path, text in files.items():
            file = self.root / "identities" / path
            if text is None:
                file.unlink()
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")

    def full(self, *arguments: str) -> list[str]:
        """The words of a command line, with the options that commands have on this stage."""
        takes = arguments[:1] in (("plan",), ("apply",), ("reconcile",), ("access",), ("drift",))
        return [*arguments, *(self._options if takes else ())]


# What the first apply left in a folder, by what it began with.
_CONVERGED: dict[object, Path] = {}


@cache
def _folder() -> str:
    """Where that is kept as long as this process runs."""
    folder = tempfile.TemporaryDirectory(prefix="converged-")
    atexit.register(folder.cleanup)
    return folder.name


class Played(Stage):
    """A folder outside git, with the embedded sandbox."""

    def __init__(self, root: Path, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        super().__init__(root, patch, capsys, "--sandbox")
        self.write(FILES)

    @contextmanager
    def console(self) -> Iterator[Console]:
        """ConsoleBase in the sandbox, between two commands."""
        with Sandbox(self.root / DATA) as sandbox:
            yield sandbox.store

    def memberships(self) -> Mapping[str, frozenset[str]]:
        with self.console() as console:
            return console.memberships()

    def converge(self, *arguments: str) -> None:
        """Plan and apply what the files say, and expect nothing to be left.

        Many tests begin with that, of the same files: it is done once, and the others take a copy.
        """
        begins = self._begins(arguments)
        made = _CONVERGED.get(begins)
        if made is not None:
            shutil.copytree(made, self.root, dirs_exist_ok=True)
            return
        self._converge(*arguments)
        if begins is not None:
            _CONVERGED[begins] = Path(tempfile.mkdtemp(dir=_folder())) / "kept"
            shutil.copytree(self.root, _CONVERGED[begins])

    def _begins(self, arguments: Sequence[str]) -> object:
        """All that decides what the first apply here leaves; None where something was done before."""
        if (self.root / ".reconciler").exists():
            return None
        files = {
            str(path.relative_to(self.root)): path.read_bytes()
            for path in self.root.rglob("*")
            if path.is_file()
        }
        environment = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
        return tuple(arguments), frozenset(files.items()), frozenset(environment.items())

    def _converge(self, *arguments: str) -> None:
        assert self.run("plan", "--out", "plan.json", *arguments).code == 0
        assert self.run("apply", "plan.json", *arguments).code == 0
        assert self.run("plan", "--detailed-exitcode", *arguments).code == 0


class Real(Stage):
    """A repository, and a sandbox that the tool takes for AWS itself."""

    def __init__(
        self,
        root: Path,
        patch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        sandbox: Sandbox,
        work: Work | None = None,
    ) -> None:
        super().__init__(root, patch, capsys)
        self.sandbox = sandbox
        self.work = work or Work(root, patch)
        patch.setenv("AWS_ENDPOINT_URL", sandbox.url)
        patch.setenv("AWS_ACCESS_KEY_ID", "nobody")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "nothing")

    def commit(self, files: Mapping[str, str | None] | None = None, message: str = "change") -> str:
        """Write files of the identities, and commit everything."""
        self.write(files or {})
        return self.work.commit(message=message)

    def memberships(self) -> Mapping[str, frozenset[str]]:
        return self.sandbox.store.memberships()

    def written(self) -> list[str]:
        """The writes that were asked for, successful or not, since the last `forget`."""
        reads = ("List", "Describe", "Get", "Is")
        return [entry.label for entry in self.sandbox.requests if not entry.operation.startswith(reads)]

    def forget(self) -> None:
        self.sandbox.requests.clear()

    def plan(self, *arguments: str) -> Ended:
        """Save a plan of what is committed in plan.json, beside the repository."""
        return self.run("plan", "--out", self.file, *arguments)

    @property
    def file(self) -> str:
        return str(self.root.parent / f"{self.root.name}.plan.json")

    def converge(self, *arguments: str) -> None:
        """Plan and apply what is committed, and expect nothing to be left."""
        planned = self.plan()
        assert planned.code == 0, planned.output
        applied = self.run("apply", self.file, *arguments)
        assert applied.code == 0, applied.output
        assert self.run("plan", "--detailed-exitcode").code == 0

    def tag(self) -> str | None:
        """The commit that the tag of the last whole apply stands on, if there is one."""
        listed = self.work.git("for-each-ref", "--format=%(*objectname)", "refs/tags/reconciler/applied/aws")
        return listed or None
