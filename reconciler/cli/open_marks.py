"""The marks of runs that began to write and did not say how they ended, for `reconciler unlock`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from reconciler.cli.common import Options
from reconciler.loading.standing import Standing


@dataclass(frozen=True, slots=True)
class OpenMark:
    """The open mark of one run at one target.

    `said` is what is shown of it, line by line. `close` closes it, and raises ReconcilerError where that
    fails, also where it is not as it was when it was listed.
    """

    target: str
    run: str
    said: Sequence[str]
    close: Callable[[], None]


def open_marks(
    options: Options,  # noqa: ARG001  # the storage of marks will need it
    standing: Standing | None,  # noqa: ARG001  # see above
    targets: Collection[str],  # noqa: ARG001  # see above
) -> Sequence[OpenMark]:
    """The open marks at these targets, in the order in which they are to be closed.

    There are none until marks are stored.
    """
    return ()
