"""Pages in a real Chromium: one for all tests of a process, and a fresh context for each page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Dialog, Page

from reconciler.access.page import AccessPage
from reconciler.cli.report import read_assets
from reconciler.render.html.page import page_html
from tests.support.browser import axe, browser
from tests.support.patience import PATIENCE, until

Scheme = Literal["dark", "light"]


@dataclass
class Seen:
    """A report in a browser, and what it did that it must not do."""

    page: Page
    file: Path
    requests: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def asked(self, dialog: Dialog) -> None:
        """No page asks anything."""
        self.troubles.append(dialog.message)
        dialog.dismiss()

    def go(self, fragment: str = "") -> Page:
        """Show a view, as a person does who opens an address."""
        address = f"file://{self.file}{fragment}"
        if self.page.url.partition("#")[0] == address.partition("#")[0] and fragment:
            self.page.evaluate("where => { location.hash = where }", fragment)
            self.until("document.documentElement.dataset.view === location.hash")
        else:
            self.page.goto(address)
            self.page.wait_for_selector("html[data-ready]")
        return self.page

    def until(self, true: str) -> None:
        """Wait until an expression is true, asked from outside: the page lets no text be evaluated in it."""
        until(lambda: bool(self.page.evaluate(true)), true)

    def rows(self) -> list[list[str]]:
        """The texts of the cells of the first table, row by row."""
        found: list[list[str]] = self.page.evaluate(
            "[...document.querySelector('main table').tBodies[0].rows]"
            ".map(row => [...row.cells].map(cell => cell.innerText.replace(/\\s+/g, ' ').trim()))"
        )
        return found

    def violations(self, *rules: str) -> list[str]:
        """What axe finds wrong: by WCAG 2.2 AA and its own best practices, or by these of its rules."""
        if not self.page.evaluate("typeof axe === 'object'"):
            self.page.evaluate(axe())
        found: list[dict[str, Any]] = self.page.evaluate(
            "rules => axe.run(rules.length ? {runOnly: rules} : {}).then((found) => found.violations)",
            rules,
        )
        return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]

    def csv(self) -> str:
        """What `Save as CSV` hands to the person."""
        with self.page.expect_download() as waiting:
            self.page.click("#csv")
        return waiting.value.path().read_bytes().decode()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with browser() as running:
        yield running


@pytest.fixture
def show(chromium: Browser, tmp_path: Path) -> Iterator[Callable[..., Seen]]:
    """Show a report (or a file that is one); nothing may go wrong in it, and nothing may be asked for."""
    shown: list[Seen] = []

    def open_(
        what: AccessPage | Path, scheme: Scheme = "light", width: int = 1280, height: int = 860
    ) -> Seen:
        file = what if isinstance(what, Path) else tmp_path / f"report{len(shown)}.html"
        if not isinstance(what, Path):
            file.write_text(page_html(what, read_assets()), "utf-8")
        context = chromium.new_context(
            viewport={"width": 1280, "height": 860}, color_scheme=scheme, reduced_motion="reduce"
        )
        context.set_default_timeout(PATIENCE * 1000)
        page = context.new_page()
        seen = Seen(page, file)
        page.on("console", lambda message: seen.troubles.append(message.text))
        page.on("pageerror", lambda error: seen.troubles.append(str(error)))
        page.on("dialog", seen.asked)
        page.on("requestfailed", lambda request: seen.refused.append(f"{request.failure} {request.url}"))
        page.on("request", lambda request: seen.requests.append(request.url))
        shown.append(seen)
        return seen

    yield open_
    for one in shown:
        one.page.context.close()
        assert one.troubles == []
        # The file itself, each time that it is opened; CSV is made here, and asked of nobody.
        assert {url.partition("#")[0] for url in one.requests if not url.startswith("blob:")} <= {
            f"file://{one.file}"
        }
