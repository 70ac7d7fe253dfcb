"""Spans of time as people write them: seconds, or ``"90s"``, ``"30m"``, ``"1.5h"``, ``"2h30m"``."""

from __future__ import annotations

import re

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0}
_SPAN = re.compile(r"(?:\d+(?:\.\d+)?[hms])+")


def seconds(span: float | str) -> float:
    """Return *span* in seconds, or raise ValueError that says how one is written."""
    if not isinstance(span, str):
        return float(span)
    word = "".join(span.split())
    if not _SPAN.fullmatch(word):
        raise ValueError(f"{span!r} is no time; write seconds, or a text such as '90s', '30m', '2h' or '2h30m'")
    return sum(float(number) * _UNITS[unit] for number, unit in re.findall(r"([\d.]+)([hms])", word))


def in_words(span: float) -> str:
    """Return *span* as people say it: ``45 s``, ``30 min``, ``2 h 5 min``."""
    if span < 60:
        return f"{span:.1f} s" if span < 10 and span % 1 else f"{span:.0f} s"
    minutes = round(span / 60)
    hours, minutes = divmod(minutes, 60)
    words = [f"{hours} h"] if hours else []
    words += [f"{minutes} min"] if minutes or not hours else []
    return " ".join(words)
