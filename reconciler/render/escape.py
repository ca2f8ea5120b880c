r"""The one place that escapes: nothing from YAML, git or a service becomes markup, a command or a colour.

Text that people read shows what it hides: control, bidi, zero-width, unassigned and other invisible
characters become `\u{202e}`, a line break `⏎`. The mapping is one-to-one, so two values that differ look
different (Trojan Source, CVE-2021-42574 and -42694; UTS #39).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

# Printable by category, and yet nothing is seen: default-ignorable letters and marks (Unicode
# DerivedCoreProperties, Default_Ignorable_Code_Point), and the blank Braille pattern.
_INVISIBLE = (
    "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef"
)
_UNSEEN = re.compile(f"[{_INVISIBLE}]")
_BREAK = "⏎"
# Log commands that a runner looks for anywhere in a line: `##[group]` of GitHub's first syntax and
# `##vso[…]` of Azure Pipelines.
_LOG_COMMAND = re.compile(r"#(?=#[A-Za-z]*\[)")
# GitHub trims a line before it looks for `::command::` (actions/runner, ActionCommand.TryParseV2).
_LEADING_COMMAND = re.compile(r"^(\s*):(?=:)")
# A mark that would sit on our own text, and the fifth and later of a pile that would cover other lines.
_COMBINING_RUN = re.compile(
    r"^[\u0300-\u036f\u20d0-\u20ff\ufe20-\ufe2f]|(?<=[\u0300-\u036f]{4})[\u0300-\u036f]"
)


def _spelled(character: str) -> str:
    return f"\\u{{{ord(character):x}}}"


def text(value: str) -> str:
    """`value` as one line of plain text, every invisible character spelled out."""
    if value.isascii() and value.isprintable() and "\\u{" not in value and "##" not in value:
        return value
    value = value.replace("\\u{", "\\u{5c}u{").replace(_BREAK, _spelled(_BREAK))
    value = _LOG_COMMAND.sub(lambda match: _spelled(match[0]), value)
    value = _UNSEEN.sub(lambda match: _spelled(match[0]), value)
    value = _COMBINING_RUN.sub(lambda match: _spelled(match[0]), value)
    if value.isprintable():
        return value
    return "".join(
        character if character.isprintable() else _BREAK if character == "\n" else _spelled(character)
        for character in value
    )


def sentence(value: str) -> str:
    """A message as one line: white space collapsed to single blanks, then as `text`."""
    return text(" ".join(value.split()))


def quoted(value: str) -> str:
    """A value between double quotes, which cannot end before it ends."""
    inner = re.sub(r'\\(?=["]|$)', r"\\u{5c}", text(value))
    return '"' + inner.replace('"', '\\"') + '"'


_BARE = re.compile(r"[A-Za-z0-9~_][A-Za-z0-9._@+/~:=-]*", re.ASCII)


def name(value: str) -> str:
    """A key or name in a running line: bare where it cannot be taken for anything else, else quoted."""
    return value if _BARE.fullmatch(value) else quoted(value)


def line(value: str) -> str:
    """A whole line of output that no runner takes for a workflow command (`::` after any blanks)."""
    return _LEADING_COMMAND.sub(r"\1\\u{3a}", value)


def command_data(value: str) -> str:
    """The message of a GitHub workflow command; line breaks stay breaks.

    (@actions/core, `escapeData` in packages/core/src/command.ts.)
    """
    shown = "\n".join(text(part) for part in value.splitlines())
    return shown.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def command_property(value: str) -> str:
    """The value of a property (file, title) of a GitHub workflow command (`escapeProperty`, ibid.)."""
    return command_data(" ".join(value.splitlines())).replace(":", "%3A").replace(",", "%2C")


_TICKS = re.compile("`+")


def _longest_run(value: str) -> int:
    return max((len(run) for run in _TICKS.findall(value)), default=0)


def code(value: str) -> str:
    """A Markdown code span that nothing inside can end; never empty (CommonMark 0.31, section 6.1)."""
    return span(text(value))


def span(shown: str) -> str:
    """A Markdown code span of what is escaped already; never empty."""
    shown = shown or " "
    fence = "`" * (_longest_run(shown) + 1)
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def fenced(lines: Sequence[str], language: str = "text") -> str:
    """A fenced Markdown block of lines, each already escaped by `text` or composed of what was.

    The fence is longer than every run of backticks inside (CommonMark 0.31, section 4.5).
    """
    fence = "`" * max(3, 1 + max(map(_longest_run, lines), default=0))
    return "\n".join((fence + language, *lines, fence))


# So many columns without a blank fit into a column of a comment's table.
CELL = 24


def cell(shown: str) -> str:
    r"""What is escaped already as code in a cell of a Markdown table, which may break it into lines.

    A bar would end the cell, and implementations differ in what `\\|` is: it is spelled out. What has no
    blank for long is cut into spans between which a browser may break the line.
    """
    shown = shown.replace("|", _spelled("|"))
    pieces = [""]
    room = CELL
    for letter in _LETTERS.findall(shown):
        size = columns(letter)
        if letter == " ":
            room = CELL
        elif size > room:
            pieces.append("")
            room = CELL
        pieces[-1] += letter
        room -= 0 if letter == " " else size
    return "<wbr>".join(map(span, pieces))


# What must not be torn apart: an escape, a letter with its marks, or one character.
_LETTERS = re.compile(r"\\u\{[0-9a-f]+\}|.[\u0300-\u036f]*", re.DOTALL)


def letters(shown: str) -> list[str]:
    """The pieces of escaped text between which a line may break."""
    return _LETTERS.findall(shown)


def columns(shown: str) -> int:
    """How wide text is in columns of a monospaced font: wide letters take two (UAX #11)."""
    if shown.isascii():
        return len(shown)
    return sum(1 + (unicodedata.east_asian_width(each) in "WF") for each in shown)


# A word that no Markdown, no linkifier and nothing that GitHub or GitLab look for in running text takes for
# more than a word. Words of hexadecimal digits can be commits, and words with digits issues of a tracker.
_WORD = re.compile(
    r"""[("']?(?:[A-Za-z]+(?:'[a-z]+)?|[0-9]{1,6}%?|[0-9]{1,3}(?:,[0-9]{3})+)[)"']?""", re.ASCII
)
_COMMIT = re.compile(r"[0-9a-fA-F]{7,40}")
_AROUND = re.compile(r"([(]?)(.*?)([),.;:!?]*)", re.DOTALL)
# What stands together: our own words in backticks, YAML in braces, and else a word.
_PIECE = re.compile(r"`[^` ](?:[^`]*[^` ])?`[),.;:!?]*(?= |$)|(?:<name>: )?\{[^{}]*\}[),.;:!?]*(?= |$)|[^ ]+")


def prose(value: str) -> str:
    """A sentence as running Markdown text in which only plain words are bare, and all else is code.

    So nothing of it is markup, HTML, a link, a mention, a reference or an emoji. It may not begin a line.
    """
    return told(sentence(value))


def told(shown: str) -> str:
    """The same of a sentence that is escaped already."""
    return " ".join(_told(piece) for piece in _PIECE.findall(shown))


def _told(word: str) -> str:
    found = _AROUND.fullmatch(word)
    before, inner, after = found.groups() if found else ("", word, "")
    if _WORD.fullmatch(inner) and not _COMMIT.fullmatch(inner.strip("'\"()")):
        return word
    if len(inner) > 2 and inner[0] == inner[-1] == "`" and "`" not in inner[1:-1]:
        inner = inner[1:-1]
    return f"{before}{span(inner)}{after}" if inner else span(word)


def label(value: str, limit: int = 40) -> str:
    """Text in a Mermaid label between double quotes: all but plain letters and blanks as entity codes.

    (Mermaid, "Entity codes to escape characters"; with nothing else in it, neither its grammar nor the
    Markdown and HTML in labels finds anything.) It is cut to `limit` letters.
    """
    pieces = letters(text(value))
    if len(pieces) > limit:
        pieces = [*pieces[: limit - 1], "…"]
    shown = "".join(pieces)
    return "".join(
        each if each.isascii() and (each.isalnum() or each == " ") else f"#{ord(each)};" for each in shown
    )


_HTTPS = re.compile(r"https://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~/?#=&%+,:;@!$-]*)?", re.ASCII)


def is_link(value: str) -> bool:
    """Whether it is the address of a page, in letters that end no Markdown link."""
    return _HTTPS.fullmatch(value) is not None


def link(words: str, address: str) -> str:
    """A Markdown link of our own words. Raises ValueError where `is_link` says no of the address."""
    if not is_link(address):
        raise ValueError("not an https address")
    return f"[{words}](<{address}>)"


def xml(value: str) -> str:
    """Lines of text for an XML library to quote: printable, so that no character is illegal in XML 1.0.

    No line is a command to a runner that reads the log.
    """
    return "\n".join(line(text(each)) for each in value.splitlines())


def json_text(value: str) -> str:
    """JSON in plain ASCII in which no value is a command to a runner (`##[`), nor a DEL to a terminal."""
    return value.replace("\x7f", "\\u007f").replace("##", "\\u0023\\u0023")


# A placeholder for an argument; braces that mean themselves are doubled (SARIF 2.1.0, section 3.11.5).
_PLACEHOLDER = re.compile(r"\{(\d+)\}")


def sarif(value: str) -> str:
    """The text of a SARIF message: lines, of which none has an embedded link (3.11.6) or a placeholder."""
    shown = "\n".join(line(text(each)) for each in value.splitlines()).replace("](", f"]{_spelled('(')}")
    return _PLACEHOLDER.sub(r"{{\1}}", shown) if shown.strip() else "(nothing)"
