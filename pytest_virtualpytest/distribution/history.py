"""How long each test took the last time: in pytest's cache, else in the Allure results that are there."""

from __future__ import annotations

import contextlib
import json
import statistics
from collections.abc import Mapping
from pathlib import Path

import pytest

_KEY = "virtualpytest/durations"
_UNKNOWN = 1.0  # seconds of a test of which nothing is known, where nothing is known of any


class Durations:
    """Seconds by node id."""

    def __init__(self, known: Mapping[str, float]) -> None:
        self._known = dict(known)
        self._typical = statistics.median(known.values()) if known else _UNKNOWN

    @classmethod
    def of(cls, config: pytest.Config, folder: Path | None) -> Durations:
        """Return what is known where *config* runs; results in *folder* count where the cache knows nothing."""
        cache = getattr(config, "cache", None)  # none under -p no:cacheprovider
        cached = cache.get(_KEY, {}) if cache else {}
        return cls({**(_from_results(folder) if folder else {}), **cached})

    def seconds(self, test: str) -> float:
        """Return how long *test* will take."""
        return self._known.get(test, self._typical)

    def learn(self, test: str, seconds: float) -> None:
        """Remember how long *test* took."""
        self._known[test] = round(seconds, 3)

    def keep(self, config: pytest.Config) -> None:
        """Write what was learnt to pytest's cache."""
        if cache := getattr(config, "cache", None):
            cache.set(_KEY, self._known)


def _from_results(folder: Path) -> dict[str, float]:
    """Return the durations in the run journals and Allure results of *folder*."""
    journal = folder / "virtualpytest-run.jsonl"
    found = {}
    with contextlib.suppress(OSError):
        for line in journal.read_text(encoding="utf-8", errors="replace").splitlines():
            with contextlib.suppress(ValueError, KeyError, TypeError):
                event = json.loads(line)
                if event["kind"] == "verdict":
                    found[str(event["test"])] = float(event["data"]["duration"])
    return found
