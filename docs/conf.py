"""How Sphinx makes a site of these pages: `make docs`. No page loads anything from elsewhere."""

from __future__ import annotations

import re

from sphinx.application import Sphinx

project = "Identity reconciler"
author = "the developers of the identity reconciler"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["conf.py"]
myst_heading_anchors = 4
html_theme = "furo"
html_title = "Identity reconciler"
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
pygments_style = "friendly"
pygments_dark_style = "monokai"
# What the lexer of a language does not know (an ellipsis in JSON, say) is shown as it is.
suppress_warnings = ["misc.highlighting_failure"]

# Links to files beside docs/, of which the site has no page: their names stay, as text.
_OUTSIDE = re.compile(r"\[([^\]]+)\]\(\.\./(?!cli\.md|memory\.md)[A-Za-z_./-]*(?:#[\w-]*)?\)")


def _inside(_app: Sphinx, document: str, source: list[str]) -> None:
    if not document.startswith("reference/"):
        source[0] = _OUTSIDE.sub(r"\1", source[0])


def setup(app: Sphinx) -> None:
    """Take links that lead out of the site out of its pages."""
    app.connect("source-read", _inside)
