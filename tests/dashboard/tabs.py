"""Pages in a real browser: Debian's Chromium, driven by playwright."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SECONDS = 60_000  # in milliseconds: for whatever a page waits for
CHROMIUM = shutil.which("chromium")
NEEDED = pytest.mark.skipif(CHROMIUM is None, reason="no browser: apt install chromium")


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """Give the browser while the block runs."""
    playwright = pytest.importorskip("playwright.sync_api", reason="the browser is driven by playwright")
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@contextlib.contextmanager
def tab(chromium: Browser, width: int = 1440, scheme: str = "light", but: Sequence[str] = ()) -> Iterator[Page]:
    """Give a page that must say nothing on its console while the block runs, *but* what has one of these in it."""
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.set_default_timeout(SECONDS)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    context.close()
    assert [words for words in said if not any(one in words for one in but)] == []


def fits(page: Page) -> None:
    """See that the page as it is can be read by anybody, and needs no scrolling from side to side."""
    found = pytest.importorskip("axe_playwright_python.sync_playwright").Axe().run(page)

    assert found.violations_count == 0, f"{page.url}: {found.generate_report()}"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
