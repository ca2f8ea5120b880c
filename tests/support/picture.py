"""The picture of the documentation: a report of the sample organisation, as a browser shows it.

python -m tests.support.picture
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from reconciler.cli.report import read_assets
from reconciler.render.html.page import page_html
from tests.support.access_pages import page_of_folder
from tests.support.browser import ROOT, browser

VIEW = "#/person/bruno.keller"
PICTURE = ROOT / "docs" / "report.png"


def main() -> None:
    """Write it anew."""
    with tempfile.TemporaryDirectory() as folder, browser() as chromium:
        file = Path(folder) / "report.html"
        file.write_text(page_html(page_of_folder(ROOT / "identities"), read_assets()), "utf-8")
        page = chromium.new_page(viewport={"width": 1160, "height": 940}, color_scheme="light")
        page.goto(f"file://{file}{VIEW}")
        page.wait_for_selector(".graph svg")
        page.screenshot(path=PICTURE)


if __name__ == "__main__":
    main()
