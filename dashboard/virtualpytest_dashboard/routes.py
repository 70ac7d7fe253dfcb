"""The addresses of what runs are looked at with."""

from __future__ import annotations

from starlette.routing import Route, WebSocketRoute

from virtualpytest_dashboard import (
    attachments,
    comparison,
    export,
    flaky,
    groups,
    health,
    live,
    measurements,
    metrics,
    news,
    notes,
    openapi,
    retaining,
    runs,
    tests,
    uploads,
)
from virtualpytest_dashboard import timeline as timelines

ROUTES = (
    Route("/", runs.index, name="runs"),
    Route("/flaky", flaky.index, name="flaky"),
    Route("/notes", notes.index, name="notes"),
    Route("/api/runs", uploads.receive, name="api-upload", methods=["POST"]),
    Route("/removed", retaining.index, name="removed"),
    Route("/api/runs/{run}/keep", retaining.mark, name="api-run-keep", methods=["POST"]),
    Route("/api/quarantine", notes.quarantine, name="api-quarantine"),
    Route("/api/runs/{run}/tests/{uuid}/note", notes.write, name="api-note", methods=["POST"]),
    Route("/measurements", measurements.index, name="measurements"),
    Route("/measurements/{name:path}", measurements.one, name="measurement"),
    Route("/runs/{run}", runs.one, name="run"),
    Route("/runs/{run}/timeline", timelines.one, name="timeline"),
    Route("/runs/{run}/by/{what}", groups.one, name="groups"),
    Route("/runs/{run}/compare", comparison.one, name="compare"),
    Route("/runs/{run}/export.zip", export.as_zip, name="zip"),
    Route("/runs/{run}/export.html", export.as_page, name="report"),
    Route("/runs/{run}/tests/{uuid}", tests.one, name="test"),
    Route("/runs/{run}/attachments/{name}", attachments.one, name="attachment"),
    Route("/runs/{run}/events", live.events, name="events"),
    WebSocketRoute("/ws", news.news, name="ws"),
    Route("/health", health.health, name="health"),
    Route("/healthz", health.health, name="healthz"),
    Route("/metrics", metrics.metrics, name="metrics"),
    Route("/api", openapi.page, name="api"),
    Route("/api/openapi.json", openapi.document, name="api-openapi"),
)
