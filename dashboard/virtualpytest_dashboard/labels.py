"""What a result is filed under: suites, tags, severity, behaviours, owner and firmware, as its labels say."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping, Sequence

from virtualpytest_dashboard import allure

COLUMNS = ("suite", "tag", "severity", "behaviour", "owner", "firmware")
WITHIN = " › "  # between a suite and the one in it, and between epic, feature and story
AND = "\n"  # between several of one column
LEVELS = {"suite": ("parentSuite", "suite", "subSuite"), "behaviour": ("epic", "feature", "story")}

_TOLD = {*COLUMNS, *LEVELS["suite"], *LEVELS["behaviour"], "device", "host", "cause", "ended"}

Labels = Mapping[str, Sequence[str]]
Filed = tuple[str, ...]  # one text for each of COLUMNS


def of(document: allure.Document) -> Labels:
    """Return the values of each label of a result that says something about where it belongs."""
    found: dict[str, list[str]] = {}
    for label in allure.members(document.get("labels")):
        name = label.get("name")
        if isinstance(name, str) and name in _TOLD:
            found.setdefault(name, []).append(allure.text(label.get("value")))
    return found


def filed(labels: Labels) -> Filed:
    """Return what *labels* say of each of COLUMNS; nothing at all where they say nothing of any."""
    found = tuple(_path(labels, LEVELS[name]) if name in LEVELS else _several(labels, name) for name in COLUMNS)
    return found if any(found) else ()


def _path(labels: Labels, levels: Sequence[str]) -> str:
    return WITHIN.join(words for level in levels if (words := ", ".join(labels.get(level, ()))))


def _several(labels: Labels, name: str) -> str:
    return AND.join(dict.fromkeys(labels.get(name, ())))


def of_module(full_name: str) -> Filed:
    """Return what a test is filed under of which only its *full_name* is known: the suites that allure-pytest gives."""
    *package, module = full_name.partition("#")[0].split(".")
    within = [package.pop()] if package and module[:1].isupper() else []
    parts = [".".join(package), *within, module]
    return (WITHIN.join(filter(None, parts)), *[""] * (len(COLUMNS) - 1)) if full_name else ()


@functools.lru_cache(maxsize=1 << 14)
def number(found: Filed) -> int:
    """Return a number that stands for *found* in the store: 0 for nothing."""
    return int.from_bytes(hashlib.sha256(repr(found).encode()).digest()[:8]) >> 1 if found else 0
