"""The page of a test, and pages over several runs, in a real browser."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import films
import labs
import pytest
import tabs
from browsing import links

playwright = pytest.importorskip("playwright.sync_api", reason="the browser is driven by playwright")
pytestmark = tabs.NEEDED

T = 1_790_000_000


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give two nights of twelve tests; those of the second that fail have a clip, a log and pictures."""
    root = tmp_path_factory.mktemp("nights")
    for night in range(2):
        folder = root / f"night-{night}"
        folder.mkdir()
        for number in range(12):
            _write(folder, night, number)
        os.utime(folder, (T + night * 86_400,) * 2)
    return root


def _write(folder: Path, night: int, number: int) -> None:
    start, name = (T + night * 86_400 + number * 10) * 1000, f"test_zap_{number}"
    failed = number % 4 == night
    result = {
        "name": name, "fullName": f"tests.test_box#{name}", "uuid": f"n{night}-{number}", "historyId": name,
        "status": "failed" if failed else "passed", "start": start, "stop": start + 4000,
        "statusDetails": {"message": "NotSeen: banner.png"} if failed else {},
        "steps": [{"name": "press P+", "status": "passed", "start": start, "stop": start + 900}],
        "labels": [{"name": "device", "value": f"stb{number % 2}"}, {"name": "suite", "value": f"zap {number % 3}"},
                   {"name": "parentSuite", "value": "tests"}, {"name": "tag", "value": "smoke"}],
    }  # fmt: skip
    if failed and night:
        films.Film(frames=25, fps=25).write(folder / f"{number}-clip.mp4")
        (folder / f"{number}-log.txt").write_text("    0.400 key P+\n    1.200 key P-\n", encoding="utf-8")
        result["attachments"] = [
            {"name": "clip of the seconds before", "source": f"{number}-clip.mp4", "type": "video/mp4"},
            {"name": "device log", "source": f"{number}-log.txt", "type": "text/plain"},
        ]
    (folder / f"{number}-result.json").write_text(json.dumps(result), encoding="utf-8")


@pytest.fixture(scope="module")
def address(nights: Path) -> Iterator[str]:
    """Give the address of a dashboard over both, on which people may act."""
    with labs.dashboard(nights, "--control") as (_, address):
        yield address


def _run(page: playwright.Page, address: str) -> str:
    page.goto(address)
    return next(link for link in links(page.content(), "/runs/") if "/night-1-" in link).removeprefix(address)


def test_clip_is_stepped_through_by_frames_with_keys_and_buttons(chromium: playwright.Browser, address: str) -> None:
    with tabs.tab(chromium) as page:
        page.goto(f"{address}{_run(page, address)}/tests/n1-1")
        page.wait_for_function("document.querySelector('video').readyState > 0")

        page.keyboard.press(".")
        page.keyboard.press(".")
        page.keyboard.press(",")
        page.get_by_role("button", name="frame ›").click()

        playwright.expect(page.locator("[data-place]")).to_have_text("0.08 s")
        assert page.evaluate("document.querySelector('video').paused")


def test_keys_that_are_typed_into_a_field_step_nothing(chromium: playwright.Browser, address: str) -> None:
    with tabs.tab(chromium) as page:
        page.goto(f"{address}{_run(page, address)}/tests/n1-1")
        page.wait_for_function("document.querySelector('video').readyState > 0")
        page.evaluate("document.querySelector('main').append(document.createElement('input'))")

        page.locator("main > input").press_sequentially("a.b,c.")

        assert page.locator("main > input").input_value() == "a.b,c."
        assert page.evaluate("document.querySelector('video').currentTime") == 0


def test_command_to_run_the_test_again_is_copied(chromium: playwright.Browser, address: str) -> None:
    with tabs.tab(chromium) as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
        page.goto(f"{address}{_run(page, address)}/tests/n1-1")

        page.get_by_role("button", name="copy").click()

        playwright.expect(page.get_by_role("button", name="copied")).to_be_visible()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied == "pytest tests/test_box.py::test_zap_1 --vpt-device stb1"


def test_note_on_a_test_and_mark_on_its_run_stay_and_can_be_taken_back(
    chromium: playwright.Browser, address: str
) -> None:
    with tabs.tab(chromium) as page:
        run = f"{address}{_run(page, address)}"
        page.goto(f"{run}/tests/n1-1")
        for words in ("ben", ""):
            page.get_by_label("Owner").fill(words)
            with page.expect_navigation():
                page.get_by_role("button", name="Keep").click()
            assert page.get_by_label("Owner").input_value() == words

        page.goto(run)
        for kept in (True, False):
            page.get_by_label("keep this run").set_checked(kept)
            with page.expect_navigation():
                page.get_by_role("button", name="Save").click()
            assert page.get_by_label("keep this run").is_checked() is kept


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_pages_fit_and_are_accessible(chromium: playwright.Browser, address: str, width: int, scheme: str) -> None:
    with tabs.tab(chromium, width, scheme) as page:
        run = _run(page, address)
        of_run = (run, f"{run}/tests/n1-1", f"{run}/by/suite", f"{run}/compare")
        for path in (*of_run, "/flaky", "/flaky?by=device", "/notes", "/removed"):
            page.goto(f"{address}{path}")
            tabs.fits(page)
