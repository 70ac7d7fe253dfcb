r"""What came over a line, as text: each piece with its time on CLOCK_MONOTONIC; the oldest lines are forgotten.

Bytes that are no UTF-8 and control characters are written as ``\x00``, what terminals are told (colours, places) is
left out, and a line ends at ``\n``, ``\r\n`` or ``\r``.
"""

from __future__ import annotations

import codecs
import io
import re
import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

SIZE = 8 << 20  # characters that are kept: 12 minutes of a line of 115200 Bd that never rests
_LONGEST = 16384  # characters after which a line is broken: noise may have no end of line
_GRAIN = 0.005  # seconds within which pieces are one
_TERMINAL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-Z\\^-~])")
_BEGUN = re.compile(r"\x1b(?:\[[0-?]{0,32}[ -/]*|\][^\x07\x1b]{0,64}\x1b?|[ -/]*)\Z")  # its rest may come
_SHOWN = {code: f"\\x{code:02x}" for code in (*range(9), *range(11, 32), *range(127, 160))}


class Place(NamedTuple):
    """A line of the transcript, counted from its beginning, and a character in it."""

    line: int
    column: int


class Found(NamedTuple):
    """Where a pattern was found: the line, its groups, when its last character came, and what follows it."""

    text: str
    groups: tuple[str, ...]
    at: float
    end: Place


@dataclass
class _Line:
    """A line; *times* says from which character on it came when."""

    text: str = ""
    times: list[tuple[int, float]] = field(default_factory=list)
    note: bool = False  # ours, about the line itself

    def add(self, text: str, at: float) -> None:
        if not self.times or (text and at - self.times[-1][1] > _GRAIN):
            self.times.append((len(self.text), at))
        self.text += text

    def begin(self, moment: float) -> int | None:
        """Return the first character that came at *moment* or later; None if there is none."""
        return next((column for column, at in self.times if at >= moment), None)

    def at(self, column: int) -> float:
        return next(at for begin, at in reversed(self.times) if begin <= column)


class Transcript:
    """Lines as they come; one thread adds to it, others read."""

    def __init__(self, size: int = SIZE) -> None:
        self.number = -secrets.randbelow(1 << 31) - 1  # tells its places from those of another one
        self._size, self._kept, self._forgotten = size, 0, 0
        self._rest = ""
        self._lines = [_Line()]
        self._decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder("utf-8")("backslashreplace"), True)
        self._changed = threading.Condition()

    def add(self, data: bytes, at: float) -> None:
        """Take what came *at* that time."""
        with self._changed:
            for number, part in enumerate(self._plain(self._decoder.decode(data)).split("\n")):
                if number:
                    self._break(at)
                self._append(part, at)
            self._forget()
            self._changed.notify_all()

    def note(self, text: str, at: float) -> None:
        """Write down what happened to the line itself; it is found by no pattern."""
        with self._changed:
            if self._lines[-1].text:
                self._lines.append(_Line())
            self._lines[-1:] = [_Line(f"-- {text}", [(0, at)], note=True), _Line()]
            self._changed.notify_all()

    def since(self, moment: float) -> str:
        """Return what came from *moment* on, a line each with its time."""
        with self._changed:
            parts = [(line.at(column), line.text[column:]) for _, line, column in self._from(moment)]
        return "\n".join(f"{at:.3f} {text}".rstrip() for at, text in parts)

    def last(self) -> str:
        """Return the last line that says something, empty if there is none."""
        with self._changed:
            return next((line.text for line in reversed(self._lines) if line.text.strip() and not line.note), "")

    def wait_for(self, pattern: re.Pattern[str], start: float | Place, end: float) -> Found | None:
        """Return where *pattern* is first found from *start* on, a time or a place; None if not until *end*."""
        with self._changed:
            place = start if isinstance(start, Place) else self._place(start)
            while True:
                found, place = self._search(pattern, place)
                left = end - time.monotonic()
                if found or left <= 0:
                    return found
                self._changed.wait(left)

    def _search(self, pattern: re.Pattern[str], place: Place) -> tuple[Found | None, Place]:
        """Return what is found from *place* on, and where to go on."""
        for number, line, column in self._after(place):
            match = None if line.note else pattern.search(line.text, column)
            if match:
                groups = tuple(group or "" for group in match.groups())
                at = line.at(max(match.start(), match.end() - 1))
                return Found(line.text, groups, at, Place(number, match.end())), place
            place = Place(number, column)
        return None, place

    def _after(self, place: Place) -> Iterator[tuple[int, _Line, int]]:
        first = max(0, place.line - self._forgotten)
        for number, line in enumerate(self._lines[first:], self._forgotten + first):
            yield number, line, place.column if number == place.line else 0

    def _from(self, moment: float) -> Iterator[tuple[int, _Line, int]]:
        for number, line, column in self._after(self._place(moment)):
            if line.text[column:] or number < self._forgotten + len(self._lines) - 1:
                yield number, line, column

    def _place(self, moment: float) -> Place:
        """Return the first place that came at *moment* or later."""
        place = Place(self._forgotten + len(self._lines) - 1, len(self._lines[-1].text))
        for number in range(len(self._lines) - 1, -1, -1):
            line = self._lines[number]
            column = line.begin(moment)
            if column is not None:
                place = Place(self._forgotten + number, column)
            elif line.times:
                break
        return place

    def _plain(self, text: str) -> str:
        """Return *text* without what terminals are told; what may go on in the next piece waits for it."""
        text, self._rest = _TERMINAL.sub("", self._rest + text), ""
        if begun := _BEGUN.search(text):
            text, self._rest = text[: begun.start()], begun[0]
        return text.translate(_SHOWN)

    def _append(self, text: str, at: float) -> None:
        self._kept += len(text)
        while text:
            room = _LONGEST - len(self._lines[-1].text)
            self._lines[-1].add(text[:room], at)
            text = text[room:]
            if text:
                self._break(at)

    def _break(self, at: float) -> None:
        self._lines[-1].add("", at)  # an empty line has a time, too
        self._lines.append(_Line())
        self._kept += 1

    def _forget(self) -> None:
        if self._kept <= self._size:
            return
        count = 0
        while self._kept > self._size * 3 // 4:  # rarely, then many
            self._kept -= len(self._lines[count].text) + 1
            count += 1
        del self._lines[:count]
        self._forgotten += count
