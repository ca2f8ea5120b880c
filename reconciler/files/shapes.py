"""Building blocks for what files may hold, in pydantic's terms, whose complaints are written for people.

A complaint is a predicate ("has a space in it"); the printer puts the subject before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, TypeAdapter
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import PydanticCustomError, core_schema

REFUSED = "refused"
LIST_OR_WORD = "list_or_word"


def refused(says: str, fix: str) -> PydanticCustomError:
    """The error for a validator to raise: what is wrong with the value, as a predicate, and what to do."""
    return PydanticCustomError(REFUSED, "{says}", {"says": says, "fix": fix})


@dataclass(frozen=True, slots=True)
class Shape:
    """Text must match `pattern` (whole), or it `says` what is wrong and how to `fix` it.

    The pattern must mean the same to Rust's regex crate, which judges, and to ECMA 262 with the flag `u`,
    which editors use for the JSON Schema.
    """

    pattern: str
    says: str
    fix: str

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Other complaints about the text come first, and keep their own words."""
        context: dict[str, str | int | float] = {"says": self.says, "fix": self.fix}
        matching = core_schema.str_schema(pattern=f"^(?:{self.pattern})$")
        judged = core_schema.custom_error_schema(
            matching,
            custom_error_type=REFUSED,
            custom_error_message="{says}",
            custom_error_context=context,
        )
        return core_schema.chain_schema([handler(source), judged])

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """What the text is, with the pattern."""
        return {**handler(schema), "pattern": f"^(?:{self.pattern})$"}


@dataclass(frozen=True, slots=True)
class Short:
    """Plain text may stand for a map with one field: `ada` for `{user: ada}`."""

    field: str

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Text becomes the map before the map is judged."""
        return core_schema.no_info_before_validator_function(self._widen, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Either the field's own shape or the map."""
        whole = handler(schema)
        text = handler.resolve_ref_schema(whole)["properties"][self.field]
        return {"anyOf": [text, whole]}

    def _widen(self, value: Any) -> Any:
        return {self.field: value} if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class OrWord:
    """One word may stand for a list. It stays the word; everything else must be the list."""

    word: str

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """The word passes as it is; what is neither gets a complaint that names both."""
        return core_schema.no_info_wrap_validator_function(self._judge, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Either the list's own shape or the word."""
        return {"anyOf": [handler(schema), {"const": self.word}]}

    def _judge(self, value: Any, judge: core_schema.ValidatorFunctionWrapHandler) -> Any:
        if value == self.word:
            return value
        if not isinstance(value, list):
            words = "{word} or a list"
            raise PydanticCustomError(LIST_OR_WORD, words, {"word": self.word})
        return judge(value)


@dataclass(frozen=True, slots=True)
class OneOrMany:
    """A single value may stand for a list of one."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Text becomes the list before the list is judged."""
        return core_schema.no_info_before_validator_function(self._widen, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Either an item's shape or the list."""
        whole = handler(schema)
        return {"anyOf": [handler.resolve_ref_schema(whole)["items"], whole]}

    def _widen(self, value: Any) -> Any:
        return [value] if isinstance(value, str) else value


@cache
def _schema(adapter: TypeAdapter[Any]) -> Mapping[str, Any]:
    return adapter.json_schema()


def fields_at(adapter: TypeAdapter[Any], loc: tuple[str | int, ...]) -> tuple[str, ...]:
    """The fields that a shape knows at `loc`, in its own order."""
    schema = _schema(adapter)
    definitions = schema.get("$defs", {})
    nodes: list[Mapping[str, Any]] = [schema]
    for step in (*loc, None):
        tagged = [node["discriminator"]["mapping"].get(step) for node in nodes if "discriminator" in node]
        if any(tagged):
            nodes = [{"$ref": one} for one in tagged if one]
            continue
        nodes = [inner for node in nodes for inner in _expanded(node, definitions)]
        if step is None:
            break
        below = []
        for node in nodes:
            properties = node.get("properties", {})
            if step in properties:
                below.append(properties[step])
            elif isinstance(node.get("additionalProperties"), dict):
                below.append(node["additionalProperties"])
            below.extend(node.get("patternProperties", {}).values())
            if isinstance(step, int) and "items" in node:
                below.append(node["items"])
        nodes = below
    return tuple(dict.fromkeys(name for node in nodes for name in node.get("properties", {})))


def _expanded(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    if "$ref" in node:
        return _expanded(definitions[node["$ref"].rsplit("/", 1)[1]], definitions)
    inner = [*node.get("anyOf", ()), *node.get("oneOf", ())]
    return [one for part in inner for one in _expanded(part, definitions)] if inner else [node]
