"""A dashboard over a virtual box whose API is tried call by call."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from labs import client_of
from starlette.applications import Starlette
from starlette.testclient import TestClient

LAB = '[devices.apibox]\nvirtual = "stb"\n[campaigns.night]\ntests = ["tests"]\n'
ACTING = {"api-campaign-start", "api-execution"}  # each would run pytest
SLOW = {"api-campaign-plan", "api-testcases"}  # each asks pytest for its tests


@contextlib.contextmanager
def dashboard(folder: Path) -> Iterator[TestClient]:
    """Give a client of a dashboard in *folder*, over a virtual box, on which people may act."""
    (folder / "tests").mkdir()
    (folder / "tests" / "test_zap.py").write_text("def test_zap(stb): pass\n", encoding="utf-8")
    with client_of(folder, LAB, control=True) as client:
        client.headers["origin"] = str(client.base_url)
        client.headers["x-virtualpytest-token"] = app_of(client).state.guard.token
        yield client


def app_of(client: TestClient) -> Starlette:
    """Return the application that *client* talks to."""
    app: Any = client.app
    while not isinstance(app, Starlette):
        app = app.app
    return app
