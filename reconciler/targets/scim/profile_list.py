"""The profiles that there are: whatever file lies in `profiles/`, by its name."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from reconciler.targets.scim import profiles
from reconciler.targets.scim.profile import Profile


@cache
def names() -> tuple[str, ...]:
    """The names of all profiles, sorted: `github_enterprise.py` is `github-enterprise`."""
    return tuple(sorted(each.name.replace("_", "-") for each in pkgutil.iter_modules(profiles.__path__)))


@cache
def profile(name: str) -> Profile:
    """The profile of that name. Raises KeyError where there is none."""
    if name not in names():
        raise KeyError(name)
    found = import_module(f"{profiles.__name__}.{name.replace('-', '_')}").PROFILE
    assert isinstance(found, Profile)
    assert found.name == name, f"{name} is called {found.name} inside"
    return found
