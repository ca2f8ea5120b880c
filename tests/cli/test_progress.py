"""What progress writes where, as a terminal would show it."""

from __future__ import annotations

from contextlib import nullcontext

from reconciler.cli.progress import Progress
from reconciler.model.address import Address, Kind
from reconciler.model.change import Action
from reconciler.model.plan import Step
from reconciler.model.report import Outcome, Status

CLEAR = "\r\x1b[2K"


class Terminal:
    """Keeps what was written, and a clock that stands still unless it is moved."""

    def __init__(self, *, terminal: bool = True, width: int = 80) -> None:
        self.written: list[str] = []
        self.now = 100.0
        self.progress = Progress(
            self.written.append, lambda: self.now, nullcontext(), terminal=terminal, width=width
        )

    @property
    def line(self) -> str:
        """What stands in the line now."""
        return "".join(self.written).rpartition(CLEAR)[2]


def step(key: str) -> Step:
    address = Address.of("aws", Kind.USER, key)
    return Step(id=key, address=address, action=Action.CREATE, changes=(address,))


def test_a_terminal_shows_how_far_each_read_is() -> None:
    screen = Terminal()
    screen.progress.reading("aws", "users", 100, None)
    screen.now += 1
    screen.progress.reading("aws", "memberships", 120, 766)
    assert screen.line == "aws: reading users 100, memberships 120 of 766"


def test_the_line_changes_at_most_ten_times_a_second() -> None:
    screen = Terminal()
    for done in range(1000):
        screen.now += 0.001
        screen.progress.reading("aws", "users", done, 5000)
    assert 8 <= len(screen.written) <= 11


def test_the_last_step_is_shown_at_once() -> None:
    screen = Terminal()
    screen.progress.started("aws", 2)
    screen.progress.ended("aws", step("ada"), Outcome("ada", Status.DONE))
    screen.progress.ended("aws", step("eve"), Outcome("eve", Status.FAILED, "no"))
    assert screen.line == "aws: applied 2 of 2, 1 failed: aws/user/eve"


def test_waiting_is_said() -> None:
    screen = Terminal()
    screen.progress.waiting("aws", "ListGroups", 12)
    assert screen.line == "aws: asked to slow down: ListGroups waits 12 s"


def test_finishing_leaves_an_empty_line_once() -> None:
    screen = Terminal()
    screen.progress.reading("aws", "users", 1, None)
    screen.progress.finish()
    screen.progress.finish()
    assert screen.line == ""
    assert screen.written.count(CLEAR) == 1


def test_nothing_is_cleared_that_was_never_shown() -> None:
    screen = Terminal()
    screen.progress.finish()
    assert screen.written == []


def test_the_line_never_reaches_the_edge_and_holds_no_commands_of_others() -> None:
    screen = Terminal(width=40)
    screen.progress.reading("aws\x1b[31m", "users\n" * 50, 1, None)
    assert len(screen.line) == 39
    assert screen.line.isprintable()
    assert screen.line.endswith("…")


def test_elsewhere_each_phase_is_one_line() -> None:
    log = Terminal(terminal=False)
    for done in range(500):
        log.now += 1
        log.progress.reading("aws", "users", done, None)
    log.progress.waiting("aws", "ListUsers", 30)
    log.progress.started("aws", 500)
    for done in range(500):
        log.now += 1
        log.progress.ended("aws", step(f"p{done}"), Outcome(f"p{done}", Status.DONE))
    log.progress.reading("chat", "users", 1, None)
    log.progress.finish()
    assert log.written == ["aws: reading\n", "aws: applying 500 steps\n", "chat: reading\n"]


def test_a_closed_pipe_stops_nobody() -> None:
    def closed(text: str) -> None:
        raise BrokenPipeError(text)

    progress = Progress(closed, lambda: 0.0, nullcontext(), terminal=True)
    progress.started("aws", 1)
    progress.ended("aws", step("ada"), Outcome("ada", Status.DONE))
    progress.finish()


def test_what_the_service_is_at_work_on_is_shown_until_it_ends() -> None:
    screen = Terminal()
    screen.progress.started("aws", 2)
    screen.now += 1
    screen.progress.pending("aws", 2)
    assert screen.line == "aws: applied 0 of 2, 2 under way"
    screen.progress.ended("aws", step("ada"), Outcome("ada", Status.DONE))
    screen.now += 1
    screen.progress.pending("aws", 0)
    assert screen.line == "aws: applied 1 of 2"
