"""What each screen of the virtual product looks like; what does not move is drawn once and kept."""

from __future__ import annotations

import functools

import cv2
import numpy as np

from virtualpytest_host.virtual import scenes
from virtualpytest_host.virtual.canvas import (
    ACCENT,
    GREY,
    INK,
    SLATE,
    WHITE,
    WIDTH,
    Box,
    Colour,
    Image,
    blank,
    card,
    gradient,
    panel,
    shade,
    write,
)  # fmt: skip
from virtualpytest_host.virtual.keypad import Keypad
from virtualpytest_host.virtual.product import APPS, CHANNELS, SETTINGS, Product

HUES: tuple[Colour, ...] = ((150, 78, 28), (70, 132, 46), (112, 44, 132), (38, 130, 214), (120, 112, 30))
BANNER: Box = (40, 556, 1200, 124)
CELLS: Box = (140, 250, 100, 84)  # the first cell of the keyboard
_PROGRAMMES = (
    ("World report", "Business hour", "The late news"), ("Cup final", "Highlights", "Sports desk"),
    ("Harbour lights", "Behind the scenes", "Night train"), ("Ball games", "Story time", "Sing along"),
    ("High peaks", "Rivers of ice", "The forest at night"),
)  # fmt: skip
_FILMS = (
    "Harbour lights", "Northbound", "The clockmaker", "Paper moon", "Long way down", "Quiet sea", "Ember", "Atlas",
)  # fmt: skip
_DETAILS = (
    ("1080p, 50 Hz", "Colour: natural"), ("Stereo", "Lip sync: 0 ms"), ("Connected: Home network", "Signal: strong"),
    ("English", "Subtitles: off"), ("Off", "No code set"), ("Version 1.0", "Up to date"), ("Virtual STB", "Model V1"),
)  # fmt: skip
_NIGHT: tuple[Colour, Colour] = ((58, 38, 26), (26, 16, 12))
_APP: Colour = (48, 22, 40)


def draw(product: Product, number: int, now: float) -> Image:
    """Return frame *number* of what the box shows at *now*; the picture must not be written to."""
    state, _, rest = product.state(now).partition(":")
    if state == "live":
        return _live(product, number, now)
    if state == "loading":
        return loading(number)
    if state == "guide":
        return guide(int(rest), product.channel)
    if state == "settings":
        return settings(int(rest))
    if state == "search":
        return search(product.keypad)
    return home(int(rest)) if state == "home" else still(state)


def _live(product: Product, number: int, now: float) -> Image:
    picture = scenes.live(product.channel, number)
    if now < product.banner_until:
        x, y, wide, high = BANNER
        picture[y : y + high, x : x + wide] = banner(product.channel)
    return picture


@functools.cache
def banner(channel: int) -> Image:
    """Return the bar that names a channel."""
    bar = np.full((BANNER[3], BANNER[2], 3), INK, np.uint8)
    bar[:4] = ACCENT
    card(bar, (22, 24, 82, 80), shade(ACCENT, 1.1), shade(ACCENT, 0.8))
    write(bar, str(channel + 1), (63, 81), 46, weight=700, align="centre")
    write(bar, CHANNELS[channel], (132, 58), 34, weight=600)
    write(bar, _PROGRAMMES[channel][0], (132, 98), 26, colour=GREY)
    write(bar, "20:00 – 20:45", (1092, 58), 26, align="right")
    panel(bar, (1112, 34, 64, 32), WHITE, 6)
    write(bar, "HD", (1144, 58), 24, weight=800, colour=INK, align="centre")
    panel(bar, (790, 84, 386, 10), SLATE, 5)
    panel(bar, (790, 84, 130, 10), ACCENT, 5)
    return bar


@functools.cache
def guide(row: int, channel: int) -> Image:
    """Return the programme guide over the darkened *channel*."""
    picture = np.asarray(cv2.blur(scenes.scene(channel)[:, :WIDTH], (61, 61)), np.uint8) // 5  # no letter shows through
    picture[:128] = INK
    _header(picture, "TV Guide", "Tuesday  20:15")
    for slot, hour in enumerate(("20:00", "20:45", "21:30")):
        write(picture, hour, (352 + slot * 296, 164), 22, colour=GREY)
    for index, name in enumerate(CHANNELS):
        top = 182 + index * 98
        _row(picture, (60, top, 264, 82), f"{index + 1}   {name}", index == row)
        for slot, title in enumerate(_PROGRAMMES[index]):
            chosen = index == row and slot == 0
            panel(picture, (340 + slot * 296, top, 284, 82), WHITE if chosen else SLATE)
            write(picture, title, (360 + slot * 296, top + 50), 24, weight=600 if chosen else 400,
                  colour=INK if chosen else WHITE)  # fmt: skip
    return picture


@functools.cache
def settings(row: int) -> Image:
    """Return the settings menu."""
    picture = gradient(*_NIGHT)
    _header(picture, "Settings", "Virtual STB")
    for index, name in enumerate(SETTINGS):
        _row(picture, (60, 156 + index * 74, 560, 60), name, index == row)
    panel(picture, (660, 156, 560, 504), INK, 16)
    write(picture, SETTINGS[row], (700, 226), 38, weight=600)
    for index, line in enumerate(_DETAILS[row]):
        write(picture, line, (700, 288 + index * 46), 26, colour=GREY)
    return picture


