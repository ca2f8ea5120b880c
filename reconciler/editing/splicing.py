"""Edits of the text of one file: each replaces few characters, and everything else stays byte for byte.

A file is never dumped: a dump would write the quotes, the line breaks and the blanks of its author anew.
After every edit the strict reader reads the new text, and the value must be the old one with exactly this
edit; otherwise InputError is raised, with the place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from reconciler.editing.nodes import Loc, Nodes, changed, is_flow, is_null
from reconciler.editing.values import Value, as_read, entry, inline, requoted
from reconciler.files.yaml import BROKEN, parse

_Splice = tuple[int, int, str]


def remove(text: str, loc: Loc, label: str = "") -> str:
    """Take one entry out of its map or list. Comments on lines of their own stay.

    The last entry of a list leaves `[]`, that of a map `{}`: an empty value says nothing, and would mean
    something else. Raises KeyError where there is none, InputError where it is written too oddly.
    """
    nodes = Nodes(text, label)
    parent = nodes.at(loc[:-1])
    nodes.entry(parent, loc[-1])
    spans = nodes.items(parent)
    index = _position(parent, loc[-1])
    if is_flow(parent):
        splices = _without_flow(nodes, spans, index)
    elif len(spans) == 1 and len(loc) > 1:
        splices = _emptied(nodes, parent, loc)
    else:
        splices = _without_block(nodes, spans, index)
    return _checked(nodes, splices, lambda value: _removed(value, loc), spans[index][0])


def rename(text: str, loc: Loc, new: str, label: str = "") -> str:
    """Give an entry of a map another key, in the quotes that the old one has. Raises as `remove`."""
    nodes = Nodes(text, label)
    key, _ = nodes.entry(nodes.at(loc[:-1]), loc[-1])
    if not isinstance(key, ScalarNode):
        raise KeyError(loc)
    start = nodes.start(key)
    splice = (start, nodes.end(key), requoted(new, key.style))
    return _checked(nodes, [splice], lambda value: _renamed(value, loc, new), start)


def replace(text: str, values: dict[Loc, str], label: str = "") -> str:
    """Give scalars other text, in the quotes that they have, many at once. Raises as `remove`."""
    nodes, splices = Nodes(text, label), []
    for loc, new in values.items():
        node = nodes.at(loc)
        if not isinstance(node, ScalarNode):
            raise nodes.odd(nodes.start(node))
        splices.append(_scalar(nodes, node, requoted(new, node.style)))

    def edit(value: Any) -> Any:
        for loc, new in values.items():
            value = _assigned(value, loc, new)
        return value

    return _checked(nodes, splices, edit, splices[0][0] if splices else 0)


def assign(text: str, loc: Loc, value: Value, label: str = "", *, block: bool | None = None) -> str:
    """Give an entry of a map this value; it is added as the last one where there is none.

    `block` writes a map over several lines; by default as the other entries of the map are written. Maps
    around it that do not exist are made. Raises InputError where it is written too oddly.
    """
    nodes = Nodes(text, label)
    known = _known(nodes, loc)
    inner = value
    for step in reversed(loc[known + 1 :]):
        inner = {str(step): inner}
    where = loc[: known + 1]
    if known < len(loc):
        splices, at = _added(nodes, where, inner, block=block)
    else:
        node = nodes.at(loc)
        splices, at = _valued(nodes, loc, node, inner), nodes.start(node)
    return _checked(nodes, splices, lambda before: _assigned(before, loc, as_read(value)), at)


def append(text: str, loc: Loc, value: Value, label: str = "") -> str:
    """Add an item at the end of a list; the list is made where there is none. Raises as `assign`."""
    nodes = Nodes(text, label)
    try:
        node = nodes.at(loc)
    except KeyError:
        return assign(text, loc, [value], label)
    at = nodes.start(node)
    if is_null(node):
        return assign(text, loc, [value], label)
    if not isinstance(node, SequenceNode):
        raise nodes.odd(at)
    if node.flow_style:
        splices = _into_flow(nodes, node, inline(value))
    else:
        first, (_, end) = nodes.items(node)[0][0], nodes.items(node)[-1]
        column = first - nodes.line_start(first)
        line = nodes.line_end(end)
        splices = [(line, line, f"{nodes.newline}{' ' * column}- {inline(value)}")]
    return _checked(nodes, splices, lambda before: _appended(before, loc, as_read(value)), at)


def remark(text: str, loc: Loc, words: str, label: str = "") -> str:
    """Put a comment on the line above an entry of a map; nothing where the entry has no line of its own."""
    nodes = Nodes(text, label)
    key, _ = nodes.entry(nodes.at(loc[:-1]), loc[-1])
    assert key is not None
    at = nodes.start(key)
    indent, line = nodes.indent(at), nodes.line_start(at)
    if indent is None:
        return text
    return _checked(nodes, [(line, line, f"{indent}# {words}{nodes.newline}")], lambda value: value, at)


def _known(nodes: Nodes, loc: Loc) -> int:
    """How many steps of `loc` the file has, as entries of maps that can hold more."""
    node: Node | None = nodes.root
    for depth, step in enumerate(loc):
        if is_null(node):
            return depth - 1 if depth else 0
        if not isinstance(node, MappingNode | SequenceNode):
            assert node is not None
            raise nodes.odd(nodes.start(node))
        try:
            _, node = nodes.entry(node, step)
        except KeyError:
            return depth
    return len(loc)


def _added(nodes: Nodes, loc: Loc, value: Value, *, block: bool | None) -> tuple[list[_Splice], int]:
    key, root = str(loc[-1]), nodes.root
    if root is None or is_null(root):
        end = len(nodes.text)
        lead = "" if not nodes.text or nodes.text[-1] in "\r\n" else nodes.newline
        return [(end, end, lead + _lines(nodes, entry(key, value, block=_nested(value)), "", last=True))], end
    try:
        _, present = nodes.entry(nodes.at(loc[:-1]), loc[-1])
    except KeyError:
        pass
    else:
        return _valued(nodes, loc, present, value), nodes.start(present)
    parent = nodes.at(loc[:-1])
    if not isinstance(parent, MappingNode):
        raise nodes.odd(nodes.start(parent))
    if parent.flow_style and not parent.value and len(loc) > 1:
        return _valued(nodes, loc[:-1], parent, {key: value}), nodes.start(parent)
    if parent.flow_style:
        return _into_flow(nodes, parent, f"{inline(key)}: {inline(value)}"), nodes.start(parent)
    first = nodes.start(parent.value[0][0])
    indent = " " * (first - nodes.line_start(first))
    spread = _spread(parent) if block is None else block
    lines = entry(key, value, block=spread or (len(loc) == 1 and _nested(value)))
    end = nodes.line_end(nodes.end(parent))
    gap = nodes.newline if len(loc) == 1 else ""
    return [(end, end, gap + nodes.newline + _lines(nodes, lines, indent))], first


def _valued(nodes: Nodes, loc: Loc, node: Node, value: Value) -> list[_Splice]:
    """Another value in the place of one that is there."""
    if isinstance(node, ScalarNode) and isinstance(value, str) and node.value:
        return [_scalar(nodes, node, requoted(value, node.style))]
    parent = nodes.at(loc[:-1])
    in_block = isinstance(parent, MappingNode) and not parent.flow_style
    start, end = nodes.start(node), nodes.end(node)
    empty = isinstance(node, ScalarNode) or not node.value
    if in_block and empty and isinstance(value, dict) and value:
        key, _ = nodes.entry(parent, loc[-1])
        assert key is not None
        first = nodes.start(key)
        indent = " " * (first - nodes.line_start(first) + 2)
        lines = [line for name, one in value.items() for line in entry(name, one, block=False)]
        line = nodes.line_end(end)
        colon = nodes.token(nodes.end(key), ":") + 1
        return [(colon, end, ""), (line, line, nodes.newline + _lines(nodes, lines, indent))]
    if isinstance(node, ScalarNode):
        return [_scalar(nodes, node, inline(value))]
    if is_flow(node) or not in_block:
        return [(start, end, inline(value))]
    key, _ = nodes.entry(parent, loc[-1])
    assert key is not None
    colon = nodes.token(nodes.end(key), ":") + 1
    return [(colon, colon, f" {inline(value)}"), (nodes.line_start(start), nodes.next_line(end), "")]


def _scalar(nodes: Nodes, node: ScalarNode, new: str) -> _Splice:
    start, end = nodes.start(node), nodes.end(node)
    glued = start > 0 and nodes.text[start - 1] in ":-"
    return (start, end, f" {new}" if start == end and glued else new)


def _into_flow(nodes: Nodes, parent: Node, new: str) -> list[_Splice]:
    spans = nodes.items(parent)
    if not spans:
        inside = nodes.start(parent) + 1
        return [(inside, inside, new)]
    end = spans[-1][1]
    after = nodes.gap(end)
    trailing = nodes.text.startswith(",", after)
    own = nodes.indent(spans[-1][0])
    close = nodes.end(parent) - 1
    at = after + 1 if trailing else end
    if own is not None and nodes.line_end(at) < close and nodes.line_end(end) >= at - 1:
        line = nodes.line_end(at)
        comma = [] if trailing else [(end, end, ",")]
        return [*comma, (line, line, f"{nodes.newline}{own}{new}{',' if trailing else ''}")]
    if trailing:
        return [(at, at, f" {new},")]
    return [(end, end, f", {new}")]


def _without_flow(nodes: Nodes, spans: Sequence[tuple[int, int]], index: int) -> list[_Splice]:
    start, end = spans[index]
    text, after = nodes.text, nodes.gap(end)
    splices: list[_Splice] = []
    if text.startswith(",", after):
        if text[end:after].strip():
            # A comment stands between the item and its comma.
            splices = [(start, end, ""), (after, after + 1, "")]
        else:
            blank = len(text[after + 1 :]) - len(text[after + 1 :].lstrip(" \t"))
            splices = [(start, after + 1 + blank, "")]
    elif index:
        comma = nodes.token(spans[index - 1][1], ",")
        alone = nodes.indent(start) is not None or text[comma + 1 : start].strip()
        splices = [(comma, comma + 1, ""), (start, end, "")] if alone else [(comma, end, "")]
    else:
        splices = [(start, end, "")]
    return [_whole_line(nodes, one) for one in splices]


def _whole_line(nodes: Nodes, splice: _Splice) -> _Splice:
    """The span with its whole line and the comment on it, where nothing else is there."""
    start, end, new = splice
    rest = nodes.text[end : nodes.line_end(end)].strip()
    if nodes.indent(start) is None or (rest and not rest.startswith("#")):
        return splice
    return (nodes.line_start(start), nodes.next_line(end), new)


def _without_block(nodes: Nodes, spans: Sequence[tuple[int, int]], index: int) -> list[_Splice]:
    start, end = spans[index]
    if nodes.indent(start) is not None:
        first, last = nodes.line_start(start), nodes.next_line(end)
        if last == len(nodes.text) and nodes.line_end(end) == last:
            # The file ended without a line end, and does so again.
            first -= len(nodes.newline) if nodes.text[:first].endswith(nodes.newline) else 0
        return [(first, last, "")]
    if index + 1 < len(spans) and "#" not in nodes.text[end : spans[index + 1][0]]:
        return [(start, spans[index + 1][0], "")]
    raise nodes.odd(start)


def _emptied(nodes: Nodes, parent: Node, loc: Loc) -> list[_Splice]:
    nothing = "{}" if isinstance(parent, MappingNode) else "[]"
    start, end = nodes.items(parent)[0]
    key, _ = nodes.entry(nodes.at(loc[:-2]), loc[-2])
    if key is None or nodes.indent(start) is None:
        return [(start, end, nothing)]
    colon = nodes.token(nodes.end(key), ":") + 1
    return [(colon, colon, f" {nothing}"), *_without_block(nodes, [(start, end)], 0)]


def _lines(nodes: Nodes, lines: Sequence[str], indent: str, *, last: bool = False) -> str:
    text = nodes.newline.join(indent + line for line in lines)
    return text + nodes.newline if last else text


def _spread(parent: MappingNode) -> bool:
    """Whether the entries of a map that are maps are written over several lines."""
    maps = [value for _, value in parent.value if isinstance(value, MappingNode) and value.value]
    return bool(maps) and not maps[-1].flow_style


def _nested(value: Value) -> bool:
    return isinstance(value, dict) and bool(value)


def _position(parent: Node, step: str | int) -> int:
    if isinstance(step, int):
        return step
    return [key.value for key, _ in parent.value].index(step)


def _checked(nodes: Nodes, splices: Sequence[_Splice], edit: Callable[[Any], Any], at: int) -> str:
    """The new text, if it says exactly what was meant."""
    text = changed(nodes.text, splices)
    before, after = parse(nodes.text.encode()), parse(text.encode())
    wanted = edit(before.value)
    if before.value is BROKEN or before.flaws or after.flaws or after.value != wanted:
        raise nodes.odd(at)
    return text


def _removed(value: Any, loc: Loc) -> Any:
    return _at(value, loc[:-1], lambda inner: _without(inner, loc[-1]))


def _renamed(value: Any, loc: Loc, new: str) -> Any:
    return _at(
        value,
        loc[:-1],
        lambda inner: {new if key == loc[-1] else key: one for key, one in inner.items()},
    )


def _appended(value: Any, loc: Loc, new: Any) -> Any:
    return _at(value, loc, lambda inner: [*inner, new])


def _assigned(value: Any, loc: Loc, new: Any) -> Any:
    if not loc:
        return new
    step, inner = loc[0], value
    if isinstance(inner, list):
        assert isinstance(step, int)
        return [_assigned(one, loc[1:], new) if at == step else one for at, one in enumerate(inner)]
    known = inner if isinstance(inner, dict) else {}
    return {**known, step: _assigned(known.get(step), loc[1:], new)}


def _at(value: Any, loc: Loc, edit: Callable[[Any], Any]) -> Any:
    if not loc:
        return edit(value)
    step = loc[0]
    if isinstance(value, list):
        return [_at(one, loc[1:], edit) if at == step else one for at, one in enumerate(value)]
    return {key: _at(one, loc[1:], edit) if key == step else one for key, one in value.items()}


def _without(value: Any, step: str | int) -> Any:
    if isinstance(value, list):
        return [one for at, one in enumerate(value) if at != step]
    return {key: one for key, one in value.items() if key != step}
