"""Folders of results: one that a real pytest with allure-pytest wrote, and small ones written by hand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import tabs
from browsing import client_of
from postgres import Postgres
from sqlalchemy import URL
from starlette.testclient import TestClient

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SUITE = Path(__file__).parent / "suite"


@pytest.fixture(scope="session", autouse=True)
def _no_worker() -> Iterator[None]:
    """Let no run that a dashboard starts take itself for a worker of the run around it."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_XDIST_TESTRUNUID"):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the results of a real run of tests/dashboard/suite."""
    folder = tmp_path_factory.mktemp("real") / "nightly"
    plain = ["-q", "-p", "no:cacheprovider", "-p", "no:virtualpytest", "-c", os.devnull, "--rootdir", str(SUITE)]
    command = [sys.executable, "-m", "pytest", *plain, f"--alluredir={folder}", str(SUITE / "suite_zap.py")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    (folder / "environment.properties").write_text("lab = racks.toml\nfirmware=24.0.5\n", encoding="utf-8")
    executor = {"name": "ci", "buildName": "nightly 17", "buildUrl": "https://ci.example/17"}
    (folder / "executor.json").write_text(json.dumps(executor), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def site(real: Path) -> Iterator[TestClient]:
    """Give a client of the dashboard over the real run."""
    with client_of(real) as client:
        yield client


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give an empty folder for results."""
    path = tmp_path / "night"
    path.mkdir()
    return path


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of a module that says `BOTH_STORES` twice: on SQLite and, where "soak", then, on PostgreSQL."""
    both = getattr(metafunc.module, "BOTH_STORES", False)
    if "database" in metafunc.fixturenames and both:
        marks = [pytest.mark.soak] if both == "soak" else []
        metafunc.parametrize("database", ["sqlite", pytest.param("postgresql", marks=marks)], indirect=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Give a server of PostgreSQL, which goes with the tests."""
    pytest.importorskip("psycopg", reason="PostgreSQL is reached by psycopg")
    if not Postgres.installed():
        pytest.skip("no PostgreSQL: apt install postgresql")
    with Postgres() as server:
        yield server


@pytest.fixture
def database(request: pytest.FixtureRequest) -> URL | None:
    """Give the address of an empty PostgreSQL database where the test runs on that, else None."""
    if getattr(request, "param", "") != "postgresql":
        return None
    server: Postgres = request.getfixturevalue("postgres")
    return server.database()


@pytest.fixture
def client(folder: Path, database: URL | None) -> Iterator[TestClient]:
    """Give a client of the dashboard over *folder*."""
    with client_of(folder, database=database) as client:
        yield client


@pytest.fixture
def write(folder: Path) -> Callable[..., str]:
    """Give a function that writes one result into *folder* and returns its uuid."""

    def write(name: str = "test_zap", status: str = "passed", **members: Any) -> str:
        number = len(list(folder.glob("*-result.json")))
        start = 1_790_000_000_000 + 10_000 * number
        result = {"name": name, "status": status, "uuid": f"uuid-{number}", "historyId": f"h-{name}",
                  "fullName": f"tests.test_zap#{name}", "start": start, "stop": start + 1500, **members}
        (folder / f"{number:04d}-result.json").write_text(json.dumps(result), encoding="utf-8")
        return str(result["uuid"])

    return write


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Give Debian's Chromium."""
    with tabs.browser() as browser:
        yield browser


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Page]:
    """Give a page that must say nothing on its console."""
    with tabs.tab(chromium) as page:
        yield page
