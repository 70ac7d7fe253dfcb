"""Find a text among lines that were read: whatever alphabet, and saying how near the nearest is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pytest_virtualpytest.targets import Text
from virtualpytest_host.vision.ocr import Word
from virtualpytest_host.vision.reading import Line

_PRINT = str.maketrans({**dict.fromkeys("‘’‚‛′`", "'"), **dict.fromkeys("“”„‟″", '"'), **dict.fromkeys("‐‑‒–—―−", "-")})
_ALIKE = str.maketrans({**dict.fromkeys("1I|", "l"), **dict.fromkeys("O", "0")})
_ALIKE_FOLDED = str.maketrans({**dict.fromkeys("1i|", "l"), **dict.fromkeys("o", "0")})
_FAR = 1 << 20


@dataclass(frozen=True)
class Hit:
    """A place in what was read, the words there, and how many letters differ from what was looked for."""

    words: Sequence[Word]
    apart: int


def normal(text: str, rules: Text) -> str:
    """Return *text* as *rules* compare it."""
    text = _plain(text, rules)
    if not rules.case:
        text = unicodedata.normalize("NFKC", text.casefold())
    if rules.fold:
        text = text.translate(_ALIKE if rules.case else _ALIKE_FOLDED)
    return "\n".join(" ".join(line.split()) for line in text.strip().split("\n"))


def _plain(text: str, rules: Text) -> str:
    """Return *text* with what is the same letter to a reader written the same way."""
    text = unicodedata.normalize("NFKC", text)
    if not rules.accents:
        bare = (letter for letter in unicodedata.normalize("NFKD", text) if unicodedata.category(letter) != "Mn")
        text = unicodedata.normalize("NFKC", "".join(bare))
    return text.translate(_PRINT)


class Page:
    """Lines as one text; *of* tells which word each letter belongs to."""

    def __init__(self, lines: Sequence[Line], rules: Text) -> None:
        self._rules = rules
        self.text = ""
        self.of: list[Word | None] = []
        for line in lines:
            self._add("\n" if self.text else "", None)
            for before, word in pairwise([None, *line]):
                letters = normal(word.text, rules) if word else ""
                self._add(" " if before and self._apart(letters) else "", None)
                self._add(letters, word)

    def find(self) -> list[Hit]:
        """Return every place of the text, or of what matches the pattern, none overlapping another."""
        if self._rules.pattern is not None:
            return [self._hit(*match.span(), 0) for match in self._matches(self._rules.pattern)]
        wanted = normal(self._rules.text, self._rules)
        return list(self._exactly(wanted)) or (list(self._nearly(wanted)) if self._rules.distance else [])

    def nearest(self) -> Hit | None:
        """Return the place that is most like the text; None where nothing was read, or for a pattern."""
        if self._rules.pattern is not None or not self.text:
            return None
        wanted = normal(self._rules.text, self._rules)
        inside = self.text.find(wanted)
        if inside >= 0:
            return self._hit(inside, inside + len(wanted), 0)
        hits = (self._hit(begin, end, apart) for apart, begin, end in self._bounded(wanted))
        return next((hit for hit in hits if hit.words), None)

    def _add(self, letters: str, word: Word | None) -> None:
        self.text += letters
        self.of += [word] * len(letters)

    def _apart(self, letters: str) -> bool:
        """Tell whether a blank stands between what was read last and *letters*: not in Chinese."""
        return not (self.text and letters and _spaceless(self.text[-1]) and _spaceless(letters[0]))

    def _matches(self, pattern: str) -> Iterator[re.Match[str]]:
        flags = re.MULTILINE | (0 if self._rules.case else re.IGNORECASE)
        return (match for match in re.finditer(_plain(pattern, self._rules), self.text, flags) if match[0])

    def _exactly(self, wanted: str) -> Iterator[Hit]:
        at = self.text.find(wanted)
        while at >= 0:
            end = at + len(wanted)
            whole = self._boundary(at) and self._boundary(end)
            if whole:
                yield self._hit(at, end, 0)
            at = self.text.find(wanted, end if whole else at + 1)

    def _nearly(self, wanted: str) -> Iterator[Hit]:
        taken: list[tuple[int, int]] = []
        for apart, begin, end in self._bounded(wanted):
            if apart <= self._rules.distance and all(end <= left or begin >= right for left, right in taken):
                taken.append((begin, end))
                yield self._hit(begin, end, apart)

    def _bounded(self, wanted: str) -> list[tuple[int, int, int]]:
        """Return how far each row of whole words is from *wanted*, where it begins and ends; the nearest first."""
        bounds = [self._boundary(at) for at in range(len(self.text) + 1)]
        ends = enumerate(_ends(wanted, self.text, bounds))
        rows = [(apart, begin, end) for end, (apart, begin) in ends if bounds[end] and end > begin]
        return sorted(rows, key=lambda row: (row[0], row[1], -row[2]))

    def _boundary(self, at: int) -> bool:
        """Tell whether a word may begin or end at *at*."""
        return not 0 < at < len(self.text) or not (_joined(self.text[at - 1]) and _joined(self.text[at]))

    def _hit(self, begin: int, end: int, apart: int) -> Hit:
        words = dict.fromkeys(word for word in self.of[begin:end] if word is not None)
        return Hit(list(words), apart)


def _ends(wanted: str, text: str, begins: Sequence[bool]) -> list[tuple[int, int]]:
    """Return, for each place in *text*, how far what ends there is from *wanted*, and where that begins.

    Distance is letters to change, add or leave out; what begins elsewhere than at *begins* is far away.
    """
    row = [(at, 0) for at in range(len(wanted) + 1)]
    found = [row[-1]]
    for at, letter in enumerate(text, 1):
        fresh = [(0 if begins[at] else _FAR, at)]
        for place, other in enumerate(wanted):
            changed = row[place][0] + (letter != other), row[place][1]
            added, left = (row[place + 1][0] + 1, row[place + 1][1]), (fresh[place][0] + 1, fresh[place][1])
            fresh.append(min(changed, added, left, key=_first))
        row = fresh
        found.append(row[-1])
    return found


def _first(cell: tuple[int, int]) -> int:
    return cell[0]


def _joined(letter: str) -> bool:
    return letter.isalnum() and not _spaceless(letter)


def _spaceless(letter: str) -> bool:
    """Tell whether *letter* is of a script that writes without blanks between words."""
    code = ord(letter)
    return (
        0x0E00 <= code <= 0x0EFF or 0x1000 <= code <= 0x109F or 0x1780 <= code <= 0x17FF
        or 0x3040 <= code <= 0x30FF or 0x3400 <= code <= 0x9FFF or 0x20000 <= code <= 0x3FFFF
    )  # fmt: skip
