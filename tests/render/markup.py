"""What a parser of CommonMark and GitHub's extensions finds in a comment, and what it must not find."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from reconciler.render import escape
from tests.render.test_escape import HOSTILE

PARSER = MarkdownIt("gfm-like")
CODE = ("fence", "code_inline")
_OURS = frozenset({"<br>", "<wbr>", "<details>", "</details>", "</summary>", "<summary>"})
_FOLD = re.compile(r"<details(?: open)?>\n<summary>[A-Z0-9][A-Za-z0-9 :,]*</summary>\n|</details>\n?")
_BLOCKS = frozenset(
    {
        "heading_open",
        "paragraph_open",
        "bullet_list_open",
        "list_item_open",
        "fence",
        "html_block",
        "inline",
        "table_open",
        "thead_open",
        "tbody_open",
        "tr_open",
        "th_open",
        "td_open",
    }
)
_INLINE = frozenset({"text", "code_inline", "strong_open", "html_inline", "softbreak", "hardbreak"})
# All that running text may hold: no `@`, `#`, `/`, `<`, `&`, `_`, `*`, `$`, `|`, backslash or backtick.
_TEXT = re.compile(r"""[A-Za-z0-9 ,.;:!?()'"…%+-]*""")
_NEVER = re.compile(
    r"www\.|\bGH-\d|\b[0-9a-f]{7,40}\b|:[a-z0-9_+-]+:|[A-Za-z]\.\w|[A-Za-z]-\d|\d-", re.ASCII | re.IGNORECASE
)
_GRAPH = re.compile(
    r'flowchart LR|  [a-z]+\d+(?:\(\[|\[)"(?:[A-Za-z0-9 ,]|#\d+;)*"(?:\]\)|\])'
    r"|  [a-z]+\d+ (?:---|-\. [a-z]+ \.->|== [a-z]+ ==>|-- [a-z]+ -->) [a-z]+\d+"
)

# Pieces of what GitHub and GitLab make more of than text.
MARKUP = st.lists(
    st.one_of(
        HOSTILE,
        st.sampled_from(
            [
                "@octocat",
                "@org/team",
                "#1",
                "GH-12",
                "owner/repo#1",
                "owner/repo@deadbeef",
                "deadbeef1",
                "1234567",
                "https://evil.example",
                "http://evil.example",
                "www.evil.example",
                "evil.example",
                "a@evil.example",
                "mailto:a@evil.example",
                ":smile:",
                ":+1:",
                "<img/src=x>",
                "<b>",
                "</details>",
                "<!--",
                "-->",
                "<https://evil.example>",
                "[x](https://evil.example)",
                "![x](y)",
                "[x]:",
                "|",
                "\\|",
                "~~x~~",
                "**b**",
                "_i_",
                "#",
                "-",
                "+",
                "*",
                "1.",
                ">",
                "$x$",
                "$$",
                "```",
                "~~~",
                "&lt;",
                "&#64;",
                "&commat;",
                "%%{init}%%",
                "click",
                "end",
                ";",
                '"]',
                '")',
                "((",
                "}}",
                "[^1]",
                "---",
                "===",
                "\\",
                "xmpp:a@b",
                "ftp://x",
                "javascript:x",
                "!1",
                "%1",
                "~1",
                "&1",
                "INC-4711",
                "a:b",
                "::",
                "::error::",
                "##[error]x",
                "{%",
                "raw",
                "%}",
                "word",
                "two.",
            ]
        ),
        st.sampled_from(
            [" ", "\n", "\n\n", "    ", "\t", "\n\n    code", "\n# x\n", "\n| a |\n|---|\n", "\u2028"]
        ),
    ),
    max_size=8,
).map("".join)


def tokens(document: str) -> Iterator[Token]:
    """Every token in order, those in running text too."""
    for token in PARSER.parse(document):
        yield token
        yield from token.children or ()


def check_harmless(document: str, links: tuple[str, ...] = ()) -> None:
    """Nothing of a comment is more than text, code, and what this project writes itself."""
    assert all(line.isprintable() for line in document.split("\n"))
    assert not re.search(r"##[A-Za-z]*\[", document)
    assert not any(line.lstrip().startswith("::") for line in document.split("\n"))
    for token in PARSER.parse(document):
        if token.nesting < 0:
            continue
        assert token.type in _BLOCKS, token
        if token.type == "html_block":
            assert _FOLD.fullmatch(token.content), token.content
        if token.type == "fence" and token.info == "mermaid":
            assert all(_GRAPH.fullmatch(line) for line in token.content.splitlines()), token.content
        inside: str | None = None
        for child in token.children or ():
            if child.type == "link_open":
                assert child.attrs["href"] in links
                inside = str(child.attrs["href"])
            elif child.type in ("link_close", "strong_close"):
                continue
            elif child.type == "html_inline":
                assert child.content in _OURS, child.content
            elif child.type == "text":
                assert _TEXT.fullmatch(child.content), child.content
                assert not _NEVER.search(child.content), child.content
            else:
                assert child.type in _INLINE, child
        assert inside is None or inside in links


def check_narrow(document: str, columns: int = 80) -> None:
    """No line of a fence is wider than a comment, and no cell of a table has a longer word than fits."""
    for token in tokens(document):
        if token.type == "fence" and token.info != "mermaid":
            for line in token.content.splitlines():
                assert escape.columns(line) <= columns, line
    inside = False
    for token in tokens(document):
        inside = token.type == "tr_open" or (inside and token.type != "tr_close")
        if inside and token.type == "code_inline":
            assert all(escape.columns(word) <= escape.CELL for word in token.content.split(" ")), token


def outline(document: str) -> list[tuple[str, str]]:
    """The blocks of a document without what they say: headings, fences, tables, folds."""
    return [
        (token.type, token.info)
        for token in PARSER.parse(document)
        if token.type in ("heading_open", "fence", "html_block", "table_open", "tr_open", "td_open")
    ]


def listed(document: str) -> list[str]:
    """What the fenced blocks hold, line by line."""
    return [
        line for token in tokens(document) if token.type == "fence" for line in token.content.splitlines()
    ]
