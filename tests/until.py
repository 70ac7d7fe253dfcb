"""Waiting for a condition, with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from bench import Bench


def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait until *condition* holds; fail after *seconds*."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            pytest.fail(f"not so within {seconds} s")
        time.sleep(0.01)


def until_busy(bench: Bench) -> None:
    """Wait until the device's process is at the call that hangs."""
    until(lambda: "HANG" in Path(bench.spec["controllers"][0]["settings"]["diary"]).read_text())
