"""The targets of reconciler.yaml: a union over the types that are registered, told apart by `type`.

Only the types that a file names are looked for; those that ship are always part of the union.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, reduce
from operator import or_
from types import new_class
from typing import Annotated, Any, Literal, NamedTuple, Required

from pydantic import ConfigDict, Field, TypeAdapter, with_config
from typing_extensions import TypedDict, get_type_hints

from reconciler.config.documents import ConfigDocument, TargetDocument, TargetName
from reconciler.errors import ReconcilerError
from reconciler.files.documents import Document, Loc
from reconciler.files.faults import Faults
from reconciler.files.tree import Tree
from reconciler.model.observer import Observer
from reconciler.model.policy import TargetPolicy
from reconciler.model.scim import is_extension
from reconciler.targets.base import Target
from reconciler.targets.registry import (
    IDENTITY_CENTER,
    SHIPPED,
    BrokenTypeError,
    UnknownTypeError,
    default_settings,
    find,
)
from reconciler.targets.target_type import NO_MAP, Connection, Place, Played, TargetType
from reconciler.wire.clock import Clock

CONFIG_FILE = "reconciler.yaml"


@dataclass(frozen=True, slots=True)
class Broken:
    """In place of the settings of a target whose type cannot be used: a predicate, and what to do."""

    says: str
    fix: str


class _AnythingDocument(TypedDict, total=False):
    """Of a type that cannot be used nothing can be said but what every target has."""


@dataclass(frozen=True, slots=True)
class TargetConfig:
    """One target: what may be done there, its type, and its own settings, as the type makes them.

    `settings` is None where nothing can be made of them, and Broken where the type cannot be used.
    """

    name: str
    policy: TargetPolicy
    type: str = IDENTITY_CENTER
    settings: Any = field(default_factory=default_settings)

    @property
    def extensions(self) -> tuple[str, ...]:
        """The paths of attributes in extensions that are written here beside ours, sorted."""
        return tuple(sorted(name for name in self.policy.map if is_extension(name)))


class Made(NamedTuple):
    """What a target's own fields come to."""

    settings: Any
    map: Mapping[str, str]


def adapter_for(document: Document, *, silently: bool = False) -> TypeAdapter[ConfigDocument]:
    """The shape of a configuration with the types that it names; those that do not exist are noted."""
    others = set()
    for at, name in _named(document):
        if name in SHIPPED:
            continue
        try:
            find(name)
        except UnknownTypeError as error:
            if not silently:
                document.fault(at, str(error), error.fix)
            continue
        except BrokenTypeError:
            pass  # said where the target is used
        others.add(name)
    return adapter(tuple(sorted(others)))


@cache
def adapter(others: tuple[str, ...] = ()) -> TypeAdapter[ConfigDocument]:
    """The shape of a configuration with the types that ship, and `others` that are registered."""
    documents = [_target_document(name) for name in (*SHIPPED, *others)]
    fields = get_type_hints(ConfigDocument, include_extras=True)
    (described,) = fields["targets"].__metadata__
    # Made at run time, which a type checker cannot follow.
    annotated: Any = Annotated
    union: Any = annotated[reduce(or_, documents), Field(discriminator="type")]
    fields["targets"] = annotated[dict[TargetName, union], described]
    return TypeAdapter(_made(ConfigDocument, fields))


def foreign_field(document: Document, loc: Loc) -> tuple[str, str] | None:
    """The complaint about an unknown field that another type has, or writes elsewhere."""
    if len(loc) != 3 or loc[0] != "targets":
        return None
    field, ours = str(loc[2]), document.at((*loc[:2], "type"))
    having = [name for name in SHIPPED if field in find(name).document.__annotations__]
    if not having:
        return None
    fix = f"delete it, or make the target one of type {' or '.join(having)}"
    if ours in SHIPPED:
        fix = find(ours).instead_of(field) or fix
    return f"makes no sense for a target of type {ours}", fix


