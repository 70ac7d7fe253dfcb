"""Loading, a lost signal and blocks on a virtual box, against the box's own notes of the true time."""

from __future__ import annotations

from collections.abc import Iterator

import leasing
import pytest
from until import until
from virtualpytest_host.virtual import pictures
from virtualpytest_host.virtual.control import Box

from pytest_virtualpytest.device import Device
from pytest_virtualpytest.exceptions import CaptureError, NotSeen, Seen
from pytest_virtualpytest.targets import Black, Blockiness, Gone, Image, Not, SignalLost, Spinner, Then, for_seconds

FRAME = 0.041
BOOT, HOME = (Image(str(pictures.FOLDER / name)) for name in ("boot.png", "home.png"))


@pytest.fixture(scope="module")
def leased(own_state: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Device]:
    """Give a virtual box over a real gateway."""
    with leasing.leased(tmp_path_factory.mktemp("condition"), "conditionbox") as device:
        device.remote.press("BACK")
        yield device


@pytest.fixture
def stb(leased: Device) -> Device:
    """Give the box at home, with a signal."""
    Box(leased.name).clear()
    leased.power.on()
    until(lambda: Box(leased.name).screen() not in {"boot", "no-signal"})
    leased.remote.press("BACK")
    leased.screen.wait_for(HOME, since=leased.remote.press("HOME"))
    return leased


def noted(device: Device, state: str, after: float) -> float:
    """Return the stream's time at which the box first showed *state* after the second *after*."""
    notes = [note for note in Box(device.name).truth() if note["event"] == "screen" and note["at"] >= after]
    return float(next(note["pts"] for note in notes if note["state"] == state))


def test_loading_is_over_with_the_first_frame_of_what_was_loaded(stb: Device) -> None:
    stb.remote.press("RIGHT")
    stb.remote.press("RIGHT")
    press = stb.remote.press("OK")

    spinner = stb.screen.wait_for(Spinner(), since=press)
    gone = stb.screen.wait_for(Gone(Spinner()), since=press)

    assert 0.95 <= spinner.pts - noted(stb, "loading", press.before) <= 1.0 + 3 * FRAME
    assert abs(gone.pts - noted(stb, "app", press.before)) <= FRAME


def test_signal_that_is_lost_and_comes_back_is_told_to_the_frame(stb: Device) -> None:
    press = stb.remote.press("INFO")
    stb.power.off()
    lost = stb.screen.wait_for(SignalLost(), since=press)
    stb.power.on()

    boot = stb.screen.wait_for(Then(SignalLost(), BOOT), since=press)
    back = stb.screen.wait_for(Gone(SignalLost()), since=press)

    assert abs(lost.pts - noted(stb, "no-signal", press.before)) <= FRAME
    assert abs(back.pts - noted(stb, "boot", press.before)) <= FRAME
    assert boot.pts == back.pts


def test_never_sees_a_lost_signal(stb: Device) -> None:
    with stb.screen.never(Black(), SignalLost()):
        stb.screen.wait_for(HOME)

    begin = stb.remote.press("INFO")
    Box(stb.name).fault("no_signal", seconds=0.5)
    with pytest.raises(Seen, match="no signal was seen"), stb.screen.never(Black(), SignalLost()):
        stb.screen.wait_for(Then(SignalLost(), Not(SignalLost())), since=begin)


def test_find_tells_whether_there_is_a_signal(stb: Device) -> None:
    assert not stb.screen.find(SignalLost())

    Box(stb.name).fault("no_signal")
    stb.screen.wait_for(SignalLost())

    assert stb.screen.find(SignalLost())
    with pytest.raises(CaptureError, match="no signal"):
        stb.screen.find(Black())


def test_signal_that_is_not_lost_is_not_seen(stb: Device) -> None:
    with pytest.raises(NotSeen, match=r"no signal not seen within 0\.5 s"):
        stb.screen.wait_for(SignalLost(), timeout=0.5)


def test_no_screen_on_a_tour_of_the_box_is_blocky_or_loading_but_one(stb: Device) -> None:
    with stb.screen.never(Blockiness(), Spinner(), SignalLost()):
        for key in ("GUIDE", "DOWN", "BACK", "CHANNEL_UP", "INFO", "MENU", "DOWN", "SEARCH", "RIGHT", "BACK"):
            press = stb.remote.press(key)
            stb.screen.wait_for(Then(Not(Black()), for_seconds(Not(Black()), 0.8)), since=press)
