"""Page objects on a virtual box: every property is read from one frame."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Iterator
from pathlib import Path

import leasing
import pytest
from virtualpytest_host.virtual import pictures

from pytest_virtualpytest.device import Device
from pytest_virtualpytest.exceptions import NotSeen, VirtualPytestError
from pytest_virtualpytest.models import Region
from pytest_virtualpytest.page import Page
from pytest_virtualpytest.targets import Motion, Not, Text

HEADER = Region(40, 20, 600, 120)


class Settings(Page):
    """The settings; which one is chosen is not among what it tells."""

    shows = Text("Settings", region=HEADER)

    @functools.cached_property
    def entries(self) -> list[str]:
        """What can be set."""
        lines = self.screen.read_text().splitlines()
        return [line for line in lines if line in {"Picture", "Sound", "Wi-Fi", "Language"}]


class Guide(Page):
    """The programme guide."""

    shows = "guide-header.png"


@pytest.fixture(scope="module")
def leased(own_state: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Device]:
    """Give a virtual box over a real gateway."""
    with leasing.leased(tmp_path_factory.mktemp("page"), "pagebox") as device:
        yield device


@pytest.fixture
def stb(leased: Device) -> Device:
    """Give the box at home."""
    for key in ("BACK", "BACK", "HOME"):
        leased.remote.press(key)
    leased.screen.wait_for(Not(Settings.target()))
    return leased


@pytest.fixture
def header() -> Iterator[Path]:
    """Have the guide's reference beside this file, where the class is."""
    path = Path(__file__).with_name("guide-header.png")
    shutil.copy(pictures.FOLDER / "guide-header.png", path)
    yield path
    path.unlink()


def test_page_is_true_where_it_shows(stb: Device) -> None:
    assert not Settings(stb)

    page = Settings.wait_for(stb, since=stb.remote.press("MENU"))

    assert page
    assert page.is_visible
    assert {"Picture", "Sound", "Wi-Fi"} <= set(page.entries)


def test_page_stands_still_while_the_device_goes_on(stb: Device) -> None:
    page = Settings.wait_for(stb, since=stb.remote.press("MENU"))
    stb.screen.wait_for(Not(Settings.target()), since=stb.remote.press("BACK"))

    assert {"Picture", "Sound", "Wi-Fi"} <= set(page.entries)
    assert page
    assert not Settings(stb)


def test_pictures_are_beside_the_class(stb: Device, header: Path) -> None:
    assert not Guide(stb)
    assert Guide.wait_for(stb, since=stb.remote.press("GUIDE"))


def test_page_that_does_not_come_is_not_seen(stb: Device) -> None:
    with pytest.raises(NotSeen, match=r"text 'Settings' not seen within 0\.5 s"):
        Settings.wait_for(stb, timeout=0.5)


def test_one_frame_cannot_tell_of_motion(stb: Device) -> None:
    with pytest.raises(VirtualPytestError, match="motion: one frame cannot tell; wait for it"):
        stb.screen.still().find(Motion())
