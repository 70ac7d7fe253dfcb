"""What `screenrecord` sends: H.264 with start codes, a picture whenever there is another one, and none else."""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import av
import cv2

from virtualpytest_host.virtual.phone import views
from virtualpytest_host.virtual.phone.device import Device

_CLOCK = 90_000
_FASTEST = 1 / 60  # seconds between two pictures


def record(phone: Device, out: Callable[[bytes], object], end: float) -> None:
    """Send each new picture of *phone* until *end*."""
    encoder, shown = _encoder(), -1
    handset = phone.handset
    while time.monotonic() < end:
        with handset.changed:
            handset.changed.wait_for(lambda: handset.version != shown, 0.25)  # noqa: B023  # asked at once
        phone.faults.outlast("stall", 3600)
        number, picture = phone.glass.picture()
        if number == shown:
            out(b"")  # says so if nobody listens any more
            continue
        shown = number
        for packet in encoder.encode(_frame(picture)):
            out(bytes(packet))
        time.sleep(_FASTEST)


def _encoder() -> Any:
    encoder: Any = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = views.WIDTH, views.HEIGHT, "yuv420p"
    encoder.time_base, encoder.framerate, encoder.bit_rate = Fraction(1, _CLOCK), Fraction(60), 8_000_000
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline", "g": "600"}
    encoder.thread_count = 1
    return encoder


def _frame(picture: Any) -> Any:
    planes: Any = cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420)
    frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
    frame.pts, frame.time_base = round(time.monotonic() * _CLOCK), Fraction(1, _CLOCK)
    return frame
