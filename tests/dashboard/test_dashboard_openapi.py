"""The API's own document: every route is in it as its endpoint says it, and nothing that it allows breaks a route."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from typing import Any

import apis
import pytest
from apis import ACTING, SLOW, app_of
from browsing import plain
from starlette.routing import Route
from starlette.testclient import TestClient

ODD = ("", "apibox", "night", "0", "-1", "1e9", "nan", "x" * 300, "../../etc", "\u0130\U0001f4fa", "a\x00b", "%", "'")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Give a dashboard over a virtual box, on which people may act."""
    with apis.dashboard(tmp_path_factory.mktemp("api")) as client:
        yield client


@pytest.fixture(scope="module")
def document(site: TestClient) -> dict[str, Any]:
    """Give the document."""
    answer = site.get("/api/openapi.json")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def _routes(site: TestClient) -> list[Route]:
    found = [route for route in app_of(site).routes if isinstance(route, Route) and route.path.startswith("/api/")]
    assert len(found) > 40
    return found


def test_every_route_has_its_entry(site: TestClient, document: dict[str, Any]) -> None:
    told = {(path, method) for path, methods in document["paths"].items() for method in methods}

    assert told == {
        (route.path_format, method.lower()) for route in _routes(site) for method in (route.methods or set()) - {"HEAD"}
    }


def test_every_entry_says_what_it_is_for_who_may_and_what_is_in_its_address(
    site: TestClient, document: dict[str, Any]
) -> None:
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            assert call["summary"], (path, method)
            assert call["x-needs"].partition(",")[0] in {"anybody", "viewer", "tester", "admin"}, (path, method)
            named = [item["name"] for item in call["parameters"] if item["in"] == "path"]
            assert named == re.findall(r"{(\w+)}", path)
    numbers = [call["operationId"] for methods in document["paths"].values() for call in methods.values()]
    assert len(numbers) == len(set(numbers))


def test_what_is_asked_in_the_query_is_told(site: TestClient, document: dict[str, Any]) -> None:
    told = {item["name"] for methods in document["paths"].values() for call in methods.values()
            for item in call["parameters"] if item["in"] == "query"}  # fmt: skip
    modules = {inspect.getmodule(inspect.unwrap(route.endpoint)) for route in _routes(site)}
    sources = "\n".join(inspect.getsource(module) for module in modules if module)
    asked = set(re.findall(r'asked\.number\(request, "(\w+)"', sources))

    assert {"width", "seconds", "every"} <= asked
    assert asked | {"device_id", "device", "what", "who", "page", "marker"} <= told


def test_body_is_the_model_that_the_endpoint_checks_it_by(document: dict[str, Any]) -> None:
    def body(path: str, method: str = "post") -> Any:
        return document["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"]

    assert body("/api/campaigns/{campaign}/start") == {"$ref": "#/components/schemas/Started"}
    assert body("/api/devices/{device}/control/act") == {"$ref": "#/components/schemas/Acted"}
    assert body("/api/devices/{device}/control") == {"type": "object"}
    assert document["components"]["schemas"]["Started"]["properties"]["failed"]["type"] == "boolean"
    assert {"Press", "Tap", "Power"} <= document["components"]["schemas"].keys()


def test_every_reference_leads_to_a_schema(document: dict[str, Any]) -> None:
    named = set(re.findall(r"#/components/schemas/([^'\"]+)", str(document)))

    assert named <= document["components"]["schemas"].keys()


def test_page_lists_every_call_without_a_script(site: TestClient, document: dict[str, Any]) -> None:
    page = site.get("/api").text
    words = plain(page)

    assert "<script" not in page
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            assert f"{method.upper()} {path} {call['summary']}" in words


def test_errors_of_the_api_are_json(site: TestClient) -> None:
    wrong = (("GET", "/api/nothing", 404), ("PUT", "/api/hosts", 405), ("GET", "/api/devices/x", 404))
    for method, path, code in wrong:
        answer = site.request(method, path)
        assert (answer.status_code, list(answer.json())) == (code, ["error"])


def test_odd_values_in_addresses_queries_and_bodies_break_no_route(site: TestClient, document: dict[str, Any]) -> None:
    broken = [
        (method, address, answer.status_code, answer.text[:200])
        for method, address, body in _odd_calls(document)
        if (answer := site.request(method, address, **body)).status_code >= 500
    ]

    assert broken == []


def _odd_calls(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            if call["operationId"] in ACTING:
                continue
            takes = "{" in path or method != "get" or any(item["in"] == "query" for item in call["parameters"])
            for number, odd in enumerate(ODD if takes and call["operationId"] not in SLOW else ODD[:1]):
                quoted = "".join(f"%{byte:02x}" for byte in odd.encode()) or "%20"
                address = re.sub(r"{\w+}", quoted, path)
                asked = {item["name"]: odd for item in call["parameters"] if item["in"] == "query"}
                body = {"content": odd} if number % 2 else {"json": {odd: odd, "hold": odd, "name": odd}}
                yield method.upper(), address, {"params": asked, **({} if method == "get" else body)}
