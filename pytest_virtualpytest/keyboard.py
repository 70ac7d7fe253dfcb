"""Typing on an on-screen keyboard with a remote's arrow keys, each step of the focus verified where it can be seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pytest_virtualpytest.exceptions import NotSeen, VirtualPytestError
from pytest_virtualpytest.key import Key
from pytest_virtualpytest.keypages import KeyPage, Keys, Place, Rows, Step, Wrap
from pytest_virtualpytest.models import Press, Region
from pytest_virtualpytest.targets import Target, as_target, in_region

if TYPE_CHECKING:
    from pytest_virtualpytest.device import Device

_TRIES = 4  # ways to one key, where the focus does not go where it should


class Keyboard:
    """An on-screen keyboard of *device*: its *pages*, or the rows of its only one, and the key that it *starts* on.

    *at* is where its cells, all of one size, are on the screen: a region, or a picture of the keyboard that is looked
    for there. *focus* is what the key with the focus shows within its cells, a colour of it or a frame around it: then
    the focus is looked for at the beginning, and after each key of the remote for *timeout* seconds, times the lab's
    scale; where it went elsewhere, the way is found anew. Without *focus* it is believed to go as described.
    """

    def __init__(
        self,
        device: Device,
        pages: Mapping[str, KeyPage] | Rows,
        *,
        start: str,
        wrap: Wrap = "none",
        at: Region | tuple[int, int, int, int] | Target | str | None = None,
        focus: Target | None = None,
        timeout: float = 2.0,
    ) -> None:
        if focus is not None and at is None:
            raise VirtualPytestError("keyboard: say at=, where it is on the screen, to have the focus verified")
        self._device, self._focus, self._timeout, self._at = device, focus, timeout, at
        self._keys = Keys(pages if isinstance(pages, Mapping) else {"keys": KeyPage(pages)}, wrap)
        self._start = self._place = self._keys.place(start)
        self._region: Region | None = None
        self._last: NotSeen | None = None

    def opened(self) -> None:
        """Take note that the keyboard was opened anew: the focus is on its first key, its place may have changed."""
        self._place, self._region = self._start, None

    def type_text(self, text: str) -> Press:
        """Enter *text*, letter by letter, and return the last press; no key is pressed if a letter has none."""
        __tracebackhide__ = True
        if not text:
            raise VirtualPytestError("keyboard: no text to type")
        for letter in text:
            self._keys.place(letter)
        with self._device.link.step(f"type {text!r} on the keyboard"):
            return [self.press(letter) for letter in text][-1]

    def press(self, key: str) -> Press:
        """Bring the focus to *key*, press it, and return when that was."""
        __tracebackhide__ = True
        self.go_to(key)
        press = self._device.remote.press(Key.OK)
        page, self._place = self._place.page, self._keys.entered(self._place)
        if self._place.page != page and not self._arrived(press):
            raise self._failed(f"page {self._place.page!r} did not show after {key!r} was pressed")
        return press

    def go_to(self, key: str) -> None:
        """Bring the focus to *key*; NotSeen if it does not get there."""
        __tracebackhide__ = True
        self._keys.place(key)
        for _ in range(_TRIES):
            self._place = self._seen()
            lost = self._walk(self._keys.way(self._place, key))
            if lost is None:
                return
        assert lost is not None
        where, now = repr(self._keys.key(lost.place)), repr(self._keys.key(self._seen()))
        raise self._failed(
            f"the focus does not get to {key!r} in {_TRIES} tries: {lost.press} did not lead to {where}; it is on {now}"
        )

    def _walk(self, steps: Sequence[Step]) -> Step | None:
        """Take *steps*, and return the one after which the focus is not where it should be."""
        for step in steps:
            press, before, self._place = self._device.remote.press(step.press), self._place, step.place
            turned = before.page != self._place.page
            if not (self._arrived(press) if turned else self._focused(press)):
                self._place = before
                return step
        return None

    def _arrived(self, press: Press) -> bool:
        """Tell whether the page is shown to which a key has led."""
        shows = self._keys.page(self._place).shows
        return shows is None or self._comes(as_target(shows), press)

    def _focused(self, press: Press) -> bool:
        """Tell whether the focus is where it should be, after *press*."""
        return self._focus is None or self._comes(in_region(self._focus, self._cells(self._place)), press)

    def _comes(self, target: Target, press: Press) -> bool:
        try:
            return bool(self._device.screen.wait_for(target, since=press, timeout=self._timeout))
        except NotSeen as error:
            self._last = error
            return False

    def _failed(self, message: str) -> NotSeen:
        """Return the error, with what was seen last."""
        seen = self._last or NotSeen("")
        return NotSeen(f"keyboard: {message}", details=seen.details, pictures=seen.pictures)

    def _seen(self) -> Place:
        """Return where the focus is: where it is seen, or else believed to be."""
        if self._focus is None:
            return self._place
        screen = self._device.screen.still()
        if screen.find(in_region(self._focus, self._cells(self._place))):
            return self._place
        places = self._keys.each(self._place.page)
        found = [place for place in places if screen.find(in_region(self._focus, self._cells(place)))]
        if len(found) == 1:
            return found[0]
        words = " ".join(repr(self._keys.key(place)) for place in found)
        seen = f"seen on {len(found)} keys, {words}" if found else "seen on no key"
        raise NotSeen(f"keyboard: the focus, {self._focus}, is {seen} of page {self._place.page!r}")

    def _cells(self, place: Place) -> Region:
        """Return where the key at *place* is on the screen."""
        x, y, wide, high = self._where()
        rows, columns = len(self._keys.page(place).rows), len(self._keys.page(place).rows[0])
        first, count = self._keys.cells(place)
        left, right = x + wide * first // columns, x + wide * (first + count) // columns
        top, bottom = y + high * place.row // rows, y + high * (place.row + 1) // rows
        return Region(left, top, right - left, bottom - top)

    def _where(self) -> Region:
        if self._region is None:
            if isinstance(self._at, (str, Target)):
                self._region = self._device.screen.wait_for(self._at).region
            elif self._at is not None:
                self._region = Region(*self._at)
        if self._region is None:
            raise VirtualPytestError(f"keyboard: {self._at} has no place on the screen; give a region or a picture")
        return self._region
