"""The dashboard over a lab of virtual devices: in this process, and as a process of its own."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from virtualpytest_dashboard.app import create_app
from virtualpytest_dashboard.lab.site import Site

from pytest_virtualpytest import config
from pytest_virtualpytest.gateway import Gateway, Gateways

HERE = "http://127.0.0.1"
BEN = {"user": "ben", "machine": "desk", "pid": 1, "run": "4f6b77", "test": "test_zap", "kind": "run"}


@contextlib.contextmanager
def client_of(folder: Path, text: str, *, control: bool = False, **options: Any) -> Iterator[TestClient]:
    """Give a client of the dashboard over the lab file *text*, written into *folder*."""
    path = folder / "lab.toml"
    path.write_text(text, encoding="utf-8")
    with contextlib.closing(Site([path], **options)) as site:
        app = create_app([folder], lab=site, control=control)
        with TestClient(app, base_url=HERE) as client:
            yield client


@contextlib.contextmanager
def served(folder: Path, text: str, *options: str) -> Iterator[str]:
    """Serve the dashboard with the command; give its address."""
    with process(folder, text, *options) as (_, address):
        yield address


@contextlib.contextmanager
def process(folder: Path, text: str, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Serve the dashboard with the command; give its process and its address."""
    lab, results = folder / "lab.toml", folder / "results"
    lab.write_text(text, encoding="utf-8")
    results.mkdir()
    result = {"name": "test_zap", "status": "passed", "uuid": "u", "start": 1, "stop": 2}
    (results / "u-result.json").write_text(json.dumps(result), encoding="utf-8")
    with dashboard(results, "--vpt-lab", str(lab), *options) as served:
        yield served


@contextlib.contextmanager
def dashboard(results: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Serve the dashboard of *results* with the command; give its process and its address."""
    words = ["dashboard", str(results), "--port", "0", *options]
    command = [sys.executable, "-m", "pytest_virtualpytest.cli", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout
            yield running, running.stdout.readline().strip().rstrip("/")
        finally:
            running.terminate()


@contextlib.contextmanager
def somebody(folder: Path) -> Iterator[Gateway]:
    """Give a gateway of another client of the lab in *folder*, with its devices attached."""
    lab = config.load([folder / "lab.toml"])
    with contextlib.closing(Gateways(lab.hosts)) as gateways:
        gateway = gateways.of("local")
        for device in lab.devices.values():
            if device.host == "local":
                gateway.attach(device.spec())
        yield gateway


def until(condition: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Return what *condition* returns as soon as it is true; fail after *seconds*."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > end:
            pytest.fail(f"not so within {seconds} s")
        time.sleep(0.05)
    return found


def device(client: TestClient, name: str, state: str = "") -> dict[str, Any]:
    """Return how device *name* is, once it is in *state*, or known at all."""

    def known() -> dict[str, Any] | None:
        found: dict[str, Any] = client.get(f"/api/devices/{name}").json()
        assert "state" in found, found
        return found if found["state"] == state or (not state and found["state"] != "asking") else None

    found: dict[str, Any] = until(known)
    return found
