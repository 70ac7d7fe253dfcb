"""Codes of an infrared remote, in the format of LIRC's configuration: lircd.conf(5).

Where a key that is held sends something shorter than its code, as with NEC's protocol, the code is taken apart into
bits: lircd repeats a code of pulses and spaces (RAW_CODES) only as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pytest_virtualpytest.exceptions import VirtualPytestError
from pytest_virtualpytest.infrared.pronto import Code

_CARRIER = 38_000  # where no code says it
_GAP = 100_000  # microseconds, the same
_ALIKE = 0.05  # so far apart may lengths be that are meant to be one
_NAME = re.compile(r"[^\s#]+")
_BITS = 64  # that lircd takes


@dataclass(frozen=True)
class _Spaced:
    """Codes as bits: each a pulse and one of two spaces; *held* is what is sent while a key is held."""

    header: tuple[int, int]
    pulse: int
    spaces: tuple[int, int]
    trail: int
    held: tuple[int, int]
    bits: int
    words: Sequence[int]


def written(remote: str, codes: Sequence[Code], carrier: int | None = None) -> str:
    """Return *codes* as a remote that is called *remote*, sent on *carrier* hertz if it is given."""
    if not _NAME.fullmatch(remote):
        raise VirtualPytestError(f"{remote!r} is no name of a remote: no blanks, no #")
    spaced = _spaced(codes)
    sort, body = ("SPACE_ENC", _coded(codes, spaced)) if spaced else ("RAW_CODES", _raw(codes))
    constant, gaps = _gaps(codes)
    head = [f"name       {remote}", f"flags      {sort}{'|CONST_LENGTH' if constant else ''}", "eps        30"]
    head += ["aeps       100", f"frequency  {carrier or _common(codes)}", *gaps]
    return "\n".join(["begin remote", *(f"  {line}" for line in [*head, *body]), "end remote", ""])


def _coded(codes: Sequence[Code], spaced: _Spaced) -> Iterator[str]:
    zero, one = spaced.spaces
    yield f"bits       {spaced.bits}"
    yield f"header     {spaced.header[0]} {spaced.header[1]}"
    yield f"one        {spaced.pulse} {one}"
    yield f"zero       {spaced.pulse} {zero}"
    yield f"ptrail     {spaced.trail}"
    yield f"repeat     {spaced.held[0]} {spaced.held[1]}"
    yield "begin codes"
    for code, word in zip(codes, spaced.words, strict=True):
        yield f"    {code.key}  0x{word:0{-(-spaced.bits // 4)}X}"
    yield "end codes"


def _raw(codes: Sequence[Code]) -> Iterator[str]:
    yield "begin raw_codes"
    for code in codes:
        yield f"    name {code.key}"
        frame = _frame(code.once)
        for place in range(0, len(frame), 8):
            yield "    " + "".join(f"{length:8d}" for length in frame[place : place + 8])
    yield "end raw_codes"


def _spaced(codes: Sequence[Code]) -> _Spaced | None:
    """Return *codes* as bits; None if they are not made of such, or nothing shorter is sent while a key is held."""
    frames, held = [_frame(code.once) for code in codes], [_frame(code.repeated) for code in codes]
    bits = len(frames[0]) // 2 - 1
    sizes = ({len(frame) for frame in held}, {len(frame) for frame in frames})
    if sizes != ({3}, {2 * bits + 3}) or not 0 < bits <= _BITS:
        return None
    pulses, spaces = ([length for frame in frames for length in frame[place:-1:2]] for place in (2, 3))
    middle = (min(spaces) + max(spaces)) / 2
    long, short = [one for one in spaces if one > middle], [one for one in spaces if one <= middle]
    columns = [[frame[place] for frame in frames] for place in (0, 1, -1)]
    columns += [[frame[place] for frame in held] for place in (0, 1)]
    if not all(map(_alike, [pulses, short, long or short, *columns])):
        return None
    words = [int("".join("01"[one > middle] for one in frame[3:-1:2]), 2) for frame in frames]
    first, second, trail, pulse, space = map(_mean, columns)
    both = (_mean(short), _mean(long or short))
    return _Spaced((first, second), _mean(pulses), both, trail, (pulse, space), bits, words)


def _gaps(codes: Sequence[Code]) -> tuple[bool, list[str]]:
    """Return whether frames begin at equal distances, whatever their length, and the lines that say how far apart."""
    once = [code.once for code in codes if len(code.once) % 2 == 0]
    again = [code.repeated for code in codes if code.repeated and len(code.repeated) % 2 == 0]
    totals, lasts = [sum(lengths) for lengths in [*once, *again]], [lengths[-1] for lengths in [*once, *again]]
    if totals and _alike(totals) and not _alike(lasts):
        return True, [f"gap        {max(totals)}"]
    gap = max((lengths[-1] for lengths in once), default=_GAP)
    repeated = max((lengths[-1] for lengths in again), default=gap)
    return False, [f"gap        {gap}", *([f"repeat_gap {repeated}"] if repeated != gap else [])]


def _common(codes: Sequence[Code]) -> int:
    known = [code.carrier for code in codes if code.carrier]
    if known and not _alike(known):
        raise VirtualPytestError(f"carriers from {min(known)} to {max(known)} Hz; a remote of LIRC's has one")
    return _mean(known) if known else _CARRIER


def _frame(lengths: Sequence[int]) -> Sequence[int]:
    """Return *lengths* from the first pulse to the last."""
    return lengths[:-1] if len(lengths) % 2 == 0 else lengths


def _alike(lengths: Sequence[int]) -> bool:
    return max(lengths) - min(lengths) <= _ALIKE * max(lengths)


def _mean(lengths: Sequence[int]) -> int:
    return round(sum(lengths) / len(lengths))
