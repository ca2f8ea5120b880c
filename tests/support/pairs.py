"""Pairs of account and permission set from plain text, as tests write them."""

from __future__ import annotations

from reconciler.model.address import AccountId, Arn, DeclaredPair, SetName
from reconciler.model.pairs import Pair


def pair_of(account: str, arn: str) -> Pair:
    """An account and the ARN of a permission set."""
    return AccountId(account), Arn(arn)


def declared_pair(account: str, name: str) -> DeclaredPair:
    """An account and the name of a permission set."""
    return AccountId(account), SetName(name)
