"""How long a picture is on its way: from keys that change the screen to the frames that show it.

A key that arrives at a device shows in the first frame after the device's *reaction*, and that frame is
captured after the *latency*. The key falls anywhere between two frames, half an interval on average:

    key ── reaction ── (0..1 interval) ── on the output ── latency ── captured

So latency = median(captured - key) - interval / 2 - reaction. The keys are spread evenly over the interval,
so that the half is exact to an interval divided by the number of keys.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from pytest_virtualpytest.exceptions import CaptureError, DeviceError
from virtualpytest_host import ring
from virtualpytest_host.hands import Remote
from virtualpytest_host.picture import Picture
from virtualpytest_host.placeholder import refuse
from virtualpytest_host.stream import Stream

STILL = 0.5  # seconds without a change before a key is pressed
LEAST = 5  # keys that a figure needs
_STILL_SECONDS, _CHANGE_SECONDS, _STEADY_SECONDS = 6.0, 5.0, 5.0
_STEADY = 0.01  # seconds of doubt about when frames were captured, as a new recording has it
_GOLDEN = (math.sqrt(5) - 1) / 2  # its multiples are spread evenly, however many they are
_LEVELS, _SHARE = 24, 0.0004  # a change is this many grey levels in this share of the pixels


def sample(stream: Stream, remote: Remote, key: str, number: int) -> dict[str, float]:
    """Press *key*, the *number*-th one, on a still picture; return when, and when its change was captured."""
    _await_steady(stream)
    before = _still(stream)
    _await_phase(stream, number * _GOLDEN % 1)
    press = remote.press(key)
    end = time.monotonic() + _CHANGE_SECONDS
    for picture in stream.frames(before.captured, lambda: end + stream.late):
        refuse(picture)
        if changed(before, picture):
            return {"before": press["before"], "after": press["after"], **_captured(stream, picture, press["before"])}
    raise CaptureError(f"the picture did not change within {_CHANGE_SECONDS:g} s of {key}; choose other keys: --key")


def estimate(samples: Sequence[Mapping[str, float]], reaction: float = 0.0, doubt: float = 0.0) -> dict[str, float]:
    """Return the latency and its error in milliseconds, and what they were made of.

    *reaction* ± *doubt* is what the device itself needs to react, in seconds.
    """
    if len(samples) < LEAST:
        raise DeviceError(f"{len(samples)} keys are too few for a figure; press at least {LEAST}")
    interval = statistics.median(one["interval"] for one in samples)
    times = [one["captured"] - (one["before"] + one["after"]) / 2 for one in samples]
    middle, tenths = statistics.median(times), statistics.quantiles(times, n=10, method="inclusive")
    unsteady = max(0.0, tenths[-1] - tenths[0] - interval * 0.8)  # evenly spread keys alone make that much
    parts = {
        "phase": interval / len(samples),
        "key": statistics.median((one["after"] - one["before"]) / 2 for one in samples),
        "clock": statistics.median(one["error"] for one in samples),
        "unsteady": unsteady,
        "reaction": doubt,
    }
    figure = {"latency": middle - interval / 2 - reaction, "error": sum(parts.values()), "median": middle}
    return {name: seconds * 1000 for name, seconds in {**figure, "interval": interval, **parts}.items()}


def changed(before: Picture, after: Picture) -> bool:
    """Tell whether *after* shows something else than *before*, beyond what a codec does to a still picture."""
    if before.luma.shape != after.luma.shape:
        return True
    different = np.count_nonzero(cv2.absdiff(before.luma, after.luma) > _LEVELS)
    return bool(different > _SHARE * before.luma.size)


def _captured(stream: Stream, picture: Picture, pressed: float) -> dict[str, float]:
    """Return when *picture* was captured, as if nothing were known of the latency yet."""
    source, interval = stream.source, stream.recording().interval()
    captured = picture.captured + (source.latency or 0.0)
    if captured < pressed:
        raise CaptureError("the picture changes by itself; bring the device to a still screen first: --before")
    counted = interval if source.latency is None else interval / 2 + source.latency_error
    return {"captured": captured, "error": max(0.0, picture.error - counted), "interval": interval}


def _still(stream: Stream) -> Picture:
    """Return the newest picture once it has not changed for a while."""
    end, first = time.monotonic() + _STILL_SECONDS, None
    for picture in stream.frames(stream.now(), lambda: end):
        refuse(picture)
        if first is None or changed(first, picture):
            first = picture
        elif picture.captured - first.captured >= STILL:
            return picture
    raise CaptureError(
        f"the picture did not stand still for {STILL:g} s; bring the device to a screen without anything that moves, "
        "such as a menu: --before"
    )


def _await_steady(stream: Stream) -> None:
    """Wait until the recording has seen enough frames to tell when each was captured."""
    end = time.monotonic() + _STEADY_SECONDS
    while time.monotonic() < end:
        newest = stream.recording().newest(ring.VIDEO)
        if newest is not None and newest.error <= _STEADY:
            return
        stream.recording().wait(0.1)


def _await_phase(stream: Stream, phase: float) -> None:
    """Wait until *phase* (0..1) of the way from one frame to the next."""
    newest, interval = stream.recording().newest(ring.VIDEO), stream.recording().interval()
    start = newest.captured if newest else time.monotonic()
    ahead = math.ceil((time.monotonic() - start) / interval - phase)
    time.sleep(max(0.0, start + (ahead + phase) * interval - time.monotonic()))

