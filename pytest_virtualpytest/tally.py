"""What a run comes to for each device: a table at its end, of all processes together.

Each process marks its reports with the devices of their test, and with the time that devices have been held since
the report before; pytest-xdist brings them to the controller.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pytest_virtualpytest.run import Run

_DEVICES, _BUSY = "virtualpytest_devices", "virtualpytest_busy"
_USED = pytest.StashKey["list[str]"]()
_ALWAYS, _SOMETIMES = ("passed", "failed", "lab faults"), ("rerun", "skipped")


class Uses:
    """How long each device has been held."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}
        self._seconds: defaultdict[str, float] = defaultdict(float)

    def begin(self, device: str) -> None:
        """Count the time of *device* from now on."""
        self._since[device] = time.monotonic()

    def end(self, device: str) -> None:
        """Count it no more."""
        self._seconds[device] += time.monotonic() - self._since.pop(device)

    def take(self) -> dict[str, float]:
        """Return the seconds since they were taken last."""
        for device in list(self._since):
            self.end(device)
            self.begin(device)
        taken, self._seconds = dict(self._seconds), defaultdict(float)
        return taken


class Marks:
    """Marks the reports of one process."""

    def __init__(self, run: Run) -> None:
        self._run = run

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Say in each report on which devices its test is."""
        report = yield
        used = [] if call.when == "setup" else item.stash.get(_USED, [])
        used += [device.name for device in self._run.holding.held(item) if device.name not in used]
        item.stash[_USED] = used
        mark(report, used, self._run.holding.uses.take())
        return report

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand over the time since the last report."""
        output = getattr(session.config, "workeroutput", None)
        if output is not None:
            output[_BUSY] = self._run.holding.uses.take()


class Tally:
    """Counts what all processes report, and shows it."""

    def __init__(self) -> None:
        self._begun = self._ended = time.monotonic()
        self._verdicts: dict[str, str] = {}
        self._places: dict[str, Sequence[str]] = {}
        self._counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._total: Counter[str] = Counter()
        self._busy: defaultdict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a test at its last phase, by the first phase that went wrong."""
        self._add(getattr(report, _BUSY, {}))
        test = report.nodeid
        if report.when == "setup":
            self._close(test)
        if self._verdicts.get(test, "passed") == "passed":
            self._verdicts[test] = _verdict(report)
        self._places[test] = getattr(report, _DEVICES, ())
        if report.when not in {"setup", "call"}:
            self._close(test)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object) -> None:
        """Count the time that a worker held devices after its last report."""
        self._add(getattr(node, "workeroutput", {}).get(_BUSY, {}))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Note when the run ended."""
        self._ended = time.monotonic()

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show the table, where devices were used."""
        for test in list(self._verdicts):
            self._close(test)
        if self._counts:
            terminalreporter.section("devices")
            for line in self.lines(self._ended - self._begun):
                terminalreporter.write_line(line)

    def lines(self, wall: float) -> list[str]:
        """Return the table of a run that took *wall* seconds."""
        words = [*_ALWAYS, *(word for word in _SOMETIMES if self._total[word])]
        rows = [("device", *words, "busy", "in use")]
        for device, counts in sorted(self._counts.items()):
            rows.append(_row(device, words, counts, self._busy[device], wall))
        if len(self._counts) > 1:
            rows.append(_row("total", words, self._total, sum(self._busy.values()), wall * len(self._counts)))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return [_aligned(row, widths) for row in rows]

    def _close(self, test: str) -> None:
        verdict, devices = self._verdicts.pop(test, ""), self._places.pop(test, ())
        for device in devices:
            self._counts[device][verdict] += 1
        self._total[verdict] += bool(devices)

    def _add(self, busy: Mapping[str, float]) -> None:
        for device, seconds in busy.items():
            self._busy[device] += seconds


def mark(report: Any, devices: Iterable[str], busy: Mapping[str, float]) -> None:
    """Say in *report* on which *devices* its test is, and how many seconds more they have been held."""
    for name, value in ((_DEVICES, list(devices)), (_BUSY, {name: round(span, 3) for name, span in busy.items()})):
        if value:
            setattr(report, name, value)


def _verdict(report: pytest.TestReport) -> str:
    if report.failed:
        return "lab faults" if getattr(report, "virtualpytest_cause", "") == "lab" else "failed"
    return "passed" if hasattr(report, "wasxfail") else report.outcome


def _row(name: str, words: Sequence[str], counts: Mapping[str, int], busy: float, wall: float) -> tuple[str, ...]:
    from pytest_virtualpytest.config.spans import in_words

    return (name, *(str(counts.get(word, 0)) for word in words), in_words(busy), f"{busy / wall if wall else 0:.0%}")


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    numbers = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
    return "  ".join([row[0].ljust(widths[0]), *numbers])
