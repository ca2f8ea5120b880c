"""Whether a text is a filter of LDAP, by its grammar (RFC 4515 section 3). Pure."""

from __future__ import annotations

import re

# `attribute=value`, with the other comparisons, and a matching rule before `:=`; `\2a` is an escape.
_ITEM = re.compile(
    r"(?:[A-Za-z0-9][A-Za-z0-9_.;\-]*(?:=|~=|>=|<=|(?::dn)?(?::[A-Za-z0-9.\-]+)?:=)|(?::dn)?:[A-Za-z0-9.\-]+:=)"
    r"(?:[^()\\\0]|\\[0-9A-Fa-f]{2})*"
)
_DEPTH = 100


def fault(text: str) -> str | None:
    """What is wrong with a filter, with the place in it as a number of characters; None for a valid one.

    White space between filters is allowed, as servers and libraries take it.
    """
    # Of each filter that is open: what joins it, and how many are in it.
    stack: list[tuple[str, int]] = []
    at = 0
    while True:
        at = _skip(text, at)
        if at < len(text) and text[at] == ")" and stack:
            joined, count = stack.pop()
            if count == 0 or (joined == "!" and count != 1):
                return f"has {count} filters after {joined} at character {at + 1}"
            at += 1
        elif at < len(text) and text[at] == "(":
            at = _skip(text, at + 1)
            if at < len(text) and text[at] in "&|!":
                stack.append((text[at], 0))
                if len(stack) > _DEPTH:
                    return f"is more than {_DEPTH} deep"
                at += 1
                continue
            found = _ITEM.match(text, at)
            if found is None:
                return f"has no comparison such as department=Payments at character {at + 1}"
            if text[found.end() : found.end() + 1] != ")":
                return (
                    f"lacks a closing parenthesis at character {found.end() + 1}, or has one of ( ) \\ in a "
                    "value there, which is written as \\28, \\29 or \\5c"
                )
            at = found.end() + 1
        else:
            return f"lacks a parenthesis at character {at + 1}"
        if not stack:
            break
        joined, count = stack.pop()
        stack.append((joined, count + 1))
    at = _skip(text, at)
    return None if not text[at:] else f"goes on after its end at character {at + 1}"


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \n":
        at += 1
    return at
