"""Edits of one file's text: what is meant, and not a byte more, in every style that people write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from reconciler.editing import splicing
from reconciler.editing.nodes import Nodes
from reconciler.errors import InputError
from reconciler.files.yaml import parse


def lines(*parts: str) -> str:
    return "\n".join(parts) + "\n"


REMOVED = [
    # An entry of a block map goes with the comment on its line; comments on lines of their own stay.
    (
        lines("users:", "  # about ada", "  ada:  # hers", "    a: 1", "", "  # about bob", "  bob: {a: 2}"),
        ("users", "ada"),
        lines("users:", "  # about ada", "", "  # about bob", "  bob: {a: 2}"),
    ),
    (lines("users:", "  ada: {a: 1}  # x", "", "groups: {}"), ("users", "ada"), "users: {}\n\ngroups: {}\n"),
    (lines("m:  # the team", "  # first", "  - ada"), ("m", 0), "m: []  # the team\n  # first\n"),
    (lines("m:", "- ada  # x", "- bob"), ("m", 0), "m:\n- bob\n"),
    (lines("m:", "  - ada", "  -   bob", "  # end"), ("m", 1), "m:\n  - ada\n  # end\n"),
    (lines("m:", "  - user: ada", "    until: x", "  - bob"), ("m", 0), "m:\n  - bob\n"),
    (
        lines("m:", "  - user: ada", "    until: x", "  - bob"),
        ("m", 0, "user"),
        "m:\n  - until: x\n  - bob\n",
    ),
    (lines("m:", "  -", "    user: ada", "  - bob"), ("m", 0), "m:\n  - bob\n"),
    (lines("m:", "  -", "  - bob"), ("m", 0), "m:\n  - bob\n"),
    (lines("m: [ada, bob, cyd]  # x"), ("m", 0), "m: [bob, cyd]  # x\n"),
    (lines("m: [ada, bob, cyd]"), ("m", 1), "m: [ada, cyd]\n"),
    (lines("m: [ada, bob , cyd ]"), ("m", 2), "m: [ada, bob  ]\n"),
    (lines("m: [ ada ]"), ("m", 0), "m: [  ]\n"),
    (lines("m: [ada, {user: bob}, ]"), ("m", 1), "m: [ada, ]\n"),
    (lines("m: [", "  ada,  # a", "  bob,  # b", "]"), ("m", 0), "m: [\n  bob,  # b\n]\n"),
    (lines("m: [", "  ada,", "  bob", "]"), ("m", 0), "m: [\n  bob\n]\n"),
    (lines("m: [", "  ada,  # a", "  bob", "]"), ("m", 1), "m: [\n  ada  # a\n]\n"),
    (lines("m: [", "  ada", "  , bob", "]"), ("m", 1), "m: [\n  ada\n]\n"),
    (lines("m: {a: 1, b: [x, y], c: 3}"), ("m", "b"), "m: {a: 1, c: 3}\n"),
    (lines("m: {a: 1}"), ("m", "a"), "m: {}\n"),
    (lines("a: |", "  text", "  more", "", "b: 2"), ("a",), "\nb: 2\n"),
    (lines("a: >-", "  text", "b: 2"), ("b",), "a: >-\n  text\n"),
    (lines("a: one", "  two", "b: 'x", "  y'  # z", "c: 3"), ("b",), "a: one\n  two\nc: 3\n"),
    (lines("a:", "b: 2"), ("a",), "b: 2\n"),
    ("a: 1\nb: 2", ("b",), "a: 1"),
    ("a: 1\r\nb: 2\r\nc: 3\r\n", ("b",), "a: 1\r\nc: 3\r\n"),
    ("a: 1\r\nb:\r\n  - x\r\n", ("b", 0), "a: 1\r\nb: []\r\n"),
    ("é: {ü: 1, ö: 2}\n\"ß\": 'ä'\n", ("é", "ü"), "é: {ö: 2}\n\"ß\": 'ä'\n"),
    ("---\na: 1\nb: 2\n...\n", ("a",), "---\nb: 2\n...\n"),
]


@pytest.mark.parametrize(("text", "loc", "wanted"), REMOVED)
def test_an_entry_is_removed_and_nothing_else(text: str, loc: tuple[str | int, ...], wanted: str) -> None:
    assert splicing.remove(text, loc) == wanted


ASSIGNED: list[tuple[str, tuple[str | int, ...], Any, str]] = [
    ("a: old  # x\n", ("a",), "new", "a: new  # x\n"),
    ("a: 'old'\n", ("a",), "it's", "a: 'it''s'\n"),
    ('a: "old"\n', ("a",), "new", 'a: "new"\n'),
    ("a: old\n", ("a",), "no", 'a: "no"\n'),
    ("a: old\n", ("a",), "2036-12-31T18:00:00Z", "a: 2036-12-31T18:00:00Z\n"),
    ("a:  # x\n", ("a",), "new", "a: new  # x\n"),
    ("a: |\n  one\n  two\nb: 1\n", ("a",), "new", "a: new\nb: 1\n"),
    ("a:\n  - x\n  - y\nb: 1\n", ("a",), ["z"], "a: [z]\nb: 1\n"),
    ("a: [x,\n  y]\nb: 1\n", ("a",), None, "a: null\nb: 1\n"),
    ("a: {b: 1}\n", ("a", "c"), "x", "a: {b: 1, c: x}\n"),
    ("a: {}\n", ("a", "c"), {"x": "1"}, 'a:\n  c: {x: "1"}\n'),
    ("a:\n  b: 1  # x\n  # end\n", ("a", "c"), True, "a:\n  b: 1  # x\n  c: true\n  # end\n"),
    (
        "u:\n  b:\n    x: 1\n",
        ("u", "c"),
        {"x": "v", "z": ["w"]},
        "u:\n  b:\n    x: 1\n  c:\n    x: v\n    z: [w]\n",
    ),
    ("u:\n  b: {x: 1}\n", ("u", "c"), {"x": "v"}, "u:\n  b: {x: 1}\n  c: {x: v}\n"),
    ("a: 1", ("b",), "x", "a: 1\n\nb: x"),
    ("a: 1\r\n", ("b", "c"), {"d": "e"}, "a: 1\r\n\r\nb:\r\n  c: {d: e}\r\n"),
    ("", ("blocked", "ada"), {"reason": "x: y"}, 'blocked:\n  ada: {reason: "x: y"}\n'),
    ("# only this\n", ("a", "b"), "c", "# only this\na:\n  b: c\n"),
    ("blocked:\n", ("blocked", "ada"), None, "blocked:\n  ada: null\n"),
    ("blocked: ~  # none\n", ("blocked", "ada"), {"r": "s"}, "blocked:  # none\n  ada: {r: s}\n"),
    ("a: 1\nb: {c: 2}\n...\n", ("d",), "e", "a: 1\nb: {c: 2}\n\nd: e\n...\n"),
    ("{a: 1}\n", ("b",), {"c": "d"}, "{a: 1, b: {c: d}}\n"),
    ("m:\n  - user: ada\n    until: x\n", ("m", 0, "until"), "z", "m:\n  - user: ada\n    until: z\n"),
    ("m:\n  - {user: ada}\n", ("m", 0, "until"), "y", 'm:\n  - {user: ada, until: "y"}\n'),
    ("m:\n  - user: ada\n", ("m", 0, "until"), "x", "m:\n  - user: ada\n    until: x\n"),
]


@pytest.mark.parametrize(("text", "loc", "value", "wanted"), ASSIGNED)
def test_a_value_is_assigned(text: str, loc: tuple[str | int, ...], value: Any, wanted: str) -> None:
    assert splicing.assign(text, loc, value) == wanted


APPENDED: list[tuple[str, Any, str]] = [
    ("m: [ada]\n", "bob", "m: [ada, bob]\n"),
    ("m: []\n", "bob", "m: [bob]\n"),
    ("m: [ada, ]\n", "bob", "m: [ada, bob, ]\n"),
    ("m:\n  - ada  # x\n  # end\n", "bob", "m:\n  - ada  # x\n  - bob\n  # end\n"),
    ("m:\n- ada\nn: 1\n", {"user": "bob"}, "m:\n- ada\n- {user: bob}\nn: 1\n"),
    ("m: [\n  ada,\n  bob,  # b\n]\n", "cyd", "m: [\n  ada,\n  bob,  # b\n  cyd,\n]\n"),
    ("m: [\n  ada,\n  bob  # b\n]\n", "cyd", "m: [\n  ada,\n  bob,  # b\n  cyd\n]\n"),
    ("m: [ada,\n    bob]\n", "cyd", "m: [ada,\n    bob, cyd]\n"),
    ("n: 1\n", "cyd", "n: 1\n\nm: [cyd]\n"),
    ("m:\n", "cyd", "m: [cyd]\n"),
    ("m:\r\n  - ada", "cyd", "m:\r\n  - ada\r\n  - cyd"),
]


@pytest.mark.parametrize(("text", "value", "wanted"), APPENDED)
def test_an_item_is_appended(text: str, value: Any, wanted: str) -> None:
    assert splicing.append(text, ("m",), value) == wanted


def test_keys_and_scalars_keep_their_quotes() -> None:
    text = "users:\n  'ada': {x: 1}  # x\n  bob: &\n".replace(" &", "")
    assert splicing.rename(text, ("users", "ada"), "ann") == text.replace("'ada'", "'ann'")
    members = "m: [ada, 'ada', \"ada\"]\n"
    wanted = "m: [ann, 'ann', \"ann\"]\n"
    assert splicing.replace(members, {("m", 0): "ann", ("m", 1): "ann", ("m", 2): "ann"}) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "u:\n  ? ada\n  : {a: 1}\n",
        "u: {ada: &x {a: 1}, bob: *x}\n",
        "u:\n  ada: &x {a: 1}\n  bob: {<<: *x}\n",
        "u: {ada: !!str x}\n",
        "u:\n  ada: 1\n  ada: 2\n",
        "u:\n  - ada: 1\n    # between\n    bob: 2\n",
    ],
)
def test_what_is_written_too_oddly_is_refused_with_its_place(text: str) -> None:
    loc = ("u", 0, "ada") if "- ada" in text else ("u", "ada")
    with pytest.raises(InputError) as refused:
        splicing.remove(text, loc, "people.yaml")
    assert str(refused.value).startswith("people.yaml:")


@pytest.mark.parametrize("text", ["m: unmanaged\n", "m: 'null'\n"])
def test_a_word_in_the_place_of_a_list_is_not_written_over(text: str) -> None:
    with pytest.raises(InputError):
        splicing.append(text, ("m",), "ada")
    with pytest.raises(InputError):
        splicing.assign(text, ("m", "ada"), "x")


# Found by searching: maps and lists in any mix of styles, comments and line ends. Every edit either does
# exactly what was meant, which `splicing` itself checks, and leaves what is around its node, or is refused.
WORDS = st.sampled_from(["ada", "bob", "'it''s'", '"a: b"', "1e3", "é", "x y"])
TAILS = st.sampled_from(["", "  # beside"])


@st.composite
def flow(draw: st.DrawFn, depth: int) -> str:
    kind = draw(st.sampled_from(["word", "list", "map"])) if depth else "word"
    if kind == "word":
        return draw(WORDS)
    gap = draw(st.sampled_from(["", "\n      ", " # in\n      "]))
    items = [draw(flow(depth - 1)) for _ in range(draw(st.integers(0, 3)))]
    if kind == "map":
        items = [f"k{at}: {one}" for at, one in enumerate(items)]
    inner = f",{gap or ' '}".join(items) + (draw(st.sampled_from(["", ","])) if items else "")
    return f"{{{inner}{gap}}}" if kind == "map" else f"[{inner}{gap}]"


@st.composite
def block(draw: st.DrawFn, kind: str) -> list[str]:
    out: list[str] = []
    for at in range(draw(st.integers(1, 3))):
        out += draw(st.sampled_from([[], [""], ["  # note"], ["# note"]]))
        head = "  -" if kind == "list" else f"  k{at}:"
        if draw(st.booleans()):
            out.append(f"{head} {draw(flow(1))}{draw(TAILS)}")
        elif kind == "map":
            out += [f"{head}{draw(TAILS)}", f"    k0: {draw(flow(1))}{draw(TAILS)}"]
        else:
            out += [f"{head} k0: {draw(flow(1))}{draw(TAILS)}", "    k1: x"]
    return out


@st.composite
def written(draw: st.DrawFn) -> str:
    out: list[str] = []
    for section in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["flow", "list", "map", "text", "null"]))
        out += draw(st.sampled_from([[], [""], ["# note"]]))
        if kind == "flow":
            out.append(f"s{section}: {draw(flow(2))}{draw(TAILS)}")
        elif kind == "text":
            out += [f"s{section}: {draw(st.sampled_from(['|', '>-', '|+']))}", "  one", "", "   two"]
        elif kind == "null":
            out.append(f"s{section}:{draw(TAILS)}")
        else:
            out += [f"s{section}:{draw(TAILS)}", *draw(block(kind))]
    text = "\n".join(out) + draw(st.sampled_from(["", "\n", "\n# note\n"]))
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


def places(value: Any, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [*([at] if at else []), *(one for step, child in inner for one in places(child, (*at, step)))]


def steps(value: Any, at: tuple[str | int, ...]) -> list[str | int]:
    for step in at:
        value = value[step]
    return list(value) if isinstance(value, dict) else list(range(len(value)))


def notes(text: str) -> int:
    return sum(line.strip() == "# note" for line in text.splitlines())


@settings(max_examples=80, deadline=None)
@given(written(), st.data())
def test_every_edit_is_exact_or_refused(text: str, data: st.DataObject) -> None:
    parsed = parse(text.encode())
    if parsed.flaws or not parsed.value:
        return
    loc = data.draw(st.sampled_from(places(parsed.value)))
    nodes = Nodes(text, "")
    parent = nodes.at(loc[:-1])
    start, end = dict(zip(steps(parsed.value, loc[:-1]), nodes.items(parent), strict=True))[loc[-1]]
    inside = notes(text[start:end])
    edits: dict[str, Callable[[], str]] = {
        "remove": lambda: splicing.remove(text, loc),
        "assign": lambda: splicing.assign(text, loc, "new"),
        "add": lambda: splicing.assign(text, (loc[0], "new"), {"a": ["b"]}),
        "append": lambda: splicing.append(text, loc, "new"),
    }
    refused: list[str] = []
    for name, edit in edits.items():
        try:
            after = edit()
        except InputError:
            refused.append(name)
            continue
        gone = notes(text) - notes(after)
        assert gone == inside if name == "remove" else 0 <= gone <= (inside if name == "assign" else 0)
        assert after.count("\r\n") == after.count("\n") or "\r" not in text
    event(f"refused: {', '.join(refused)}")


@pytest.mark.parametrize("text", ["\u202e", "a\x00b", "\x85", "\u2028", "\udcff", "\ufeffx"])
def test_text_that_no_file_may_hold_is_not_blamed_on_the_file(text: str) -> None:
    before = "users:\n  ada: {title: x}\n  'bob': [x]\n"
    edits: list[Callable[[], str]] = [
        lambda: splicing.assign(before, ("users", "ada", "title"), text),
        lambda: splicing.assign(before, ("users", "ada", "manager"), text),
        lambda: splicing.append(before, ("users", "bob"), {"user": text}),
        lambda: splicing.rename(before, ("users", "ada"), text),
        lambda: splicing.replace(before, {("users", "bob", 0): text}),
    ]
    for edit in edits:
        with pytest.raises(InputError, match="has a character that no file may hold"):
            edit()
