"""All that happened in a test on one line of time: steps, pictures, log and sound level. Places are per cents."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from virtualpytest_dashboard.records import Attachment, Details, Step

_LINES = 400  # of logs
_MARKS = 600  # of each sort
_LINE = re.compile(r"\s*(\d{1,7}\.\d{1,6})\s+(.*)")  # seconds since the device was the test's, as evidence writes them
_COMPARED = (("reference", "expected"), ("nearest", "actual"), ("difference", "diff"))
_SAMPLE = re.compile(r"(-?\d+(?:\.\d+)?) dBFS")


@dataclass(frozen=True)
class Moment:
    """Something at *at* for *took* milliseconds; *source* is the file to look at, *status* that of a step."""

    sort: str
    at: int
    words: str
    took: int = 0
    status: str = ""
    source: str = ""
    depth: int = 0
    x: float = 0.0
    width: float = 0.0


@dataclass(frozen=True)
class Lane:
    """The moments of one sort."""

    sort: str
    moments: Sequence[Moment]


def lanes(test: Details) -> Sequence[Lane]:
    """Return what is known of *test* by sort, each in the order of time; nothing where the times are not known."""
    row = test.row
    if not row.start or row.stop <= row.start:
        return ()
    found = {
        "steps": _steps(test.steps), "pictures": _pictures(test), "log": _log(test), "sound": _sound(test),
    }  # fmt: skip
    sorts = ((sort, [_placed(one, row.start, row.stop) for one in _some(moments)]) for sort, moments in found.items())
    return [Lane(sort, moments) for sort, moments in sorts if moments]


def ordered(found: Iterable[Lane]) -> Sequence[Moment]:
    """Return the moments of all lanes in the order of time."""
    return sorted((one for lane in found for one in lane.moments), key=lambda one: one.at)


def _some(moments: Iterable[Moment]) -> Sequence[Moment]:
    return sorted(moments, key=lambda one: one.at)[:_MARKS]


def _placed(one: Moment, start: int, stop: int) -> Moment:
    span = stop - start
    x = min(max(100 * (one.at - start) / span, 0.0), 99.6)
    width = min(max(100 * one.took / span, 0.4), 100 - x)
    return replace(one, x=round(x, 2), width=round(width, 2))


def _steps(steps: Iterable[Step], depth: int = 0) -> Iterator[Moment]:
    for step in steps:
        if step.start:
            yield Moment("step", step.start, step.name, step.duration, step.status or "unknown", depth=depth)
        yield from _steps(step.steps, depth + 1)


def _pictures(test: Details) -> Iterator[Moment]:
    """Yield the pictures and clips: those of a step when it began, those of the test at its end."""
    for item in test.evidence:
        if item.kind in ("picture", "clip") and item.size is not None:
            yield Moment(item.kind, item.at or test.row.stop, item.name, source=item.source)


def _log(test: Details) -> Iterator[Moment]:
    for item in test.attachments:
        lines = (match for line in item.text.splitlines()[:_LINES] if (match := _LINE.fullmatch(line)))
        for match in lines:
            yield Moment("log", test.row.start + int(float(match[1]) * 1000), match[2], source=item.source)


def _sound(test: Details) -> Iterator[Moment]:
    for item in test.attachments:
        if "sound level" in item.name.lower() and _SAMPLE.search(item.text):
            yield Moment("sound", test.row.stop, item.text.strip()[:200], source=item.source)


def compared(evidence: Sequence[Attachment]) -> Sequence[Attachment]:
    """Return the reference, what was there instead, and their difference if that was kept; nothing without both."""
    pictures = [item for item in evidence if item.kind == "picture" and item.size is not None]
    found = [next((item for item in pictures if _named(item, words)), None) for words in _COMPARED]
    return [item for item in found if item] if all(found[:2]) else []


def _named(item: Attachment, words: Sequence[str]) -> bool:
    return any(word in item.name.lower() for word in words)
