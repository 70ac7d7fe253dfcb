"""The moving pictures of the virtual product's channels.

A scene is wider than the screen and pans; what moves within it is drawn on each frame.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence

import cv2
import numpy as np

from virtualpytest_host.virtual.canvas import HEIGHT, WHITE, WIDTH, Colour, Image, gradient, panel, width, write

PAN = 240
_WIDE = WIDTH + PAN


def live(channel: int, number: int) -> Image:
    """Return frame *number* of what *channel* shows: a picture of the caller's own."""
    offset = _to_and_fro(number * 2, PAN)
    picture = scene(channel)[:, offset : offset + WIDTH].copy()
    _ACTORS[channel](picture, number)
    return picture


@functools.cache
def scene(channel: int) -> Image:
    """Return the still part of a channel's picture."""
    return _SETS[channel]()


def _to_and_fro(steps: int, reach: int) -> int:
    return reach - abs(steps % (2 * reach) - reach)


def _ridge(picture: Image, level: int, swing: int, length: float, phase: float, colour: Colour) -> None:
    x = np.arange(0, _WIDE + 8, 8)
    y = level - swing * (np.sin(x / length + phase) + 0.45 * np.sin(x / length * 2.3 + 2 * phase))
    outline = np.concatenate([np.stack([x, y], 1), [[_WIDE, HEIGHT], [0, HEIGHT]]])
    cv2.fillPoly(picture, [outline.astype(np.int32)], colour, cv2.LINE_AA)


