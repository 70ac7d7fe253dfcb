"""What every target is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pytest_virtualpytest.exceptions import VirtualPytestError


@dataclass(frozen=True)
class Target:
    """Something that a frame, or a row of frames, shows or does not show."""

    kind: ClassVar[str]


def check_seconds(target: Target, seconds: float) -> None:
    """Raise an error where *seconds* is no time."""
    if not 0 < seconds < float("inf"):
        raise VirtualPytestError(f"{target}: {seconds} is no number of seconds above 0")


def check_level(target: Target, name: str, level: int) -> None:
    """Raise an error where *level* of gray is one that every frame passes, or none."""
    if not 0 < level < 255:
        raise VirtualPytestError(f"{target}: {name} {level} is not within 1..254 gray levels")
