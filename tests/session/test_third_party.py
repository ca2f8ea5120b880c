"""Targets of other packages: found by an entry point, planned, applied and planned again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler import Approvals, Settings, Taking, open_session
from reconciler.cli.main import run
from reconciler.config import check_usable
from reconciler.errors import InputError, ReconcilerError, ServiceError
from reconciler.loading.load import load
from reconciler.loading.schema import schemas
from reconciler.testing import Service, TargetConformance
from tests.repositories import Work
from tests.session.third_party import block, install, module, notebook, site_packages
from tests.trees import configured, problems, tree
from tests.wire.clocks import FakeClock

PEOPLE = """\
users:
  ada: {user_name: ada, title: %s}
  bob: {user_name: bob}
groups:
  ops: {members: [ada, bob]}
"""
BOOK = block("identities/reconciler.yaml")
BROKEN = {
    "raises": "raise RuntimeError('no such tenant')",
    "exits": "raise SystemExit(3)",
    "cannot be imported": "import a_package_that_nobody_has",
    "has no such class": "",
    "is not a type": "class ATarget: pass",
    "is another": "from reconciler.targets.scim.type import ScimType as ATarget",
}


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "site-packages"
    with site_packages(folder, monkeypatch):
        yield folder


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Work:
    made = Work(tmp_path / "work", monkeypatch)
    monkeypatch.chdir(made.root)
    return made


def commit(work: Work, people: str, config: str = BOOK) -> None:
    work.commit({"identities/people.yaml": people, "identities/reconciler.yaml": config})


def impatient() -> TargetConformance:
    """The suite as the page writes it, by a clock that nobody waits for."""
    named: dict[str, Any] = {}
    exec(block("test_notebook.py"), named)  # the code of the page
    written: TargetConformance = named["TestNotebook"]()

    class Impatient(TargetConformance):
        @contextmanager
        def service(self) -> Iterator[Service]:
            with written.service() as service:
                yield replace(service, clock=FakeClock())

    return Impatient()


def test_the_example_is_planned_and_applied_and_nothing_is_left_to_do(packages: Path, work: Work) -> None:
    notebook(packages)
    commit(work, PEOPLE % "Engineer")

    with open_session(Settings()) as session:
        plan, _ = session.plan()
    assert {str(one.address) for one in plan.changes} == {
        "office/user/ada",
        "office/user/bob",
        "office/group/ops",
        "office/membership/ops/ada",
        "office/membership/ops/bob",
    }
    with open_session(Settings(), taking=Taking("apply")) as session:
        applied = session.apply(Approvals([plan]), first_apply=True)
    assert applied.exit_code == 0

    with module().NOTEBOOKS["second"] as book:
        assert [one["title"] for one in book.users.values() if one["user_name"] == "ada"] == ["Engineer"]
        assert sorted(map(len, book.members.values())) == [2]
    with open_session(Settings()) as session:
        assert session.plan()[0].changes == ()

    commit(work, PEOPLE % "Lead")
    with open_session(Settings()) as session:
        plan, _ = session.plan()
    with open_session(Settings(), taking=Taking("apply")) as session:
        assert session.apply(Approvals([plan])).exit_code == 0
    with open_session(Settings()) as session:
        assert session.plan()[0].changes == ()


def test_the_example_passes_the_suite(packages: Path) -> None:
    notebook(packages)
    named: dict[str, Any] = {}
    exec(block("test_notebook.py"), named)  # the code of the page
    tests = [name for name in dir(named["TestNotebook"]) if name.startswith("test_")]
    for name in tests:
        getattr(named["TestNotebook"](), name)()
    assert len(tests) >= 12
    assert {
        name
        for name in tests
        if f"`{name}`" not in (Path(__file__).parents[2] / "docs/targets.md").read_text()
    } == set()


WRONG: Mapping[str, tuple[str, str]] = {
    "test_a_read_that_cannot_be_completed_is_an_error": ("if book.is_torn:", "if False:"),
    "test_a_read_is_complete": (
        "one for one in there if ids is None",
        "one for one in list(there)[:100] if ids is None",
    ),
    "test_what_is_asked_for_is_read_and_nothing_else": ("if ids is None or one in ids", "if True"),
    "test_creations_changes_and_removals_converge": ("there[identifier].update(wished)", "pass"),
    "test_members_enter_and_leave": ('book.members[group][user] = ""', "pass"),
    "test_a_write_whose_answer_is_lost_after_it_was_done_is_not_done_twice": (
        "return alike[0] if alike else None",
        "return None",
    ),
    "test_a_write_that_was_lost_before_it_was_done_is_done": ("return few(tried)", "return None"),
    "test_what_is_there_already_is_not_made_twice": ("if any(one[name] == wished[name]", "if any(False"),
    "test_an_attribute_that_it_cannot_write_is_refused": ("if refused:", "if False:"),
    "test_nobody_elses_objects_are_touched": ("del there[identifier]", "there.clear()"),
    "test_a_refusal_is_an_outcome_and_not_an_exception": (
        "isinstance(refusal, (Conflict, NotFound))",
        "isinstance(refusal, Conflict)",
    ),
    "test_it_says_which_instance_it_is": ('return {"shelf": self._shelf}', "return {}"),
    "test_it_can_be_asked_at_any_time": (
        "return ()\n\n\n@dataclass",
        "raise NotImplementedError\n\n\n@dataclass",
    ),
}


@pytest.mark.parametrize("test", WRONG)
def test_the_suite_sees_a_target_that_does_not_keep_its_promise(packages: Path, test: str) -> None:
    right, wrong = WRONG[test]
    code = block("notebook_target.py")
    assert right in code
    install(
        packages, "notebook-target", code.replace(right, wrong), "notebook = notebook_target:NotebookType"
    )
    with pytest.raises((AssertionError, ServiceError, NotImplementedError)):
        getattr(impatient(), test)()


WITH_DOCUMENT = """\
from typing_extensions import TypedDict
from reconciler.targets.target_type import TargetType
class Document(TypedDict, total=False):
    {field}
