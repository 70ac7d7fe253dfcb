"""The pytest plugin: options, markers and hooks. Its load path imports nothing that is slow."""

from __future__ import annotations

import pytest



def pytest_configure(config: pytest.Config) -> None:
    """Register our markers."""
    config.addinivalue_line("markers", "device(kind, name, model, tags, needs): narrow the test's device")
    config.addinivalue_line("markers", "devices(role={...}, ...): the devices of a test, by role")
