"""Infrared codes as people publish them: Pronto's words, or pulses and spaces.

A line of a file is a key and its code, as Pronto's hexadecimal words or as microseconds::

    POWER: 0000 006D 0022 0002 0157 00AC ...
    OK = 9000 4500 560 560 ...
    MENU +9000 -4500 +560 ...

Pronto's words are the kind (0000: as it was learned), the carrier's period in units of 0.241246 microseconds, the
number of pairs sent once and of those repeated, and then the pairs, a pulse and a space each, in periods of the
carrier. Microseconds are pulses and spaces by turns, a pulse first, as LIRC's mode2 shows them too (``pulse 9000``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from pytest_virtualpytest.exceptions import VirtualPytestError

_UNIT = 0.241246  # microseconds
_LINE = re.compile(r"\s*(?P<key>[^\s:=,;#]+)\s*[:=,;\s]\s*(?P<code>[0-9A-Fa-f+\-].*)")
_BARE = re.compile(r"\s*0000(\s+[0-9A-Fa-f]{4})+\s*")
_MODE2 = re.compile(r"\s*(pulse|space|timeout|carrier)\s+(\d+)\s*$")
_MOST = 2000  # pulses and spaces: more is a recording, not a key


@dataclass(frozen=True)
class Code:
    """A key's pulses and spaces by turns, in microseconds: what a press sends, and what is repeated after it."""

    key: str
    once: Sequence[int]
    repeated: Sequence[int] = field(default=())
    carrier: int | None = None


def read(text: str, key: str) -> list[Code]:
    """Return the codes in *text*; one without a key, or as mode2 shows it, is that of *key*."""
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.split("#", 1)[0].strip()]
    if lines and all(_MODE2.match(line) for _, line in lines):
        return [_mode2(key, [line for _, line in lines])]
    if len(lines) == 1 and _BARE.fullmatch(lines[0][1]):
        return [_code(lines[0][0], f"{key}: {lines[0][1]}")]
    codes = [_code(number, line) for number, line in lines]
    if not codes:
        raise VirtualPytestError("no code in it: a line is a key and its code, such as 'OK: 0000 006D 0022 0002 ...'")
    if twice := {one.key for one in codes if sum(one.key == other.key for other in codes) > 1}:
        raise VirtualPytestError(f"two codes for {min(twice)!r}; give one of them another name")
    return codes


def _code(number: int, line: str) -> Code:
    found = _LINE.fullmatch(line.rstrip())
    if not found:
        raise VirtualPytestError(f"line {number}: {line.strip()[:40]!r} is no key with its code")
    words = found["code"].replace(",", " ").split()
    try:
        pronto = len(words) >= 4 and all(re.fullmatch("[0-9A-Fa-f]{4}", word) for word in words)
        return _pronto(found["key"], [int(word, 16) for word in words]) if pronto else _raw(found["key"], words)
    except ValueError as error:
        raise VirtualPytestError(f"line {number}: {found['key']}: {error}") from error


def _pronto(key: str, words: Sequence[int]) -> Code:
    kind, period, once, repeated, *pairs = words
    if kind != 0:
        raise ValueError(f"code of kind {kind:04X}; only those as learned, 0000, say their pulses")
    if period == 0 or len(pairs) != 2 * (once + repeated) or not pairs or 0 in pairs:
        raise ValueError(f"{once} + {repeated} pairs announced, {len(pairs) / 2:g} there; or a word is 0")
    lengths = [round(word * period * _UNIT) for word in pairs]
    first, again = lengths[: 2 * once], lengths[2 * once :]
    return Code(key, first or again, again if first else (), round(1_000_000 / (period * _UNIT)))


def _raw(key: str, words: Sequence[str]) -> Code:
    numbers = [int(word) for word in words]
    if any((number < 0) != bool(place % 2) for place, number in enumerate(numbers)) and min(numbers) < 0:
        raise ValueError("pulses are positive and spaces negative, by turns")
    lengths = [abs(number) for number in numbers]
    if not 1 <= len(lengths) <= _MOST or 0 in lengths:
        raise ValueError(f"{len(lengths)} lengths in microseconds; wanted 1 to {_MOST}, none of them 0")
    return Code(key, lengths)


def _mode2(key: str, lines: Sequence[str]) -> Code:
    """Return the first frame in what mode2 prints; the space before it is not the key's."""
    found = [match.groups() for line in lines if (match := _MODE2.match(line))]
    carrier = next((int(length) for word, length in found if word == "carrier"), None)
    lengths = [(word == "pulse", int(length)) for word, length in found if word in {"pulse", "space", "timeout"}]
    while lengths and not lengths[0][0]:
        del lengths[0]
    end = next((place for place, (pulse, length) in enumerate(lengths) if not pulse and length > 15_000), len(lengths))
    frame = [length for _, length in lengths[: end + 1]]
    if not frame or any(pulse == bool(place % 2) for place, (pulse, _) in enumerate(lengths[: end + 1])):
        raise VirtualPytestError("pulses and spaces do not come by turns")
    return Code(key, frame, carrier=carrier)
