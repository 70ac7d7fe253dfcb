"""The lab's pages in a real browser, with virtual devices behind them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from importlib import resources
from pathlib import Path

import labs
import pytest
import tabs
from tabs import SECONDS
from virtualpytest_host.incidents import Keeper

from pytest_virtualpytest.exceptions import LeaseError
from pytest_virtualpytest.gateway import Gateway
from pytest_virtualpytest.incident import Incident
from pytest_virtualpytest.wire import Call

av = pytest.importorskip("av", reason="the lab's devices want virtualpytest[host]")
playwright = pytest.importorskip("playwright.sync_api", reason="the browser is driven by playwright")
pytestmark = tabs.NEEDED

LAB = """
[devices.seebox]
virtual = "stb"
[devices.otherbox]
virtual = "stb"
[devices.seephone]
virtual = "phone"
[hosts.gone]
python = "/nowhere/python"
[devices.far]
kind = "tv"
host = "gone"
[campaigns.free]
tests = ["tests"]
results = "results"
"""
PAGES = ("/lab", "/lab/campaigns", "/lab/hosts", "/lab/devices/seebox", "/lab/devices/seephone")
WHOLE = dict.fromkeys(PAGES, "free") | {"/lab/incidents": "Nothing is watched now"}  # once told
# the mean of each 16th pixel's difference to what `before` kept, of the live picture
CHANGE = """() => {
  const image = document.querySelector("[data-screen] img");
  const canvas = new OffscreenCanvas(64, 36), pen = canvas.getContext("2d");
  pen.drawImage(image, 0, 0, 64, 36);
  const now = pen.getImageData(0, 0, 64, 36).data;
  const before = window.before ??= now;
  return now.reduce((sum, value, at) => sum + Math.abs(value - before[at]), 0) / now.length;
}"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of the lab file, with the tests of its campaign."""
    folder = tmp_path_factory.mktemp("lab")
    (folder / "tests").mkdir()
    (folder / "tests" / "test_slow.py").write_text("import time\ndef test_free(): time.sleep(120)\n")
    return folder


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    """Give the address of a dashboard with --control."""
    with labs.served(folder, LAB, "--control") as address:
        yield address


@pytest.fixture
def tab(chromium: playwright.Browser) -> Iterator[playwright.Page]:
    """Give a page that must say nothing on its console but a refusal: Chromium tells each answer of that sort."""
    with tabs.tab(chromium, but=["409 (Conflict)"]) as page:
        yield page


def _picture(page: playwright.Page, where: str) -> None:
    """Wait until *where* shows a picture."""
    page.wait_for_function("(where) => document.querySelector(where + ' img')?.naturalWidth > 0", arg=where)


def _open(page: playwright.Page, address: str, device: str) -> None:
    page.goto(f"{address}/lab/devices/{device}")
    _picture(page, "[data-screen]")
    playwright.expect(page.locator("h1 .badge")).to_contain_text("free", timeout=SECONDS)


def test_wall_shows_every_device_live_and_says_why_one_is_not(tab: playwright.Page, address: str) -> None:
    tab.goto(f"{address}/lab")
    for name in ("seebox", "otherbox", "seephone"):
        _picture(tab, f'[data-device="{name}"]')
    first = tab.get_attribute('[data-device="seebox"] img', "src")
    tab.wait_for_function(
        """(first) => document.querySelector('[data-device="seebox"] img').src !== first""", arg=first
    )

    far = tab.locator('[data-device="far"]')
    playwright.expect(far).to_contain_text("its host gone cannot be reached", timeout=SECONDS)
    playwright.expect(tab.locator("[data-tally]")).to_have_text("3 free, 1 lost", timeout=SECONDS)


