"""Figures for Prometheus, read by its own parser."""

from __future__ import annotations

from pathlib import Path

import labs
from browsing import Write
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

LAB = '[devices.seat]\nkind = "account"\nresources = ["account:metrics"]\n'


def figures(client: TestClient) -> dict[tuple[str, ...], float]:
    """Return each figure by its name and labels."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = text_string_to_metric_families(answer.text)
    return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}


def test_newest_run_is_told_by_verdict(client: TestClient, write: Write) -> None:
    write("test_zap")
    write("test_power", status="failed")
    write('test_"quoted\\name"\n', status="failed")

    told = figures(client)

    assert told["virtualpytest_runs",] == 1
    assert told["virtualpytest_last_run_tests", "night", "failed"] == 2
    assert told["virtualpytest_last_run_tests", "night", "passed"] == 1
    assert told["virtualpytest_last_run_start_seconds",] == 1_790_000_000


def test_dashboard_without_runs_has_figures_too(client: TestClient) -> None:
    assert "virtualpytest_runs" in {name for name, *_ in figures(client)}
    assert client.get("/healthz").json()["status"] == "ok"


def test_lab_is_told_by_state(tmp_path: Path) -> None:
    with labs.client_of(tmp_path, LAB) as client:
        labs.device(client, "seat", "free")

        told = figures(client)

        assert told["virtualpytest_devices", "free"] == 1
        assert told["virtualpytest_hosts", "up"] == 1
        assert 0 < told["virtualpytest_host_memory_ratio", "local"] < 1
        with labs.somebody(tmp_path) as rival:
            rival.lease("seat", labs.BEN)
            labs.until(lambda: figures(client).get(("virtualpytest_devices", "held")) == 1)
