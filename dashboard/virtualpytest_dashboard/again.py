"""The command that runs one test again, as a shell takes it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from virtualpytest_dashboard.journal import Journal
from virtualpytest_dashboard.records import BOTH, Details, Row


def command(test: Details, told: Journal) -> str:
    """Return the command that runs *test* again, on the device that it ran on; nothing for a test without a place."""
    row, found = test.row, node(test, told)
    devices = [] if not any(label.name == "device" for label in test.labels) else row.device.split(BOTH)
    each = ["--vpt-each=device"] if any(f"[{name}" in row.name or f"-{name}" in row.name for name in devices) else []
    chosen = [word for name in devices for word in ("--vpt-device", name)]
    return shlex.join(["pytest", found, *chosen, *each]) if found else ""


def node(test: Details, told: Journal) -> str:
    """Return pytest's name of *test*: the one that the run's journal *told*, else what allure-pytest's names mean."""
    packages = [label.value for label in test.labels if label.name == "package"]
    return _noted(test.row, told) or _node(test.row, packages)


def _noted(row: Row, told: Journal) -> str:
    events = told.judged.get((row.name, row.full_name), ())
    return next((test for event in events if isinstance(test := event.get("test"), str)), "")


def _node(row: Row, packages: Sequence[str]) -> str:
    """Return pytest's name of the test: its file ends where its package label does, or before the first class."""
    place = row.full_name.partition("#")[0]
    module = next((name for name in packages if name and f"{place}.".startswith(f"{name}.")), "")
    parts = place.split(".")
    length = module.count(".") + 1 if module else next((at for at, part in enumerate(parts) if part[:1].isupper()), 99)
    inner = [*parts[length:], row.name]
    return "::".join(["/".join(parts[:length]) + ".py", *inner]) if place and "#" in row.full_name else ""
