"""Make a device's controllers from its description."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
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
        raise DeviceError(f"no controller {name!r}; known here: {', '.join(sorted(known))}{_nearest(name, known)}")
    try:
        kind = known[name].load()
    except ImportError as error:
        raise DeviceError(f"controller {name!r} cannot be loaded: {error}") from error
    _check(name, kind, entry)
    return kind(**entry["settings"])


def _check(name: str, kind: Any, entry: Mapping[str, Any]) -> None:
    """Raise DeviceError for settings that *kind* does not have, or needs, and for what it does not give."""
    settings = {field.name: field for field in fields(kind) if field.init}
    problems = [
        f"no setting {given!r}; it has {', '.join(settings) or 'none'}{_nearest(given, settings)}"
        for given in entry["settings"]
        if given not in settings
    ]
    problems += [
        f"setting {field.name!r} is missing"
        for field in settings.values()
        if field.name not in entry["settings"] and field.default is MISSING and field.default_factory is MISSING
    ]
    unknown = [word for word in entry.get("gives") or () if word not in kind.gives]
    problems += [f"it does not give {word!r}, only {', '.join(kind.gives)}" for word in unknown]
    if problems:
        raise DeviceError(f"controller {name!r}: {'; '.join(problems)}")


def _nearest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    return f"; did you mean {near[0]!r}?" if near else ""
