"""Moments that a client names, on this host's clock: a key that was pressed, what was seen, so many seconds ago."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from pytest_virtualpytest.exceptions import VirtualPytestError
from pytest_virtualpytest.models import Line
from virtualpytest_host import state


def moment(since: Mapping[str, Any] | float) -> float:
    """Return when *since* was: a press, a sighting, a time of this host, or a number of seconds ago."""
    if not isinstance(since, Mapping):
        return time.monotonic() - since
    return float(_of_this_boot(since)["before"])


def place(since: Mapping[str, Any]) -> float | Line:
    """Return the line *since* of a console, or when something else was."""
    return Line.from_wire(_of_this_boot(since)) if "end" in since else moment(since)


def _of_this_boot(since: Mapping[str, Any]) -> Mapping[str, Any]:
    if since.get("boot", state.boot()) != state.boot():
        raise VirtualPytestError("`since` is from another boot, or another machine, than this device's host")
    return since
