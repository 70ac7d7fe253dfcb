"""Everything about one test, for its own page."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from pytest_virtualpytest.exceptions import VirtualPytestError
from virtualpytest_dashboard import allure, journal, rows
from virtualpytest_dashboard.figures import measured
from virtualpytest_dashboard.records import Attachment, Details, Row, Step
from virtualpytest_dashboard.results import Folder

_PREVIEW = 64 << 10
_NOISE = "::<lambda>"  # what pytest's own finalizers leave behind


def details(folder: Folder, identity: str) -> Details | None:
    """Return the test *identity* of the run in *folder*, or one of its earlier attempts."""
    found = folder.attempt(identity)
    if found is None:
        return None
    row, newest = found
    attempts = (newest, *newest.earlier) if newest.earlier else ()
    try:
        document = allure.read(folder.path / row.file) if row.file else {}
    except VirtualPytestError:  # removed since the run was read
        return None
    return _details(folder, document, row, attempts)


def _details(folder: Folder, document: allure.Document, row: Row, attempts: Sequence[Row]) -> Details:
    fill = _filler(folder.path)
    message, trace = allure.details(document)
    own = [fill(item) for item in allure.attachments(document)]
    containers = folder.containers(row.id) if row.file else []
    return Details(
        row=row,
        description=allure.text(document.get("description") or document.get("descriptionHtml")).strip(),
        message=message or row.message,
        trace=trace,
        parameters=allure.parameters(document),
        labels=allure.labels(document),
        links=allure.links(document),
        evidence=[fill(item) for item in rows.evidence(document)],
        attachments=[item for item in own if item.kind in ("text", "file")],
        before=[_filled(step, fill) for step in _fixtures(containers, "befores", row.id)],
        steps=[_filled(step, fill) for step in allure.steps(document.get("steps"))],
        after=[_filled(step, fill) for step in _fixtures(containers, "afters", row.id)],
        measurements=measured(_verdict(folder, row, attempts)) if row.file else [],
        attempts=attempts,
    )


def _verdict(folder: Folder, row: Row, attempts: Sequence[Row]) -> allure.Document:
    later = [attempt.start for attempt in attempts if attempt.start > row.start]
    return journal.verdict(folder.told(), row, min(later, default=0))


def _fixtures(containers: Iterable[allure.Document], key: str, test: str) -> Iterator[Step]:
    for container in containers:
        steps = [step for step in allure.steps(container.get(key)) if not step.name.endswith(_NOISE)]
        yield from _own(steps, container.get("children"), test)


def _own(steps: Sequence[Step], children: object, test: str) -> Sequence[Step]:
    """Return those of *steps* that were done for *test*: a setup that failed is there once for each attempt."""
    again = len({step.name for step in steps}) < len(steps)
    if not again or not isinstance(children, list) or len(children) != len(steps) or test not in children:
        return steps
    return [steps[children.index(test)]]


def _filled(step: Step, fill: Callable[[Attachment], Attachment]) -> Step:
    attachments = tuple(fill(item) for item in step.attachments)
    return replace(step, attachments=attachments, steps=tuple(_filled(inner, fill) for inner in step.steps))


def _filler(folder: Path) -> Callable[[Attachment], Attachment]:
    """Return what adds its size, and the beginning of a text, to an attachment in *folder*."""

    def fill(item: Attachment) -> Attachment:
        size = size_of(folder, item.source)
        if size is None or not _readable(item):
            return replace(item, size=size)
        text = _beginning(folder / item.source)
        return replace(item, size=size, text=_pretty(text, item.source), rest=max(0, size - _PREVIEW))

    return fill


def _beginning(path: Path) -> str:
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            return file.read(_PREVIEW).decode("utf-8", "replace")
    except OSError:  # not ours to read, or removed a moment ago
        return ""


def _readable(item: Attachment) -> bool:
    plain = item.type.startswith("text/plain") and "." not in item.source
    return item.kind == "text" or plain


def _pretty(text: str, source: str) -> str:
    if not source.endswith(".json"):
        return text
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False).encode("utf-8", "replace").decode()
    except (ValueError, RecursionError):
        return text


def size_of(folder: Path, source: str) -> int | None:
    """Return the size of the file that an attachment names, None if it is none that may be shown."""
    if not rows.SAFE.fullmatch(source) or source.startswith("."):
        return None
    try:
        state = (folder / source).stat(follow_symlinks=False)
    except OSError:
        return None
    return state.st_size if stat.S_ISREG(state.st_mode) else None
