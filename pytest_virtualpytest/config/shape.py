"""What pydantic complains of, in the words of whoever wrote the lab file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pytest_virtualpytest.config import tables
from pytest_virtualpytest.config.document import Where
from pytest_virtualpytest.config.words import nearest

Problem = tuple[Where, str]

_WANTED = {
    "string": "text", "int": "a whole number", "float": "a number", "bool": "true or false", "list": "a list",
    "tuple": "a list", "dict": "a table", "mapping": "a table", "model": "a table", "dataclass": "a table",
    "path": "a path", "is": "another sort of value",
}  # fmt: skip
_KINDS = {str: "text", bool: "true or false", int: "a whole number", float: "a number", list: "a list", dict: "a table"}


def check(data: Mapping[str, Any], controllers: Sequence[str]) -> Iterator[Problem]:
    """Yield what is wrong with the shape of *data*, whose devices may have *controllers*."""
    try:
        tables.Lab.model_validate(data)
    except ValidationError as error:
        for one in error.errors(include_url=False):
            yield _problem(one, controllers)


def complaint(error: ErrorDetails) -> str:
    """Return what is wrong, without the value: it may be meant to be secret."""
    sort, context = error["type"], error.get("ctx", {})
    if sort in {"missing", "missing_argument"}:
        return "is missing"
    if sort == "value_error":
        return str(context["error"])
    if sort == "literal_error":
        return f"must be {context['expected']}"
    wanted = next((words for word, words in _WANTED.items() if sort in {f"{word}_type", f"{word}_parsing"}), "")
    if wanted or sort.endswith("_type"):
        return f"must be {wanted or 'another sort of value'}, not {_KINDS.get(type(error['input']), 'this')}"
    said = error["msg"].replace("Input should be", "must be").replace("List should have", "must have")
    return f"{said[0].lower()}{said[1:]}".replace(" after validation", "")


def _problem(error: ErrorDetails, controllers: Sequence[str]) -> Problem:
    where = tuple(part for part in error["loc"] if part != "[key]")
    if error["type"] == "extra_forbidden":
        return where, f"unknown key{nearest(str(where[-1]), _keys(where))}"
    if error["type"] == "model_type" and len(where) == 3 and where[0] == "devices" and where[2] not in _DEVICE:
        return where, f"unknown key{nearest(str(where[-1]), [*_DEVICE, *controllers])}"
    return where, complaint(error)


def _keys(where: Where) -> list[str]:
    """Return what the table around *where* may hold."""
    model: type[BaseModel] = tables.Lab
    for part in where[:-1]:
        model = _TABLES.get(str(part), model)
    return list(model.model_fields)


_TABLES: dict[str, type[BaseModel]] = {
    "hosts": tables.Host,
    "devices": tables.Device,
    "campaigns": tables.Campaign,
    "ready": tables.Ready,
    "monitor": tables.Monitor,
}
_DEVICE = tuple(tables.Device.model_fields)
