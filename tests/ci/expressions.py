"""The expressions of workflows, as far as ours have any: paths, comparisons, `!`, `&&`, `||`, functions.

Source: docs.github.com, "Evaluate expressions in workflows and actions". A missing value is null, which
equals the empty string.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<call>(?:cancelled|always|hashFiles|startsWith)\()|(?P<path>[A-Za-z_][\w.-]*)"
    r"|(?P<operator>==|!=|&&|\|\||!|\(|\)|,))"
)
_WORDS = {"==": "==", "!=": "!=", "&&": " and ", "||": " or ", "!": " not ", "(": "(", ")": ")", ",": ","}


def evaluate(text: str, context: Mapping[str, Any], workspace: Path) -> Any:
    """The value of one expression, without `${{` and `}}`."""
    words: list[str] = []
    values: dict[str, Any] = {
        "cancelled": lambda: False,
        "always": lambda: True,
        "startsWith": lambda text, start: str(text).lower().startswith(start.lower()),
        "hashFiles": lambda name: "hash" if list(workspace.glob(name)) else "",
    }
    at = 0
    text = text.strip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        assert match is not None, f"not understood: {text[at:]}"
        at = match.end()
        if match["text"]:
            words.append(repr(match["text"][1:-1].replace("''", "'")))
        elif match["call"]:
            words.append(match["call"])
        elif match["path"] in ("true", "false"):
            words.append(match["path"].title())
        elif match["path"]:
            name = f"value{len(values)}"
            values[name] = _at(context, match["path"])
            words.append(name)
        else:
            words.append(_WORDS[match["operator"]])
    return eval("".join(words), {"__builtins__": {}}, values)  # a translation of our own workflows


def _at(context: Mapping[str, Any], path: str) -> Any:
    value: Any = context
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return "" if value is None else value


def fill(text: str, context: Mapping[str, Any], workspace: Path) -> str:
    """A value with its expressions evaluated."""

    def one(match: re.Match[str]) -> str:
        value = evaluate(match[1], context, workspace)
        return str(value).lower() if isinstance(value, bool) else str(value)

    return re.sub(r"\$\{\{(.*?)\}\}", one, text)
