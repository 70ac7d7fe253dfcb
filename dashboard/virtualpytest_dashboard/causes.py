"""Product, lab or test: who should look at a test that did not pass.

The folder's own ``categories.json`` names the category; without a match these three do.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_virtualpytest.exceptions import VirtualPytestError, lab_faults
from virtualpytest_dashboard import allure
from virtualpytest_dashboard.patterns import Pattern

FILE = "categories.json"
CATEGORY = {"product": "Product defects", "lab": "Lab faults", "test": "Test defects"}
_JUDGED = 4000  # characters of a message or trace: enough for its cause
_MOST = 100  # rules
_LAB = re.compile(rf"(?:[\w.]+\.)?(?:{'|'.join(lab_faults())})\b")


@dataclass(frozen=True)
class Category:
    """One rule of ``categories.json``."""

    name: str
    statuses: Sequence[str]
    message: Pattern | None
    trace: Pattern | None

    def fits(self, status: str, message: str, trace: str) -> bool:
        """Tell whether a result belongs here."""
        if self.statuses and status not in self.statuses:
            return False
        pairs = ((self.message, message), (self.trace, trace))
        return all(pattern is None or pattern.fits(words[:_JUDGED]) for pattern, words in pairs)

    @property
    def slow(self) -> bool:
        """Whether one of its patterns was given up."""
        return any(pattern is not None and pattern.slow for pattern in (self.message, self.trace))


@dataclass(frozen=True)
class Rules:
    """The rules of one ``categories.json`` that can be used, and the names of the others with the reason."""

    categories: tuple[Category, ...] = ()
    unfit: tuple[str, ...] = ()


def categories(path: Path) -> Sequence[Category]:
    """Return the rules in *path*, in their order; those that cannot be used are left out."""
    return _rules(path).categories


def unfit(path: Path) -> Sequence[str]:
    """Return which rules in *path* are not used, and why."""
    rules = _rules(path)
    return [*rules.unfit, *(f"rule {rule.name!r} takes too long" for rule in rules.categories if rule.slow)]


def _rules(path: Path) -> Rules:
    try:
        return _parsed(allure.contents(path))
    except (OSError, VirtualPytestError):
        return Rules()


@functools.lru_cache(maxsize=64)
def _parsed(content: bytes) -> Rules:
    """Return the rules in *content*: the same ones each time, as they remember which of them take too long."""
    found: list[Category] = []
    unfit: list[str] = []
    for member in allure.members(allure.document(content, list)):
        name = allure.text(member.get("name"))
        try:
            found += [_category(name, member)] if name else []
        except VirtualPytestError as error:
            unfit.append(f"rule {name!r}: {error.message}")
    if len(found) > _MOST:
        unfit.append(f"{len(found) - _MOST} rules beyond the first {_MOST}")
    return Rules(tuple(found[:_MOST]), tuple(unfit))


def _category(name: str, member: allure.Document) -> Category:
    statuses = member.get("matchedStatuses")
    message, trace = (_pattern(member.get(key)) for key in ("messageRegex", "traceRegex"))
    return Category(name, tuple(map(str, statuses)) if isinstance(statuses, list) else (), message, trace)


def _pattern(words: object) -> Pattern | None:
    return Pattern(words) if isinstance(words, str) and words else None


def judge(verdict: str, message: str, trace: str, rules: Sequence[Category], said: str = "") -> tuple[str, str]:
    """Return the category and the cause of a result, both empty where there is nothing to blame.

    The cause that its own label *said* is right: whoever wrote it knew the exception, not only its words.
    """
    if verdict not in ("failed", "broken", "lost", "hung"):
        return "", ""
    status = "broken" if verdict == "hung" else verdict
    category = next((rule.name for rule in rules if rule.fits(status, message, trace)), "")
    cause = said if said in CATEGORY else _cause_of(category) or _cause(verdict, message)
    return CATEGORY[cause] if category in ("", *CATEGORY.values()) else category, cause


def _cause_of(category: str) -> str:
    words = category.lower().split()
    return next((cause for cause in CATEGORY if cause in words and len(words) == 2), "")


def _cause(verdict: str, message: str) -> str:
    if verdict == "failed":
        return "product"
    return "lab" if verdict == "lost" or _LAB.match(message) else "test"
