"""What others install: the wheel in an empty environment, the action as a step, the container's recipe."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from reconciler import __version__
from reconciler.scaffold.choices import Choices
from reconciler.scaffold.files import TEMPLATES, files
from reconciler.scaffold.write import differing
from tests.ci.actions import PIP
from tests.ci.linting import ROOT, schema, zizmor
from tests.repositories import IDENTITY
from tests.support.patience import PATIENCE

pytestmark = pytest.mark.slow

_SOURCES = ("reconciler", "README.md", "LICENSE", "pyproject.toml", "requirements.txt")


def call(*words: str | Path, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    """Run a program; what it prints. Fails with that where it fails."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        list(words),
        cwd=cwd,
        env={**clean, **(env or {})},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built by the locked build backend from the files alone."""
    root = tmp_path_factory.mktemp("source")
    for name in _SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, root)
    call(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "out", cwd=root)
    (made,) = (root / "out").iterdir()
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel in it. What it depends on is lent to it, so that no index is asked."""
    root = tmp_path_factory.mktemp("empty")
    venv.create(root / "venv", with_pip=False, symlinks=True)
    python = root / "venv" / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check")
    call(*pip, "install", "--quiet", "--no-index", "--no-deps", wheel, cwd=root)
    site = next((root / "venv" / "lib").glob("python*/site-packages"))
    (site / "lent.pth").write_text(sysconfig.get_paths()["purelib"] + "\n", "utf-8")
    where = call(python, "-c", "import reconciler; print(reconciler.__file__)", cwd=root).strip()
    assert Path(where).is_relative_to(root), "the wheel, and not the clone"
    return root / "venv" / "bin" / "reconciler"


def test_the_wheel_has_what_the_commands_need_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        names = set(opened.namelist())
        lock = opened.read("reconciler/templates/requirements.txt")
    assert lock == (ROOT / "requirements.txt").read_bytes()
    package = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "reconciler").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert package <= names
    assert {"reconciler/py.typed", "reconciler/templates/github/workflows/apply.yml"} <= names
    tops = {name.partition("/")[0] for name in names}
    assert tops == {"reconciler", f"identity_reconciler-{__version__}.dist-info"}


def test_the_wheel_works_in_an_empty_environment(installed: Path, wheel: Path, tmp_path: Path) -> None:
    assert call(installed, "--version", cwd=tmp_path).strip() == f"reconciler, version {__version__}"
    assert "--help" in call(installed, "demo", "--help", cwd=tmp_path)
    call(installed, "init", "new", "--wheel", wheel, cwd=tmp_path)
    assert differing(tmp_path / "new", files(Choices(wheel=wheel))) == []
    assert "all fine" in call(installed, "validate", cwd=tmp_path / "new")
    call(installed, "schema", cwd=tmp_path)
    for path in (ROOT / "schemas").glob("*.json"):
        assert (tmp_path / "schemas" / path.name).read_bytes() == path.read_bytes()


def test_templates_are_found_in_the_clone_and_none_is_ignored_by_git() -> None:
    known = call("git", "ls-files", "-co", "--exclude-standard", "reconciler/templates", cwd=ROOT).split()
    assert {ROOT / name for name in known} == {path for path in TEMPLATES.rglob("*") if path.is_file()}


def test_the_action_passes_the_linters(tmp_path: Path) -> None:
    shutil.copy(ROOT / "action.yml", tmp_path)
    code, output = zizmor(tmp_path)
    assert code == 0, output
    assert schema("vendor.github-actions", ROOT / "action.yml")[0] == 0


def test_the_action_installs_by_hash_and_runs_a_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    steps = [step for step in action["runs"]["steps"] if "run" in step]
    assert all("${{" not in step["run"] for step in steps)
    assert steps[-1]["env"] == {
        "ARGUMENTS": "${{ inputs.arguments }}",
        "BRANCH": "${{ inputs.branch }}",
    }
    work, temporary, programs = tmp_path / "work", tmp_path / "temp folder", tmp_path / "bin"
    for folder in (work, temporary, programs):
        folder.mkdir()
    (programs / "python").write_text(PIP.replace("{python}", sys.executable), "utf-8")
    (programs / "python").chmod(0o755)
    call("git", "init", "-q", cwd=work)
    for name, content in files(Choices()).items():
        if name.startswith("identities/"):
            (work / name).parent.mkdir(parents=True, exist_ok=True)
            (work / name).write_bytes(content)
    # What a pull request puts where the command runs is not imported.
    (work / "click.py").write_text("raise SystemExit('imported')\n", "utf-8")
    environment = {
        **IDENTITY,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PIP_LOG": str(tmp_path / "pip.log"),
        "RUNNER_TEMP": str(temporary),
        "GITHUB_ACTION_PATH": str(ROOT),
        "GITHUB_OUTPUT": str(tmp_path / "outputs"),
        "ARGUMENTS": "validate\n  --format  json  --identities $(touch evil)*",
        "BRANCH": "main",
    }
    bash = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")
    call(*bash, steps[0]["run"], cwd=work, env=environment)
    logged = (tmp_path / "pip.log").read_text("utf-8")
    assert "--require-hashes --no-deps -r requirements.txt" in logged
    with pytest.raises(AssertionError, match="evil"):
        call(*bash, steps[1]["run"], cwd=work, env=environment)
    assert not (work / "evil").exists()
    fine = {**environment, "ARGUMENTS": "validate\n  --identities   identities"}
    assert "all fine" in call(*bash, steps[1]["run"], cwd=work, env=fine)
    program = temporary / "reconciler" / "bin" / "reconciler"
    assert (tmp_path / "outputs").read_text("utf-8") == f"program={program}\n"


def test_the_container_installs_by_hash_and_runs_as_nobody_special() -> None:
    lines = (ROOT / "Containerfile").read_text("utf-8").replace("\\\n", " ").splitlines()
    orders = [line.split(None, 1) for line in lines if line and not line.startswith("#")]
    names = [order[0] for order in orders]
    assert names[0] == "ARG"
    assert names.count("FROM") == 1
    pips = [order[1] for order in orders if "pip install" in order[1]]
    assert pips
    assert all("--require-hashes --no-deps" in one for one in pips)
    users = [order[1] for order in orders if order[0] == "USER"]
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", users[-1])
    assert names.index("USER") > max(n for n, name in enumerate(names) if name in ("COPY", "RUN"))
    assert not {"ADD", "MAINTAINER"} & set(names)
    copied = [order[1].split()[:-1] for order in orders if order[0] == "COPY"]
    assert all((ROOT / name).exists() for several in copied for name in several)
    # What is not copied does not reach the builder: no key and no history of git.
    assert (ROOT / ".containerignore").read_text("utf-8").splitlines()[0] == "*"
    assert [order[1] for order in orders if order[0] == "ENTRYPOINT"] == ['["reconciler"]']
