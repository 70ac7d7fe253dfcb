"""A run as one HTML file that needs nothing else: its verdicts, and of its failures steps, traces and pictures.

It is bounded: what does not fit is counted, and said in it.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pytest_virtualpytest.exceptions import VirtualPytestError
from virtualpytest_dashboard import allure, pages
from virtualpytest_dashboard.attachments import type_of
from virtualpytest_dashboard.details import details
from virtualpytest_dashboard.records import Attachment, Details, Row, Step
from virtualpytest_dashboard.results import Folder

SAFETY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_ROWS = 5000
_FAILURES = 300
_PICTURES = 3  # of one failure
_ROOM = 24 << 20  # characters of all failures
_PICTURE = 3 << 20  # bytes of one picture
_STEPS = 200  # of one failure
_WORDS = 20_000  # characters of one trace or message


@dataclass(frozen=True)
class Failure:
    """One failure: *steps* with how deep each lies, *pictures* as data URIs."""

    test: Details
    steps: Sequence[tuple[int, Step]]
    pictures: Sequence[tuple[Attachment, str]]

    @property
    def size(self) -> int:
        """Return about how many characters it takes."""
        words = sum(len(step.name) + len(step.message) + 300 for _, step in self.steps)
        return words + len(self.test.message) + len(self.test.trace) + sum(len(data) for _, data in self.pictures)


def stream(folder: Folder) -> Iterator[bytes]:
    """Yield the file, a piece at a time."""
    rows = folder.rows()
    bad = [row for row in rows if row.bad]
    context = {
        "run": folder.run(), "rows": rows[:_ROWS], "more": len(rows[_ROWS:]), "bad": len(bad), "safety": SAFETY,
        "failures": _failures(folder, bad), "css": (pages.HERE / "static" / "dashboard.css").read_text("utf-8"),
    }  # fmt: skip
    return pages.pieces("report.html", **context)


def _failures(folder: Folder, bad: Sequence[Row]) -> Iterator[Failure]:
    left = _ROOM
    for row in bad[:_FAILURES]:
        test = details(folder, row.id)
        if test is not None:
            failure = _failure(folder, test)
            left -= failure.size
            if left < 0:
                return
            yield failure


def _failure(folder: Folder, test: Details) -> Failure:
    pictures = [item for item in test.evidence if item.kind == "picture" and 0 < (item.size or 0) <= _PICTURE]
    read = ((item, _data(folder, item)) for item in pictures[:_PICTURES])
    short = replace(test, message=_cut(test.message), trace=_cut(test.trace))
    return Failure(short, list(_flat(test.steps))[:_STEPS], [(item, data) for item, data in read if data])


def _data(folder: Folder, item: Attachment) -> str:
    """Return the picture as a data URI, nothing if it is gone."""
    try:
        data = allure.contents(folder.path / item.source)
    except (OSError, VirtualPytestError):
        return ""
    return f"data:{type_of(item.source)};base64,{base64.b64encode(data).decode()}" if len(data) <= _PICTURE else ""


def _flat(steps: Sequence[Step], depth: int = 0) -> Iterator[tuple[int, Step]]:
    for step in steps:
        yield min(depth, 5), replace(step, name=step.name[:500], message=step.message[:2000])
        yield from _flat(step.steps, depth + 1)


def _cut(words: str) -> str:
    return words if len(words) <= _WORDS else f"{words[:_WORDS]}\n… {len(words) - _WORDS} characters more"
