"""Any text on the keyboard of an X display.

What a key has, with or without Shift, is typed by that key, whatever the layout. Every other character (é, 你, 😀) is
lent one of the keys that have nothing: a program learns of that before it hears the key, and asks for its character.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

from pytest_virtualpytest.exceptions import DeviceError

PACE = 0.05  # seconds that a character may take
_SETTLED = 0.5  # seconds after which a program has looked up the characters of the keys that it has heard
_UNICODE = 0x01000000  # what keysyms of characters beyond Latin-1 begin with
_MARKS = {"\n": 0xFF0D, "\r": 0xFF0D, "\t": 0xFF09, "\b": 0xFF08, "\x1b": 0xFF1B, "\x7f": 0xFFFF}
_SHIFT = 0xFFE1


class Typist:
    """Knows the keys of the display of *connection* as they are now."""

    def __init__(self, connection: Any) -> None:
        from Xlib import X
        from Xlib.ext import xtest

        self._connection, self._fake, self._sides = connection, xtest.fake_input, (X.KeyRelease, X.KeyPress)
        first, last = connection.display.info.min_keycode, connection.display.info.max_keycode
        rows = connection.get_keyboard_mapping(first, last - first + 1)
        self._width = len(rows[0])
        self._places: dict[int, tuple[int, bool]] = {}  # of a keysym: its key, and whether it needs Shift
        for code, row in reversed(list(enumerate(rows, first))):
            self._places.update({symbol: (code, bool(level)) for level, symbol in reversed(list(enumerate(row[:2])))})
        self._places.pop(0, None)
        self._spare = [code for code, row in enumerate(rows, first) if not any(row) or _is_lent(row)]
        self._own = {symbol for symbol, (code, _) in self._places.items() if code not in self._spare}

    def enter(self, text: str) -> None:
        """Type *text*."""
        for piece in self._pieces([_symbol(character) for character in text]):
            self._lend(piece)
            for symbol in piece:
                self._strike(symbol)
            self._connection.sync()

    def turn(self, name: str | int, *, down: bool) -> None:
        """Have a key go *down* or up, by its keysym."""
        if isinstance(name, str):
            raise DeviceError(f"desktop: the keyboard of this display has no key {name!r}")
        self._lend([name])
        self._fake(self._connection, self._sides[down], self._places[name][0])
        self._connection.sync()

    def _pieces(self, symbols: Sequence[int]) -> Iterable[list[int]]:
        """Cut *symbols* so that the strange ones of each piece find a key."""
        piece, lent = list[int](), set[int]()
        for symbol in symbols:
            more = lent if symbol in self._own else lent | {symbol}
            if len(more) > len(self._spare):
                yield piece
                piece, more = [], {symbol}
            piece.append(symbol)
            lent = more
        yield piece

    def _lend(self, symbols: Iterable[int]) -> None:
        """Give each of *symbols* that no key has a spare one."""
        wanted = set(symbols)
        strange = sorted(wanted - self._places.keys())
        needed = {self._places[symbol][0] for symbol in wanted - set(strange)}
        lent = {code for code, _ in self._places.values()}
        idle = [code for code in self._spare if code not in needed]
        free = sorted(idle, key=lambda code: code in lent)[: len(strange)]
        if len(strange) > len(free):
            raise DeviceError("desktop: the keyboard of this display has no spare key for what none of its keys has")
        if lent & set(free):
            time.sleep(_SETTLED)  # they are lent anew: nothing tells when a program has looked up what it has heard
        for symbol, code in zip(strange, free, strict=True):
            self._places = {known: place for known, place in self._places.items() if place[0] != code}
            self._connection.change_keyboard_mapping(code, [[symbol] * self._width])
            self._places[symbol] = code, False
        if strange:
            self._connection.sync()

    def _strike(self, symbol: int) -> None:
        code, shifted = self._places[symbol]
        shift = self._places[_SHIFT][0] if shifted else 0
        strokes = [(shift, 1), (code, 1), (code, 0), (shift, 0)] if shifted else [(code, 1), (code, 0)]
        for one, down in strokes:
            self._fake(self._connection, self._sides[down], one)


def _symbol(character: str) -> int:
    """Return the keysym of *character* (X11's appendix A)."""
    if character in _MARKS:
        return _MARKS[character]
    number = ord(character)
    if number < 0x20 or 0x7F <= number < 0xA0:
        raise DeviceError(f"desktop: no key enters {character!r}")
    return number if number <= 0xFF else _UNICODE | number


def _is_lent(row: Sequence[int]) -> bool:
    """Tell whether a key has been lent a character here: the same one with and without Shift, in every group."""
    return len(set(row[:4])) == 1 and (0xA0 <= row[0] <= 0xFF or _UNICODE < row[0] <= _UNICODE | 0x10FFFF)
