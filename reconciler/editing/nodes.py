"""A file as nodes with the characters that they take up, and what is said of a file that cannot be edited."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import yaml
from yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode

from reconciler.errors import InputError, Place, Problem

# Where something stands in a file: keys of maps and indices of lists, from the top.
Loc = tuple[str | int, ...]
_LINE_END = re.compile(r"\r\n|\n|\r")
# White space and comments between two tokens.
_GAP = re.compile(r"(?:\s|#[^\r\n]*)*")


class Nodes:
    """The text of one file that the strict reader accepts, with its nodes. Nothing here changes it."""

    def __init__(self, text: str, label: str) -> None:
        self.text, self.label = text, label
        found = _LINE_END.search(text)
        self.newline = found[0] if found else "\n"
        # A file of comments has no node.
        self.root: Node | None = yaml.compose(text, Loader=yaml.CBaseLoader)

    def at(self, loc: Loc) -> Node:
        """The node of a value. Raises KeyError where the file has none there."""
        node = self.root
        for step in loc:
            node = self.entry(node, step)[1]
        if node is None:
            raise KeyError(loc)
        return node

    def entry(self, parent: Node | None, step: str | int) -> tuple[Node | None, Node]:
        """The key (None in a list) and the value of one entry of a map or list. Raises KeyError."""
        if isinstance(parent, MappingNode):
            for key, value in parent.value:
                if key.value == step:
                    return key, value
        elif isinstance(parent, SequenceNode) and isinstance(step, int) and step < len(parent.value):
            return None, parent.value[step]
        raise KeyError(step)

    def start(self, node: Node) -> int:
        """The first character of a node."""
        return _index(node.start_mark)

    def end(self, node: Node) -> int:
        """The character after a node: what follows a block of lines is not part of it."""
        if isinstance(node, ScalarNode):
            end = _index(node.end_mark)
            if node.style in ("|", ">"):
                return len(self.text[:end].rstrip())
            return end
        if is_flow(node) or not node.value:
            return _index(node.end_mark)
        last: Any = node.value[-1]
        return self.end(last[1] if isinstance(node, MappingNode) else last)

    def items(self, parent: Node) -> list[tuple[int, int]]:
        """The span of each entry of a map or list, key and dash included, in the order of the file."""
        spans: list[tuple[int, int]] = []
        if isinstance(parent, MappingNode):
            return [(self.start(key), self.end(value)) for key, value in parent.value]
        at = self.start(parent)
        for value in parent.value:
            first = self.start(value) if is_flow(parent) else self.token(at, "-")
            at = self.end(value)
            spans.append((first, max(at, first + 1)))
        return spans

    def token(self, at: int, token: str) -> int:
        """Where a token is, with nothing but white space and comments before it.

        Raises InputError where something else is there: the file has a form that is not edited.
        """
        found = self.gap(at)
        if not self.text.startswith(token, found):
            raise self.odd(found)
        return found

    def gap(self, at: int) -> int:
        """Where the next token begins."""
        match = _GAP.match(self.text, at)
        assert match is not None
        return match.end()

    def line_start(self, at: int) -> int:
        """The first character of a line."""
        return max(self.text.rfind("\n", 0, at), self.text.rfind("\r", 0, at)) + 1

    def line_end(self, at: int) -> int:
        """The character at which a line ends: its line end, or the end of the text."""
        match = _LINE_END.search(self.text, at)
        return match.start() if match else len(self.text)

    def next_line(self, at: int) -> int:
        """The first character of the next line, or the end of the text."""
        match = _LINE_END.search(self.text, at)
        return match.end() if match else len(self.text)

    def indent(self, at: int) -> str | None:
        """What stands before a character on its line, where that is nothing but spaces."""
        before = self.text[self.line_start(at) : at]
        return before if not before.strip(" ") else None

    def place(self, at: int) -> Place:
        """A character as line and column."""
        lines = _LINE_END.split(self.text[:at])
        return Place(self.label, len(lines), len(lines[-1]) + 1)

    def odd(self, at: int) -> InputError:
        """The error for a place that is written in a way in which it is not edited."""
        message = "this is written in a form that `reconciler` does not edit"
        return InputError([Problem(message, "edit it by hand, or write it as `key: value`", self.place(at))])


def is_flow(node: Node) -> bool:
    """Whether a map or list is written in brackets."""
    return isinstance(node, CollectionNode) and bool(node.flow_style)


def is_null(node: Node | None) -> bool:
    """Whether the value is missing or null: a map or a list can take its place."""
    if node is None:
        return True
    return isinstance(node, ScalarNode) and not node.style and node.value in ("", "~", "null")


def _index(mark: Any) -> int:
    index: int = mark.index
    return index


def changed(text: str, splices: Sequence[tuple[int, int, str]]) -> str:
    """The text with spans replaced; spans do not overlap, and everything between them stays as it is."""
    parts, at = [], 0
    for start, end, new in sorted(splices):
        assert start >= at
        parts += [text[at:start], new]
        at = end
    return "".join((*parts, text[at:]))
