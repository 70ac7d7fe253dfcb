"""How long each test took the last time: in pytest's cache, else in the Allure results that are there."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path

import pytest

from pytest_virtualpytest import collection, provisioning
from pytest_virtualpytest.journal import FILE

_KEY = "virtualpytest/durations"
_RUNS = 5  # so many earlier ones are read
_UNKNOWN = 1.0  # seconds of a test of which nothing is known, where nothing is known of any


class Durations:
    """Seconds by node id."""

    def __init__(self, known: Mapping[str, float]) -> None:
        from statistics import median  # takes a while to load, and most runs have no use for it

        self._known = dict(known)
        self._typical = median(known.values()) if known else _UNKNOWN

    @classmethod
    def of(cls, config: pytest.Config, folder: Path | None) -> Durations:
        """Return what is known where *config* runs; results in *folder* count where the cache knows nothing."""
        cache = getattr(config, "cache", None)  # none under -p no:cacheprovider
        cached = cache.get(_KEY, {}) if cache else {}
        return cls({**(_from_results(folder) if folder else {}), **cached})

    @property
    def known(self) -> dict[str, float]:
        """Return what is known."""
        return dict(self._known)

    def knows(self, test: str) -> bool:
        """Tell whether *test* has been run before."""
        return test in self._known

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


class Learning:
    """Remembers how long tests took where one process runs them all, and some need devices."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._asked = False

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Measure *item*."""
        begin = time.perf_counter()
        result = yield
        self._seconds[item.nodeid] = time.perf_counter() - begin - provisioning.spent(item)
        self._asked = self._asked or collection.asks(item)
        return result

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Keep what was measured."""
        if self._asked:
            durations = Durations.of(session.config, None)
            for test, seconds in self._seconds.items():
                durations.learn(test, seconds)
            durations.keep(session.config)


def _from_results(folder: Path) -> dict[str, float]:
    """Return the durations in the run journals of *folder* and of the last runs beside it, the latest counting."""
    found: dict[str, float] = {}
    for journal in [*sorted(folder.parent.glob(f"*/{FILE}"))[-_RUNS:], folder / FILE]:
        found |= dict(_told(journal))
    return found


def _told(journal: Path) -> Iterator[tuple[str, float]]:
    with contextlib.suppress(OSError):
        for line in journal.read_text(encoding="utf-8", errors="replace").splitlines():
            with contextlib.suppress(ValueError, KeyError, TypeError):
                event = json.loads(line)
                if event["kind"] == "verdict":
                    data = event["data"]
                    yield str(event["test"]), float(data["duration"]) - float(data.get("provision", 0.0))
