"""The test cases of campaigns: collected by pytest in a process of its own, again once one of their files changes.

Nothing of them is imported here. What was collected lies beside the campaign's results, for any dashboard.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_virtualpytest.config import Campaign
from virtualpytest_dashboard.lab.campaigns import Campaigns, place, put

_SECONDS = 60.0
_MOST = 20_000  # files that are looked at
_NOT = {"__pycache__", "node_modules", "allure-results"}
_OPTIONS = ("--collect-only", "-q", "--continue-on-collection-errors", "--vpt-unavailable=skip")
_COLLECTING: set[Path] = set()
_LOCK = threading.Lock()


@dataclass(frozen=True)
class Case:
    """A test of a campaign: *devices* are those that could serve each of its roles."""

    test: str
    file: str
    line: int
    markers: Sequence[str]
    devices: Mapping[str, Sequence[str]]
    campaign: str


@dataclass(frozen=True)
class Collected:
    """What is known of a campaign's tests; *stale* where a file has changed since, or nothing is known."""

    campaign: str
    cases: Sequence[Case] = ()
    errors: Sequence[str] = ()
    stale: bool = True


def known(campaigns: Campaigns, name: str) -> Collected:
    """Return what was collected of campaign *name*."""
    campaign = campaigns.state(name).campaign
    with contextlib.suppress(OSError, ValueError):
        kept = json.loads(_kept(campaign).read_text(encoding="utf-8"))
        cases = [Case(**case, campaign=name) for case in kept["cases"]]
        return Collected(name, cases, kept["errors"], kept["stamp"] != _stamp(campaigns, campaign))
    return Collected(name)


def collect(campaigns: Campaigns, name: str) -> Collected:
    """Collect the tests of campaign *name*, and return what is known then."""
    campaign = campaigns.state(name).campaign
    stamp = _stamp(campaigns, campaign)
    with tempfile.TemporaryDirectory(prefix="vpt-cases-") as folder:
        file = Path(folder) / "plan.json"
        command = [sys.executable, "-m", "pytest", f"--vpt-campaign={name}", *_OPTIONS, f"--vpt-plan={file}"]
        command += [f"--vpt-lab={path}" for path in campaigns.labs(name)]
        said = _said(command, campaign.file.parent)
        plan: dict[str, list[Any]] = {"tests": [], "errors": [said]}
        if file.exists():
            plan = json.loads(file.read_text(encoding="utf-8"))
    cases = [{word: test[word] for word in ("test", "file", "line", "markers", "devices")} for test in plan["tests"]]
    _kept(campaign).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    put(_kept(campaign), json.dumps({"stamp": stamp, "cases": cases, "errors": plan["errors"]}))
    return known(campaigns, name)


def collect_behind(campaigns: Campaigns, name: str) -> None:
    """Collect the tests of campaign *name* in a thread, if none does."""
    key = _kept(campaigns.state(name).campaign)

    def work() -> None:
        try:
            collect(campaigns, name)
        finally:
            with _LOCK:
                _COLLECTING.discard(key)

    with _LOCK:
        if key not in _COLLECTING:
            _COLLECTING.add(key)
            threading.Thread(target=work, daemon=True, name="collect test cases").start()


def _said(command: Sequence[str], folder: Path) -> str:
    """Run *command*, and return what matters of what it said."""
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False,
                              stdin=subprocess.DEVNULL)  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"not collected in {_SECONDS:g} s"
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    return "\n".join(line.removeprefix("ERROR: ") for line in lines[-5:])


def _kept(campaign: Campaign) -> Path:
    return place(campaign, ".cases")


def _stamp(campaigns: Campaigns, campaign: Campaign) -> str:
    """Return what changes when a file of the campaign's tests does, or one that says how they are run."""
    roots = [Path(str(test).partition("::")[0]) for test in campaign.tests] or [campaign.file.parent]
    around = [campaign.file.parent / name for name in ("pytest.ini", "pyproject.toml", "tox.ini", "conftest.py")]
    files = dict.fromkeys([*campaigns.sources, *around, *(file for root in roots for file in _files(root))])
    told = f"{campaign.markers} {campaign.keyword} {campaign.tests} {[_time(file) for file in list(files)[:_MOST]]}"
    return hashlib.sha256(os.fsencode(told)).hexdigest()


def _files(root: Path) -> Iterator[Path]:
    if root.is_file():
        yield root
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _NOT)
        yield from (Path(folder) / name for name in sorted(names) if name.endswith((".py", ".toml", ".ini", ".cfg")))


def _time(path: Path) -> tuple[str, int]:
    try:
        return str(path), path.stat().st_mtime_ns
    except OSError:
        return str(path), 0
