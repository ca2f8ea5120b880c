"""From the name of a type in YAML to the type: those that ship with this package, and those of others.

The one place that names concrete targets. Others register an entry point of the group `reconciler.targets`.
It is found by its name, and loaded only where a configuration names it. What ships cannot be replaced.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import metadata
from typing import Any

from reconciler.errors import ReconcilerError
from reconciler.files.characters import show
from reconciler.targets.target_type import TargetType

GROUP = "reconciler.targets"
IDENTITY_CENTER, SCIM = SHIPPED = ("identity-center", "scim")
# The services that are called, as botocore spells them in AWS_ENDPOINT_URL_<SERVICE>.
_SERVICES = ("IDENTITYSTORE", "SSO_ADMIN", "ORGANIZATIONS", "STS", "SIGNIN")


class UnknownTypeError(ReconcilerError):
    """No package that is installed has a type of target by that name; `fix` says what to do."""

    def __init__(self, name: str) -> None:
        super().__init__("is a type of target that does not exist")
        known = " or ".join((*SHIPPED, *sorted(_registered().keys() - set(SHIPPED))))
        self.fix = (
            f"write {known}, or install the package that brings {show(name)} (entry point group {GROUP})"
        )


class BrokenTypeError(ReconcilerError):
    """A registered type of target cannot be used. The message is a predicate, `fix` says what to do."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.fix = fix


def find(name: str) -> TargetType[Any]:
    """The type of that name. Raises UnknownTypeError, or BrokenTypeError where its package does not load."""
    if name in SHIPPED:
        return _shipped(name)
    found = _registered().get(name, ())
    if not found:
        raise UnknownTypeError(name)
    if len(found) > 1:
        packages = " and ".join(sorted(_package(one) for one in found))
        raise BrokenTypeError(
            f"is a type of target that several packages register: {packages}", "uninstall all but one of them"
        )
    return _load(name)


def shipped() -> Sequence[TargetType[Any]]:
    """The types that ship with this package."""
    return tuple(_shipped(name) for name in SHIPPED)


def default_settings() -> object:
    """The settings of the target that there is without a configuration."""
    from reconciler.targets.identity_center.type import IdentityCenterSettings

    return IdentityCenterSettings()


def is_loopback_endpoint(environment: Mapping[str, str]) -> bool:
    """Whether every call goes to this machine by AWS_ENDPOINT_URL and its kin (AWS SDKs reference guide)."""
    from reconciler.wire.loopback import is_loopback

    if environment.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return False
    everywhere = environment.get("AWS_ENDPOINT_URL", "")
    return all(is_loopback(environment.get(f"AWS_ENDPOINT_URL_{name}", everywhere)) for name in _SERVICES)


def _shipped(name: str) -> TargetType[Any]:
    from reconciler.targets.identity_center.type import IdentityCenterType
    from reconciler.targets.scim.type import ScimType

    return IdentityCenterType() if name == IDENTITY_CENTER else ScimType()


def _registered() -> Mapping[str, Sequence[metadata.EntryPoint]]:
    """What other packages register, by name; nothing of it is loaded."""
    found: dict[str, dict[tuple[str, str], metadata.EntryPoint]] = {}
    for one in metadata.entry_points(group=GROUP):
        # A package that appears twice on the path registers once.
        found.setdefault(one.name, {})[_package(one), one.value] = one
    return {name: tuple(ones.values()) for name, ones in found.items()}


def described(error: BaseException) -> str:
    """An error of somebody else's code, on one line."""
    text = "".join(one for one in " ".join(str(error).split()) if one.isprintable())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _package(point: metadata.EntryPoint) -> str:
    try:
        name = point.dist.name if point.dist is not None else None
    except Exception:  # noqa: BLE001  # metadata of others: where it is damaged, the package has no name
        name = None
    return name or point.value


@cache
def _load(name: str) -> TargetType[Any]:
    """The type that one package registers. Raises BrokenTypeError for every fault in it."""
    (point,) = _registered()[name]
    package = _package(point)
    try:
        loaded = point.load()
        found = loaded() if isinstance(loaded, type) else loaded
    except (Exception, SystemExit) as error:  # code of others: what it raises is its own fault
        raise _broken(package, f"does not load ({described(error)})") from error
    if not isinstance(found, TargetType):
        raise _broken(package, f"registers {point.value}, which is not a TargetType")
    if (inside := getattr(found, "name", None)) != name:
        raise _broken(package, f"calls it {inside!r} inside")
    return found


def _broken(package: str, says: str) -> BrokenTypeError:
    return BrokenTypeError(
        f"is a type of target whose package {package} {says}",
        f"install a version of {package} that works with this one, or delete the target",
    )
