"""Which characters are forbidden, against the categories that Python's own tables give."""

from __future__ import annotations

import sys
import unicodedata

from reconciler.files.characters import FORBIDDEN, describe, show, unusual

_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
# Drawn as nothing, or as "something was lost here", though their categories do not say so.
_BLANK = {0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0, 0xFFFC, 0xFFFD}
_SELECTORS = {*range(0x180B, 0x1810), *range(0xE0100, 0xE01F0)}


def test_every_control_format_surrogate_and_separator_character_is_forbidden_but_tab_and_line_ends() -> None:
    hidden = {
        point
        for point in range(sys.maxunicode + 1)
        if unicodedata.category(chr(point)) in _HIDDEN and chr(point) not in "\t\r\n"
    }
    forbidden = {point for point in range(sys.maxunicode + 1) if FORBIDDEN.match(chr(point))}
    assert hidden - forbidden == set()
    visible = {point for point in forbidden - hidden if unicodedata.category(chr(point)) != "Cn"}
    assert visible == _BLANK | (_SELECTORS & visible)


def test_printable_ascii_tabs_and_line_ends_are_usual_and_nothing_else_is() -> None:
    assert unusual("a: b\r\n\tc ~\u00e9\x07".encode()) == "\u00e9\x07".encode()
    assert unusual(bytes(range(256))) == bytes([*range(9), 11, 12, *range(14, 32), *range(127, 256)])


def test_text_of_others_is_shown_on_one_line_with_nothing_hidden() -> None:
    assert show("a\u202eb\n\x1b[31m\u00e9") == '"a\\u202eb\\n\\x1b[31m\u00e9"'
    assert show("x" * 100) == '"' + "x" * 79 + '\u2026"'


def test_a_character_is_described_by_its_number_and_name() -> None:
    assert describe("\u200b") == "U+200B ZERO WIDTH SPACE"
    assert describe("\x07") == "U+0007 control character"
