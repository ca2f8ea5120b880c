"""What people write of rules: conditions on the resulting access. They are checked here, and judge later."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from reconciler.config.fields import STRICT, Key, Pattern
from reconciler.config.selectors import SelectorEntry


class DenyDocument(TypedDict, total=False):
    """Access that nobody may have."""

    __pydantic_config__ = STRICT  # type: ignore[misc]  # pydantic reads it; a TypedDict has no other place for it

    principal: Annotated[
        Literal["user", "group"], Field(description="`user`: only direct grants. Default: both.")
    ]
    permission_sets: Annotated[list[Pattern], Field(description="Shell patterns. Default: all.")]
    accounts: Annotated[list[SelectorEntry], Field(description="Accounts. Default: all.")]


class RestrictDocument(TypedDict, total=False):
    """Access that only some files may grant."""

    __pydantic_config__ = STRICT  # type: ignore[misc]  # pydantic reads it; a TypedDict has no other place for it

    permission_sets: Annotated[list[Pattern], Field(description="Shell patterns. Default: all.")]
    accounts: Annotated[list[SelectorEntry], Field(description="Accounts. Default: all.")]


class RuleDocument(TypedDict, total=False):
    """One rule: exactly one of `deny`, `disjoint`, `require` and `restrict`."""

    __pydantic_config__ = STRICT  # type: ignore[misc]  # pydantic reads it; a TypedDict has no other place for it

    deny: Annotated[DenyDocument, Field(min_length=1, description="Access that nobody may have.")]
    disjoint: Annotated[
        list[Key], Field(min_length=2, description="Groups (keys) of which nobody may be in two.")
    ]
    require: Annotated[
        list[Literal["until", "reason"]],
        Field(min_length=1, description="What a grant must say: `until`, `reason`."),
    ]
    restrict: Annotated[
        RestrictDocument, Field(min_length=1, description="Access that only some files may grant.")
    ]
    permission_sets: Annotated[
        list[Pattern], Field(description="With `require`: for which permission sets. Default: all.")
    ]
    accounts: Annotated[
        list[SelectorEntry], Field(description="With `require`: in which accounts. Default: all.")
    ]
    only_from: Annotated[list[Pattern], Field(description="With `restrict`: the files that may grant it.")]
