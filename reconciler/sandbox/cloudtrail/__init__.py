"""The event history: what was written by whom, and LookupEvents over it."""

from reconciler.sandbox.cloudtrail.lookup import OPERATIONS

__all__ = ["OPERATIONS"]
