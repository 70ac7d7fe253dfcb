"""The targets that look at the whole of a region: Frozen, Color."""

from __future__ import annotations

import numpy as np

from pytest_virtualpytest.targets import Color, Frozen
from virtualpytest_host.needs import host_extra
from virtualpytest_host.picture import Picture
from virtualpytest_host.vision.area import clip
from virtualpytest_host.vision.mask import Mask
from virtualpytest_host.vision.still import Stillness
from virtualpytest_host.vision.verdict import Verdict

with host_extra("vision"):
    import cv2


class SeesFrozen:
    """Waits for stillness that lasts."""

    remembers = True

    def __init__(self, target: Frozen, mask: Mask | None = None) -> None:
        self._target = target
        self._still = Stillness(target.region, target.threshold, mask)
        self._last: Picture | None = None
        self._verdict = Verdict(None, why="no frame yet")

    def see(self, picture: Picture) -> Verdict:
        """Judge one frame; until enough were seen to tell, the answer is neither yes nor no."""
        if picture is not self._last:
            self._last, self._verdict = picture, self._judge(picture)
        return self._verdict

    def _judge(self, picture: Picture) -> Verdict:
        found, area = self._still.see(picture), self._target.region
        seconds, wanted = self._still.seconds(picture), self._target.seconds
        score = round(min(1.0, seconds / wanted), 4)
        if seconds >= wanted:
            return Verdict(True, score, 1.0, area, area=area)
        changed = f"it changes, by {found.level:.0f} of {self._target.threshold} gray levels" if found.region else ""
        why = changed or f"it stands still for {seconds:.2f} s of {wanted:g} s wanted"
        return Verdict(False if self._still.known else None, score, 1.0, found.region, why, area)


class SeesColor:
    """Counts the pixels of one colour."""

    remembers = False

    def __init__(self, target: Color) -> None:
        self._target = target

    def see(self, picture: Picture) -> Verdict:
        """Judge one frame."""
        area = clip(self._target.region, picture, str(self._target))
        pixels = picture.bgr()[area.y : area.y + area.height, area.x : area.x + area.width]
        wanted = np.array(self._target.colour[::-1], np.int32)
        low, high = wanted - self._target.tolerance, wanted + self._target.tolerance
        found = cv2.inRange(pixels, low.clip(0, 255), high.clip(0, 255))
        share, least = round(cv2.countNonZero(found) / (area.width * area.height), 4), self._target.share
        if share >= least:
            return Verdict(True, share, least, area, area=self._target.region)
        blue, green, red = (round(value) for value in cv2.mean(pixels)[:3])
        mean = f"#{red:02x}{green:02x}{blue:02x} in the mean"
        why = f"{share:.0%} of it within {self._target.tolerance} of that, at least {least:.0%} wanted; it is {mean}"
        return Verdict(False, share, least, area, why, self._target.region)
