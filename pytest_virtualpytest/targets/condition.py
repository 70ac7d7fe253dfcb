"""Targets about the condition of the picture: its blocks, its signal, and whether something is still loading."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_virtualpytest.exceptions import VirtualPytestError
from pytest_virtualpytest.models import Region
from pytest_virtualpytest.targets.target import Target, check_level, check_seconds


@dataclass(frozen=True)
class Blockiness(Target):
    """At least *share* of the tiles of *region*, of 8x8 blocks each, show the edges of the blocks they were coded in.

    Blocks are *grid* pixels wide and high, from the picture's corner on: 8, or as many as the picture is scaled to.
    The measure is that of Muijs and Kirenko (EUSIPCO 2005), for each tile by itself.
    """

    kind = "blockiness"
    share: float = 0.1
    region: Region | None = None
    grid: int = 8

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise VirtualPytestError(f"{self}: share {self.share} is not above 0 and at most 1")
        if type(self.grid) is not int or not 6 <= self.grid <= 64:
            raise VirtualPytestError(f"{self}: grid {self.grid} is no number of pixels from 6 to 64")

    def __str__(self) -> str:
        return "blockiness"


@dataclass(frozen=True)
class SignalLost(Target):
    """The capture has no signal: it shows the picture that it makes up then, one of its ``placeholders``."""

    kind = "signal_lost"

    def __str__(self) -> str:
        return "no signal"


@dataclass(frozen=True)
class Spinner(Target):
    """Something small goes on changing, the rest of *region* stands still: for *seconds*, on at most *share* of it.

    *threshold* is in gray levels, as in Motion.
    """

    kind = "spinner"
    seconds: float = 1.0
    region: Region | None = None
    share: float = 0.05
    threshold: int = 25

    def __post_init__(self) -> None:
        check_seconds(self, self.seconds)
        check_level(self, "threshold", self.threshold)
        if not 0 < self.share < 1:
            raise VirtualPytestError(f"{self}: share {self.share} is not between 0 and 1")

    def __str__(self) -> str:
        return "spinner"
