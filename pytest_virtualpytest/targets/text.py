"""The target that reads."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from pytest_virtualpytest.exceptions import VirtualPytestError
from pytest_virtualpytest.models import Region
from pytest_virtualpytest.targets.colours import Colour, rgb
from pytest_virtualpytest.targets.target import Target

_LANGUAGES = re.compile(r"[A-Za-z0-9_-]+(\+[A-Za-z0-9_-]+)*")


@dataclass(frozen=True)
class Text(Target):
    """Words on the screen: *text*, or a regular expression as *pattern*.

    Both are compared in Unicode's NFKC, with upper and lower case alike unless *case*, accents told apart
    unless *accents* is false, whole words only; curly quotes and long dashes are like straight and short ones.
    *distance* is how many letters may be read wrong; *fold* makes look-alikes equal: ``l1I|`` and ``0O``.
    *lang* is the language to read, in Tesseract's words (``deu``, ``eng+rus``): the device's, if left out.
    *colour* is that of the letters, where their background does not let them stand out. *confidence* is how sure
    the reading of each word must be, 0..1.
    """

    kind = "text"
    text: str = ""
    region: Region | None = None
    lang: str | None = None
    pattern: str | None = None
    case: bool = False
    accents: bool = True
    distance: int = 0
    fold: bool = False
    colour: Colour | None = None
    confidence: float = 0.3

    def __post_init__(self) -> None:
        if self.colour is not None:
            object.__setattr__(self, "colour", rgb(self.colour, str(self)))
        self._check_words()
        if self.lang is not None and not _LANGUAGES.fullmatch(self.lang):
            raise VirtualPytestError(f"{self}: {self.lang!r} is no language; write lang='eng', or 'eng+deu'")
        if not 0 <= self.confidence <= 1:
            raise VirtualPytestError(f"{self}: confidence {self.confidence} is not within 0..1")

    def _check_words(self) -> None:
        if (self.pattern is None) == (not self.text):
            raise VirtualPytestError(f"{self}: give either a text or a pattern")
        if self.pattern is not None:
            return self._check_pattern(self.pattern)
        length = len("".join(unicodedata.normalize("NFKC", self.text).split()))
        if not length:
            raise VirtualPytestError(f"{self}: a text of blanks is on every screen, and on none")
        if not 0 <= self.distance < length:
            raise VirtualPytestError(
                f"{self}: distance {self.distance} of {length} letters; from 0 to {length - 1} would tell texts apart"
            )
        return None

    def _check_pattern(self, pattern: str) -> None:
        try:
            empty = re.search(pattern, "")
        except re.error as error:
            raise VirtualPytestError(f"{self}: no regular expression: {error}") from None
        if empty:
            raise VirtualPytestError(f"{self}: the pattern matches nothing at all too: it would always be true")
        if self.distance or self.fold:
            raise VirtualPytestError(f"{self}: distance and fold go with a text; a pattern says itself what may differ")

    def __str__(self) -> str:
        return f"text {self.text!r}" if self.pattern is None else f"text /{self.pattern}/"
