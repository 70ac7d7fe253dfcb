"""What one member of a target says about one frame."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from pytest_virtualpytest.models import Region
from pytest_virtualpytest.targets import Image
from virtualpytest_host.picture import Picture
from virtualpytest_host.vision.reference import Reference


@dataclass(frozen=True)
class Verdict:
    """True, false, or None: this frame does not let one decide, as the first frame does not show motion.

    *area* is where was looked, *reference* what was looked for, in the member that decided; *image* is the target of
    the reference, where it was looked for in its own size.
    """

    state: bool | None
    score: float = 0.0
    threshold: float = 0.0
    region: Region | None = None
    why: str = ""
    area: Region | None = None
    reference: Reference | None = None
    image: Image | None = None
    scale: float = 1.0

    def but(self, state: bool | None, why: str = "") -> Verdict:
        """Return this verdict with another answer."""
        return replace(self, state=state, why=why)

    @property
    def nearness(self) -> float:
        """Return how far the score is above the threshold; less than 0 is below."""
        return self.score - self.threshold


class Member(Protocol):
    """A target or part of one, judged frame by frame; *remembers* says that it must see every frame."""

    remembers: bool

    def see(self, picture: Picture) -> Verdict:
        """Judge the next frame; the same frame twice is judged once."""
