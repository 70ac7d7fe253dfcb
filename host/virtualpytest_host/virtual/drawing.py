"""What each screen of the virtual product looks like, as BGR pictures.

Text is drawn three times as large and scaled down. What does not move is drawn once and kept.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from virtualpytest_host.virtual.product import APPS, CHANNELS, SETTINGS, Product

Image = NDArray[np.uint8]
Colour = tuple[int, int, int]

WIDTH, HEIGHT = 1280, 720
WHITE: Colour = (245, 245, 245)
GREY: Colour = (170, 165, 160)
DARK: Colour = (38, 28, 22)
ACCENT: Colour = (214, 132, 28)
HUES: tuple[Colour, ...] = ((120, 60, 24), (40, 96, 34), (60, 26, 92), (28, 108, 150), (84, 92, 20))
_FACTOR = 3


def _blank(colour: Colour) -> Image:
    return np.full((HEIGHT, WIDTH, 3), colour, np.uint8)


def write(picture: Image, text: str, place: tuple[int, int], size: float = 1.0, colour: Colour = WHITE) -> None:
    """Draw *text* with its baseline starting at *place*, in pixels."""
    scale, weight = size * _FACTOR, max(1, round(1.6 * size * _FACTOR))
    (wide, high), base = cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, scale, weight)
    sheet = np.zeros((high + 2 * base + 2 * _FACTOR, wide + 2 * _FACTOR), np.uint8)
    cv2.putText(sheet, text, (0, high + _FACTOR), cv2.FONT_HERSHEY_DUPLEX, scale, 255, weight, cv2.LINE_AA)
    ink = cv2.resize(sheet, (sheet.shape[1] // _FACTOR, sheet.shape[0] // _FACTOR), interpolation=cv2.INTER_AREA)
    left, top = place[0], place[1] - (high + _FACTOR) // _FACTOR
    area = picture[top : top + ink.shape[0], left : left + ink.shape[1]]
    alpha = ink[: area.shape[0], : area.shape[1], None].astype(np.float32) / 255
    area[:] = (area * (1 - alpha) + np.array(colour) * alpha).astype(np.uint8)


def panel(picture: Image, box: tuple[int, int, int, int], colour: Colour, round_by: int = 14) -> None:
    """Fill the rectangle *box* (x, y, width, height), its corners rounded."""
    x, y, wide, high = box
    cv2.rectangle(picture, (x + round_by, y), (x + wide - round_by, y + high), colour, -1)
    cv2.rectangle(picture, (x, y + round_by), (x + wide, y + high - round_by), colour, -1)
    for corner in ((x + round_by, y + round_by), (x + wide - round_by, y + round_by),
                   (x + round_by, y + high - round_by), (x + wide - round_by, y + high - round_by)):  # fmt: skip
        cv2.circle(picture, corner, round_by, colour, -1, cv2.LINE_AA)


@functools.cache
def scene(channel: int) -> Image:
    """Return the still part of a channel's picture."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    waves = 0.5 + 0.25 * np.sin(x / (90 + 25 * channel) + channel) + 0.25 * np.cos(y / 70 + x / 300)
    return np.clip(waves[..., None] * np.array(HUES[channel]) * 1.5 + 20, 0, 255).astype(np.uint8)


@functools.cache
def banner(channel: int) -> Image:
    """Return the bar that names a channel, 1200 x 120."""
    bar = np.full((HEIGHT, WIDTH, 3), DARK, np.uint8)
    panel(bar, (0, 0, 1199, 119), (54, 42, 34))
    panel(bar, (20, 20, 80, 80), ACCENT, 10)
    write(bar, str(channel + 1), (46, 76), 1.5)
    write(bar, CHANNELS[channel], (130, 60), 1.2)
    write(bar, "Now: the programme of the hour", (132, 98), 0.7, GREY)
    cut: Image = bar[:120, :1200].copy()
    return cut


