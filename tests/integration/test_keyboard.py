"""Typing on the virtual box's on-screen keyboard, through its stream; the box's own notes tell what was typed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import leasing
import numpy as np
import pytest
from until import until
from virtualpytest_host.virtual import drawing
from virtualpytest_host.virtual.control import Box
from virtualpytest_host.virtual.keypad import LOWER, UPPER, Keypad

from pytest_virtualpytest.device import Device
from pytest_virtualpytest.exceptions import NotSeen, VirtualPytestError
from pytest_virtualpytest.keyboard import Keyboard
from pytest_virtualpytest.keypages import KeyPage
from pytest_virtualpytest.models import Region
from pytest_virtualpytest.targets import Black, Color, Image, Text

CELLS = Region(140, 250, 1000, 420)
FIELD = Region(140, 150, 1000, 72)
FOCUS = Color("#207ae2", share=0.5)
PAGES = {"lower": KeyPage(LOWER, {"SHIFT": "upper"}), "upper": KeyPage(UPPER, {"SHIFT": "lower"}, back="lower")}


@pytest.fixture(scope="module")
def leased(own_state: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Device]:
    """Give a virtual box over a real gateway."""
    with leasing.leased(tmp_path_factory.mktemp("keyboard"), "typebox") as device:
        yield device


@pytest.fixture
def stb(leased: Device) -> Device:
    """Give the box on its search screen, with nothing typed."""
    Box(leased.name).clear()
    leased.remote.press("BACK")
    leased.remote.press("SEARCH")
    until(lambda: shown(leased) == "search:lower:q:")
    leased.screen.wait_for(Text("Search"))
    return leased


def shown(device: Device) -> str:
    """Return what the box says that it shows: page, key with the focus, text."""
    return str(Box(device.name).screen())


def keyboard(device: Device, pages: Any = PAGES, **options: Any) -> Keyboard:
    given: dict[str, Any] = {"start": "q", "wrap": "rows", "at": CELLS, "focus": FOCUS}
    return Keyboard(device, pages, **(given | options))


def presses(device: Device, since: float) -> list[str]:
    return [note["key"] for note in Box(device.name).truth() if note["event"] == "key" and note["at"] > since]


def test_text_with_capitals_digits_and_blanks(stb: Device) -> None:
    keyboard(stb).type_text("Pa55 word@H.tv")

    until(lambda: shown(stb).endswith(":Pa55 word@H.tv"))
    stb.screen.wait_for(Text("Pa55 word@H.tv", region=FIELD, case=True))


def test_without_focus_it_is_believed_where_the_keys_lead(stb: Device) -> None:
    board = keyboard(stb, focus=None, at=None)

    board.type_text("News 24")
    board.press("DONE")

    until(lambda: shown(stb) == "live:0")


def test_fewest_keys_are_pressed(stb: Device) -> None:
    begin = stb.remote.press("INFO").after

    keyboard(stb).type_text("po1")

    assert presses(stb, begin) == ["Left", "Select", "Left", "Select", "Up", "Right", "Right", "Select"]


def test_focus_that_somebody_has_moved_is_found(stb: Device) -> None:
    board = keyboard(stb, start="0")
    board.type_text("a")
    stb.remote.press("RIGHT")
    stb.remote.press("UP")

    board.type_text("b")

    until(lambda: shown(stb) == "search:lower:b:ab")


def test_key_that_is_lost_is_made_good(stb: Device) -> None:
    Box(stb.name).fault("deaf", seconds=1.0)

    keyboard(stb, timeout=1.5).type_text("gg")

    until(lambda: shown(stb) == "search:lower:g:gg")


def test_focus_that_goes_elsewhere_than_described_is_told(stb: Device) -> None:
    with pytest.raises(NotSeen) as caught:
        keyboard(stb, wrap="columns", timeout=0.5).go_to("SHIFT")

    told = caught.value
    assert told.message.endswith("to 'SHIFT' in 4 tries: UP did not lead to 'SHIFT'; it is on '1'")
    assert "annotated" in told.pictures


def test_focus_that_is_nowhere_is_told(stb: Device) -> None:
    with pytest.raises(NotSeen, match=r"keyboard: the focus, color #ff0000, is seen on no key of page 'lower'"):
        keyboard(stb, focus=Color("red", share=0.5)).type_text("a")
    with pytest.raises(NotSeen, match=r"is seen on 43 keys, '1' '2' '3'.* of page 'lower'"):
        keyboard(stb, focus=Color("#283242", share=0.5)).type_text("a")


def test_page_that_does_not_come_is_told(stb: Device) -> None:
    pages = {**PAGES, "upper": KeyPage(UPPER, back="lower", shows=Black())}

    with pytest.raises(NotSeen, match=r"to 'A' in 4 tries: OK did not lead to 'SHIFT'"):
        keyboard(stb, pages, timeout=0.5).type_text("A")


def picture(path: Path, upper: bool, rows: int) -> Image:
    """Return a picture of the first *rows* of a page, transparent where the focus is at first."""
    pixels = drawing.search(Keypad(upper=upper))[CELLS.y : CELLS.y + 84 * rows, CELLS.x : CELLS.x + CELLS.width]
    opaque = np.full(pixels.shape[:2], 255, np.uint8)
    opaque[84:168, 0:100] = 0
    cv2.imwrite(str(path), np.dstack([pixels, opaque]))
    return Image(str(path))


def test_page_is_verified_by_what_it_shows(stb: Device, tmp_path: Path) -> None:
    pages = {
        name: replace(page, shows=picture(tmp_path / f"{name}.png", name == "upper", 1)) for name, page in PAGES.items()
    }

    keyboard(stb, pages, timeout=10.0).type_text("Qq")

    until(lambda: shown(stb).endswith(":Qq"))


def test_keyboard_is_found_by_a_picture_of_it(stb: Device, tmp_path: Path) -> None:
    keyboard(stb, at=picture(tmp_path / "keyboard.png", False, 5)).type_text("tv")

    until(lambda: shown(stb) == "search:lower:v:tv")


def test_no_key_is_pressed_for_a_text_that_cannot_be_typed(stb: Device) -> None:
    begin = stb.remote.press("INFO").after

    with pytest.raises(VirtualPytestError, match="keyboard: no key 'é'; it has 1 2 3"):
        keyboard(stb).type_text("café")
    with pytest.raises(VirtualPytestError, match="keyboard: no text to type"):
        keyboard(stb).type_text("")
    with pytest.raises(VirtualPytestError, match="keyboard: say at="):
        keyboard(stb, at=None)

    assert presses(stb, begin) == []
