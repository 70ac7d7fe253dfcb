"""Judge the sound of clips that no device plays."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from typing import Any

import av

from pytest_virtualpytest.exceptions import VirtualPytestError
from pytest_virtualpytest.models import Level
from pytest_virtualpytest.targets import Tone
from pytest_virtualpytest.wire import Reply
from virtualpytest_host.sound import level
from virtualpytest_host.sound.beside import Beside
from virtualpytest_host.sound.blocks import Block
from virtualpytest_host.sound.dropouts import silences
from virtualpytest_host.sound.listening import Listening


def listen(clip: bytes, below: float, silent: float, dropout: float, tone: float | None = None) -> Reply:
    """Return the level of *clip*, its silences of *silent* seconds, its dropouts of *dropout* seconds, and a tone.

    Dropouts are shorter than *silent*, and have sound on both sides. Times are counted from the first sound.
    """
    frames = list(_frames(clip))
    if not frames:
        raise VirtualPytestError("the clip has no sound")
    sound = list(_blocks(frames, float(frames[0].time or 0.0)))
    quiet = list(silences(sound, below, min(silent, dropout)))
    found = {
        "level": asdict(_level(frames)),
        "silences": [_span(one.piece) for one in quiet if one.piece.seconds >= silent],
        "dropouts": [_span(one.piece) for one in quiet if one.within and dropout <= one.piece.seconds < silent],
    }
    return Reply(found if tone is None else found | {"tone": _began(Tone(tone), sound)})


def beside(clip: bytes, zero: float) -> Beside:
    """Return the sound beside the pictures of *clip*, its times counted from *zero* on the clip's clock."""

    def come(since: float, _asked: Callable[[], float]) -> Iterator[Block]:
        empty = True
        for block in _blocks(_frames(clip), zero):
            empty = False
            if block.captured >= since:
                yield block
        if empty:
            raise VirtualPytestError("the clip has no sound")

    return Beside(come)


def _level(frames: list[Any]) -> Level:
    return level.of(frames, 0.0)


def _span(piece: Any) -> dict[str, float]:
    return {"from": round(piece.captured, 3), "to": round(piece.captured + piece.seconds, 3)}


def _began(wanted: Tone, sound: list[Block]) -> dict[str, float] | None:
    """Return when *wanted* is first heard, and how sure that is."""
    listening = Listening(wanted)
    seen = next((seen for block in sound if (seen := listening.hear(block))), None)
    return {"from": round(seen.captured, 3), "error": round(seen.error, 3)} if seen else None


def _blocks(frames: Iterable[Any], zero: float) -> Iterator[Block]:
    end: float | None = None
    for frame in frames:
        samples, rate = level.channels(frame), frame.sample_rate
        at, seconds = float(frame.time or 0.0) - zero, frame.samples / rate
        gap = end is not None and abs(at - end) > seconds
        yield Block(level.loudness(samples), samples, rate, gap, seconds, at, 0.0, at, 0)
        end = at + seconds


def _frames(clip: bytes) -> Iterator[Any]:
    """Yield every piece of sound of *clip*, of one rate and layout: the first one's."""
    try:
        with av.open(io.BytesIO(clip), "r") as container:
            if not container.streams.audio:
                return
            form = None
            for frame in container.decode(audio=0):
                form = form or (frame.sample_rate, frame.layout.name)
                if (frame.sample_rate, frame.layout.name) != form:
                    raise VirtualPytestError(f"the clip's sound changes from {form[0]} Hz {form[1]}; cut it there")
                yield frame
    except av.FFmpegError as error:
        raise VirtualPytestError(f"the clip cannot be read: {error.strerror}") from error
