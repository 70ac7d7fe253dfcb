"""What unit tests share."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import INSTALLED


@pytest.fixture
def lab_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, with the controller of tests/installed beside our own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(INSTALLED)
    return tmp_path
