"""What schemathesis makes of the API's document breaks no route: `tox -e api`, which installs it apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import apis
import hypothesis
import pytest
import schemathesis
from apis import ACTING, SLOW, app_of
from starlette.testclient import TestClient


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Give a dashboard over a virtual box, on which people may act."""
    with apis.dashboard(tmp_path_factory.mktemp("api")) as client:
        yield client


def test_schemathesis_finds_no_call_that_breaks_a_route(site: TestClient) -> None:
    own = {name: site.headers[name] for name in ("origin", "x-virtualpytest-token")} | {"host": "127.0.0.1"}
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", app_of(site), headers=own)
    calls = [found.ok() for found in schema.get_all_operations()]

    tried = [call for call in calls if call.definition.raw["operationId"] not in ACTING | SLOW]
    broken = [said for call in tried for said in _tried(call, own)]

    assert broken == []


def _tried(call: Any, own: Mapping[str, str]) -> list[str]:
    """Return what made *call* break, of some examples of all that its schema allows, and does not."""
    broken: list[str] = []

    def holds(case: Any) -> None:
        answer = case.call(headers=own)
        if answer.status_code >= 500:
            broken.append(f"{case.method} {answer.request.url}: {answer.status_code} {answer.text[:200]}")

    patient = hypothesis.HealthCheck  # each of them: a device takes its time
    some = hypothesis.settings(max_examples=8, deadline=None, database=None, suppress_health_check=patient)
    some(hypothesis.seed(1)(hypothesis.given(case=call.as_strategy())(holds)))()
    return broken
