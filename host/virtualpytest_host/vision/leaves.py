"""The targets that look at pixels: Image, Motion, Black."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

from pytest_virtualpytest.exceptions import ReferenceNotFound
from pytest_virtualpytest.models import Region
from pytest_virtualpytest.targets import Black, Image, Motion
from virtualpytest_host.picture import Picture
from virtualpytest_host.vision import match
from virtualpytest_host.vision.area import overlap, scaled
from virtualpytest_host.vision.black import brightest
from virtualpytest_host.vision.mask import Mask
from virtualpytest_host.vision.motion import change
from virtualpytest_host.vision.reference import Reference
from virtualpytest_host.vision.verdict import Verdict

Content = Callable[[str], bytes]


class SeesImage:
    """Looks for one reference picture."""

    remembers = False

    def __init__(self, target: Image, content: Content) -> None:
        if not target.sha:
            raise ReferenceNotFound(f"{target}: the picture was not looked up, there is no content to look for")
        self.target = target
        self._whole = _reference(target.name, target.sha, target.mask, content)
        self._scales = target.scales or (1.0,)

    def see(self, picture: Picture) -> Verdict:
        """Judge one frame: the scale with the best score counts, of equal ones the one nearest to 1."""
        key = ("seen", self.target)
        if key not in picture.cache:
            seen = (self._seen(picture, scale) for scale in self._scales)
            picture.cache[key] = max(seen, key=lambda verdict: verdict.score)
        verdict: Verdict = picture.cache[key]
        return verdict

    def all(self, picture: Picture) -> list[Verdict]:
        """Return every match in one frame, none overlapping a better one."""
        hits = [verdict for scale in self._scales for verdict in self._every(picture, scale)]
        found: list[Verdict] = []
        for verdict in sorted(hits, key=lambda verdict: -verdict.score):
            if not any(overlap(_place(verdict), _place(other)) for other in found):
                found.append(verdict)
        return sorted(found, key=lambda verdict: (_place(verdict).y, _place(verdict).x))

    def _seen(self, picture: Picture, scale: float) -> Verdict:
        reference, region = self._at(picture, scale)
        found = match.find(picture, reference, region, self.target.threshold)
        why = f"at scale {scale:g}, {found.why}" if found.why and self.target.scales else found.why
        own = self.target if reference is self._whole else None
        return Verdict(found.found, found.score, found.threshold, found.region, why, region, reference, own, scale)

    def _every(self, picture: Picture, scale: float) -> Iterator[Verdict]:
        reference, region = self._at(picture, scale)
        for one in match.find_all(picture, reference, region, self.target.threshold):
            yield Verdict(True, one.score, one.threshold, one.region, "", region, reference, scale=scale)

    def _at(self, picture: Picture, scale: float) -> tuple[Reference, Region | None]:
        """Return the reference and its region in the size that *picture* has."""
        wide, high = self.target.resolution or (picture.width, picture.height)
        across, down = picture.width / wide, picture.height / high
        whole = self._whole if across == down == scale == 1 else _scaled(self._whole, across * scale, down * scale)
        return whole, scaled(self.target.region, across, down)


class SeesMotion:
    """Compares each frame with the one before."""

    remembers = True

    def __init__(self, target: Motion, mask: Mask | None = None) -> None:
        self._target, self._mask = target, mask
        self._last: Picture | None = None
        self._verdict = Verdict(None, why="no frame yet")

    def see(self, picture: Picture) -> Verdict:
        """Judge one frame against the one before it."""
        if picture is not self._last:
            self._verdict = self._judge(self._last, picture)
            self._last = picture
        return self._verdict

    def _judge(self, last: Picture | None, picture: Picture) -> Verdict:
        least, area = self._target.threshold / 255, self._target.region
        if last is None:
            return Verdict(None, 0.0, least, why="one frame shows no motion: there was none before it", area=area)
        if picture.gap or last.luma.shape != picture.luma.shape:
            return Verdict(None, 0.0, least, why="the stream was interrupted just before this frame", area=area)
        moved = change(last, picture, area, self._target.threshold, self._mask)
        score = round(moved.level / 255, 4)
        if moved.region:
            return Verdict(True, score, least, moved.region, area=area)
        why = f"it stands still: largest change {moved.level:.0f} of {self._target.threshold} gray levels wanted"
        return Verdict(False, score, least, why=why, area=area)


class SeesBlack:
    """Looks for light."""

    remembers = False

    def __init__(self, target: Black) -> None:
        self._target = target

    def see(self, picture: Picture) -> Verdict:
        """Judge one frame."""
        light = brightest(picture, self._target.region, self._target.threshold)
        score, least = round(1 - min(255.0, light.level) / 255, 4), round(1 - self._target.threshold / 255, 4)
        area = self._target.region
        if light.level <= self._target.threshold:
            return Verdict(True, score, least, area, area=area)
        why = f"not black: brightness {light.level:.0f} at {light.x},{light.y}, at most {self._target.threshold} wanted"
        return Verdict(False, score, least, Region(light.x, light.y, 1, 1), why, area)


@functools.lru_cache(maxsize=64)
def _reference(name: str, sha: str, mask: str, content: Content) -> Reference:
    return Reference.decode(name, content(sha), content(mask) if mask else b"")


def _place(verdict: Verdict) -> Region:
    assert verdict.region is not None  # it was found there
    return verdict.region


@functools.lru_cache(maxsize=256)
def _scaled(reference: Reference, across: float, down: float) -> Reference:
    return reference.scaled(across, down)
