"""Draw what a check saw on the frame that it judged."""

from __future__ import annotations

import functools
import textwrap
from typing import cast

import numpy as np

from pytest_virtualpytest.models import Region, Sighting
from virtualpytest_host.needs import host_extra
from virtualpytest_host.picture import Picture, encode_png
from virtualpytest_host.vision.area import clip
from virtualpytest_host.vision.planes import Plane
from virtualpytest_host.vision.reference import Reference

with host_extra("vision"):
    import cv2

Colour = tuple[int, int, int]
_SEARCHED, _FOUND, _NEAREST = (255, 180, 60), (80, 220, 80), (60, 60, 255)
_BAR, _INK = (34, 34, 34), (240, 240, 240)
_SIZE, _LINE = 18, 24
_GAP = 12


def annotate(
    picture: Picture, sighting: Sighting, reference: Reference | None = None, area: Region | None = None
) -> bytes:
    """Return *picture* as PNG: the *area* searched, the place found or nearest, the reference and the score beside."""
    frame = picture.bgr().copy()
    colour = _FOUND if sighting.found else _NEAREST
    if area:
        _outline(frame, clip(area, picture, sighting.target), _SEARCHED, 1)
    if sighting.region:
        _outline(frame, sighting.region, colour, 2)
    body = frame if reference is None else np.hstack([frame, _side(frame.shape[0], frame, sighting, reference)])
    return encode_png(np.vstack([_caption(body.shape[1], sighting, colour), body]))


def _outline(frame: Plane, region: Region, colour: Colour, thick: int) -> None:
    x, y, wide, high = region
    cv2.rectangle(frame, (x - thick, y - thick), (x + wide - 1 + thick, y + high - 1 + thick), colour, thick)


def _caption(width: int, sighting: Sighting, colour: Colour) -> Plane:
    head = f"{'seen' if sighting.found else 'NOT seen'}: {sighting.target}"
    head += f"   score {sighting.score:.3f}, threshold {sighting.threshold:.3f}"
    lines = [head, *textwrap.wrap(sighting.why, max(20, width // 9))]
    bar = np.full((_GAP + _LINE * len(lines), width, 3), _BAR, np.uint8)
    for number, line in enumerate(lines):
        _write(bar, line, _GAP, _LINE * (number + 1), colour if number == 0 else _INK)
    return bar


def _side(height: int, frame: Plane, sighting: Sighting, reference: Reference) -> Plane:
    wide = min(480, max(160, reference.width))
    parts = [(reference.name, _checked(reference))]
    if sighting.region:
        x, y, across, down = sighting.region
        there = sighting.score >= sighting.threshold  # under Not, what is there is what was not wanted
        parts.append(("on the screen" if there else "nearest", frame[y : y + down, x : x + across]))
    side = np.full((height, wide + 2 * _GAP, 3), _BAR, np.uint8)
    top = _GAP
    for label, part in parts:
        _write(side, label, _GAP, top + 14, _INK)
        top = _paste(side, _fit(part, wide, height // 2 - 2 * _LINE - _GAP), top + _LINE) + _GAP
    return side


def _checked(reference: Reference) -> Plane:
    if reference.mask is None:
        return reference.bgr
    rows, columns = np.ogrid[: reference.height, : reference.width]
    board = np.where(((rows // 6 + columns // 6) % 2)[:, :, None], 90, 60).astype(np.uint8)
    return cast(Plane, np.where(reference.mask[:, :, None] > 0, reference.bgr, board))


def _fit(part: Plane, wide: int, high: int) -> Plane:
    scale = min(1.0, wide / part.shape[1], max(1, high) / part.shape[0])
    if scale == 1:
        return part
    size = max(1, int(part.shape[1] * scale)), max(1, int(part.shape[0] * scale))
    return cast(Plane, cv2.resize(part, size, interpolation=cv2.INTER_AREA))


def _paste(side: Plane, part: Plane, top: int) -> int:
    high = min(int(part.shape[0]), int(side.shape[0]) - top)
    if high > 0:
        side[top : top + high, _GAP : _GAP + part.shape[1]] = part[:high]
    return top + high


def _write(picture: Plane, words: str, x: int, y: int, colour: Colour) -> None:
    cv2.putText(picture, words, (x, y), colour, _font(), _SIZE, 400)


@functools.cache
def _font() -> cv2.FontFace:
    return cv2.FontFace("uni")  # has the letters of every alphabet
