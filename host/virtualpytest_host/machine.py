"""Calls that concern a host itself and no device; a process of their own does them, since some wait."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from pytest_virtualpytest.wire import Reply


def _found(ecp: Sequence[str] = ()) -> list[dict[str, Any]]:
    from virtualpytest_host import discovery

    return [one.to_wire() for one in discovery.attached(ecp)]


def _piece(name: str, offset: int) -> Reply:
    from virtualpytest_host import files

    data, size = files.read(name, offset)
    return Reply({"size": size}, [data])


def _put(blobs: list[bytes], name: str, quota: int) -> dict[str, Any]:
    from virtualpytest_host import files

    return {"removed": files.put(name, blobs[0], quota)}


def _restart(url: str) -> dict[str, Any]:
    from virtualpytest_host import recorders

    return recorders.restart(recorders.find(url))


def _late(module: str, name: str) -> Callable[..., Any]:
    """Return a function of one of our modules, imported when it is called."""

    def late(**arguments: Any) -> Any:
        return getattr(import_module(f"virtualpytest_host.{module}"), name)(**arguments)

    return late


CALLS: dict[str, Callable[..., Any]] = {
    "host.health": _late("health", "details"),
    "host.hardware": _late("hardware", "inventory"),
    "host.discover": _found,
    "host.reset_usb": _late("hardware", "reset_usb"),
    "host.restart_recorder": _restart,
    "captures.list": _late("files", "listing"),
    "captures.read": _piece,
    "captures.put": _put,
    "captures.remove": _late("files", "remove"),
    "incidents.list": _late("incidents", "listing"),
    "incidents.picture": _late("incidents", "picture"),
}
