"""For how long has the picture not changed?"""

from __future__ import annotations

from dataclasses import dataclass

from pytest_virtualpytest.models import Region
from virtualpytest_host.picture import Picture
from virtualpytest_host.vision.mask import Mask
from virtualpytest_host.vision.motion import Change, change


@dataclass
class Stillness:
    """Holds each frame against the first one of the stillness, *anchor*, so that what creeps is no stillness.

    *known* says that a change was seen, or an interruption: then the anchor is where the stillness began.
    """

    region: Region | None
    threshold: int
    mask: Mask | None = None
    anchor: Picture | None = None
    known: bool = False

    def see(self, picture: Picture) -> Change:
        """Return how far the next frame is from the anchor; it is the new anchor where that is too far."""
        if self.anchor is None or picture.gap or not comparable(self.anchor, picture):
            self.anchor, self.known = picture, False
            return Change(0.0, None)
        found = change(self.anchor, picture, self.region, self.threshold, self.mask)
        if found.region:
            self.anchor, self.known = picture, True
        return found

    def seconds(self, picture: Picture) -> float:
        """Return for how long the picture has stood still."""
        return 0.0 if self.anchor is None else between(self.anchor, picture)


def between(earlier: Picture, later: Picture) -> float:
    """Return the seconds between two pictures of one stream; its clock ticks in less than the rounding."""
    return round(later.pts - earlier.pts, 4)


def comparable(before: Picture, after: Picture) -> bool:
    """Tell whether two pictures are of one size and on one clock."""
    return before.luma.shape == after.luma.shape and before.generation == after.generation
