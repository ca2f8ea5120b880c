"""The report of access: bytes, seconds to make it, and milliseconds until a browser shows each view.

15 people, the Kubernetes organisation (generated in its shape where the real one is absent), and 20,000
assignments. Without Chromium the load times are left out, and the table says so.

python -m benchmarks.report
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from time import perf_counter

from reconciler.access.page import AccessPage
from reconciler.cli.report import read_assets
from reconciler.render.html.page import page_html
from tests.browser.pages import small
from tests.support.access_pages import as_applied, large, lines, page_of, page_of_folder
from tests.support.browser import NAMES, browser
from tests.support.organisation import real_input, write_organisation

Row = tuple[str, str]
VIEWS = {"overview": "", "access": "#/access", "matrix": "#/matrix", "people": "#/people"}
# Each view is opened so many times, and the best of them counts.
TIMES = 3


def rows() -> list[Row]:
    """What was measured, counts included, and the figures."""
    found: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = {label: _measured(label, make, folder) for label, make in _pages(folder).items()}
        loaded = _loaded({label: file for label, (_, file) in made.items()})
        for label, (figures, _) in made.items():
            found += [(f"report of {label}", figures), (f"report of {label}, shown", loaded[label])]
    return found


def _pages(folder: Path) -> Mapping[str, Callable[[], AccessPage]]:
    real = real_input()
    if real is None:
        write_organisation(folder / "identities")

    def twenty_thousand() -> AccessPage:
        git = large()
        return page_of(git, as_applied(git))

    return {
        "15 people": small,
        "Kubernetes" if real else "an organisation in the shape of Kubernetes": lambda: page_of_folder(
            real or folder / "identities"
        ),
        "20,000 assignments of 1,500 people": twenty_thousand,
    }


def _measured(label: str, make: Callable[[], AccessPage], folder: Path) -> tuple[str, Path]:
    began = perf_counter()
    page = make()
    planned = perf_counter() - began
    began = perf_counter()
    text = page_html(page, read_assets())
    seconds = perf_counter() - began
    file = folder / f"{label}.html"
    file.write_text(text, "utf-8")
    facts = page.targets[0].facts
    figures = (
        f"{len(text.encode()):,} bytes, {seconds:.2f} s to render ({planned:.1f} s to load and plan); "
        f"{len(facts.people):,} people, {len(facts.groups):,} groups, {len(facts.accounts):,} accounts, "
        f"{lines(page.targets[0]):,} grants"
    )
    return figures, file


def _loaded(files: Mapping[str, Path]) -> Mapping[str, str]:
    """By label what a browser takes from opening the file until the view is there, in milliseconds."""
    if not any(map(shutil.which, NAMES)):
        return dict.fromkeys(files, "not measured: Chromium is not installed")
    found = {}
    with browser() as chromium:
        page = chromium.new_page(viewport={"width": 1280, "height": 860})
        for label, file in files.items():
            times = {}
            for name, fragment in VIEWS.items():
                taken = []
                for _ in range(TIMES):
                    page.goto("about:blank")
                    page.goto(f"{file.as_uri()}{fragment}")
                    page.wait_for_selector("html[data-ready]")
                    taken.append(int(page.evaluate("Number(document.documentElement.dataset.ready)")))
                times[name] = min(taken)
            found[label] = ", ".join(f"{name} {taken} ms" for name, taken in times.items())
    return found


def main() -> None:
    """Print the table."""
    from benchmarks.__main__ import machine, table

    print(f"{machine()}\n\n{table(rows())}")


if __name__ == "__main__":
    main()