def make(name: str, written: Mapping[str, Any], place: Place) -> Made:
    """What a target's own fields come to; what makes no sense between them is noted."""
    try:
        kind = find(name)
    except BrokenTypeError as error:
        return Made(Broken(str(error), error.fix), NO_MAP)
    try:
        return Made(kind.settings(written, place), kind.attribute_map(written, place))
    except Exception as error:
        if name in SHIPPED:
            raise
        return Made(_failed(kind, error), NO_MAP)


def check_usable(tree: Tree, targets: Mapping[str, TargetConfig]) -> None:
    """Raise InputError for those of the targets whose type cannot be used, at the place of their type."""
    broken = {name: one.settings for name, one in targets.items() if isinstance(one.settings, Broken)}
    if not broken:
        return
    faults = Faults(tree)
    document = Document.read(tree, CONFIG_FILE, faults)
    for name, one in broken.items():
        if document is not None:
            document.fault(("targets", name, "type"), one.says, one.fix)
    raise faults.error()


def is_default_endpoint(target: TargetConfig) -> bool:
    """Whether a target leads to a place that no file of a pull request can choose; see TargetType."""
    usable = target.settings is not None and not isinstance(target.settings, Broken)
    return usable and find(target.type).is_default_endpoint(target.settings)


def differences(ours: TargetConfig, theirs: TargetConfig) -> Iterator[str]:
    """What the trusted branch says otherwise of how to reach a target."""
    if ours.type != theirs.type:
        yield f"{theirs.type} for `type`, where the file here says {ours.type}"
    elif None not in (ours.settings, theirs.settings) and not (
        isinstance(ours.settings, Broken) or isinstance(theirs.settings, Broken)
    ):
        yield from find(ours.type).differences(ours.settings, theirs.settings)


def is_played(target: TargetConfig) -> bool:
    """Whether the embedded sandbox can take its place."""
    return not isinstance(target.settings, Broken) and find(target.type).is_played


def connect(
    target: TargetConfig,
    clock: Clock,
    observer: Observer,
    *,
    speed: float | None = None,
    played: Played | None = None,
) -> Target:
    """The target that a configuration describes; nobody is called yet. Raises ReconcilerError."""
    kind = find(target.type)
    connection = Connection(target.name, clock, observer, target.extensions, speed, played)
    try:
        return kind.connect(target.settings, connection)
    except ReconcilerError:
        raise
    except Exception as error:
        if target.type in SHIPPED:
            raise
        failed = _failed(kind, error)
        raise ReconcilerError(f"the type of target {target.name} {failed.says}; {failed.fix}") from error


def required(target: TargetConfig) -> tuple[str, ...]:
    """The attributes without which the target creates no user, as far as they are known without asking it."""
    usable = not isinstance(target.settings, Broken)
    return find(target.type).required(target.settings) if usable else ()


def _failed(kind: TargetType[Any], error: Exception) -> Broken:
    """A type of another package that raises what it should not."""
    says = f"is a type of target that fails in {type(kind).__module__} ({type(error).__name__}: {error})"
    return Broken(says, "report it to its package, or delete the target")


def _named(document: Document) -> Iterator[tuple[Loc, str]]:
    targets = document.value.get("targets")
    for name, target in targets.items() if isinstance(targets, dict) else ():
        if isinstance(target, dict) and isinstance(target.get("type"), str):
            yield ("targets", name, "type"), target["type"]


def _target_document(name: str) -> type:
    """The fields of every target and those of one type."""
    common = get_type_hints(TargetDocument, include_extras=True)
    tag = {"type": Required[Annotated[Literal[name], *common.pop("type").__args__[0].__metadata__]]}
    try:
        own = find(name).document
        fields = {**tag, **get_type_hints(own, include_extras=True), **common}
        made = _made(own, fields)
        TypeAdapter(made)
    except BrokenTypeError:
        made = _made(_AnythingDocument, {**tag, **common}, extra="allow")
    return made


def _made(of: type, fields: Mapping[str, Any], extra: Literal["forbid", "allow"] = "forbid") -> type:
    """A TypedDict like `of` with these fields."""

    def body(names: dict[str, Any]) -> None:
        names.update(__annotations__=dict(fields), __module__=__name__, __doc__=of.__doc__)

    return with_config(ConfigDict(extra=extra))(new_class(of.__name__, (TypedDict,), {"total": False}, body))
