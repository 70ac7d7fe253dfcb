"""What the virtual product's screens are drawn with: text, rounded panels, gradients; pictures are BGR arrays."""

from __future__ import annotations

import functools
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Colour = tuple[int, int, int]
Box = tuple[int, int, int, int]  # x, y, width, height

WIDTH, HEIGHT = 1280, 720
WHITE: Colour = (248, 246, 244)
GREY: Colour = (176, 166, 156)
INK: Colour = (34, 24, 18)
SLATE: Colour = (66, 50, 40)
ACCENT: Colour = (226, 122, 32)


def blank(colour: Colour) -> Image:
    """Return a picture of one colour."""
    return np.full((HEIGHT, WIDTH, 3), colour, np.uint8)


def gradient(top: Colour, bottom: Colour, width: int = WIDTH, height: int = HEIGHT) -> Image:
    """Return a picture that goes from *top* to *bottom*."""
    share = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    column = np.array(top, np.float32) * (1 - share) + np.array(bottom, np.float32) * share
    return np.repeat(np.rint(column), width, axis=1).astype(np.uint8)


def write(
    picture: Image,
    words: str,
    place: tuple[int, int],
    size: int = 26,
    *,
    weight: int = 400,
    colour: Colour = WHITE,
    align: Literal["left", "centre", "right"] = "left",
) -> None:
    """Draw *words*, *size* pixels high, on a baseline at *place*; *weight* 100..1000, 400 is regular."""
    left = place[0]
    if align != "left":
        wide = width(words, size, weight=weight)
        left -= wide // 2 if align == "centre" else wide
    cv2.putText(picture, words, (left, place[1]), colour, _font(), size, weight)


def width(words: str, size: int, *, weight: int = 400) -> int:
    """Return how many pixels wide *words* are."""
    return int(cv2.getTextSize((0, 0), words, (0, 0), _font(), size, weight)[2])


def panel(picture: Image, box: Box, colour: Colour, corner: int = 12) -> None:
    """Fill *box*, its corners rounded."""
    x, y, wide, high = box
    right, low = x + wide - 1, y + high - 1
    cv2.rectangle(picture, (x + corner, y), (right - corner, low), colour, -1)
    cv2.rectangle(picture, (x, y + corner), (right, low - corner), colour, -1)
    for centre in ((x + corner, y + corner), (right - corner, y + corner),
                   (x + corner, low - corner), (right - corner, low - corner)):  # fmt: skip
        cv2.circle(picture, centre, corner, colour, -1, cv2.LINE_AA)


def card(picture: Image, box: Box, top: Colour, bottom: Colour, corner: int = 12) -> None:
    """Fill *box* with a gradient, its corners rounded."""
    x, y, wide, high = box
    shape = np.zeros((high, wide, 3), np.uint8)
    panel(shape, (0, 0, wide, high), (255, 255, 255), corner)
    area = picture[y : y + high, x : x + wide].astype(np.float32)
    alpha = shape.astype(np.float32) / 255
    mixed = area * (1 - alpha) + gradient(top, bottom, wide, high) * alpha
    picture[y : y + high, x : x + wide] = np.rint(mixed).astype(np.uint8)


def shade(colour: Colour, factor: float) -> Colour:
    """Return *colour*, darker (below 1) or lighter."""
    blue, green, red = (min(255, round(part * factor)) for part in colour)
    return blue, green, red


@functools.cache
def _font() -> cv2.FontFace:
    return cv2.FontFace("sans")
