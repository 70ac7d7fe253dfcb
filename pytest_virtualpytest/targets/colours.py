"""Colours, as a test names them: ``"white"``, ``"#1e90ff"``, ``(30, 144, 255)``."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import TypeAlias

from pytest_virtualpytest.exceptions import VirtualPytestError

Colour: TypeAlias = "str | tuple[int, int, int]"

NAMES = {
    "black": (0, 0, 0), "white": (255, 255, 255), "gray": (128, 128, 128), "silver": (192, 192, 192),
    "red": (255, 0, 0), "lime": (0, 255, 0), "green": (0, 128, 0), "blue": (0, 0, 255), "navy": (0, 0, 128),
    "yellow": (255, 255, 0), "cyan": (0, 255, 255), "magenta": (255, 0, 255), "orange": (255, 165, 0),
    "purple": (128, 0, 128), "teal": (0, 128, 128), "maroon": (128, 0, 0), "olive": (128, 128, 0),
}  # fmt: skip


def rgb(colour: Colour | Sequence[int], who: str) -> tuple[int, int, int]:
    """Return red, green and blue of *colour*, each 0–255; *who* has asked for it."""
    if isinstance(colour, str):
        return _named(colour, who)
    parts = tuple(colour)
    if len(parts) != 3 or not all(type(part) is int and 0 <= part <= 255 for part in parts):
        raise VirtualPytestError(f"{who}: {colour!r} is no colour; write 'white', '#1e90ff' or (30, 144, 255)")
    return parts


def _named(colour: str, who: str) -> tuple[int, int, int]:
    if re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
        value = int(colour[1:], 16)
        return value >> 16, value >> 8 & 255, value & 255
    if colour.lower() not in NAMES:
        near = difflib.get_close_matches(colour.lower(), NAMES, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(NAMES)}, and '#1e90ff'"
        raise VirtualPytestError(f"{who}: no colour {colour!r}; {hint}")
    return NAMES[colour.lower()]
