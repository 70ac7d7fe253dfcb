"""The pages of runs, measurements and what is taken away, in a real browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import labs
import pytest
import tabs
from browsing import links

playwright = pytest.importorskip("playwright.sync_api", reason="the browser is driven by playwright")
pytestmark = tabs.NEEDED

T = 1_790_000_000
FIGURES = "/measurements/zap?unit=s"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a run of 40 tests on four devices, whose last is long after the others, with a figure each."""
    folder = tmp_path_factory.mktemp("results") / "night"
    folder.mkdir()
    events: list[object] = [{"kind": "run", "time": T}]
    for number in range(40):
        start, name = T + number * 10 + (2000 if number == 39 else 0), f"test_zap[{number}]"
        status = "failed" if number % 7 == 0 else "passed"
        result = {
            "name": name, "fullName": "tests.test_box#test_zap", "status": status, "uuid": f"u{number}",
            "historyId": name, "start": start * 1000, "stop": start * 1000 + 8000,
            "statusDetails": {"message": "NotSeen: banner.png"} if status == "failed" else {},
            "labels": [{"name": "device", "value": f"stb{number % 4}"}, {"name": "host", "value": "rack1"}],
        }  # fmt: skip
        (folder / f"{number}-result.json").write_text(json.dumps(result), encoding="utf-8")
        figure = {"name": "zap", "value": 1 + number / 20, "unit": "s", "maximum": 2.5}
        events.append({"kind": "verdict", "time": start + 8, "test": f"tests/test_box.py::{name}",
                       "data": {"measurements": [figure]}})  # fmt: skip
    events.append({"kind": "end", "time": T + 2500})
    (folder / "virtualpytest-run.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    return folder


@pytest.fixture(scope="module")
def address(results: Path) -> Iterator[str]:
    """Give the address of a dashboard over the run."""
    with labs.dashboard(results) as (_, address):
        yield address


def _run(page: playwright.Page, address: str) -> str:
    page.goto(address)
    return links(page.content(), "/runs/")[0].removeprefix(address)


def test_bar_of_the_timeline_leads_to_its_test_and_a_piece_of_time_to_its_bars(
    tab: playwright.Page, address: str
) -> None:
    run = _run(tab, address)
    tab.goto(f"{address}{run}")
    tab.get_by_role("link", name="timeline").click()
    tab.get_by_role("link", name="test_zap[39]").press("Enter")
    playwright.expect(tab.locator("h1")).to_contain_text("test_zap[39]")

    tab.goto(f"{address}{run}/timeline?from={T * 1000}&to={T * 1000 + 20_000}")

    playwright.expect(tab.locator(".lanes a title")).to_have_count(3)  # the third begins as the piece ends
    tab.get_by_role("link", name="all of the run").click()
    playwright.expect(tab.get_by_role("link", name="test_zap[39]")).to_be_visible()


def test_bars_lie_where_their_tests_were(tab: playwright.Page, address: str) -> None:
    tab.goto(f"{address}{_run(tab, address)}/timeline?from={T * 1000}&to={T * 1000 + 100_000}")
    lane = tab.locator(".lanes svg[role=group]").first.bounding_box()
    bar = tab.locator(".lanes svg[role=group]").first.locator("a").nth(1).bounding_box()  # of 40 s to 48 s

    assert lane
    assert bar
    assert (bar["x"] - lane["x"]) / lane["width"] == pytest.approx(0.40, abs=0.01)
    assert bar["width"] / lane["width"] == pytest.approx(0.08, abs=0.01)


def test_what_is_outside_of_its_limit_leads_to_its_figure_and_its_test(tab: playwright.Page, address: str) -> None:
    tab.goto(f"{address}{_run(tab, address)}")
    tab.locator("section[aria-labelledby=outside]").get_by_role("link", name="zap", exact=True).first.click()
    playwright.expect(tab.locator("h1")).to_have_text("zap")
    tab.get_by_role("link", name="stb3", exact=True).click()

    playwright.expect(tab.locator("h1")).to_have_text("zap on stb3")
    tab.get_by_role("link", name="test_zap[39]").click()
    playwright.expect(tab.locator("h1")).to_contain_text("test_zap[39]")


def test_report_that_was_taken_away_shows_without_the_dashboard(
    tab: playwright.Page, address: str, tmp_path: Path
) -> None:
    tab.goto(f"{address}{_run(tab, address)}")
    with tab.expect_download() as coming:
        tab.get_by_role("link", name="one page").click()
    coming.value.save_as(tmp_path / "report.html")

    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto((tmp_path / "report.html").as_uri())

    playwright.expect(tab.locator(".failure")).to_have_count(6)
    assert asked == [(tmp_path / "report.html").as_uri()]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_pages_fit_and_are_accessible(chromium: playwright.Browser, address: str, width: int, scheme: str) -> None:
    with tabs.tab(chromium, width, scheme) as page:
        run = _run(page, address)
        runs = ("/", run, f"{run}/timeline", f"{run}/tests/u7")
        for path in (*runs, "/measurements", FIGURES, f"{FIGURES}&device=stb1"):
            page.goto(f"{address}{path}")
            tabs.fits(page)
