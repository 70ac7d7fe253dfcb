"""Make a device's controllers from its description."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from importlib import metadata
from typing import Any

from pytest_virtualpytest.exceptions import DeviceError

GROUP = "virtualpytest.controllers"


def controllers(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return the controller for each capability of the device that *spec* describes; nothing is opened."""
    found: dict[str, Any] = {}
    for entry in [*_virtual(spec), *spec.get("controllers", ())]:
        controller = _make(entry)
        for capability in entry.get("gives") or controller.gives:
            if capability in found:
                raise DeviceError(f"two controllers give {capability!r}; say gives = [...] for one of them")
            found[capability] = controller
    return found


def _virtual(spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    if not spec.get("virtual"):
        return []
    from virtualpytest_host import virtual

    attachment = virtual.attach(spec["virtual"], spec["name"])
    _attachments.append(attachment)
    return attachment.controllers


_attachments: list[Any] = []  # held as long as this process lives


def _make(entry: Mapping[str, Any]) -> Any:
    known = {point.name: point for point in metadata.entry_points(group=GROUP)}
    name = entry["controller"]
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise DeviceError(f"no controller {name!r}; known here: {', '.join(sorted(known))}{hint}")
    try:
        return known[name].load()(**entry["settings"])
    except TypeError as error:
        raise DeviceError(f"controller {name!r}: {error}") from error
