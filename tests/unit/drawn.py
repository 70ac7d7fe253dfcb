"""Pictures for the tests of vision: drawn here, taken from the virtual product, and sent through a real codec."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from virtualpytest_host import virtual
from virtualpytest_host.picture import Picture
from virtualpytest_host.virtual import drawing
from virtualpytest_host.vision.judge import Judge
from virtualpytest_host.vision.reference import Reference

from pytest_virtualpytest.targets import Image, Target

Pixels = NDArray[np.uint8]
Colour = tuple[int, int, int]
PICTURES = Path(virtual.__file__).parent / "pictures"
GRAY = (96, 96, 96)


class Shelf:
    """Encoded pictures by their hash, as a host keeps them."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def __call__(self, sha: str) -> bytes:
        return self._kept[sha]

    def image(self, pixels: Pixels, name: str = "banner.png", *, mask: Pixels | None = None, **fields: Any) -> Image:
        """Return the target that looks for *pixels*."""
        where = "" if mask is None else self._put(mask)
        return Image(name, sha=self._put(pixels), mask=where, **fields)

    def judge(self, target: Target) -> Judge:
        """Return what judges *target*."""
        return Judge(target, self)

    def _put(self, pixels: Pixels) -> str:
        content = png(pixels)
        sha = hashlib.sha256(content).hexdigest()
        self._kept[sha] = content
        return sha


def png(pixels: Pixels) -> bytes:
    """Return *pixels* as PNG."""
    return bytes(cv2.imencode(".png", pixels)[1])


def blank(colour: Colour = GRAY, size: tuple[int, int] = (320, 180)) -> Pixels:
    """Return a picture of one *colour*, *size* being width and height."""
    return np.full((size[1], size[0], 3), colour, np.uint8)


def button(words: str = "Record", colour: Colour = (60, 60, 60), size: tuple[int, int] = (96, 32)) -> Pixels:
    """Return a button with *words* on it."""
    made = blank(colour, size)
    cv2.rectangle(made, (1, 1), (size[0] - 2, size[1] - 2), (220, 220, 220), 1)
    cv2.putText(made, words, (8, size[1] - 10), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (240, 240, 240), 1, cv2.LINE_AA)
    return made


def on(screen: Pixels, part: Pixels, *places: tuple[int, int]) -> Pixels:
    """Return *screen* with *part* at every one of *places*."""
    made = screen.copy()
    for x, y in places:
        made[y : y + part.shape[0], x : x + part.shape[1]] = part
    return made


def plain(pixels: Pixels, *, gap: bool = False) -> Picture:
    """Return *pixels* as a frame without a codec's noise."""
    return Picture.from_bgr(pixels, gap=gap)


def reference(pixels: Pixels, name: str = "banner.png") -> Reference:
    """Return *pixels* as a reference read from a file."""
    return Reference.decode(name, png(pixels))


def coded(pictures: Sequence[Pixels], rate: int = 4_000_000) -> list[Picture]:
    """Return *pictures* as a grabber gives them: through H.264, as fast and as coarse as the virtual box's."""
    high, wide = pictures[0].shape[:2]
    sender: Any = av.CodecContext.create("libx264", "w")
    sender.width, sender.height, sender.pix_fmt, sender.bit_rate, sender.framerate = wide, high, "yuv420p", rate, 25
    sender.options = {"preset": "ultrafast", "tune": "zerolatency", "g": "12", "threads": "1"}
    receiver: Any = av.CodecContext.create("h264", "r")
    receiver.thread_count = 1
    frames = (av.VideoFrame.from_ndarray(pixels, format="bgr24") for pixels in pictures)
    packets = [packet for frame in frames for packet in sender.encode(frame)] + list(sender.encode(None))
    decoded = [frame for packet in [*packets, None] for frame in receiver.decode(packet)]
    return [Picture.from_av(frame) for frame in decoded]


@functools.cache
def screens() -> dict[str, Pixels]:
    """Return every still screen of the virtual product, by name."""
    made = {name: drawing.still(name) for name in ("boot", "app", "no-signal", "standby")}
    made |= {f"home-{row}": drawing.home(row) for row in range(4)}
    made |= {f"settings-{row}": drawing.settings(row) for row in range(7)}
    return made | {f"guide-{row}": drawing.guide(row, row) for row in range(5)}