def _newsroom() -> Image:
    picture = gradient((92, 44, 14), (38, 16, 8), _WIDE)
    for radius in range(60, 520, 46):
        cv2.circle(picture, (_WIDE // 2 + 180, 300), radius, (150, 92, 40), 1, cv2.LINE_AA)
    for turn in range(12):
        angle = turn * math.pi / 6
        end = (_WIDE // 2 + 180 + round(480 * math.cos(angle)), 300 + round(480 * math.sin(angle)))
        cv2.line(picture, (_WIDE // 2 + 180, 300), end, (120, 68, 28), 1, cv2.LINE_AA)
    panel(picture, (290, 150, 480, 300), (70, 34, 16), 10)  # on screen wherever the picture pans to
    write(picture, "World report", (326, 250), 58, weight=700)
    write(picture, "Every hour, on the hour", (328, 306), 28, colour=(220, 200, 186))
    return picture


def _pitch() -> Image:
    picture = gradient((52, 132, 44), (38, 104, 34), _WIDE)
    for stripe in range(0, _WIDE, 200):
        picture[:, stripe : stripe + 100] += np.array((10, 16, 10), np.uint8)  # mown the other way; nothing overflows
    cv2.rectangle(picture, (50, 50), (_WIDE - 50, HEIGHT - 50), WHITE, 4, cv2.LINE_AA)
    cv2.line(picture, (_WIDE // 2, 50), (_WIDE // 2, HEIGHT - 50), WHITE, 4, cv2.LINE_AA)
    cv2.circle(picture, (_WIDE // 2, HEIGHT // 2), 110, WHITE, 4, cv2.LINE_AA)
    for left in (50, _WIDE - 210):
        cv2.rectangle(picture, (left, 200), (left + 160, 520), WHITE, 4, cv2.LINE_AA)
    return picture


def _dusk() -> Image:
    picture = gradient((96, 40, 58), (92, 148, 238), _WIDE)
    cv2.circle(picture, (_WIDE // 2 + 120, 420), 110, (150, 214, 250), -1, cv2.LINE_AA)
    _ridge(picture, 500, 40, 170, 0.4, (84, 48, 92))
    _ridge(picture, 570, 30, 120, 2.0, (58, 30, 60))
    _ridge(picture, 660, 14, 90, 1.1, (34, 18, 34))
    return picture


def _meadow() -> Image:
    picture = gradient((246, 190, 92), (250, 236, 196), _WIDE)
    cv2.circle(picture, (240, 150), 76, (96, 214, 252), -1, cv2.LINE_AA)
    _ridge(picture, 520, 46, 210, 0.2, (110, 196, 122))
    _ridge(picture, 610, 30, 150, 1.7, (78, 168, 92))
    for x in range(120, _WIDE, 230):
        cv2.circle(picture, (x, 640 + x % 60), 13, (120, 90, 236), -1, cv2.LINE_AA)
        cv2.circle(picture, (x, 640 + x % 60), 5, (90, 220, 250), -1, cv2.LINE_AA)
    return picture


def _mountains() -> Image:
    picture = gradient((168, 122, 70), (214, 200, 178), _WIDE)
    _ridge(picture, 380, 90, 140, 0.9, (150, 126, 104))
    _ridge(picture, 480, 60, 110, 2.4, (110, 96, 70))
    _ridge(picture, 590, 34, 160, 0.1, (72, 84, 44))
    _ridge(picture, 670, 16, 80, 1.9, (44, 58, 26))
    return picture


def _ticker(picture: Image, number: int) -> None:
    beat = 10 * math.sin(number / 4)
    cv2.circle(picture, (1010, 280), 70 + round(beat), (226, 150, 70), -1, cv2.LINE_AA)
    cv2.circle(picture, (1010, 280), 46 - round(beat), WHITE, -1, cv2.LINE_AA)
    strip = _headlines()
    offset = number * 6 % (strip.shape[1] // 2)
    picture[476:530] = strip[:, offset : offset + WIDTH]


@functools.cache
def _headlines() -> Image:
    words = "   •   ".join(("Markets steady", "Rain in the north", "Cup final tonight", "New bridge opens",
                            "More at eleven", "Trains run again", ""))  # fmt: skip
    half = np.full((54, width(words, 28, weight=600), 3), (40, 34, 190), np.uint8)
    write(half, words, (0, 37), 28, weight=600)
    return np.hstack([half, half])


def _match(picture: Image, number: int) -> None:
    ball = (80 + _to_and_fro(number * 11, 1100), 360 + round(170 * math.sin(number / 13)))
    for side, colour in ((-1, (60, 50, 214)), (1, (214, 120, 40))):
        for player in range(3):
            x = 640 + side * (150 + 130 * player) + round(60 * math.sin(number / 17 + player + side))
            y = 170 + 180 * player + round(40 * math.cos(number / 11 + player))
            cv2.circle(picture, (x, y), 26, colour, -1, cv2.LINE_AA)
    cv2.circle(picture, ball, 30, WHITE, -1, cv2.LINE_AA)
    cv2.circle(picture, ball, 11, (40, 40, 40), -1, cv2.LINE_AA)


def _flight(picture: Image, number: int) -> None:
    _bird(picture, (1360 - number * 8 % 1440, 190), number, (36, 20, 36))
    cv2.circle(picture, (640 + round(300 * math.sin(number / 25)), 610), 22, (190, 232, 255), -1, cv2.LINE_AA)


def _bounce(picture: Image, number: int) -> None:
    x, y = 90 + _to_and_fro(number * 8, 1080), 520 - round(290 * abs(math.sin(number / 10)))
    cv2.circle(picture, (x, y), 62, (70, 70, 236), -1, cv2.LINE_AA)
    cv2.ellipse(picture, (x, y), (62, 22), number * 9 % 360, 0, 360, WHITE, -1, cv2.LINE_AA)


def _clouds(picture: Image, number: int) -> None:
    for index, (height, speed) in enumerate(((120, 5), (210, 8))):
        x = (number * speed + index * 700) % 1600 - 160
        for shift, radius in ((-70, 36), (-24, 54), (34, 46), (78, 30)):
            cv2.circle(picture, (x + shift, height), radius, WHITE, -1, cv2.LINE_AA)
    _bird(picture, (1360 - number * 9 % 1440, 330), number, (40, 44, 40))


def _bird(picture: Image, place: tuple[int, int], number: int, colour: Colour) -> None:
    x, y = place
    lift = round(26 * math.sin(number / 3))
    for wing in (-1, 1):
        joints = [(x, y), (x + wing * 36, y - 10 - lift), (x + wing * 80, y + 8 - lift // 2)]
        cv2.polylines(picture, [np.array(joints)], False, colour, 9, cv2.LINE_AA)


_SETS: Sequence[Callable[[], Image]] = (_newsroom, _pitch, _dusk, _meadow, _mountains)
_ACTORS: Sequence[Callable[[Image, int], None]] = (_ticker, _match, _flight, _bounce, _clouds)
