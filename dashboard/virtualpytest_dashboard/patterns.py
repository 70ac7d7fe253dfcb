"""Regular expressions that somebody else wrote: whatever they are, they cost little."""

from __future__ import annotations

import math
import re
import time

import regex

from pytest_virtualpytest.exceptions import VirtualPytestError

_SECONDS = 0.3  # that one match may take, and the work of all slow ones until the pattern is given up
_SLOW = 0.01
_LONGEST = 1000  # characters of a pattern, and how often its counted repetitions say it, nested or not
_COUNTED = re.compile(r"\{\s*(\d*)\s*,?\s*(\d*)\s*\}")


class Pattern:
    """The pattern *words*, a VirtualPytestError if it is none; one that is too slow fits nothing any more."""

    def __init__(self, words: str) -> None:
        _check(words)
        try:
            self._compiled = regex.compile(words, regex.DOTALL)
        except (regex.error, OverflowError, RecursionError, ValueError) as error:
            raise VirtualPytestError(f"{words[:60]!r} is no regular expression: {error}") from error
        self._words, self._left = words, _SECONDS

    def __repr__(self) -> str:
        return repr(self._words)

    @property
    def slow(self) -> bool:
        """Whether it was given up."""
        return self._left <= 0

    def fits(self, text: str) -> bool:
        """Tell whether all of *text* is what it describes."""
        if self.slow:
            return False
        began = time.thread_time()
        try:
            return self._compiled.fullmatch(text, timeout=_SECONDS, concurrent=True) is not None
        except TimeoutError:
            return False
        finally:
            work = time.thread_time() - began
            self._left -= work if work > _SLOW else 0.0


def _check(words: str) -> None:
    """Refuse what would take a lot of memory: counted repetitions are written out when a pattern is compiled."""
    counts = _COUNTED.findall(words) if len(words) <= _LONGEST else []
    times = math.prod(max(int(low or 1), int(high or 1), 1) for low, high in counts)
    if len(words) > _LONGEST or times > _LONGEST:
        raise VirtualPytestError(f"{words[:60]!r} is too long, or repeats too much, for a rule")
