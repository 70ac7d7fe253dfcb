"""Picture and sound together, on a virtual box, against the box's own notes of the true time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import leasing
import pytest
from films import Film
from virtualpytest_host.virtual import pictures
from virtualpytest_host.virtual.control import Box

from pytest_virtualpytest.device import Device
from pytest_virtualpytest.exceptions import CaptureError, NotSeen, Seen, VirtualPytestError
from pytest_virtualpytest.models import Press
from pytest_virtualpytest.targets import All, Appears, Black, Image, Not, Silence, Sound, Then, Tone, for_seconds

FRAME, BLOCK = 0.04, 0.022  # seconds; sound comes in blocks of AAC
HEADER = Image(str(pictures.FOLDER / "settings-header.png"))


@pytest.fixture(scope="module")
def leased(own_state: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Device]:
    """Give a virtual box over a real gateway."""
    with leasing.leased(tmp_path_factory.mktemp("both"), "bothbox") as device:
        device.remote.press("BACK")
        yield device


@pytest.fixture
def stb(leased: Device) -> Device:
    """Give the box on its first channel, with sound."""
    Box(leased.name).clear()
    leased.remote.press("BACK")
    leased.remote.press("1")
    leased.audio.wait_for(Tone(440), timeout=20)
    leased.screen.wait_for(Not(Black()))
    return leased


def note(device: Device, press: Press, event: str, **values: Any) -> float:
    """Return the stream's time at which *event* first happened after *press*, by the box's own notes."""
    notes = [one for one in Box(device.name).truth() if one["event"] == event and one["at"] >= press.before]
    return float(next(one["pts"] for one in notes if values.items() <= one.items()))


@pytest.mark.parametrize("number", range(3))
def test_black_and_silent_is_seen_at_the_frame_in_which_both_are(stb: Device, number: int) -> None:
    press = stb.remote.press("CHANNEL_UP")

    seen = stb.screen.wait_for(All(Black(), Silence(0.1)), since=press)

    both = max(note(stb, press, "screen", state="black"), note(stb, press, "sound", hz=0) + 0.1)
    assert -BLOCK <= seen.pts - both <= FRAME + BLOCK


def test_sound_after_the_picture_is_awaited_in_order(stb: Device) -> None:
    press = stb.remote.press("MENU")
    stb.remote.press("MUTE")
    stb.remote.press("MUTE")

    seen = stb.screen.wait_for(Then(Appears(HEADER), Tone(440, 0.5)), since=press)

    assert seen.pts >= note(stb, press, "screen", state="settings:0") + 0.5 - BLOCK


def test_what_lasts_for_seconds_is_timed_from_its_first_frame(stb: Device) -> None:
    press = stb.remote.press("MENU")

    seen = stb.screen.wait_for(for_seconds(HEADER, 1.0), since=press)
    both = stb.screen.wait_for(for_seconds(All(HEADER, Sound()), 1.5), since=press)

    shown = note(stb, press, "screen", state="settings:0")
    assert 1.0 - BLOCK <= seen.pts - shown <= 1.0 + FRAME
    assert 1.5 - BLOCK <= both.pts - shown <= 1.5 + 0.1 + 2 * FRAME, "the sound must last a tenth of a second first"


def test_picture_with_the_wrong_sound_is_not_seen(stb: Device) -> None:
    press = stb.remote.press("MENU")
    stb.screen.wait_for(All(HEADER, Tone(440)), since=press)

    with pytest.raises(NotSeen, match=r"tone of 660 Hz for 0\.2 s: the loudest was 4(39|40|41) Hz at -\d+\.\d dBFS"):
        stb.screen.wait_for(All(HEADER, Tone(660)), timeout=1.0)


def test_never_sees_picture_and_sound_together(stb: Device) -> None:
    with stb.screen.never(All(HEADER, Silence(0.3)), All(Black(), Sound(0.5))):
        stb.screen.wait_for(HEADER, since=stb.remote.press("MENU"))
        stb.audio.wait_for(Sound(1.0))

    with (
        pytest.raises(Seen, match=r"all of \(.*settings-header\.png, silence for 0\.3 s\) was seen"),
        stb.screen.never(All(HEADER, Silence(0.3))),
    ):
        stb.audio.wait_for(Silence(0.5), since=stb.remote.press("MUTE"))
    stb.remote.press("MUTE")


@pytest.mark.parametrize("never", ["screen", "audio"])
def test_what_was_there_is_noted_where_the_block_fails_by_itself(stb: Device, never: str) -> None:
    judged, what = (stb.screen, HEADER) if never == "screen" else (stb.audio, Tone(440))

    def fail() -> float:
        with judged.never(what):
            stb.screen.wait_for(HEADER, since=stb.remote.press("MENU"))
            stb.audio.wait_for(Sound(1.0))
            return 1 / 0

    with pytest.raises(ZeroDivisionError) as caught:
        fail()

    assert re.search(r"^and meanwhile: .* was (seen|heard), ", caught.value.__notes__[0])


def test_find_hears_long_enough(stb: Device) -> None:
    assert stb.screen.find(All(Sound(1.0), Not(Black())))
    assert not stb.screen.find(All(Silence(1.0), Not(Black())))


def test_sound_alone_is_not_for_the_screen(stb: Device) -> None:
    with pytest.raises(VirtualPytestError, match=r"silence for 1 s is heard, not seen; use audio\.wait_for"):
        stb.screen.wait_for(Silence())


def test_stream_without_sound_is_a_fault_and_no_verdict(tmp_path: Path, own_state: object) -> None:
    film = Film(frames=400, fps=25).write(tmp_path / "mute.ts")

    with leasing.showing(film, "mutebox") as device:
        for target in (All(Not(Black()), Sound()), Not(Sound())):
            with pytest.raises(CaptureError, match=r"no sound from .*mute\.ts: its stream has none"):
                device.screen.wait_for(target, timeout=2.0)


def test_sound_with_holes_is_a_fault_where_it_was_waited_for(tmp_path: Path, own_state: object) -> None:
    film = Film(frames=500, fps=25, sound="aac", pause=(60, 2.0)).write(tmp_path / "holed.ts")

    with leasing.showing(film, "holebox") as device:
        assert device.screen.wait_for(All(Not(Black()), Tone(440)), timeout=5.0)
        with pytest.raises(CaptureError, match=r"not seen within 5 s, but \d+\.\d s of the sound are missing"):
            device.screen.wait_for(All(Not(Black()), Tone(880)), timeout=5.0)
