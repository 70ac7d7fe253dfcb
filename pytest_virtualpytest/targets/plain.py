"""Targets that look at pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_virtualpytest.exceptions import VirtualPytestError
from pytest_virtualpytest.models import Region
from pytest_virtualpytest.targets.colours import Colour, rgb
from pytest_virtualpytest.targets.target import Target, check_level, check_seconds


@dataclass(frozen=True)
class Image(Target):
    """A reference picture, by the name of its file; transparent pixels of a PNG match anything.

    *threshold* is the least score, 0..1, that counts. Fields left out come from ``NAME.toml`` beside
    the picture. *sha*, *mask* (content hashes) and *resolution* (width, height of the screen that the
    picture was cut from) are filled in when the file is looked up. On a screen of another resolution
    the picture and its *region* are scaled. With *scales*, such as ``(0.9, 1.0, 1.1)``, the picture is looked for in
    each of these sizes, and the best counts; the sighting says which.
    """

    kind = "image"
    name: str
    region: Region | None = None
    threshold: float | None = None
    sha: str = ""
    mask: str = ""
    resolution: tuple[int, int] | None = None
    scales: Sequence[float] | None = None

    def __post_init__(self) -> None:
        if self.scales is not None:
            object.__setattr__(self, "scales", _scales(self, self.scales))
        if self.threshold is not None and not 0 < self.threshold <= 1:
            raise VirtualPytestError(f"{self}: threshold {self.threshold} is not above 0 and at most 1")

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Motion(Target):
    """The picture changes from one frame to the next, in brightness or colour, within *region*.

    *threshold* is in gray levels. *mask* is the name of a picture, white where changes count; *sha*, its content,
    is filled in when the file is looked up.
    """

    kind = "motion"
    region: Region | None = None
    threshold: int = 25
    mask: str = ""
    sha: str = ""

    def __post_init__(self) -> None:
        check_level(self, "threshold", self.threshold)

    def __str__(self) -> str:
        return "motion"


@dataclass(frozen=True)
class Frozen(Target):
    """The picture has not changed for *seconds*, in brightness or colour, within *region*.

    Each frame is held against the first one of the stillness, so that what creeps is no stillness. *threshold*,
    *mask* and *sha* are as in Motion.
    """

    kind = "frozen"
    seconds: float = 1.0
    region: Region | None = None
    threshold: int = 15
    mask: str = ""
    sha: str = ""

    def __post_init__(self) -> None:
        check_seconds(self, self.seconds)
        check_level(self, "threshold", self.threshold)

    def __str__(self) -> str:
        return f"frozen for {self.seconds:g} s"


@dataclass(frozen=True)
class Color(Target):
    """At least *share* of the pixels of *region* are of *colour*: ``"red"``, ``"#1e90ff"``, ``(30, 144, 255)``.

    A pixel is where none of red, green and blue is further off than *tolerance*, of 255.
    """

    kind = "color"
    colour: Colour
    region: Region | None = None
    tolerance: int = 30
    share: float = 0.9

    def __post_init__(self) -> None:
        object.__setattr__(self, "colour", rgb(self.colour, "color"))
        check_level(self, "tolerance", self.tolerance)
        if not 0 < self.share <= 1:
            raise VirtualPytestError(f"{self}: share {self.share} is not above 0 and at most 1")

    def __str__(self) -> str:
        return "color #{:02x}{:02x}{:02x}".format(*self.colour)


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


def _scales(target: Target, scales: Sequence[float]) -> tuple[float, ...]:
    """Return *scales*, each once, the one nearest to 1 first."""
    if isinstance(scales, str) or not scales or not all(0.1 <= scale <= 10 for scale in scales):
        raise VirtualPytestError(f"{target}: scales {scales!r} are not numbers from 0.1 to 10, such as (0.9, 1.0, 1.1)")
    return tuple(sorted({float(scale) for scale in scales}, key=lambda scale: (abs(scale - 1), scale)))
