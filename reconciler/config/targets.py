"""The targets of reconciler.yaml: a union over the types that are registered, told apart by `type`.

Only the types that a file names are looked for; those that ship are always part of the union.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, reduce
from operator import or_
from types import new_class
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, Required, TypeVar, get_origin

from pydantic import ConfigDict, Field, TypeAdapter, with_config
from typing_extensions import TypedDict, get_type_hints, is_typeddict

from reconciler.config.documents import ConfigDocument, TargetDocument, TargetName
from reconciler.errors import ReconcilerError
from reconciler.files.documents import Document, Loc
from reconciler.files.faults import Faults
from reconciler.files.tree import Tree
from reconciler.model.observer import Observer
from reconciler.model.policy import TargetPolicy
from reconciler.model.scim import is_extension
from reconciler.targets.registry import (
    IDENTITY_CENTER,
    SHIPPED,
    BrokenTypeError,
    UnknownTypeError,
    default_settings,
    described,
    find,
)
from reconciler.targets.target_type import NO_MAP, Connection, Place, Played, TargetType
from reconciler.wire.clock import Clock

if TYPE_CHECKING:
    from reconciler.targets.base import Target

CONFIG_FILE = "reconciler.yaml"
Answer = TypeVar("Answer")


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
            _document_of(name)
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
    (about,) = fields["targets"].__metadata__
    # Made at run time, which a type checker cannot follow.
    annotated: Any = Annotated
    union: Any = annotated[reduce(or_, documents), Field(discriminator="type")]
    fields["targets"] = annotated[dict[TargetName, union], about]
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
        _document_of(name)
    except BrokenTypeError as error:
        return Made(Broken(str(error), error.fix), NO_MAP)
    kind = find(name)
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
    return _is_usable(target) and _ask(target, lambda kind: kind.is_default_endpoint(target.settings))


def differences(ours: TargetConfig, theirs: TargetConfig) -> Sequence[str]:
    """What the trusted branch says otherwise of how to reach a target."""
    if ours.type != theirs.type:
        return (f"{theirs.type} for `type`, where the file here says {ours.type}",)
    if not (_is_usable(ours) and _is_usable(theirs)):
        return ()
    return _ask(ours, lambda kind: tuple(kind.differences(ours.settings, theirs.settings)))


def address(target: TargetConfig) -> str | None:
    """The address that its field `url` names; None where there is none."""
    return _ask(target, lambda kind: kind.address(target.settings)) if _is_usable(target) else None


def deny_policy(target: TargetConfig) -> str:
    """The policy that denies people at once; "" where none is configured."""
    return _ask(target, lambda kind: kind.deny_policy(target.settings)) if _is_usable(target) else ""


def is_played(target: TargetConfig) -> bool:
    """Whether the embedded sandbox can take its place."""
    return not isinstance(target.settings, Broken) and find(target.type).is_played


def required(target: TargetConfig) -> tuple[str, ...]:
    """The attributes without which the target creates no user, as far as they are known without asking it."""
    if isinstance(target.settings, Broken):
        return ()
    return _ask(target, lambda kind: kind.required(target.settings))


def connect(
    target: TargetConfig,
    clock: Clock,
    observer: Observer,
    *,
    speed: float | None = None,
    played: Played | None = None,
) -> Target:
    """The target that a configuration describes; nobody is called yet. Raises ReconcilerError."""
    connection = Connection(target.name, clock, observer, target.extensions, speed, played)
    return _ask(target, lambda kind: kind.connect(target.settings, connection))


def _is_usable(target: TargetConfig) -> bool:
    return target.settings is not None and not isinstance(target.settings, Broken)


def _ask(target: TargetConfig, ask: Callable[[TargetType[Any]], Answer]) -> Answer:
    """What its type answers. Raises ReconcilerError for all that the code of another package raises."""
    kind = find(target.type)
    try:
        return ask(kind)
    except ReconcilerError:
        raise
    except Exception as error:
        if target.type in SHIPPED:
            raise
        broken = _failed(kind, error)
        raise ReconcilerError(f"target {target.name}: its type {broken.says}; {broken.fix}") from error


def _failed(kind: TargetType[Any], error: Exception) -> Broken:
    """A type of another package that raises what it should not."""
    says = f"is a type of target that fails in {type(kind).__module__} ({described(error)})"
    return Broken(says, "report it to its package, or delete the target")


def _named(document: Document) -> Iterator[tuple[Loc, str]]:
    targets = document.value.get("targets")
    for name, target in targets.items() if isinstance(targets, dict) else ():
        if isinstance(target, dict) and isinstance(target.get("type"), str):
            yield ("targets", name, "type"), target["type"]


@cache
def _document_of(name: str) -> type:
    """The fields of every target and those of one type. Raises BrokenTypeError where those make no sense."""
    kind, (tag, common) = find(name), _common(name)
    try:
        own: Any = kind.document
        if not is_typeddict(own):
            raise TypeError("its document is not a TypedDict")
        fields = get_type_hints(own, include_extras=True)
        if both := sorted(fields.keys() & (tag | common).keys()):
            raise TypeError(f"its document has what every target has: {', '.join(both)}")
        made = _made(own, {**tag, **fields, **common}, required=own.__required_keys__)
        if name not in SHIPPED:
            TypeAdapter(made)  # whether pydantic can make sense of it
    except Exception as error:
        if name in SHIPPED:
            raise
        broken = _failed(kind, error)
        raise BrokenTypeError(broken.says, broken.fix) from error
    return made


def _target_document(name: str) -> type:
    """The same; where the type cannot be used, the fields of every target, and any other."""
    try:
        return _document_of(name)
    except BrokenTypeError:
        tag, common = _common(name)
        return _made(_AnythingDocument, {**tag, **common}, extra="allow")


def _common(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The field `type`, which tells the members of the union apart, and the other fields of every target."""
    fields = get_type_hints(TargetDocument, include_extras=True)
    about = fields.pop("type").__args__[0].__metadata__
    return {"type": Required[Annotated[Literal[name], *about]]}, fields


def _made(
    of: type,
    fields: Mapping[str, Any],
    extra: Literal["forbid", "allow"] = "forbid",
    required: Collection[str] = (),
) -> type:
    """A TypedDict like `of` with these fields."""
    marked = {
        name: Required[hint] if name in required and get_origin(hint) is not Required else hint
        for name, hint in fields.items()
    }

    def body(names: dict[str, Any]) -> None:
        names.update(__annotations__=marked, __module__=__name__, __doc__=of.__doc__)

    return with_config(ConfigDict(extra=extra))(new_class(of.__name__, (TypedDict,), {"total": False}, body))
