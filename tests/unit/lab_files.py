"""Lab files for tests: written into the present folder, and what is said of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_virtualpytest import config
from pytest_virtualpytest.config import LabConfig
from pytest_virtualpytest.exceptions import ConfigError


def written(text: str, name: str = "lab.toml") -> Path:
    """Write a lab file."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def loaded(*texts: str) -> LabConfig:
    """Return the lab of one file, or of several laid over one another: lab.toml, lab2.toml, …"""
    return config.load([written(text, f"lab{number or ''}.toml") for number, text in enumerate(texts)])


def problems(*texts: str) -> list[str]:
    """Return all that is wrong."""
    with pytest.raises(ConfigError) as caught:
        loaded(*texts)
    return list(caught.value.problems)
