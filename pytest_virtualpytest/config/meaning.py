"""What a lab file's words mean for one another: references, capabilities, controllers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pytest_virtualpytest.capabilities import CAPABILITIES
from pytest_virtualpytest.config import controllers, tables
from pytest_virtualpytest.config.controllers import Controllers
from pytest_virtualpytest.config.document import Where, dotted
from pytest_virtualpytest.config.records import LOCAL, VIRTUAL
from pytest_virtualpytest.config.shape import Problem
from pytest_virtualpytest.config.words import nearest

ACTIONS = ("power.cycle", "power.off", "power.on")
OWN = tuple(tables.Device.model_fields)  # a device's keys; its other tables are controllers


def check(data: Mapping[str, Any], installed: Controllers) -> Iterator[Problem]:
    """Yield what does not fit together in *data*, whatever else may be wrong with it."""
    for name, device in _tables(data, "devices"):
        yield from _device(("devices", name), device, [LOCAL, *dict(_tables(data, "hosts"))], installed)
    for name, campaign in _tables(data, "campaigns"):
        choice = campaign.get("devices")
        if isinstance(choice, dict):
            yield from _choice(("campaigns", name, "devices"), choice, list(dict(_tables(data, "devices"))))


def technique(name: str, table: Mapping[str, Any]) -> str:
    """Return which controller a device's *table* of this *name* means."""
    chosen = table.get("controller")
    return chosen if isinstance(chosen, str) else name


def settings(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return the controller's own settings in *table*."""
    return {name: value for name, value in table.items() if name not in tables.Controller.model_fields}


def given(kind: Any, table: Mapping[str, Any]) -> list[str]:
    """Return the capabilities that a controller of class *kind* gives its device."""
    return [word for word in _words(table.get("gives")) if word in kind.gives] or list(kind.gives)


def _device(where: Where, device: dict[str, Any], hosts: Sequence[str], installed: Controllers) -> Iterator[Problem]:
    host, virtual = device.get("host"), device.get("virtual")
    if isinstance(host, str) and host not in hosts:
        yield (*where, "host"), f"no host {host!r}{nearest(host, hosts)}"
    if isinstance(virtual, str) and virtual not in VIRTUAL:
        yield (*where, "virtual"), f"no virtual device of kind {virtual!r}{nearest(virtual, VIRTUAL)}"
    if "kind" not in device and virtual is None:
        yield (*where, "kind"), "is missing: stb, tv, mobile, desktop, or a word of your own"
    givers = dict.fromkeys(VIRTUAL.get(str(virtual), ()), f"{dotted(where)}.virtual")
    for name, table in device.items():
        if name not in OWN and isinstance(table, dict):
            yield from _controller((*where, name), table, givers, installed)
    yield from _ready((*where, "ready", "recover"), device.get("ready"), givers)


def _controller(
    where: Where, table: dict[str, Any], givers: dict[str, str], installed: Controllers
) -> Iterator[Problem]:
    name = technique(str(where[-1]), table)
    if name not in installed.names:
        place, known = ((*where, "controller"), []) if "controller" in table else (where, OWN)
        yield place, f"no controller {name!r}{nearest(name, [*installed.names, *known])}"
        return
    try:
        kind = installed.load(name)
    except ValueError as error:
        yield where, str(error)
        return
    for word in _words(table.get("gives")):
        if word not in CAPABILITIES:
            yield (*where, "gives"), f"no capability {word!r}{nearest(word, CAPABILITIES)}"
        elif word not in kind.gives:
            yield (*where, "gives"), f"{name} does not give {word!r}, only {', '.join(kind.gives)}"
    for word in given(kind, table):
        if givers.setdefault(word, dotted(where)) != dotted(where):
            yield where, f"gives {word!r}, as {givers[word]} does; say gives = [...] to choose"
    for inner, text in controllers.check(kind, settings(table)):
        yield (*where, *inner), text


def _ready(where: Where, ready: Any, givers: Mapping[str, str]) -> Iterator[Problem]:
    for step in _words(ready.get("recover")) if isinstance(ready, dict) else ():
        capability, dot, _ = step.partition(".")
        if dot and step not in ACTIONS:
            yield where, f"unknown action {step!r}{nearest(step, ACTIONS)}"
        elif (needed := capability if dot else "remote") not in givers:
            yield where, f"{step!r} needs {needed!r}, which no controller of the device gives"


def _choice(where: Where, choice: Mapping[str, Any], devices: Sequence[str]) -> Iterator[Problem]:
    name = choice.get("name")
    if isinstance(name, str) and name not in devices:
        yield (*where, "name"), f"no device {name!r}{nearest(name, devices)}"
    for word in _words(choice.get("needs")):
        if word not in CAPABILITIES:
            yield (*where, "needs"), f"no capability {word!r}{nearest(word, CAPABILITIES)}"


def _tables(data: Mapping[str, Any], section: str) -> list[tuple[str, dict[str, Any]]]:
    found = data.get(section)
    items = found.items() if isinstance(found, dict) else ()
    return [(name, table) for name, table in items if isinstance(table, dict)]


def _words(value: Any) -> list[str]:
    return [word for word in value if isinstance(word, str)] if isinstance(value, list) else []
