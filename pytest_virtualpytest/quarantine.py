"""``--vpt-quarantine``: tests whose failure is known run, and do not fail the run.

The list is what ``/api/quarantine`` of a dashboard answers, in a file or at its address:
``{"tests": [{"test": "tests/test_zap.py::test_a", "note": "…", "link": "https://…"}, …]}``
"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import pytest

from pytest_virtualpytest.exceptions import ConfigError

TOKEN = "VIRTUALPYTEST_TOKEN"
_KEY = "virtualpytest_quarantine"  # in xdist's workerinput
_LARGEST = 16 << 20  # bytes
_PATIENCE = 30  # seconds


class Quarantine:
    """Lets the failures of *tests*, each with the reason, not count, and tells how many there were."""

    def __init__(self, tests: Mapping[str, str]) -> None:
        self._tests = tests
        self._ran: dict[str, bool] = {}  # whether it failed

    @classmethod
    def of(cls, config: pytest.Config, source: str) -> Quarantine:
        """Return that of *source*, a file or an address; a worker has it from its controller."""
        told = getattr(config, "workerinput", {})
        return cls(told[_KEY] if _KEY in told else read(source))

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Mark the tests: where they fail, they were expected to."""
        for item in items:
            if item.nodeid in self._tests:
                item.add_marker(pytest.mark.xfail(reason=self._tests[item.nodeid], strict=False))

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: object) -> None:
        """Tell a worker of them: it may be where neither the file nor the token is."""
        node.workerinput[_KEY] = dict(self._tests)  # type: ignore[attr-defined]  # xdist has no types

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count what ran."""
        if report.nodeid in self._tests and (report.when == "call" or hasattr(report, "wasxfail")):
            failed = report.skipped and hasattr(report, "wasxfail")
            self._ran[report.nodeid] = failed or self._ran.get(report.nodeid, False)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say how many of them ran, and failed."""
        if self._ran:
            failed = [test for test, bad in self._ran.items() if bad]
            terminalreporter.section("quarantined tests")
            terminalreporter.write_line(f"{len(self._ran)} ran, {len(failed)} of them failed: none fails the run")
            for test in failed:
                terminalreporter.write_line(f"{test}: {self._tests[test]}")


def read(source: str) -> Mapping[str, str]:
    """Return the tests that *source* names, with the reason of each; a ConfigError says why there are none."""
    data = _fetched(source) if source.startswith(("http://", "https://")) else _contents(Path(source))
    try:
        listed = json.loads(data)["tests"]
        return {one["test"]: _reason(one) for one in listed if one["test"]}
    except (ValueError, TypeError, KeyError) as error:
        wanted = '{"tests": [{"test": "tests/test_a.py::test_b", "note": "…"}]}'
        raise ConfigError(f"--vpt-quarantine: {source}: no list of quarantined tests; wanted: {wanted}") from error


def _reason(one: Mapping[str, str]) -> str:
    said = [words for key in ("note", "link") if (words := str(one.get(key) or ""))]
    return ": ".join(["quarantined", " ".join(said)] if said else ["quarantined"])


def _contents(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"--vpt-quarantine: {path}: {error.strerror}") from error


def _fetched(address: str) -> bytes:
    secret = os.environ.get(TOKEN, "")
    try:
        request = urllib.request.Request(address, headers={"Accept": "application/json"})
        if secret:
            request.add_unredirected_header("Authorization", f"Bearer {secret}")
        with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:
            data: bytes = answer.read(_LARGEST)
            return data
    except urllib.error.HTTPError as error:
        hint = f"; the token in ${TOKEN} is sent" if secret else f"; a token in ${TOKEN} would be sent"
        error.close()
        raise ConfigError(f"--vpt-quarantine: {address}: {error.code} {error.reason}{hint}") from error
    except (OSError, ValueError) as error:
        why = getattr(error, "reason", error)
        raise ConfigError(f"--vpt-quarantine: {address}: {why}; is the dashboard there?") from error
