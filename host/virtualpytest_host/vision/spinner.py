"""Something small that goes on moving, while all else stands still: the sign of a product that loads."""

from __future__ import annotations

from collections import deque

from pytest_virtualpytest.models import Region
from pytest_virtualpytest.targets import Spinner
from virtualpytest_host.picture import Picture
from virtualpytest_host.vision.area import around, clip
from virtualpytest_host.vision.motion import change
from virtualpytest_host.vision.still import comparable
from virtualpytest_host.vision.verdict import Verdict

_REST = 0.2  # seconds that it may stand still
_MOVING = 0.3  # share of the frames that must differ from the one before


class SeesSpinner:
    """Compares each frame with the one before, and with an earlier one, by which a slow pan or zoom is seen.

    Where they differ is remembered for as long as *target* says.
    """

    remembers = True

    def __init__(self, target: Spinner) -> None:
        self._target = target
        self._seen: deque[tuple[float, Region | None]] = deque()  # pts of each frame, and where it moved
        self._last: Picture | None = None
        self._anchor: Picture | None = None
        self._known = False
        self._verdict = Verdict(None, 0.0, _MOVING, why="no frame yet")

    def see(self, picture: Picture) -> Verdict:
        """Judge one frame; until enough were seen to tell, the answer is neither yes nor no."""
        if picture is not self._last:
            self._verdict, self._last = self._judge(self._last, picture), picture
        return self._verdict

    def _judge(self, last: Picture | None, picture: Picture) -> Verdict:
        if last is None or self._anchor is None or picture.gap or not comparable(last, picture):
            return self._anew(picture, known=False, why="one frame shows no spinner: there was none before it")
        moved, apart = self._changed(last, picture), self._changed(self._anchor, picture)
        whole = around([box for box in (moved, apart) if box]) if moved or apart else None
        if whole and not self._small(whole, picture):
            return self._anew(picture, known=True, why=f"more than a spinner changes: {whole}")
        if _seconds(self._anchor.pts, picture.pts) >= self._target.seconds:
            self._anchor = picture
        self._seen.append((picture.pts, moved))
        while _seconds(self._seen[1][0], picture.pts) >= self._target.seconds:
            self._seen.popleft()
        return self._answer(picture)

    def _answer(self, picture: Picture) -> Verdict:
        moves = [(seen, box) for seen, box in self._seen if box]
        whole = around([box for _, box in moves]) if moves else None
        score = round(len(moves) / len(self._seen), 4)
        if moves and (rest := _seconds(moves[-1][0], picture.pts)) > _REST:
            return self._no(False, score, f"nothing has moved for {rest:.2f} s")
        if whole and not self._small(whole, picture):
            return self._no(False, score, f"it moves about, within {whole}")
        seconds, wanted = _seconds(self._seen[0][0], picture.pts), self._target.seconds
        if seconds < wanted:
            return self._no(False if self._known else None, score, f"seen for {seconds:.2f} s of {wanted:g} s wanted")
        began = _seconds(self._seen[0][0], moves[0][0]) if moves else wanted
        if score < _MOVING or began > _REST:
            return self._no(False, score, f"{len(moves)} of {len(self._seen)} frames differ from the one before")
        return Verdict(True, score, _MOVING, whole, area=self._target.region)

    def _changed(self, before: Picture, after: Picture) -> Region | None:
        return change(before, after, self._target.region, self._target.threshold).region

    def _small(self, box: Region, picture: Picture) -> bool:
        area = clip(self._target.region, picture, "spinner")
        return box.width * box.height <= self._target.share * area.width * area.height

    def _anew(self, picture: Picture, *, known: bool, why: str) -> Verdict:
        self._anchor = picture
        self._seen.clear()
        self._seen.append((picture.pts, None))
        self._known = known
        return self._no(False if known else None, 0.0, why)

    def _no(self, state: bool | None, score: float, why: str) -> Verdict:
        return Verdict(state, score, _MOVING, why=why, area=self._target.region)


def _seconds(earlier: float, later: float) -> float:
    return round(later - earlier, 4)
