"""The API as an OpenAPI document, and as a page: both are made of the routes themselves.

What a route is for is its endpoint's docstring; the body that it takes is the pydantic model that its endpoint checks
it by; who may ask is its row in `needs`. What else is to be said stands before the endpoint: see `asks` and `gives`.

/api                    the page
/api/openapi.json       the document, for programs
"""

from __future__ import annotations

import dis
import inspect
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import CodeType, FunctionType
from typing import Any, TypeVar

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.convertors import IntegerConvertor
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from virtualpytest_dashboard import needs, pages

_PREFIX = "/api/"
_ASKS, _GIVES = "_openapi_asks", "_openapi_gives"  # on an endpoint
_REF = "#/components/schemas/{model}"
_ERROR = {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}
_ABOUT = (
    'What programs ask of the dashboard. Errors are {"error": words}: 4xx where the request is wrong, 502 where the '
    "lab is at fault, 503 where the lab file has mistakes. Where people have to sign in, programs send a token."
)
_Endpoint = TypeVar("_Endpoint", bound=Callable[..., Any])


def asks(name: str, about: str, *, required: bool = False, **schema: object) -> Callable[[_Endpoint], _Endpoint]:
    """Say of an endpoint that it takes *name* in the query; *schema* is JSON Schema's, a string unless it says so."""
    place = {"name": name, "in": "query", "required": required, "description": about}
    parameter = {**place, "schema": {"type": "string", **schema}}

    def said(endpoint: _Endpoint) -> _Endpoint:
        setattr(endpoint, _ASKS, [parameter, *getattr(endpoint, _ASKS, ())])
        return endpoint

    return said


def gives(kind: str) -> Callable[[_Endpoint], _Endpoint]:
    """Say of an endpoint that it answers with something else than JSON."""

    def said(endpoint: _Endpoint) -> _Endpoint:
        setattr(endpoint, _GIVES, kind)
        return endpoint

    return said


def document(request: Request) -> Response:
    """Return this API as an OpenAPI document."""
    return JSONResponse(describe(request.app.routes))


def page(request: Request) -> Response:
    """Show what programs may ask."""
    told = describe(request.app.routes)
    paths: Mapping[str, Mapping[str, Any]] = told["paths"]
    calls = [(path, method.upper(), call) for path, methods in paths.items() for method, call in methods.items()]
    return pages.render(request, "api.html", calls=calls, schemas=told["components"]["schemas"], about=_ABOUT)


def described(routes: Iterable[BaseRoute]) -> list[Route]:
    """Return those of *routes* that the document tells of."""
    return [route for route in routes if isinstance(route, Route) and route.path.startswith(_PREFIX)]


def describe(routes: Iterable[BaseRoute]) -> dict[str, Any]:
    """Return the OpenAPI document of the API among *routes*."""
    found = described(routes)
    models = {model for route in found if (model := _body(route.endpoint))}
    named = sorted(models, key=lambda model: (model.__name__, model.__module__))
    names, schemas = models_json_schema([(model, "validation") for model in named], ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for route in found:
        for method in sorted((route.methods or set()) - {"HEAD"}):
            paths.setdefault(route.path_format, {})[method.lower()] = _call(route, method, names)
    bearer = {"type": "http", "scheme": "bearer"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "virtualpytest dashboard", "version": "1", "description": _ABOUT},
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": {**schemas.get("$defs", {}), "Error": _ERROR}, "securitySchemes": {"token": bearer}},
    }


def _call(route: Route, method: str, names: Mapping[Any, Any]) -> dict[str, Any]:
    """Return what is to be said of *route*, asked by *method*."""
    endpoint, need = inspect.unwrap(route.endpoint), needs.of(route.name)
    words = inspect.getdoc(endpoint) or ""
    kind = getattr(endpoint, _GIVES, "application/json")
    schema = {} if kind == "application/json" else {"type": "string", "format": "binary"}
    wrong = {"description": "what went wrong", "content": {"application/json": {"schema": {"$ref": _ref("Error")}}}}
    return {
        "operationId": f"{route.name}-{method.lower()}" if len((route.methods or set()) - {"HEAD"}) > 1 else route.name,
        "summary": words.partition("\n")[0],
        "description": words.partition("\n")[2].strip(),
        "tags": [route.path.removeprefix(_PREFIX).partition("/")[0]],
        "parameters": [*_path(route), *getattr(endpoint, _ASKS, ())],
        **({"requestBody": _request(_body(route.endpoint), names)} if method in ("POST", "PUT", "PATCH") else {}),
        "responses": {"200": {"description": "done", "content": {kind: {"schema": schema}}},
                      **dict.fromkeys(("4XX", "502", "503"), wrong)},
        "security": [{}, {"token": []}],
        "x-needs": f"{need.role}, scope {need.scope}" if need and need.scope else need.role if need else "nobody",
    }  # fmt: skip


def _path(route: Route) -> Iterator[dict[str, Any]]:
    for name, convertor in route.param_convertors.items():
        kind = {"type": "integer", "minimum": 0} if isinstance(convertor, IntegerConvertor) else {"type": "string"}
        yield {"name": name, "in": "path", "required": True, "schema": kind}


def _request(model: type[BaseModel] | None, names: Mapping[Any, Any]) -> dict[str, Any]:
    schema = names[model, "validation"] if model else {"type": "object"}
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _ref(name: str) -> str:
    return _REF.format(model=name)


def _body(endpoint: Callable[..., Any]) -> type[BaseModel] | None:
    """Return the model that *endpoint*, or a function of its own module that it calls, checks a request's body by."""
    function = inspect.unwrap(endpoint)
    return next(_models(function, set()), None) if isinstance(function, FunctionType) else None


def _models(function: FunctionType, seen: set[FunctionType]) -> Iterator[type[BaseModel]]:
    seen.add(function)
    for name, following in _named(function.__code__):
        found = function.__globals__.get(name)
        if following == "model_validate_json" and inspect.isclass(found) and issubclass(found, BaseModel):
            yield found
        elif isinstance(found, FunctionType) and found.__module__ == function.__module__ and found not in seen:
            yield from _models(found, seen)


def _named(code: CodeType) -> Iterator[tuple[str, object]]:
    """Yield the global names that *code*, and the functions within it, use, each with what is done with it."""
    for one, following in itertools.pairwise(dis.get_instructions(code)):
        if one.opname == "LOAD_GLOBAL":
            yield str(one.argval), following.argval
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _named(constant)
