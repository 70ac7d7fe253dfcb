"""Product, lab or test: who should look at a test that did not pass.

The folder's own ``categories.json`` names the category; without a match these three do.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_virtualpytest.exceptions import VirtualPytestError, lab_faults
from virtualpytest_dashboard import allure

CATEGORY = {"product": "Product defects", "lab": "Lab faults", "test": "Test defects"}
_JUDGED = 4000  # characters of a message or trace: enough for its cause, too few for a slow pattern to hang on
_LAB = re.compile(rf"(?:[\w.]+\.)?(?:{'|'.join(lab_faults())})\b")


@dataclass(frozen=True)
class Category:
    """One rule of ``categories.json``."""

    name: str
    statuses: Sequence[str]
    message: re.Pattern[str] | None
    trace: re.Pattern[str] | None

    def fits(self, status: str, message: str, trace: str) -> bool:
        """Tell whether a result belongs here."""
        if self.statuses and status not in self.statuses:
            return False
        pairs = ((self.message, message), (self.trace, trace))
        return all(pattern is None or pattern.fullmatch(words[:_JUDGED]) for pattern, words in pairs)


def categories(path: Path) -> Sequence[Category]:
    """Return the rules in *path*, in their order; those that cannot be used are left out."""
    try:
        document = allure.read(path, list)
    except VirtualPytestError:
        return ()
    return tuple(rule for member in allure.members(document) if (rule := _category(member)))


def _category(member: allure.Document) -> Category | None:
    name, statuses = allure.text(member.get("name")), member.get("matchedStatuses")
    try:
        patterns = [_pattern(member.get(key)) for key in ("messageRegex", "traceRegex")]
    except re.error:
        return None
    return Category(name, tuple(map(str, statuses)) if isinstance(statuses, list) else (), *patterns) if name else None


def _pattern(words: object) -> re.Pattern[str] | None:
    return re.compile(words, re.DOTALL) if isinstance(words, str) and words else None


def judge(verdict: str, message: str, trace: str, rules: Sequence[Category], said: str = "") -> tuple[str, str]:
    """Return the category and the cause of a result, both empty where there is nothing to blame.

    The cause that its own label *said* is right: whoever wrote it knew the exception, not only its words.
    """
    if verdict not in ("failed", "broken", "lost"):
        return "", ""
    category = next((rule.name for rule in rules if rule.fits(verdict, message, trace)), "")
    cause = said if said in CATEGORY else _cause_of(category) or _cause(verdict, message)
    return CATEGORY[cause] if category in ("", *CATEGORY.values()) else category, cause


def _cause_of(category: str) -> str:
    words = category.lower().split()
    return next((cause for cause in CATEGORY if cause in words and len(words) == 2), "")


def _cause(verdict: str, message: str) -> str:
    if verdict == "failed":
        return "product"
    return "lab" if verdict == "lost" or _LAB.match(message) else "test"
