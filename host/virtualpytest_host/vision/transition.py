"""From a key to rest: the first change of the picture, the end of the change, the proof that it is the end."""

from __future__ import annotations

from pytest_virtualpytest.targets import Frozen
from virtualpytest_host.picture import Picture
from virtualpytest_host.vision.mask import Mask
from virtualpytest_host.vision.motion import change
from virtualpytest_host.vision.still import Stillness


class Transition:
    """Waits for a change from the picture before, then for the stillness that *target* wants."""

    def __init__(self, target: Frozen, mask: Mask | None = None) -> None:
        self._target, self._mask = target, mask
        self._still = Stillness(target.region, target.threshold, mask)
        self._before: Picture | None = None
        self.start: Picture | None = None
        self.stable: Picture | None = None

    @property
    def end(self) -> Picture | None:
        """The first picture of the rest."""
        return self._still.anchor if self.stable else None

    def begin(self, picture: Picture) -> None:
        """Take note of the picture before the first one that counts."""
        self._before = picture

    def see(self, picture: Picture) -> bool:
        """Tell whether the next frame is the one that ends the waiting."""
        if self.start is None:
            self._start(picture)
        else:
            self._still.see(picture)
            if self._still.seconds(picture) >= self._target.seconds:
                self.stable = picture
        return self.stable is not None

    def missing(self) -> str:
        """Return what has not come."""
        if self.start is None:
            return "the picture did not change"
        return f"the picture changed, but did not stand still for {self._target.seconds:g} s"

    def _start(self, picture: Picture) -> None:
        before = self._before
        if before is None or before.luma.shape != picture.luma.shape:
            self._before = picture
        elif change(before, picture, self._target.region, self._target.threshold, self._mask).region:
            self.start = picture
            self._still.see(picture)
