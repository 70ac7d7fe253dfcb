"""Figures for Prometheus, in its text format: the newest run's tests, and the lab once somebody has looked at it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.requests import Request
from starlette.responses import Response

from virtualpytest_dashboard import pages
from virtualpytest_dashboard.lab import asked
from virtualpytest_dashboard.lab.site import Bench


def metrics(request: Request) -> Response:
    """Tell the figures as they are now."""
    registry = CollectorRegistry()
    _runs(request, registry)
    if request.app.state.lab is not None and (bench := asked.site(request).bench()) is not None:
        _lab(bench, registry)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)


def _runs(request: Request, registry: CollectorRegistry) -> None:
    found = pages.folders(request).all()
    Gauge("virtualpytest_runs", "Runs that the dashboard shows.", registry=registry).set(len(found))
    if found:
        run = found[0].glance()
        about = "Tests of the newest run, by verdict."
        verdicts = Gauge("virtualpytest_last_run_tests", about, ["run", "verdict"], registry=registry)
        for verdict, count in run.counts.items():
            verdicts.labels(run.title, verdict).set(count)
        about = "When the newest run began, in seconds since the epoch."
        Gauge("virtualpytest_last_run_start_seconds", about, registry=registry).set(run.start / 1000)


def _lab(bench: Bench, registry: CollectorRegistry) -> None:
    hosts, devices = bench.survey.hosts(), bench.survey.devices()
    _states("virtualpytest_hosts", "Hosts of the lab, by state.", (host.state for host in hosts), registry)
    _states("virtualpytest_devices", "Devices of the lab, by state.", (one.state for one in devices), registry)
    waiting = Gauge("virtualpytest_waiting", "Who waits for devices.", registry=registry)
    waiting.set(sum(len(one.waiting) for one in devices))
    for word in ("load", "memory", "disk"):
        shares = Gauge(f"virtualpytest_host_{word}_ratio", f"The host's {word}, 1 is all.", ["host"], registry=registry)
        for host in hosts:
            if host.state == "up":
                shares.labels(host.name).set(host.health.facts[word])


def _states(name: str, about: str, states: Iterable[str], registry: CollectorRegistry) -> None:
    gauge = Gauge(name, about, ["state"], registry=registry)
    for state, count in Counter(states).items():
        gauge.labels(state).set(count)
