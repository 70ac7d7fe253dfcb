"""The target that reads: Text."""

from __future__ import annotations

from pytest_virtualpytest.exceptions import ReferenceNotFound
from pytest_virtualpytest.models import Region
from pytest_virtualpytest.targets import Text
from virtualpytest_host.picture import Picture
from virtualpytest_host.vision import tessdata
from virtualpytest_host.vision.motion import change
from virtualpytest_host.vision.phrases import Hit, Page, normal
from virtualpytest_host.vision.reading import WAYS, Manner, around, lines, plain
from virtualpytest_host.vision.verdict import Verdict

_SAME = 12  # gray levels that letters must change by to be read again
_SHOWN = 60  # letters of what was read instead


class SeesText:
    """Looks for words; what has not changed since it was read is not read again."""

    remembers = False

    def __init__(self, target: Text) -> None:
        self.target = target
        self._manner = Manner(target.region, target.lang or "eng", _colour(target), target.confidence)
        self._least = 1.0 if target.pattern is not None else self._share(target.distance)
        self._read: tuple[Picture, Verdict] | None = None
        _check_letters(target, self._manner.lang)

    def see(self, picture: Picture) -> Verdict:
        """Judge one frame."""
        key = ("text", self.target)
        if key not in picture.cache:
            picture.cache[key] = self._verdict(picture)
        verdict: Verdict = picture.cache[key]
        return verdict

    def hits(self, picture: Picture) -> list[Hit]:
        """Return every place of the text in one frame."""
        for way in WAYS:
            found = Page(lines(picture, self._manner, way), self.target).find()
            if found:
                return found
        return []

    def all(self, picture: Picture) -> list[Verdict]:
        """Return every match in one frame."""
        return [self._found(hit) for hit in self.hits(picture)]

    def _verdict(self, picture: Picture) -> Verdict:
        if self._read is None or not _same(self._read[0], picture, self.target.region):
            self._read = picture, self._judge(picture)
        return self._read[1]

    def _judge(self, picture: Picture) -> Verdict:
        hits = self.hits(picture)
        return self._found(hits[0]) if hits else self._missing(picture)

    def _found(self, hit: Hit) -> Verdict:
        return Verdict(True, self._score(hit), self._least, around(hit.words), area=self.target.region)

    def _missing(self, picture: Picture) -> Verdict:
        """Return what was read instead, in the way that came nearest."""
        pages = [Page(lines(picture, self._manner, way), self.target) for way in WAYS]
        near = [hit for page in pages if (hit := page.nearest())]
        best = min(near, key=lambda hit: hit.apart, default=None)
        if best is None or not self._score(best):
            read = next((page.text for page in pages if page.text), "").replace("\n", " | ")
            why = f"read instead: {_short(read)!r}" if read else "nothing was read there"
            return Verdict(False, 0.0, self._least, why=why, area=self.target.region)
        words = _short(plain(best.words))
        score = min(self._score(best), round(self._least - 0.001, 3))
        off = f"{best.apart} letter{'s' * (best.apart > 1)}"
        why = f"nearest is {words!r}, {off} off" if best.apart else f"it is only part of {words!r}"
        return Verdict(False, max(0.0, score), self._least, around(best.words), why, self.target.region)

    def _score(self, hit: Hit) -> float:
        if self.target.pattern is not None:
            return 1.0
        return self._share(hit.apart)

    def _share(self, apart: int) -> float:
        """Return which part of the text is right where *apart* letters are not."""
        return round(max(0.0, 1 - apart / len(normal(self.target.text, self.target))), 3)


def _same(before: Picture, after: Picture, region: Region | None) -> bool:
    """Tell whether *region* of two pictures shows the same."""
    return before.luma.shape == after.luma.shape and change(before, after, region, _SAME).region is None


def _check_letters(target: Text, lang: str) -> None:
    """Raise an error for a text that *lang* cannot be read as, whatever is on the screen."""
    if target.pattern is not None:
        return
    known = set(normal("".join(sorted(tessdata.letters(lang))), target)) | set("\n ")
    foreign = [letter for letter in dict.fromkeys(normal(target.text, target)) if letter not in known]
    if len(foreign) > target.distance:
        raise ReferenceNotFound(
            f"{target}: language {lang!r} has no {' '.join(foreign[:8])}, so it is never read; say lang='...' in the "
            "test, or for the device in the lab file"
        )


def _colour(target: Text) -> tuple[int, int, int] | None:
    return target.colour if not isinstance(target.colour, str) else None  # it is numbers once the target is made


def _short(words: str) -> str:
    return words if len(words) <= _SHOWN else words[:_SHOWN] + "…"
