"""Apps that crash while a test runs: a test that saw nothing wrong fails by it, one that failed says so."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import pytest

from pytest_virtualpytest.answers import Crash
from pytest_virtualpytest.exceptions import AppCrashed, VirtualPytestError

if TYPE_CHECKING:
    from pytest_virtualpytest.device import Device
    from pytest_virtualpytest.run import Run


class Crashes:
    """The hook of one process that looks for crashes at the end of each test."""

    def __init__(self, run: Run) -> None:
        self._run = run

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        """Look for crashes of the apps that tests have started on the devices of *item*."""
        __tracebackhide__ = True
        try:
            yield
        except Exception as error:
            for crashed in self._told(item):
                error.add_note(crashed)
            raise
        if told := self._told(item):
            raise AppCrashed("; ".join(told)) from None

    def _told(self, item: pytest.Item) -> list[str]:
        marker = item.get_closest_marker("may_crash")
        if marker is not None and not marker.args:
            return []
        expected = set(marker.args) if marker is not None else set()
        return [
            f"device {device.name!r}: {crash}"
            for device in self._run.holding.held(item)
            for crash in _crashes(device, self._run.holding.begun.get(device.name, 0.0))
            if crash.app in device.link.launched - expected
        ]


def _crashes(device: Device, since: float) -> list[Crash]:
    if not device.link.launched or "logs" not in device.link.capabilities:
        return []
    with device.link.silent():
        try:
            told = device.link.call("logs.crashes", {"moment": {"before": since}}, seconds=20).value
        except VirtualPytestError:  # a device that is lost has said so itself, or will
            return []
    return [Crash(**one) for one in told]
