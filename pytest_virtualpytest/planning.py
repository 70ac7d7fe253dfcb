"""What a run is going to do: the tests that fit into its campaign's budget, and the plan that it writes down.

Each process of pytest-xdist chooses for itself, by durations that the controller has handed over, so that all of
them choose the same.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pytest_virtualpytest import campaign, collection
from pytest_virtualpytest.config.spans import in_words
from pytest_virtualpytest.distribution.forecast import fitting, forecast
from pytest_virtualpytest.distribution.history import Durations
from pytest_virtualpytest.distribution.pool import Unit
from pytest_virtualpytest.distribution.units import Asked, wanted
from pytest_virtualpytest.run import Run

_DURATIONS, _LINE = "virtualpytest_durations", "virtualpytest_budget"


class Planning:
    """Plans the run of one process; *file* is where the plan is to go."""

    def __init__(self, run: Run, file: Path | None) -> None:
        self._run, self._file = run, file
        self._chosen = campaign.of(run.config)
        self._collected = 0
        self._line = ""
        self._errors: list[str] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Take note of what cannot be collected."""
        if report.failed:
            last = (report.longreprtext.strip().splitlines() or [""])[-1]
            self._errors.append(f"{report.nodeid}: {last.removeprefix('E').strip()}")

    def pytest_report_header(self) -> str | None:
        """Say which campaign is run."""
        if self._chosen is None:
            return None
        budget = f", budget {in_words(self._chosen.budget)}" if self._chosen.budget else ""
        return f"campaign: {self._chosen.name}{budget}"

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Hand the durations over, the same to a worker that comes later."""
        if self._chosen and self._chosen.budget:
            node.workerinput[_DURATIONS] = self._durations.known

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leave out the tests that do not fit into the budget."""
        self._collected = len(items)
        if self._chosen and self._chosen.budget and items:
            self._keep(config, items, self._fitting(items, self._chosen.budget))
            self._line = f"budget {in_words(self._chosen.budget)}: {len(items)} of {self._collected} tests"
            self._line += f"; {self._collected - len(items)} left out"
            if (output := getattr(config, "workeroutput", None)) is not None:
                output[_LINE] = self._line

    def pytest_report_collectionfinish(self) -> list[str]:
        """Say how many tests fit into the budget, where this process has collected them."""
        return [self._line] if self._line else []

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object) -> None:
        """Take over what a worker says of the budget."""
        self._line = getattr(node, "workeroutput", {}).get(_LINE, self._line)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say how many tests did not fit into the budget."""
        if self._line:
            terminalreporter.write_line(self._line)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Write the plan."""
        if self._file is not None and not self._run.is_worker:
            self._file.write_text(json.dumps(self._plan(session.items), indent=2) + "\n", encoding="utf-8")

    @functools.cached_property
    def _durations(self) -> Durations:
        told = getattr(self._run.config, "workerinput", {}).get(_DURATIONS)
        if told is not None:
            return Durations(told)
        beside = self._chosen.results / "next" if self._chosen else None
        return Durations.of(self._run.config, self._run.folder or beside)

    @property
    def _devices(self) -> list[str]:
        return [device.name for device in self._run.lab.devices]

    @property
    def _workers(self) -> int:
        """How many tests run at once: a plan is for one worker on each device."""
        if self._file is not None:
            return max(1, len(self._devices))
        return int(getattr(self._run.config, "workerinput", {}).get("workercount", 1))

    def _fitting(self, items: Sequence[pytest.Item], budget: float) -> set[int]:
        """Return the numbers of those of *items* that fit into *budget*."""
        order = campaign.in_file_order(self._run.config)
        units = fitting(self._devices, self._units(items), self._workers, budget, in_file_order=order)
        return {number for unit in units for number in unit.tests}

    def _keep(self, config: pytest.Config, items: list[pytest.Item], numbers: set[int]) -> None:
        left = [item for number, item in enumerate(items) if number not in numbers]
        items[:] = [item for number, item in enumerate(items) if number in numbers]
        if left:
            config.hook.pytest_deselected(items=left)

    def _units(self, items: Sequence[pytest.Item]) -> list[Unit]:
        asked = Asked(*wanted(items, self._run.lab))
        return asked.units(range(len(items)), [item.nodeid for item in items], self._durations)

    def _plan(self, items: Sequence[pytest.Item]) -> dict[str, Any]:
        order = campaign.in_file_order(self._run.config)
        told = forecast(self._devices, self._units(items), self._workers, in_file_order=order)
        return {
            "campaign": self._chosen.name if self._chosen else None,
            "lab": self._run.lab.config.name,
            "budget": self._chosen.budget if self._chosen else None,
            "collected": self._collected,
            "workers": self._workers,
            "seconds": round(told.seconds, 3),
            "devices": [
                {
                    "device": device.name, "kind": device.kind, "host": device.host,
                    "seconds": round(told.busy.get(device.name, 0.0), 3),
                }
                for device in self._run.lab.devices
            ],
            "tests": [self._test(item) for item in items],
            "errors": self._errors,
        }  # fmt: skip

    def _test(self, item: pytest.Item) -> dict[str, Any]:
        needs, root = collection.needs_of(item), self._run.config.rootpath
        return {
            "test": item.nodeid,
            "file": str(item.path.relative_to(root) if item.path.is_relative_to(root) else item.path),
            "line": (item.location[1] or 0) + 1,
            "markers": sorted({mark.name for mark in item.iter_markers()} - {"parametrize"}),
            "devices": {need.role: [device.name for device in self._run.lab.fitting(need)] for need in needs},
            "seconds": round(self._durations.seconds(item.nodeid), 3),
            "known": self._durations.knows(item.nodeid),
        }


def plan(run: Run) -> None:
    """Have the run planned, where that is asked for."""
    file = run.config.getoption("vpt_plan")
    if file or campaign.of(run.config) is not None:
        planning = Planning(run, Path(file).absolute() if file else None)
        run.config.pluginmanager.register(planning, "virtualpytest-planning")
