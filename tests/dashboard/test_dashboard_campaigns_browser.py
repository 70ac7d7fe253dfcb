"""Campaigns in a real browser: begun, followed to their end, made, scheduled; all by the keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import labs
import pytest
import tabs

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytest.importorskip("av", reason="the lab's devices want virtualpytest[host]")
playwright = pytest.importorskip("playwright.sync_api", reason="the browser is driven by playwright")
pytestmark = tabs.NEEDED

LAB = """
[devices.lanebox]
virtual = "stb"
[campaigns.night]
tests = ["tests"]
order = "file"
results = "runs"
"""
SUITE = """
import time
import pytest
@pytest.mark.parametrize("number", range(3))
def test_key(stb, number):
    stb.remote.press("GUIDE")
    time.sleep(1)
"""
PAGES = ("/lab/campaigns", "/lab/schedules", "/lab/testcases", "/lab/campaign?campaign=mine")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of the lab file, with the tests of its campaign."""
    folder = tmp_path_factory.mktemp("lanes")
    (folder / "tests").mkdir()
    (folder / "tests" / "test_keys.py").write_text(SUITE)
    return folder


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    """Give the address of a dashboard with --control."""
    with labs.served(folder, LAB, "--control") as address:
        yield address


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Give Debian's Chromium."""
    with tabs.browser() as browser:
        yield browser


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Page]:
    """Give a page, which may be told of what it asked for in vain."""
    with tabs.tab(chromium, but=("status of 422",)) as tab:
        yield tab


def press(tab: Page, what: str) -> None:
    """Press the button *what* by the keyboard."""
    tab.locator(what).focus()
    tab.keyboard.press("Enter")


def test_campaign_is_begun_followed_in_lanes_and_ends(tab: Page, address: str) -> None:
    tab.goto(f"{address}/lab/campaigns")

    press(tab, "[data-do=start]")

    lane = tab.locator("[data-progress] .lanes li", has_text="lanebox")
    playwright.expect(lane).to_be_visible(timeout=tabs.SECONDS)
    playwright.expect(lane.locator(".f-running").first).to_be_attached(timeout=tabs.SECONDS)
    playwright.expect(lane.locator(".idle")).to_contain_text("test_key[", timeout=tabs.SECONDS)
    playwright.expect(tab.locator(".far")).to_contain_text("of 3 tests")
    playwright.expect(tab.locator("[data-said]").first).to_have_text("ended with exit code 0", timeout=tabs.SECONDS)
    playwright.expect(tab.locator(".far")).to_contain_text("3 of 3 tests", timeout=tabs.SECONDS)
    assert lane.locator("rect[class=f-passed]").count() == 3
    tab.locator("[data-run]").click()
    tab.get_by_role("link", name="test_key[2]").click()

    tab.fill("[name=count]", "2")
    tabs.fits(tab)
    press(tab, "form.asking button")

    tab.wait_for_url("**/lab/campaigns")
    once = tab.locator("[data-once] li")
    playwright.expect(once).to_contain_text("tests/test_keys.py::test_key[2] on lanebox, 2 times")
    playwright.expect(once).to_contain_text("its results", timeout=tabs.SECONDS)


def test_campaign_and_schedule_are_made_by_the_keyboard_and_mistakes_are_told(tab: Page, address: str) -> None:
    tab.goto(f"{address}/lab/campaign")
    tab.fill("[name=name]", "two words")
    tab.fill("[name='campaign.tests']", "tests/test_keys.py\n")
    tab.select_option("[name='campaign.devices.name']", "lanebox")
    tab.fill("[name='campaign.environment']", "BUILD=4711=a")
    press(tab, "form.asking button")
    playwright.expect(tab.locator(".said")).to_contain_text("a name has no blanks", timeout=tabs.SECONDS)
    tab.fill("[name=name]", "mine")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/lab/campaigns")
    with tab.expect_response("**/toml") as answer:
        tab.evaluate("fetch('/api/campaigns/mine/toml')")
    assert answer.value.text().splitlines() == [
        "[campaigns.mine]", 'tests = ["tests/test_keys.py"]', 'devices = { name = "lanebox" }',
        'environment = { BUILD = "4711=a" }',
    ]  # fmt: skip

    tab.goto(f"{address}/lab/schedules")
    tab.fill("[name=cron]", "61 * * * *")
    press(tab, "form.asking button")
    playwright.expect(tab.locator("form .said")).to_contain_text("the minute cannot be", timeout=tabs.SECONDS)
    tab.fill("[name=cron]", "0 3 * * MON")
    tab.keyboard.press("Enter")
    playwright.expect(tab.locator("section")).to_contain_text("Next: Mon", timeout=tabs.SECONDS)
    press(tab, "section button:text('Pause')")
    playwright.expect(tab.locator("section .badge")).to_have_text("paused", timeout=tabs.SECONDS)


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_and_can_be_used_by_anybody(chromium: Browser, address: str, width: int, scheme: str) -> None:
    with tabs.tab(chromium, width, scheme) as tab:
        for path in PAGES:
            tab.goto(f"{address}{path}")
            if path == "/lab/testcases":
                playwright.expect(tab.locator("main")).to_contain_text("test_key[2]", timeout=tabs.SECONDS)
            tabs.fits(tab)
