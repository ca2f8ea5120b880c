"""What of a live object can stand in a file: each field judged by the very shapes that loading has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from reconciler.config.selectors import SelectorDocument
from reconciler.files.characters import FORBIDDEN
from reconciler.loading.documents import GroupDocument, UserDocument
from reconciler.model.resources import Value

_USER: TypeAdapter[Any] = TypeAdapter(UserDocument)
_GROUP: TypeAdapter[Any] = TypeAdapter(GroupDocument)
_SELECTOR: TypeAdapter[Any] = TypeAdapter(SelectorDocument)


def user_fields(attributes: Mapping[str, Value]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The attributes that a file can have, as they are written, and the names of those that it cannot."""
    return _fitting(_USER, attributes, {"user_name": "a"})


def group_fields(attributes: Mapping[str, Value]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The attributes that a file can have, as they are written, and the names of those that it cannot."""
    return _fitting(_GROUP, attributes, {})


def can_select(written: Mapping[str, Any]) -> bool:
    """Whether a file can have a selector of accounts as it is written."""
    said = {name: "true" if value is True else value for name, value in written.items()}
    return _fits(_SELECTOR, said)


def _fitting(
    shape: TypeAdapter[Any], attributes: Mapping[str, Value], beside: Mapping[str, Any]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    written = {name: _plain(value) for name, value in attributes.items()}
    if _fits(shape, {**beside, **written}):
        return written, ()
    unfit = tuple(name for name, value in written.items() if not _fits(shape, {**beside, name: value}))
    return {name: value for name, value in written.items() if name not in unfit}, unfit


def _fits(shape: TypeAdapter[Any], written: Mapping[str, Any]) -> bool:
    if any(FORBIDDEN.search(text) for text in _texts(written)):
        return False
    try:
        shape.validate_python(written)
    except ValidationError:
        return False
    return True


def _plain(value: Value) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield name
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
