"""What a package with a target of its own tests it with; see docs/targets.md.

Nothing here needs pytest, and pytest collects a subclass of TargetConformance as it is.
"""

from reconciler.testing.service import Service
from reconciler.testing.suite import TargetConformance

__all__ = ["Service", "TargetConformance"]