class ATarget(TargetType):
    name = "wiki"
    document = {document}
    def settings(self, written, place): return {settings}
    def connect(self, settings, connection): raise RuntimeError("no way")
"""
NO_TYPED_DICT = "its document is not a TypedDict"
MISMADE = {
    "a class as its document": ("x: int", "int", "1", f"TypeError: {NO_TYPED_DICT}"),
    "no document": ("x: int", "None", "1", f"TypeError: {NO_TYPED_DICT}"),
    "a field of an unknown type": (
        "space: 'Nothing'",
        "Document",
        "1",
        "NameError: name 'Nothing' is not defined",
    ),
    "a field of every target": (
        "paths: int",
        "Document",
        "1",
        "TypeError: its document has what every target has: paths",
    ),
    "settings that fail": ("space: str", "Document", "1 / 0", "ZeroDivisionError: division by zero"),
}


@pytest.mark.parametrize(("field", "document", "settings", "says"), MISMADE.values(), ids=MISMADE)
def test_a_type_that_is_made_wrongly_is_said_at_its_place(
    packages: Path, work: Work, field: str, document: str, settings: str, says: str
) -> None:
    code = WITH_DOCUMENT.format(field=field, document=document, settings=settings)
    install(packages, "a-target", code, "wiki = a_target:ATarget")
    commit(work, PEOPLE % "Engineer", "format: 1\ntargets:\n  wiki: {type: wiki, space: x}\n")
    with pytest.raises(InputError) as caught, open_session(Settings()):
        pass
    (problem,) = caught.value.problems
    assert str(problem.place) == "identities/reconciler.yaml:3:16"
    assert problem.message == f"targets.wiki.type is a type of target that fails in a_target ({says})"


def test_a_connection_that_fails_is_said_with_the_name_of_the_target(packages: Path, work: Work) -> None:
    code = WITH_DOCUMENT.format(field="space: str", document="Document", settings="1")
    install(packages, "a-target", code, "wiki = a_target:ATarget")
    commit(work, PEOPLE % "Engineer", "format: 1\ntargets:\n  wiki: {type: wiki, space: x}\n")
    with pytest.raises(ReconcilerError, match="RuntimeError: no way") as caught, open_session(Settings()):
        pass
    assert str(caught.value).startswith("target wiki: its type ")


def test_a_field_that_a_type_requires_is_required(packages: Path) -> None:
    code = block("notebook_target.py").replace(
        "NotebookDocument(TypedDict, total=False)", "NotebookDocument(TypedDict)"
    )
    install(packages, "notebook-target", code, "notebook = notebook_target:NotebookType")
    assert problems(configured("targets: {office: {type: notebook}}\n")) == [
        ("reconciler.yaml:2:11", "targets.office has no shelf", "add `shelf: …`")
    ]


@pytest.mark.parametrize("code", BROKEN.values(), ids=BROKEN)
def test_a_package_that_does_not_load_is_named_where_its_type_is_written(packages: Path, code: str) -> None:
    install(packages, "a-target", code, "wiki = a_target:ATarget")
    files = tree(
        {**configured("targets: {wiki: {type: wiki, space: x}}\n"), "a.yaml": "users: {a: {user_name: a}}"}
    )
    with pytest.raises(InputError) as caught:
        check_usable(files, load(files).config.targets)
    (problem,) = caught.value.problems
    assert str(problem.place).endswith("reconciler.yaml:2:24")
    assert problem.message.startswith("targets.wiki.type is a type of target whose package a-target ")
    assert problem.fix == "install a version of a-target that works with this one, or delete the target"


def test_a_package_that_does_not_load_stops_only_the_runs_that_use_it(packages: Path, work: Work) -> None:
    notebook(packages)
    install(packages, "a-target", BROKEN["raises"], "wiki = a_target:ATarget")
    commit(work, PEOPLE % "Engineer", BOOK + "  wiki:\n    type: wiki\n    space: x\n")
    with open_session(Settings(targets=("office",))) as session:
        assert session.plan()[0].changes
    with pytest.raises(InputError, match="whose package a-target does not load"), open_session(Settings()):
        pass


def test_the_command_line_shows_no_traceback_of_a_package(
    packages: Path, work: Work, capsys: pytest.CaptureFixture[str]
) -> None:
    install(packages, "a-target", BROKEN["raises"], "wiki = a_target:ATarget")
    commit(work, PEOPLE % "Engineer", "format: 1\ntargets:\n  wiki: {type: wiki}\n")
    for command in ("validate", "plan"):
        assert run([command]) == 1
        declared = "".join(capsys.readouterr())
        assert "identities/reconciler.yaml:3:16" in declared
        assert "does not load (RuntimeError: no such tenant)" in declared
        assert "Traceback" not in declared
    assert run(["schema"]) == 0


def test_a_type_that_nobody_brings_is_said_with_those_that_there_are(packages: Path) -> None:
    notebook(packages)
    assert problems(configured("targets: {wiki: {type: wiki}}\n")) == [
        (
            "reconciler.yaml:2:24",
            "targets.wiki.type is a type of target that does not exist",
            (
                'write identity-center or scim or notebook, or install the package that brings "wiki" '
                "(entry point group reconciler.targets)"
            ),
        )
    ]


def test_two_packages_with_one_type_are_refused_by_name(packages: Path, work: Work) -> None:
    notebook(packages)
    install(packages, "other-target", block("notebook_target.py"), "notebook = other_target:NotebookType")
    commit(work, PEOPLE % "Engineer")
    with (
        pytest.raises(InputError, match="several packages register: notebook-target and other-target"),
        open_session(Settings()),
    ):
        pass


def test_what_ships_cannot_be_replaced(packages: Path) -> None:
    install(packages, "a-target", "raise RuntimeError('loaded')", "scim = a_target:ATarget")
    found = load(
        tree(
            {
                **configured("targets: {chat: {type: scim, url: 'https://x/v2', token: {env: T}}}\n"),
                "a.yaml": "users: {a: {user_name: a}}",
            }
        )
    )
    assert type(found.config.targets["chat"].settings).__module__.startswith("reconciler.")


@pytest.mark.parametrize(
    ("settings", "declared"),
    [
        ("type: notebook", ("reconciler.yaml:2:11", "targets.office has no shelf", "add `shelf: …`")),
        (
            "type: notebook, shelf: x, shelv: y",
            ("reconciler.yaml:2:46", 'targets.office has an unknown field "shelv"', 'did you mean "shelf"?'),
        ),
        (
            "type: notebook, shelf: x, region: us-east-1",
            (
                "reconciler.yaml:2:46",
                "targets.office.region makes no sense for a target of type notebook",
                "delete it, or make the target one of type identity-center",
            ),
        ),
        (
            "type: notebook, shelf: []",
            ("reconciler.yaml:2:43", "targets.office.shelf is a list; it takes text", "write text"),
        ),
    ],
)
def test_its_settings_are_checked_as_those_that_ship(
    packages: Path, settings: str, declared: tuple[str, str, str]
) -> None:
    notebook(packages)
    assert problems(configured(f"targets: {{office: {{{settings}}}}}\n")) == [declared]


def test_a_type_that_fails_on_settings_is_said_at_its_place(packages: Path, work: Work) -> None:
    code = block("notebook_target.py").replace(
        'return NotebookSettings(written["shelf"])', 'return written["nothing"]'
    )
    install(packages, "notebook-target", code, "notebook = notebook_target:NotebookType")
    commit(work, PEOPLE % "Engineer")
    with (
        pytest.raises(InputError, match="fails in notebook_target \\(KeyError: 'nothing'\\)"),
        open_session(Settings()),
    ):
        pass


def test_the_schemas_are_those_of_what_ships(packages: Path) -> None:
    before = schemas()
    notebook(packages)
    load(
        tree(
            {
                **configured("targets: {office: {type: notebook, shelf: x}}\n"),
                "a.yaml": "users: {a: {user_name: a}}",
            }
        )
    )
    assert schemas() == before
    assert "notebook" not in before["reconciler.schema.json"]


def test_a_pull_request_cannot_bring_a_type_of_its_own(packages: Path, work: Work) -> None:
    """The trusted branch says which targets there are, and of which type."""
    notebook(packages)
    commit(work, PEOPLE % "Engineer", "format: 1\ntargets:\n  office: {type: identity-center}\n")
    work.git("branch", "trusted")
    commit(work, PEOPLE % "Engineer")
    with pytest.raises(ReconcilerError):  # noqa: SIM117  # whichever of both comes first
        with open_session(Settings(trusted_ref="trusted")) as session:
            session.plan()
    assert "second" not in module().NOTEBOOKS
