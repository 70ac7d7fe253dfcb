"""Quantities as people write them, such as ``2 Mbit/s``, ``80 ms`` and ``1.5 %``, or as plain numbers."""

from __future__ import annotations

import re

from pytest_virtualpytest.exceptions import VirtualPytestError

_WORDS = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(\D*?)\s*")
_RATES = {"bit/s": 1.0, "kbit/s": 1e3, "Mbit/s": 1e6, "Gbit/s": 1e9}
_TIMES = {"us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0}
_SHARES = {"%": 1e-2, "‰": 1e-3}


def rate(value: str | float, name: str) -> float:
    """Return the bits a second that *value* says; *name* is what an error calls it."""
    return _number(value, _RATES, name, "bits a second or a text such as '2 Mbit/s'")


def seconds(value: str | float, name: str) -> float:
    """Return the seconds that *value* says."""
    return _number(value, _TIMES, name, "seconds or a text such as '80 ms'")


def share(value: str | float, name: str) -> float:
    """Return the fraction of 1 that *value* says."""
    found = _number(value, _SHARES, name, "a fraction of 1 or a text such as '2 %'")
    if found > 1 or (value == 1 and not isinstance(value, str)):
        raise VirtualPytestError(f"{name} {value!r} is doubtful; wanted a fraction below 1, or a text such as '2 %'")
    return found


def _number(value: str | float, units: dict[str, float], name: str, wanted: str) -> float:
    found = _WORDS.fullmatch(value) if isinstance(value, str) else None
    if found is not None and found[2] in units:
        return float(found[1]) * units[found[2]]
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < float("inf"):
        return float(value)
    known = ", ".join(units)
    raise VirtualPytestError(f"{name} {value!r} is none; wanted {wanted} (units: {known})")
