"""Screens as products have them, beside those of the virtual one: posters, photographs, text, keys, chequers."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import cv2
import numpy as np
from drawn import Colour, Pixels, blank, screens
from virtualpytest_host.virtual import scenes

WIDTH, HEIGHT = 1280, 720
KEYS = ("QWERTYUIOP", "ASDFGHJKL-", "ZXCVBNM.@_", "0123456789")
_WORDS = ("Harbour", "Nightly", "News", "Storm", "and", "Sea", "Episode", "Live", "the", "Garden", "Record", "Series")


@functools.cache
def painted(seed: int = 0) -> dict[str, Pixels]:
    """Return a screen of each kind by its name, other ones for another *seed*; not to be written to."""
    random = np.random.default_rng(seed)
    return {
        f"posters-{seed}": posters(random),
        f"photograph-{seed}": photograph(random),
        f"list-{seed}": listed(random),
        f"keyboard-{seed}": keyboard(seed % 40),
        f"chequers-{seed}": chequers(40 + seed % 3),
    }


def every_screen(*seeds: int) -> dict[str, Pixels]:
    """Return the screens of the virtual product, its channels, and those painted from *seeds*."""
    made = dict(screens()) | {f"live-{channel}": scenes.live(channel, 30) for channel in range(5)}
    return made | {name: pixels for seed in seeds for name, pixels in painted(seed).items()}


def texture(random: np.random.Generator, size: tuple[int, int]) -> Pixels:
    """Return a picture that has detail at every scale, as a photograph has, *size* being width and height."""
    wide, high = size
    whole = np.zeros((high, wide, 3), np.float32)
    for octave in range(1, 8):
        coarse = random.normal(0, 90 / octave**1.6, (2**octave + 1, 2**octave + 1, 3)).astype(np.float32)
        whole += cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)
    return np.clip(whole + random.integers(60, 190, 3), 0, 255).astype(np.uint8)


def photograph(random: np.random.Generator) -> Pixels:
    """Return a photograph with a name and a clock over it."""
    picture = texture(random, (WIDTH, HEIGHT))
    picture[560:660] = picture[560:660] // 3
    _say(picture, _title(random, 5), (60, 622), 1.1)
    _say(picture, f"{random.integers(24):02}:{random.integers(60):02}", (1130, 70), 1.0)
    return picture


def posters(random: np.random.Generator) -> Pixels:
    """Return a wall of pictures with titles, one of them framed."""
    picture = blank((34, 26, 22), (WIDTH, HEIGHT))
    for row in range(3):
        for column in range(6):
            x, y = 50 + column * 200, 40 + row * 226
            picture[y : y + 180, x : x + 176] = texture(random, (176, 180))
            _say(picture, _title(random, 2), (x, y + 206), 0.55)
    x, y = 50 + int(random.integers(6)) * 200, 40 + int(random.integers(3)) * 226
    cv2.rectangle(picture, (x - 4, y - 4), (x + 179, y + 183), (250, 250, 250), 3)
    return picture


def listed(random: np.random.Generator) -> Pixels:
    """Return many lines of thin, small text."""
    picture = blank((228, 224, 220), (WIDTH, HEIGHT))
    for row in range(24):
        y = 40 + row * 28
        _say(picture, _title(random, 7), (60, y), 0.55, (40, 40, 44))
        _say(picture, f"{random.integers(1000, 9999)}", (1100, y), 0.55, (150, 60, 30))
    return picture


def keyboard(chosen: int) -> Pixels:
    """Return a keyboard on the screen, one key of which is chosen."""
    picture = blank((60, 44, 36), (WIDTH, HEIGHT))
    for number, letter in enumerate("".join(KEYS)):
        x, y = 140 + number % 10 * 100, 200 + number // 10 * 100
        ground, ink = ((230, 230, 230), (20, 20, 20)) if number == chosen else ((96, 76, 66), (240, 240, 240))
        cv2.rectangle(picture, (x, y), (x + 88, y + 88), ground, -1)
        _say(picture, letter, (x + 30, y + 58), 1.1, ink)
    return picture


def chequers(side: int) -> Pixels:
    """Return a chessboard."""
    rows, columns = np.indices((HEIGHT, WIDTH)) // side
    return cv2.cvtColor(np.where((rows + columns) % 2, 225, 25).astype(np.uint8), cv2.COLOR_GRAY2BGR).astype(np.uint8)


def _title(random: np.random.Generator, words: int) -> str:
    return " ".join(random.choice(np.array(_WORDS), words))


def _say(picture: Pixels, words: str, at: Sequence[int], size: float, ink: Colour = (240, 240, 240)) -> None:
    thick = 2 if size > 0.8 else 1
    cv2.putText(picture, words, (at[0], at[1]), cv2.FONT_HERSHEY_SIMPLEX, size, ink, thick, cv2.LINE_AA)