def test_wall_that_is_hidden_asks_for_no_picture(tab: playwright.Page, address: str) -> None:
    told: list[str] = []
    tab.on("websocket", lambda socket: socket.on("framesent", lambda words: told.append(str(words))))
    tab.goto(f"{address}/lab")
    _picture(tab, '[data-device="seebox"]')

    tab.evaluate(
        "Object.defineProperty(document, 'hidden', {get: () => true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    tab.wait_for_timeout(200)

    shows = [words for words in told if "show" in words]
    assert "seebox" in str(shows)
    assert shows[-1] == '{"show":[],"size":"small"}'


def test_incidents_come_and_end_on_the_page_without_loading_it_anew(tab: playwright.Page, address: str) -> None:
    picture = (resources.files("virtualpytest_host.virtual") / "pictures" / "no-signal.png").read_bytes()
    lost = Incident(f"{time.time() * 1000:.0f}-lost", "seebox", "lost", time.time(), 0.5, picture=True)
    for path in ("/lab/incidents", "/lab/devices/seebox"):
        with Keeper("seebox") as keeper:
            tab.goto(f"{address}{path}")
            keeper.keep(lost, picture)
            mine = tab.locator("[data-incidents] li", has_text="lost").first
            playwright.expect(mine).to_contain_text("goes on", timeout=SECONDS)
            mine.scroll_into_view_if_needed()
            _picture(tab, "[data-incidents] li")

            keeper.keep(replace(lost, state="over", end=lost.begin + 7))

            playwright.expect(mine).to_contain_text("lasted 7.0 s", timeout=SECONDS)


def test_hosts_page_tells_health_streams_and_what_is_lost(tab: playwright.Page, address: str) -> None:
    tab.goto(f"{address}/lab/hosts")

    local, gone = tab.locator(".host").filter(has_text="seebox"), tab.locator(".host").filter(has_text="far")
    playwright.expect(local).to_contain_text("1280×720", timeout=SECONDS)
    for words in ("load", "memory", "disk", "clock", "PyAV"):
        playwright.expect(local).to_contain_text(words, timeout=SECONDS)
    playwright.expect(gone).to_contain_text("cannot run '/nowhere/python'", timeout=SECONDS)


def test_taken_device_does_what_is_clicked_and_shows_it_live(tab: playwright.Page, address: str, folder: Path) -> None:
    _open(tab, address, "seebox")
    assert tab.is_disabled("[data-key=GUIDE]")

    tab.click("[data-take]")
    playwright.expect(tab.locator("[data-said]")).to_have_text("It is yours.", timeout=SECONDS)
    playwright.expect(tab.locator("[data-who]")).to_contain_text("virtualpytest dashboard", timeout=SECONDS)
    assert tab.evaluate(CHANGE) == 0
    tab.click("[data-key=GUIDE]")
    labs.until(lambda: tab.evaluate(CHANGE) > 25)
    tab.click("[data-key=BACK]")
    labs.until(lambda: tab.evaluate(CHANGE) < 25)
    tab.click("[data-release]")

    with labs.somebody(folder) as other:
        labs.until(lambda: other.call(Call("holder", "seebox")).value["holder"] is None)


def test_device_is_driven_by_the_keyboard_alone(tab: playwright.Page, address: str) -> None:
    _open(tab, address, "seebox")
    tab.focus("[data-take]")
    tab.keyboard.press("Enter")
    playwright.expect(tab.locator("[data-said]")).to_have_text("It is yours.", timeout=SECONDS)

    assert tab.evaluate("document.activeElement.hasAttribute('data-release')")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.dataset.key") == "UP"
    tab.keyboard.press("Enter")
    playwright.expect(tab.locator("[data-said]")).to_have_text("press UP: done", timeout=SECONDS)


def test_page_that_is_left_gives_the_device_back(tab: playwright.Page, address: str, folder: Path) -> None:
    _open(tab, address, "otherbox")
    tab.click("[data-take]")
    playwright.expect(tab.locator("[data-said]")).to_have_text("It is yours.", timeout=SECONDS)

    tab.goto(f"{address}/lab")

    with labs.somebody(folder) as other:
        labs.until(lambda: other.call(Call("holder", "otherbox")).value["holder"] is None)


def test_phone_is_tapped_on_its_picture(tab: playwright.Page, address: str) -> None:
    _open(tab, address, "seephone")
    tab.click("[data-take]")
    playwright.expect(tab.locator("[data-said]")).to_have_text("It is yours.", timeout=SECONDS)
    assert tab.evaluate(CHANGE) == 0
    box = tab.locator("[data-screen]").bounding_box()
    assert box

    # the picture is 720 wide and 1280 high, centred in its box; the tile "Settings" is about 200, 260
    scale = min(box["width"] / 720, box["height"] / 1280)
    middle, top = box["x"] + box["width"] / 2, box["y"] + (box["height"] - 1280 * scale) / 2
    tab.mouse.click(middle + (200 - 360) * scale, top + 260 * scale)

    playwright.expect(tab.locator("[data-said]")).to_have_text("tap : done", timeout=SECONDS)
    labs.until(lambda: tab.evaluate(CHANGE) > 10)


def test_device_that_a_test_holds_is_watched_live_and_cannot_be_taken(
    tab: playwright.Page, address: str, folder: Path
) -> None:
    with labs.somebody(folder) as test:
        labs.until(lambda: _leased(test, "otherbox"))
        tab.goto(f"{address}/lab/devices/otherbox")
        playwright.expect(tab.locator("[data-who]")).to_contain_text("ben, run 4f6b, test_zap", timeout=SECONDS)
        _picture(tab, "[data-screen]")
        labs.until(lambda: float(tab.get_attribute("[data-rate]", "data-fps") or 0) > 2)
        tab.click("[data-take]")
        refused = tab.locator("[data-said]")
        playwright.expect(refused).to_contain_text("device 'otherbox' is held by ben, run 4f6b", timeout=SECONDS)
        assert tab.is_disabled("[data-key=OK]")


def test_reference_is_cropped_from_the_picture_as_it_is(tab: playwright.Page, address: str) -> None:
    _open(tab, address, "otherbox")
    tab.click("[data-crop]")
    form = tab.locator("[data-cropping]")
    for word, value in {"x": 40, "y": 30, "width": 200, "height": 80}.items():
        form.locator(f"[name={word}]").fill(str(value))
    form.locator("[name=name]").fill("banner.png")

    with tab.expect_download() as kept:
        form.locator("button").click()

    assert kept.value.suggested_filename == "banner.png"
    with av.open(str(kept.value.path())) as picture:
        [frame] = picture.decode(video=0)
    assert (frame.width, frame.height) == (200, 80)


def test_crop_is_drawn_with_the_mouse(tab: playwright.Page, address: str) -> None:
    _open(tab, address, "otherbox")
    tab.click("[data-crop]")
    tab.wait_for_selector("[data-screen] canvas")
    box = tab.locator("[data-screen] canvas").bounding_box()
    assert box
    scale = box["width"] / 1280

    tab.mouse.move(box["x"] + 300 * scale, box["y"] + 200 * scale)
    tab.mouse.down()
    tab.mouse.move(box["x"] + 100 * scale, box["y"] + 100 * scale)
    tab.mouse.up()

    drawn = [int(tab.input_value(f"[data-cropping] [name={word}]")) for word in ("x", "y", "width", "height")]
    assert drawn == pytest.approx([100, 100, 200, 100], abs=3)


def test_last_half_minute_is_looked_back_at_and_taken_home(tab: playwright.Page, address: str) -> None:
    _open(tab, address, "seebox")

    tab.click("[data-look-back]")
    _picture(tab, "[data-past-list] li")
    with tab.expect_download() as kept:
        tab.click("text=Clip of the last 30 s")

    assert kept.value.suggested_filename == "seebox.mp4"
    with av.open(str(kept.value.path())) as film:
        assert film.duration > 1e6


def test_campaign_is_planned_started_followed_and_stopped(tab: playwright.Page, address: str) -> None:
    tab.goto(f"{address}/lab/campaigns")
    tab.click("text=Plan")
    playwright.expect(tab.locator("[data-plan]")).to_contain_text("test_free", timeout=SECONDS)

    tab.click("text=Start")
    playwright.expect(tab.locator("[data-state]")).to_contain_text("running", timeout=SECONDS)
    playwright.expect(tab.locator("[data-log]")).to_contain_text("1 item", timeout=SECONDS)
    with tab.context.expect_page() as opened:
        tab.click("text=follow it", modifiers=["ControlOrMeta"])
    playwright.expect(opened.value.locator("main")).to_contain_text("test_free", timeout=SECONDS)

    tab.click("text=Stop")
    playwright.expect(tab.locator("[data-said]")).to_contain_text("ended with exit code 2", timeout=SECONDS)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_pages_fit_and_are_accessible(chromium: playwright.Browser, address: str, width: int, scheme: str) -> None:
    with tabs.tab(chromium, width, scheme) as page:
        for path, words in WHOLE.items():
            page.goto(f"{address}{path}")
            playwright.expect(page.locator("main")).to_contain_text(words, timeout=SECONDS)
            tabs.fits(page)


def _leased(gateway: Gateway, device: str) -> bool:
    try:
        gateway.lease(device, labs.BEN)
    except LeaseError:
        return False
    return True
