"""The report of access as one HTML page that asks nobody for anything.

The page has no value of anybody in its markup: all are in one block of JSON, which is not a script, and the
scripts show them as text alone. The policy of the page lets only these scripts and styles run, by their
hashes, lets nothing be loaded, and lets no text become markup (Content Security Policy Level 3; W3C, "Trusted
Types").
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reconciler.access.page import AccessPage
from reconciler.render.html.data import page_data

# What could end the block, or begin another, in any way that HTML parsers know; and what old JavaScript took
# for the end of a line. None of it is left in JSON once it is spelled out (HTML, "Restrictions for contents
# of script elements").
_SPELLED = {each: f"\\u{ord(each):04x}" for each in "<>&\u2028\u2029\x7f"}
_IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./(\w+)\.js";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?:const|function|class) (\w+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Assets:
    """The styles, and the scripts by name, each after those that it takes from."""

    styles: str
    scripts: Sequence[tuple[str, str]]

    @property
    def script(self) -> str:
        """All scripts as one, since a page alone has no files to import: a module becomes a function."""
        return "\n".join(_module(name, text) for name, text in self.scripts)


def _module(name: str, text: str) -> str:
    """`const $name = (() => { ...; return { what, it, exports }; })();`, which others take from."""
    exported = ", ".join(_EXPORT.findall(text))
    body = _IMPORT.sub(r"const \1 = $\2;", text).replace("\nexport ", "\n")
    return f"const ${name} = (() => {{\n{body}return {{ {exported} }};\n}})();"


def page_html(page: AccessPage, assets: Assets) -> str:
    """The whole page."""
    script, styles = f"\n{assets.script}\n", f"\n{assets.styles}\n"
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(styles)}'; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    return _PAGE.format(policy=policy, styles=styles, data=inert_json(page_data(page)), script=script)


def inert_json(document: Mapping[str, object]) -> str:
    """JSON in plain ASCII that is nothing but text to a parser of HTML."""
    text = json.dumps(document, separators=(",", ":"), sort_keys=True)
    return "".join(_SPELLED.get(each, each) for each in text) if _needs(text) else text


def _needs(text: str) -> bool:
    return any(each in text for each in _SPELLED)


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>Who has access</title>
<style>{styles}</style>
</head>
<body>
<a class="skip" href="#main" id="skip">Skip to the content</a>
<header id="top"></header>
<main id="main" tabindex="-1"><noscript><p class="notice">This page needs JavaScript.
All of it is in this file; nothing is loaded from anywhere.</p></noscript></main>
<footer id="end"></footer>
<div id="said" class="unseen" role="status" aria-live="polite"></div>
<script type="application/json" id="data">{data}</script>
<script type="module">{script}</script>
</body>
</html>
"""