@functools.cache
def home(row: int) -> Image:
    """Return the home screen."""
    picture = gradient(*_NIGHT)
    _header(picture, "Home", "Tuesday  20:15")
    for index, name in enumerate(APPS):
        box = (60 + index * 295, 176, 275, 180)
        if index == row:
            panel(picture, (box[0] - 6, box[1] - 6, box[2] + 12, box[3] + 12), WHITE, 18)
        card(picture, box, shade(HUES[index + 1], 1.15), shade(HUES[index + 1], 0.7))
        write(picture, name, (box[0] + 26, box[1] + 150), 34, weight=600)
    write(picture, "Recommended", (60, 428), 28, weight=500, colour=GREY)
    for index in range(5):
        box = (60 + index * 236, 456, 216, 204)
        card(picture, box, shade(HUES[index], 0.8), shade(HUES[index], 0.4))
        write(picture, _FILMS[index], (box[0] + 18, box[1] + 176), 24)
    return picture


def search(keypad: Keypad) -> Image:
    """Return the search screen: what was typed, and the keyboard."""
    return _search(keypad.rows, keypad.key, keypad.typed)


@functools.lru_cache(maxsize=8)
def _search(rows: tuple[tuple[str, ...], ...], chosen: str, typed: str) -> Image:
    picture = gradient(*_NIGHT)
    _header(picture, "Search", "Tuesday  20:15")
    x, y, wide, high = CELLS
    for number, row in enumerate(rows):
        for key in dict.fromkeys(row):
            left, width = x + row.index(key) * wide, row.count(key) * wide
            panel(picture, (left + 4, y + number * high + 4, width - 8, high - 8), ACCENT if key == chosen else SLATE)
            label = {" ": "Space"}.get(key, key.capitalize() if len(key) > 1 else key)
            write(picture, label, (left + width // 2, y + number * high + 50), 30, weight=500, align="centre")
    panel(picture, (140, 150, 1000, 72), WHITE)
    write(picture, typed, (164, 198), 34, colour=INK)
    return picture


def loading(number: int) -> Image:
    """Return frame *number* of an app that is being loaded."""
    picture = blank(_APP)
    picture[400:460, 530:750] = _loading_words()
    cv2.circle(picture, (640, 320), 52, shade(_APP, 1.8), 8, cv2.LINE_AA)
    cv2.ellipse(picture, (640, 320), (52, 52), number * 14 % 360, 0, 110, WHITE, 8, cv2.LINE_AA)
    return picture


@functools.cache
def _loading_words() -> Image:
    picture = blank(_APP)
    write(picture, "Loading", (110, 44), 34, weight=500, align="centre")
    cut: Image = picture[:60, :220].copy()
    return cut


@functools.cache
def still(state: str) -> Image:
    """Return the screens of one fixed picture: boot, app, no-signal; else black, as in standby."""
    if state == "no-signal":
        picture = blank((150, 40, 20))
        write(picture, "NO SIGNAL", (640, 378), 72, weight=700, align="centre")
        write(picture, "Check the HDMI cable and the source", (640, 440), 28, align="centre")
    elif state == "boot":
        picture = gradient((30, 18, 12), (12, 8, 6))
        card(picture, (580, 236, 120, 120), shade(ACCENT, 1.1), shade(ACCENT, 0.7), 28)
        cv2.fillPoly(picture, [np.array([(622, 266), (622, 326), (672, 296)])], WHITE, cv2.LINE_AA)
        write(picture, "virtual box", (640, 432), 44, weight=600, align="centre")
        write(picture, "Starting", (640, 482), 26, colour=GREY, align="centre")
    else:
        picture = _films() if state == "app" else blank((0, 0, 0))
    return picture


def _films() -> Image:
    picture = gradient(shade(_APP, 1.3), shade(_APP, 0.5))
    _header(picture, "Films", "Tuesday  20:15")
    for index, title in enumerate(_FILMS):
        box = (60 + index % 4 * 295, 156 + index // 4 * 262, 275, 240)
        hue = HUES[(index * 2 + index // 4) % len(HUES)]
        card(picture, box, shade(hue, 1.2), shade(hue, 0.45))
        write(picture, title, (box[0] + 22, box[1] + 208), 28, weight=600)
    return picture


def _header(picture: Image, title: str, right: str) -> None:
    write(picture, title, (60, 90), 54, weight=600)
    write(picture, right, (1220, 86), 28, colour=GREY, align="right")
    cv2.line(picture, (60, 120), (1220, 120), SLATE, 2)


def _row(picture: Image, box: Box, words: str, chosen: bool) -> None:
    panel(picture, box, ACCENT if chosen else SLATE)
    write(picture, words, (box[0] + 24, box[1] + box[3] // 2 + 9), 26, weight=600 if chosen else 400)
