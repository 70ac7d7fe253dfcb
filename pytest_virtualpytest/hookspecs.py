"""Hooks that a lab's conftest.py, or another plugin, may implement."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_virtualpytest.device import Device


@pytest.hookspec
def pytest_virtualpytest_ready(item: pytest.Item, device: Device) -> None:
    """Prepare *device*, which has just been leased and found ready for *item*; what this raises fails the test."""


@pytest.hookspec
def pytest_virtualpytest_evidence(
    item: pytest.Item, device: Device, attach: Callable[[str, bytes | str, str], None]
) -> None:
    """Add to what is kept of *device* after *item*: ``attach(name, body, "png" | "mp4" | "txt" | "json")``."""
