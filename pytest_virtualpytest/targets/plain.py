"""Targets that look at pixels."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_virtualpytest.exceptions import VirtualPytestError
from pytest_virtualpytest.models import Region
from pytest_virtualpytest.targets.target import Target, check_level


@dataclass(frozen=True)
class Image(Target):
    """A reference picture, by the name of its file; transparent pixels of a PNG match anything.

    *threshold* is the least score, 0..1, that counts. Fields left out come from ``NAME.toml`` beside
    the picture. *sha*, *mask* (content hashes) and *resolution* (width, height of the screen that the
    picture was cut from) are filled in when the file is looked up. On a screen of another resolution
    the picture and its *region* are scaled.
    """

    kind = "image"
    name: str
    region: Region | None = None
    threshold: float | None = None
    sha: str = ""
    mask: str = ""
    resolution: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if self.threshold is not None and not 0 < self.threshold <= 1:
            raise VirtualPytestError(f"{self}: threshold {self.threshold} is not above 0 and at most 1")

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Motion(Target):
    """The picture changes from one frame to the next, within *region*; *threshold* is in gray levels."""

    kind = "motion"
    region: Region | None = None
    threshold: int = 25

    def __post_init__(self) -> None:
        check_level(self, "threshold", self.threshold)

    def __str__(self) -> str:
        return "motion"


@dataclass(frozen=True)
class Black(Target):
    """Every pixel of *region* is at most *threshold* bright, of 255."""

    kind = "black"
    region: Region | None = None
    threshold: int = 20

    def __post_init__(self) -> None:
        check_level(self, "threshold", self.threshold)

    def __str__(self) -> str:
        return "black"
