"""What a type of target is: the form of its settings in reconciler.yaml, and how it is connected.

A package of its own can bring one: an entry point of the group `reconciler.targets`, named as the type is
named in YAML, that leads to an instance of a TargetType (docs/targets.md).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from reconciler.files.documents import Document, Loc
from reconciler.model.observer import Observer
from reconciler.wire.clock import Clock

if TYPE_CHECKING:
    from reconciler.targets.base import Target

Settings = TypeVar("Settings")

NO_MAP: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Place:
    """Where the settings of one target stand in the file. `zone` is that of dates in it."""

    document: Document
    at: Loc
    zone: tzinfo

    def fault(self, path: Loc, says: str, fix: str, *, key: bool = False) -> None:
        """Note that what stands at `path` below the target is wrong, or with `key` its key.

        `says` is a predicate ("is not a valid tenant"), `fix` says what to write instead.
        """
        self.document.fault((*self.at, *path), says, fix, key=key)


@dataclass(frozen=True, slots=True)
class Played:
    """The embedded sandbox in place of AWS: where it answers, and how to get a token of its SCIM endpoint.

    `deny_policy` makes the policy of an id, with nobody in it, at the root of its organization, and
    `session_role` a role by that name in every account.
    """

    url: str
    region: str
    scim_url: str = ""
    scim_token: Callable[[], Path] | None = None
    deny_policy: Callable[[str], None] | None = None
    session_role: Callable[[str], None] | None = None


@dataclass(frozen=True, slots=True)
class Connection:
    """What a target is made with beside its settings.

    `name` is that in the configuration. `extensions` are the paths of mapped attributes that have no name of
    ours. `speed` is by how much the time of what is there runs faster than ours (None: it does not), `played`
    the sandbox that takes its place (None: it is called itself).
    """

    name: str
    clock: Clock
    observer: Observer
    extensions: tuple[str, ...] = ()
    speed: float | None = None
    played: Played | None = None


class TargetType(ABC, Generic[Settings]):
    """One type of target. Stateless: one instance serves every target of its type.

    `name` is the `type` in YAML. `document` is a TypedDict (total=False, every field with a description) of
    the fields beside those that every target has; unknown fields are refused. The value that `settings`
    returns is compared with `==`, to tell whether the trusted branch says the same.
    """

    name: ClassVar[str]
    document: ClassVar[type]
    # Whether the embedded sandbox can take its place.
    is_played: ClassVar[bool] = False

    @abstractmethod
    def settings(self, written: Mapping[str, Any], place: Place) -> Settings | None:
        """The settings as a value, from fields that fit `document`. Calls nobody.

        What makes no sense between the fields is noted at `place`; None where nothing can be made of them.
        """

    @abstractmethod
    def connect(self, settings: Settings, connection: Connection) -> Target:
        """The target; nobody is called yet. Raises ReconcilerError."""

    def attribute_map(self, written: Mapping[str, Any], place: Place) -> Mapping[str, str]:
        """Templates of attributes that are made from others, by our names; what is wrong is noted."""
        del written, place
        return NO_MAP

    def instead_of(self, field: str) -> str | None:
        """The fix for a field of another type that is written otherwise here; None: there is none."""
        del field
        return None

    def required(self, settings: Settings | None) -> tuple[str, ...]:
        """The attributes without which no user is created, as far as they are known without asking."""
        del settings
        return ("user_name",)

    def user_attributes(self, settings: Settings) -> frozenset[str] | None:
        """Our names of the attributes of users that are ever sent, extensions apart; None: any of them."""
        del settings
        return None

    def address(self, settings: Settings) -> str | None:
        """The address that the field `url` names, so that no two targets are at one; None: there is none."""
        del settings
        return None

    def is_default_endpoint(self, settings: Settings) -> bool:
        """Whether it leads to a place, and uses credentials, that no file of a pull request can choose.

        Only such a target is used before the trusted branch has a configuration (docs/concepts.md).
        """
        del settings
        return False

    def deny_policy(self, settings: Settings) -> str:
        """The policy that denies people at once; "" where the settings name none."""
        del settings
        return ""

    def differences(self, ours: Settings, theirs: Settings) -> Iterable[str]:
        """What the trusted branch (`theirs`) says otherwise, as in "eu-west-1 for `region`, where …"."""
        if ours != theirs:
            yield "other settings than the file here"
