"""Secrets in controllers' settings: ``{ env = "NAME" }`` in place of a text."""

from __future__ import annotations

from typing import Any

from pytest_virtualpytest.config.document import Document, Where
from pytest_virtualpytest.config.records import Secret


def found(document: Document) -> dict[str, Any]:
    """Return the data of *document* with a Secret in place of each ``{ env = "NAME" }`` in a device's tables."""
    devices = document.data.get("devices")
    if not isinstance(devices, dict):
        return document.data
    replaced = {name: _replaced(document, device, ("devices", name)) for name, device in devices.items()}
    return document.data | {"devices": replaced}


def _replaced(document: Document, value: Any, where: Where) -> Any:
    if isinstance(value, list):
        return [_replaced(document, member, (*where, number)) for number, member in enumerate(value)]
    if not isinstance(value, dict):
        return value
    if len(where) > 3 and list(value) == ["env"] and isinstance(value["env"], str):
        return Secret(value["env"], document.place(where))
    return {name: _replaced(document, member, (*where, name)) for name, member in value.items()}
