"""Runs of pytest with the plugin, in a folder of their own, with relays and virtual boxes as devices."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from bench import INSTALLED

RELAYS = """
[devices.relay1]
kind = "stb"
model = "r1"
tags = ["near"]
[devices.relay1.rack]
name = "{prefix}1"
diary = "{diary}"
[devices.relay2]
kind = "tv"
model = "r2"
[devices.relay2.rack]
name = "{prefix}2"
diary = "{diary}"
"""


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch, pytester: pytest.Pytester) -> None:
    """Let every process find the controller of tests/installed, and nothing of the run around it."""
    monkeypatch.syspath_prepend(INSTALLED)
    monkeypatch.setenv("PYTHONPATH", str(INSTALLED), prepend=os.pathsep)
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)  # a run in here is no worker of the run around it
    pytester.makeini("[pytest]")  # the root, whatever lies in the folders above


@pytest.fixture
def diary(pytester: pytest.Pytester) -> Path:
    """Give the file that the relays write what they do to."""
    path = pytester.path / "diary"
    path.touch()
    return path


@pytest.fixture
def relays(pytester: pytest.Pytester, diary: Path) -> Path:
    """Work in a folder whose lab has two relays: a stb and a tv."""
    lab = pytester.path / "lab.toml"
    lab.write_text(RELAYS.format(prefix=pytester.path.name, diary=diary))
    return lab


@pytest.fixture
def box(pytester: pytest.Pytester) -> Path:
    """Work in a folder whose lab has one virtual set-top box, with a reference picture of it."""
    from virtualpytest_host.virtual import pictures

    lab = pytester.path / "lab.toml"
    lab.write_text('[devices.pluginbox]\nvirtual = "stb"\nmodel = "virtual-stb"\n')
    for name in ("guide-header.png", "home.png"):
        (pytester.path / name).write_bytes((pictures.FOLDER / name).read_bytes())
    return lab


@pytest.fixture
def press(pytester: pytest.Pytester, box: Path) -> Callable[[str], None]:
    """Give a function that presses a key of the box: a test before may have left it at any of its screens."""

    def press(key: str) -> None:
        assert pytester.run(sys.executable, "-m", "pytest_virtualpytest.cli", "press", "pluginbox", key).ret == 0

    return press
