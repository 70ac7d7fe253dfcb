"""The JSON Schema of a lab file, with the settings of every controller that is installed here."""

from __future__ import annotations

from typing import Any

from pydantic import PydanticUserError, TypeAdapter

from pytest_virtualpytest.config import tables
from pytest_virtualpytest.config.controllers import Controllers

_SECRET = {
    "type": "object",
    "description": "a text that stays in the environment",
    "properties": {"env": {"type": "string"}},
    "required": ["env"],
    "additionalProperties": False,
}


def schema() -> dict[str, Any]:
    """Return the schema."""
    whole = tables.Lab.model_json_schema()
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", **whole, "title": "virtualpytest lab file"}
    definitions = whole["$defs"] | {"Secret": _SECRET}
    installed, known = Controllers(), dict[str, Any]()
    for name in installed.names:
        settings = _settings(installed, name, definitions)
        if settings is not None:
            known[name] = {"$ref": f"#/$defs/controller.{name}"}
            definitions[f"controller.{name}"] = settings
    device = definitions["Device"]
    device["properties"] |= {name: table for name, table in known.items() if name not in device["properties"]}
    return {**whole, "$defs": definitions}


def _settings(installed: Controllers, name: str, definitions: dict[str, Any]) -> dict[str, Any] | None:
    """Return the schema of the controller's table, its parts added to *definitions*; None if it has none to tell."""
    try:
        table = TypeAdapter(installed.load(name)).json_schema(ref_template=f"#/$defs/{name}.{{model}}")
    except (ValueError, NameError, PydanticUserError):
        return None
    definitions |= {f"{name}.{part}": _or_secret(inner) for part, inner in table.pop("$defs", {}).items()}
    own = definitions["Controller"]["properties"]
    table = _or_secret(table)
    renamed = {"required": ["controller"]}  # then these settings may be another controller's
    return {
        "type": "object",
        "description": table.get("description", ""),
        "properties": own | table["properties"],
        "anyOf": [renamed, {"required": table.get("required", [])}],
    }


def _or_secret(value: Any) -> Any:
    """Return *value* with a secret allowed wherever it wants a text."""
    if isinstance(value, list):
        return [_or_secret(member) for member in value]
    if not isinstance(value, dict):
        return value
    if value.get("type") == "string":
        notes = {key: value[key] for key in ("default", "description", "title") if key in value}
        text = {key: inner for key, inner in value.items() if key not in notes}
        return {**notes, "anyOf": [text, {"$ref": "#/$defs/Secret"}]}
    return {key: _or_secret(inner) for key, inner in value.items()}
