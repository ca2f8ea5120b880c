"""Two dated lists of AWS: the actions of each service, and the AWS-managed policies.

Both are text files beside this one, whose first line says of which day they are. AWS adds to both every week,
so that what is missing here may well be there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from reconciler.model.patterns import name_matches

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_WILD = re.compile(r"[*?]")


@cache
def _lines(name: str) -> tuple[str, tuple[str, ...]]:
    """The day of a list, and its lines."""
    text = (Path(__file__).parent / name).read_text("utf-8")
    lines = text.splitlines()
    found = _DATE.search(text)
    assert found is not None, f"{name} does not say of which day it is"
    return found[0], tuple(line for line in lines if not line.startswith("#"))


@cache
def _actions() -> dict[str, str]:
    _, lines = _lines("iam-actions.txt")
    return {service: names for service, _, names in (line.partition(" ") for line in lines)}


def actions_date() -> str:
    """The day (ISO 8601) of the list of actions."""
    return _lines("iam-actions.txt")[0]


def services() -> Sequence[str]:
    """The prefixes of all services, such as `s3`."""
    return tuple(_actions())


@cache
def actions(service: str) -> Sequence[str] | None:
    """The names of a service's actions, without its prefix; None where the list has no such service."""
    found = _actions().get(service.lower())
    return None if found is None else tuple(found.split())


@cache
def _folded(service: str) -> frozenset[str]:
    return frozenset(each.lower() for each in actions(service) or ())


def has_action(service: str, name: str) -> bool:
    """Whether a service has an action by this name, which may have wildcards; case means nothing."""
    if not _WILD.search(name):
        return name.lower() in _folded(service)
    return any(name_matches(each, (name,)) for each in actions(service) or ())


def managed_policies_date() -> str:
    """The day (ISO 8601) of the list of AWS-managed policies."""
    return _lines("aws-managed-policies.txt")[0]


def managed_policies() -> Sequence[str]:
    """The paths of all AWS-managed policies below `policy/`, such as `job-function/Billing`."""
    return _lines("aws-managed-policies.txt")[1]


@cache
def managed_policy_paths() -> frozenset[str]:
    """The same, to look one up."""
    return frozenset(managed_policies())


@cache
def _by_name() -> dict[str, str]:
    return {path.rpartition("/")[2]: path for path in managed_policies()}


def managed_policy(written: str) -> str | None:
    """The path of a policy that is written as its name or its path; None where the list has none such."""
    path = _by_name().get(written.rpartition("/")[2])
    return path if path is not None and written in (path, path.rpartition("/")[2]) else None
