"""Who has access to AWS, as YAML in git: planned, reviewed, applied, and checked for drift.

What other programs may import from here is in `__all__`; everything else may change with any version.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.session.applying import Applied
    from reconciler.session.approvals import Approvals
    from reconciler.session.locking import Taking
    from reconciler.session.opening import open_session
    from reconciler.session.session import Session
    from reconciler.session.settings import Settings

__version__ = "0.3.0"
__all__ = ["Applied", "Approvals", "Session", "Settings", "Taking", "__version__", "open_session"]

_PLACES = {
    "Applied": "reconciler.session.applying",
    "Approvals": "reconciler.session.approvals",
    "Session": "reconciler.session.session",
    "Settings": "reconciler.session.settings",
    "Taking": "reconciler.session.locking",
    "open_session": "reconciler.session.opening",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is used: `reconciler --help` needs none of them (PEP 562)."""
    if name in _PLACES:
        return getattr(import_module(_PLACES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