@functools.cache
def guide(row: int, channel: int) -> Image:
    """Return the programme guide over the darkened *channel*."""
    picture = (scene(channel) // 4).astype(np.uint8)
    picture[:140] = DARK
    _header(picture, "TV Guide", "Today")
    for index, name in enumerate(CHANNELS):
        top = 160 + index * 100
        _line(picture, (60, top, 260, 80), f"{index + 1}  {name}", index == row)
        for slot in range(3):
            panel(picture, (340 + slot * 300, top, 280, 80), (70, 58, 48))
            write(picture, f"{name.split()[0]} at {18 + slot}:00", (360 + slot * 300, top + 50), 0.7, GREY)
    return picture


@functools.cache
def settings(row: int) -> Image:
    """Return the settings menu."""
    picture = _blank((48, 34, 26))
    _header(picture, "Settings", "Box 1.0")
    for index, name in enumerate(SETTINGS):
        _line(picture, (60, 150 + index * 76, 760, 62), name, index == row)
    return picture


@functools.cache
def home(row: int) -> Image:
    """Return the home screen."""
    picture = _blank((44, 30, 24))
    _header(picture, "Home", "Good evening")
    for index, name in enumerate(APPS):
        left = 60 + index * 295
        if index == row:
            panel(picture, (left - 8, 232, 286, 196), WHITE, 18)
        panel(picture, (left, 240, 270, 180), HUES[index + 1])
        write(picture, name, (left + 30, 345), 1.1)
    return picture


@functools.cache
def still(state: str) -> Image:
    """Return the screens of one fixed picture: boot, black, standby, no-signal, app."""
    if state == "no-signal":
        picture = _blank((150, 40, 20))
        write(picture, "NO SIGNAL", (480, 380), 2.0)
    elif state == "boot":
        picture = _blank((18, 12, 10))
        panel(picture, (560, 250, 160, 110), ACCENT, 24)
        write(picture, "virtual box", (520, 440), 1.3)
    elif state == "app":
        picture = _blank((30, 24, 70))
        _header(picture, "Films", "")
        for index in range(8):
            panel(picture, (60 + index % 4 * 295, 160 + index // 4 * 260, 270, 230), HUES[index % 5])
    else:
        picture = _blank((0, 0, 0))
    return picture


def _header(picture: Image, title: str, right: str) -> None:
    write(picture, title, (60, 96), 1.7)
    write(picture, right, (1060, 92), 0.8, GREY)
    cv2.line(picture, (60, 122), (1220, 122), (110, 96, 84), 2)


def _line(picture: Image, box: tuple[int, int, int, int], text: str, chosen: bool) -> None:
    panel(picture, box, ACCENT if chosen else (70, 58, 48))
    write(picture, text, (box[0] + 24, box[1] + box[3] // 2 + 12), 0.85)


def _live(product: Product, number: int, now: float) -> Image:
    picture = scene(product.channel).copy()
    x = 60 + abs((number * 7) % 2200 - 1100)
    y = 300 + round(90 * math.sin(number / 9))
    cv2.circle(picture, (x + 40, y), 58, WHITE, -1, cv2.LINE_AA)
    cv2.circle(picture, (x + 40, y), 34, HUES[product.channel], -1, cv2.LINE_AA)
    if now < product.banner_until:
        picture[560:680, 40:1240] = banner(product.channel)
    return picture


def loading(number: int) -> Image:
    picture = _blank((30, 24, 70))
    cv2.ellipse(picture, (640, 320), (56, 56), number * 14 % 360, 0, 250, WHITE, 9, cv2.LINE_AA)
    picture[410:470, 540:760] = _words("Loading", (30, 24, 70))
    return picture


@functools.cache
def _words(text: str, ground: Colour) -> Image:
    picture = _blank(ground)
    write(picture, text, (20, 44), 1.2)
    cut: Image = picture[:60, :220].copy()
    return cut


def draw(product: Product, number: int, now: float) -> Image:
    """Return frame *number* of what the box shows at *now*; the picture must not be written to."""
    state, _, rest = product.state(now).partition(":")
    if state == "live":
        return _live(product, number, now)
    if state == "loading":
        return loading(number)
    screens: dict[str, Any] = {"settings": settings, "home": home}
    if state == "guide":
        return guide(int(rest), product.channel)
    if state in screens:
        found: Image = screens[state](int(rest))
        return found
    return still(state)
