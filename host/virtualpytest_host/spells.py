"""Trouble that lasts: from many samples of "it is so, it is not" to when it began and when it was over."""

from __future__ import annotations

from collections import deque
from typing import Literal

from virtualpytest_host.picture import Picture


class Spell:
    """Follows one sort of trouble; it counts once it has lasted *least* seconds.

    *begin* is the first sample that showed it, CLOCK_MONOTONIC in seconds. It was not so yet *begin_error* seconds
    before, or None where the first sample of all showed it. *end* is the first sample that did not show it any more;
    it still did *end_error* seconds before.
    """

    def __init__(self, least: float) -> None:
        self.least = least
        self.picture: Picture | None = None
        self.begin = self.end = self.end_error = 0.0
        self.begin_error: float | None = None
        self.lasting = self.counts = False
        self._without: deque[float] = deque(maxlen=2)  # an older one: a stillness is known from its second picture
        self._last = 0.0

    def see(
        self, so: bool, at: float, error: float, picture: Picture | None = None, *, since: float | None = None
    ) -> Literal["begun", "over", ""]:
        """Take the sample captured *at* ± *error*; tell whether trouble that counts has begun with it, or is over.

        Where it is so, it is so from *since* on, if that was earlier; *picture* is what was seen then.
        """
        if not so:
            return self._see_none(at, error)
        if not self.lasting:
            self._start(at if since is None else since, error, picture)
        self._last = max(self._last, at)
        if self.counts or self._last - self.begin < self.least:
            return ""
        self.counts = True
        return "begun"

    def _start(self, begin: float, error: float, picture: Picture | None) -> None:
        before = [at for at in self._without if at < begin]
        self.lasting, self.begin, self.picture, self._last = True, begin, picture, begin
        self.begin_error = begin - max(before) + error if before else None

    def _see_none(self, at: float, error: float) -> Literal["over", ""]:
        over = self.counts
        if self.lasting:
            self.end, self.end_error = at, max(0.0, at - self._last) + error
        self._without.append(at)
        self.lasting = self.counts = False
        self.picture = None
        return "over" if over else ""

    @property
    def last(self) -> float:
        """When it was last seen to be so."""
        return self._last
