"""One row for each result, and retries folded into the newest attempt."""

from __future__ import annotations

import hashlib
import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from virtualpytest_dashboard import allure, causes, fingerprints, labels
from virtualpytest_dashboard.records import BOTH, RANK, Attachment, Row

SAFE = re.compile(r"[A-Za-z0-9._-]{1,100}")
_PLACE = re.compile(r" at 0x[0-9a-fA-F]+")  # where an object lay in memory, as its repr says


def row(document: allure.Document, file: str, rules: Sequence[causes.Category]) -> Row:
    """Return what lists show of the result in *document*."""
    said = labels.of(document)
    verdict = _verdict(document, said)
    message, trace = allure.details(document)
    category, cause = causes.judge(verdict, message, trace, rules, next(iter(said.get("cause", ())), ""))
    full_name = allure.text(document.get("fullName"))
    devices, hosts = zip(*_places(said), strict=True)
    bad = RANK[verdict] < RANK["running"]
    return Row(
        id=_identity(document, file),
        name=allure.text(document.get("name")) or full_name or "unnamed",
        verdict=verdict,
        full_name=full_name,
        category=category,
        cause=cause,
        device=BOTH.join(devices),
        host=BOTH.join(hosts if len(set(hosts)) > 1 else hosts[:1]),
        message=message,
        start=allure.time(document.get("start")),
        stop=allure.time(document.get("stop")),
        picture=_picture(document) if bad else "",
        key=_key(document),
        file=file,
        alike=fingerprints.of(message, *devices, *hosts) if bad else "",
        labels=labels.filed(said),
    )


def _identity(document: allure.Document, file: str) -> str:
    """Return a name that can stand in an address: the uuid, or one made of the file's name."""
    said = allure.text(document.get("uuid"))
    return said if SAFE.fullmatch(said) else hashlib.sha256(file.encode()).hexdigest()[:32]


def _places(said: labels.Labels) -> list[tuple[str, str]]:
    """Return each device with its host; without a device, the machine that allure-pytest labels, after ours."""
    devices, hosts = said.get("device", ()), [*said.get("host", ()), ""]
    pairs = itertools.zip_longest(devices, hosts[: len(devices)], fillvalue="")
    return list(dict.fromkeys(pairs)) or [("", hosts[0])]


def _verdict(document: allure.Document, labels: labels.Labels) -> str:
    """Return the status, but for tests that hung, and for those without history: allure-pytest writes "passed" then."""
    said = allure.status(document)
    if said == "broken" and "hung" in labels.get("ended", ()):
        return "hung"
    return "interrupted" if said == "passed" and not document.get("historyId") else said


def _key(document: allure.Document) -> tuple[object, ...]:
    """Return what is equal for the attempts of one test, and for nothing else.

    A value that tells where its object lay makes another history in each process: then the test's name counts.
    """
    counted = [item for item in allure.members(document.get("parameters")) if not item.get("excluded")]
    said = sorted((allure.text(item.get("name")), allure.text(item.get("value"))) for item in counted)
    values = [(name, _PLACE.sub("", value)) for name, value in said]
    history = allure.text(document.get("historyId"))
    told = history if values == said else allure.text(document.get("name"))
    return (told, allure.text(document.get("fullName")), *values) if history else ()


def evidence(document: allure.Document) -> list[Attachment]:
    """Return pictures, clips and sounds: on a failure, what shows the fault first; else as time passed."""
    own = _shown(allure.attachments(document))
    within = _shown(_within(document.get("steps")))
    if allure.status(document) not in ("failed", "broken"):
        return [*within, *own]
    return _order([*own, *within], [*own, *reversed(within)])


def _picture(document: allure.Document) -> str:
    shown = (item.source for item in evidence(document) if item.kind == "picture")
    return next((source for source in shown if SAFE.fullmatch(source)), "")


def _shown(found: Iterable[Attachment]) -> list[Attachment]:
    return [item for item in found if item.kind in ("picture", "clip", "sound")]


def _order(found: Sequence[Attachment], likely: Sequence[Attachment]) -> list[Attachment]:
    """Put the picture that tells most first (annotated, else the first of *likely*), then the clip, then the rest."""
    pictures = sorted((item for item in likely if item.kind == "picture"), key=lambda item: not _annotated(item))
    return sorted(found, key=lambda item: (item not in pictures[:1], item.kind != "clip"))


def _annotated(item: Attachment) -> bool:
    return any(word in item.name.lower() for word in ("annotat", "where"))


def _within(steps: object, depth: int = 0) -> Iterator[Attachment]:
    for step in sorted(allure.members(steps), key=_start) if depth < allure.DEEPEST else ():
        if step.get("attachments"):
            name = allure.text(step.get("name"))
            yield from (replace(item, step=name, at=_start(step)) for item in allure.attachments(step))
        if step.get("steps"):
            yield from _within(step["steps"], depth + 1)


def _start(step: allure.Document) -> int:
    return allure.time(step.get("start"))


def fold(found: Iterable[Row]) -> list[Row]:
    """Return one row for each test: the newest attempt, which knows the earlier ones."""
    groups: defaultdict[tuple[object, ...], list[Row]] = defaultdict(list)
    for item in sorted(found, key=lambda item: (item.start, item.id)):
        groups[item.key or (item.id,)].append(item)
    return [latest for group in groups.values() for latest in _attempts(group)]


def _attempts(group: list[Row]) -> list[Row]:
    """Fold *group*, unless it ran on several devices at once: then each device has its own attempts."""
    if not _overlap(group):
        return [_newest(group)]
    devices: defaultdict[str, list[Row]] = defaultdict(list)
    for item in group:
        devices[item.device or item.host].append(item)
    return [folded for alike in devices.values() for folded in ([_newest(alike)] if not _overlap(alike) else alike)]


def _overlap(group: Sequence[Row]) -> bool:
    return any(later.start < former.stop for former, later in itertools.pairwise(group))


def _newest(group: Sequence[Row]) -> Row:
    return replace(group[-1], earlier=tuple(reversed(group[:-1])))
