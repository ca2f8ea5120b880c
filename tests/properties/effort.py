"""How long properties look: `PROPERTIES_TIMES=20` makes twenty times as many examples, and longer stories."""

from __future__ import annotations

import os

from tests.support.searching import SEARCHES

TIMES = max(1, int(os.environ.get("PROPERTIES_TIMES", "1")))


# The suite tells the same stories everywhere; a search tells new ones.
SAME = TIMES == 1 and not SEARCHES


def examples(count: int) -> int:
    """So many examples, or more where somebody asked for more."""
    return count * TIMES


def steps(count: int) -> int:
    """So many steps of one story; half as many again where somebody asked for more examples."""
    return count if TIMES == 1 else count * 3 // 2
