"""How a target travels.

On the wire a target is ``{"kind": "image", ...fields}``; a composed one holds others in ``targets``.
A reference picture travels by the SHA-256 of its bytes; the bytes follow once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from pytest_virtualpytest.exceptions import VirtualPytestError
from pytest_virtualpytest.models import Region
from pytest_virtualpytest.targets.composed import All, AnyOf, Appears, Composed, ForSeconds, Gone, Not, Then
from pytest_virtualpytest.targets.condition import Blockiness, SignalLost, Spinner
from pytest_virtualpytest.targets.plain import Black, Color, Frozen, Image, Motion
from pytest_virtualpytest.targets.sound import Heard, Silence, Sound, Speech, Tone
from pytest_virtualpytest.targets.target import Target
from pytest_virtualpytest.targets.text import Text

_HEARD = (Silence, Sound, Tone, Speech)
_PLAIN = (Image, Text, Motion, Frozen, Black, Color, Blockiness, Spinner, SignalLost)
_SEEN = (*_PLAIN, All, AnyOf, Not, Appears, Gone, Then, ForSeconds)
_KINDS: dict[str, type[Target]] = {cls.kind: cls for cls in (*_SEEN, *_HEARD)}
_ROWS: dict[str, Callable[[Any], Any]] = {"region": Region._make, "resolution": tuple, "colour": tuple, "scales": tuple}


def to_wire(target: Target) -> dict[str, Any]:
    """Return plain values that describe *target*."""
    data: dict[str, Any] = {"kind": target.kind}
    if isinstance(target, Composed):
        data |= {"targets": [to_wire(member) for member in target.targets]}
    said = {item.name: getattr(target, item.name) for item in fields(target) if item.name != "targets"}
    return data | {name: value for name, value in said.items() if value != _default(target, name)}


def _default(target: Target, name: str) -> object:
    """Return what a field is that nobody has set: it stays at home, so that an older host need not know it."""
    return next(item.default for item in fields(target) if item.name == name)


def from_wire(data: Mapping[str, Any]) -> Target:
    """Return the target that *data* describes."""
    values = dict(data)
    kind = values.pop("kind", None)
    if kind not in _KINDS:
        raise VirtualPytestError(f"unknown target {kind!r}; known: {', '.join(_KINDS)}")
    cls = _KINDS[kind]
    members = [from_wire(member) for member in values.pop("targets", ())]
    if foreign := values.keys() - {item.name for item in fields(cls)}:
        names = ", ".join(sorted(foreign))
        raise VirtualPytestError(f"target {kind!r} has no {names} here; install the same version on both sides")
    for name, row in _ROWS.items():
        if values.get(name) is not None:
            values[name] = row(values[name])
    return cls(*members, **values)


def heard_from_wire(data: Mapping[str, Any]) -> Heard:
    """Return the sound that *data* describes."""
    found = from_wire(data)
    if not isinstance(found, Heard):
        raise VirtualPytestError(f"{found} is seen, not heard; sounds are {', '.join(cls.kind for cls in _HEARD)}")
    return found
