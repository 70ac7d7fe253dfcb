"""What is heard in sound that is made here: tones, noise and silence, of one channel and of two."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from virtualpytest_host.sound.blocks import Block
from virtualpytest_host.sound.level import loudness
from virtualpytest_host.sound.listening import Listening

from pytest_virtualpytest.exceptions import CaptureError, VirtualPytestError
from pytest_virtualpytest.models import Sighting
from pytest_virtualpytest.targets import Black, Heard, Silence, Sound, Tone, heard_from_wire, to_wire

RATE, LENGTH = 48_000, 1024
Samples = NDArray[np.float32]


def tone(hz: float, seconds: float, loud: float = 0.25) -> Samples:
    """Return a tone, of one channel."""
    at = np.arange(round(seconds * RATE)) / RATE
    return (loud * np.sin(2 * np.pi * hz * at))[None].astype(np.float32)


def quiet(seconds: float) -> Samples:
    """Return silence, of one channel."""
    return np.zeros((1, round(seconds * RATE)), np.float32)


def noise(seconds: float, seed: int, loud: float = 0.2) -> Samples:
    """Return noise without a pitch."""
    samples = np.random.default_rng(seed).normal(0, loud / 3, (1, round(seconds * RATE)))
    return samples.clip(-1, 1).astype(np.float32)


def music(seconds: float, seed: int) -> Samples:
    """Return chords that change four times a second, with their overtones; none is near 1000 Hz."""
    chance, parts = np.random.default_rng(seed), []
    for _ in range(round(seconds * 4)):
        keys = chance.choice([131, 165, 196, 220, 262, 311, 370, 415, 554], 3, replace=False)
        parts.append(sum((tone(key * over, 0.25, 0.1 / over) for key in keys for over in (1, 2)), np.float32(0)))
    return np.concatenate(parts, axis=1)


def blocks(*parts: Samples, gap_before: int = -1) -> Iterator[Block]:
    """Yield the blocks of *parts*, one after the other, from second 100 on."""
    samples = np.concatenate(parts, axis=1)
    for number, begin in enumerate(range(0, samples.shape[1], LENGTH)):
        piece, at = samples[:, begin : begin + LENGTH], begin / RATE
        yield Block(
            loudness(piece), piece, RATE, number == gap_before, piece.shape[1] / RATE, 100 + at, 0.001, at, 1
        )  # fmt: skip


def heard(wanted: Heard, sound: Iterator[Block]) -> Sighting | None:
    """Return where *wanted* is in *sound*."""
    listening = Listening(wanted)
    return next((seen for block in sound if (seen := listening.hear(block))), None)


@pytest.mark.parametrize(
    ("wanted", "parts", "began"),
    [
        (Silence(0.5), [tone(440, 1.0), quiet(1.0)], 1.0),
        (Silence(0.05), [tone(440, 1.0), quiet(0.06), tone(440, 1.0)], 1.0),
        (Silence(0.5, below=-20), [tone(440, 1.0), tone(440, 1.0, 0.01)], 1.0),
        (Sound(0.5), [quiet(1.0), tone(440, 1.0)], 1.0),
        (Sound(0.5), [quiet(1.0), noise(1.0, 1)], 1.0),
        (Sound(1.5), [quiet(1.0), tone(440, 1.0), quiet(0.04), tone(440, 1.0)], 1.0),
        (Tone(440), [quiet(1.0), tone(440, 1.0)], 1.0),
        (Tone(660), [tone(440, 1.0), tone(660, 1.0)], 1.0),
        (Tone(50), [tone(440, 1.0), tone(50, 1.0)], 1.0),
        (Tone(10_000), [tone(440, 1.0), tone(10_000, 1.0)], 1.0),
        (Tone(1000), [noise(1.0, 2), tone(1000, 1.0) + noise(1.0, 3, 0.1)], 1.0),
    ],
)
def test_it_began_when_it_is_said_to_have(wanted: Heard, parts: list[Samples], began: float) -> None:
    seen = heard(wanted, blocks(*parts))

    assert seen
    assert abs(seen.captured - 100 - began) <= seen.error


@pytest.mark.parametrize(
    ("wanted", "parts"),
    [
        (Silence(0.5), [quiet(0.45), tone(440, 0.03), quiet(0.45)]),
        (Silence(0.5), [tone(440, 3.0, 0.01)]),
        (Sound(0.5), [tone(440, 0.4), quiet(0.2), tone(440, 0.4)]),
        (Sound(0.5), [quiet(3.0)]),
        (Tone(440), [tone(466, 3.0)]),
        (Tone(440), [tone(880, 3.0)]),
        (Tone(440), [tone(440, 0.1), quiet(1.0)]),
        (Tone(440), [tone(440, 3.0, 0.001)]),
        (Tone(440), [tone(440, 3.0, 0.05) + tone(700, 3.0, 0.2)]),
        (Tone(440), [quiet(3.0)]),
    ],
)
def test_what_is_not_there_is_not_heard(wanted: Heard, parts: list[Samples]) -> None:
    assert heard(wanted, blocks(*parts)) is None


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("make", [noise, music])
def test_minutes_without_it_raise_no_alarm(make: Callable[[float, int], Samples], seed: int) -> None:
    sound = make(60.0, seed)

    assert heard(Tone(1000), blocks(sound)) is None
    assert heard(Silence(0.1), blocks(sound)) is None


def test_gap_ends_what_was_heard() -> None:
    assert heard(Sound(0.5), blocks(tone(440, 0.6), gap_before=18)) is None
    assert heard(Sound(0.5), blocks(tone(440, 0.6)))


@pytest.mark.parametrize(("channel", "found"), [("left", True), ("right", False), (None, True)])
def test_channel_of_stereo(channel: str | None, found: bool) -> None:
    stereo = np.concatenate([tone(440, 1.0), quiet(1.0)])

    assert bool(heard(Tone(440, channel=channel), blocks(stereo))) is found  # type: ignore[arg-type]
    assert bool(heard(Silence(0.5, channel=channel), blocks(stereo))) is (channel == "right")  # type: ignore[arg-type]


def test_channel_that_is_not_there_is_a_fault() -> None:
    with pytest.raises(CaptureError, match="its sound has one channel only"):
        heard(Sound(channel="right"), blocks(tone(440, 1.0)))


def test_no_says_how_near_it_was() -> None:
    for wanted, sound, why in [
        (Tone(440), tone(660, 1.0), "the loudest was 660 Hz at -15.0 dBFS; 0.00 s of it at most"),
        (Silence(2.0), np.concatenate([tone(440, 0.5), quiet(1.0)], axis=1), "the quietest was -120.0 dBFS; 1.00 s"),
        (Sound(2.0), tone(375, 1.0), "the loudest was -15.0 dBFS; 1.00 s of it at most"),
    ]:
        listening = Listening(wanted)
        assert not any(listening.hear(block) for block in blocks(sound))
        assert why in listening.why()


@pytest.mark.parametrize("wanted", [Silence(2.0, below=-40), Sound(), Tone(1000, channel="left")])
def test_it_travels(wanted: Heard) -> None:
    assert heard_from_wire(to_wire(wanted)) == wanted


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Silence(0), "silence for 0 s: 0 is no number of seconds above 0"),
        (lambda: Sound(above=6), "sound for 0.1 s: above 6 is not within -120..0 dBFS"),
        (lambda: Tone(5), "a tone of 5 Hz for 0.2 s: 5 Hz cannot be heard; 20 to 20000 can"),
        (lambda: Tone(440, tolerance=2), "a tone of 440 Hz for 0.2 s: tolerance 2 is not above 0 and below 0.5"),
        (lambda: Sound(channel="middle"), "channel 'middle' is neither 'left' nor 'right'"),  # type: ignore[arg-type]
        (lambda: heard_from_wire({"kind": "song"}), "unknown target 'song'; known: image, text"),
        (lambda: heard_from_wire(to_wire(Black())), "black is seen, not heard; sounds are silence, sound, "),
    ],
)
def test_what_makes_no_sense_is_told(make: Callable[[], object], message: str) -> None:
    with pytest.raises(VirtualPytestError) as caught:
        make()

    assert message in str(caught.value)
