"""Records of a lab file that has been found right."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_virtualpytest.config import controllers, meaning, spans
from pytest_virtualpytest.config.controllers import Controllers
from pytest_virtualpytest.config.document import Document, Where, label
from pytest_virtualpytest.config.records import (
    KINDS,
    LANGUAGE,
    LOCAL,
    TIMEOUT,
    VIRTUAL,
    Campaign,
    Choice,
    ControllerConfig,
    DeviceConfig,
    HostConfig,
    LabConfig,
    Ready,
)

_LISTS = ("tags", "variant", "resources", "needs", "recover")


def lab(document: Document, installed: Controllers) -> LabConfig:
    """Return the records of *document*."""
    data = document.data
    hosts = {name: _host(document, name, table) for name, table in data.get("hosts", {}).items()}
    hosts.setdefault(LOCAL, HostConfig(LOCAL))
    tables = data.get("devices", {})
    devices = {name: _device(document, name, table, hosts, installed) for name, table in tables.items()}
    used = {device.host for device in devices.values()} | set(data.get("hosts", {}))
    return LabConfig(
        hosts={name: host for name, host in hosts.items() if name in used},
        devices=devices,
        timeout=float(data.get("timeout", TIMEOUT)),
        timeout_scale=float(data.get("timeout_scale", 1.0)),
        deadline=float(data["deadline"]) if "deadline" in data else None,
        campaigns={name: _campaign(document, name, table) for name, table in data.get("campaigns", {}).items()},
        sources=tuple(file.absolute() for file in document.files),
        name=", ".join(label(file) for file in document.files),
    )


def _host(document: Document, name: str, table: Mapping[str, Any]) -> HostConfig:
    where = ("hosts", name)
    values = dict(table)
    if "ssh_config" in values:
        values["ssh_config"] = str(_path(document, (*where, "ssh_config"), values["ssh_config"]))
    if "captures_quota" in values:
        values["captures_quota"] = _bytes(values["captures_quota"])
    words = shlex.split(values.get("python", ""))
    if words and "/" in words[0] and values.get("gateway", "popen") == "popen":
        values["python"] = shlex.join([str(_path(document, (*where, "python"), words[0])), *words[1:]])
    return HostConfig(name, **values)


def _device(
    document: Document, name: str, table: Mapping[str, Any], hosts: Mapping[str, HostConfig], installed: Controllers
) -> DeviceConfig:
    where = ("devices", name)
    values = _tuples({key: value for key, value in table.items() if key in meaning.OWN})
    local = hosts[values.setdefault("host", LOCAL)].gateway == "popen"
    values.setdefault("kind", KINDS.get(values.get("virtual", ""), values.get("virtual")))
    values.setdefault("lang", document.data.get("lang", LANGUAGE))
    if "ready" in values:
        values["ready"] = Ready(**_tuples(values["ready"]), file=document.origin((*where, "ready", "check")).absolute())
    if "screens" in values:
        values["screens"] = _path(document, (*where, "screens"), values["screens"])
    built = tuple(
        _controller(document, (*where, key), inner, installed, local=local)
        for key, inner in table.items()
        if key not in meaning.OWN
    )
    return DeviceConfig(name, **values, controllers=built, given=VIRTUAL.get(values.get("virtual", ""), ()))


def _controller(
    document: Document, where: Where, table: Mapping[str, Any], installed: Controllers, *, local: bool
) -> ControllerConfig:
    name, settings = str(where[-1]), meaning.settings(table)
    kind = installed.load(meaning.technique(name, table))
    if local:
        known = controllers.paths(kind)
        settings = {key: _placed(document, (*where, key), value, key in known) for key, value in settings.items()}
    return ControllerConfig(
        name,
        meaning.technique(name, table),
        tuple(table["gives"]) if "gives" in table else None,
        settings,
        tuple(meaning.given(kind, table)),
    )


def _placed(document: Document, where: Where, value: Any, is_path: bool) -> Any:
    """Return *value*; a relative path begins at the lab file, which a host on this machine can read."""
    if isinstance(value, list):
        return [_placed(document, where, member, is_path) for member in value]
    if isinstance(value, str) and (is_path or value.startswith(("./", "../"))):
        return str(_path(document, where, value))
    return value


def _campaign(document: Document, name: str, table: Mapping[str, Any]) -> Campaign:
    where = ("campaigns", name)
    values = dict(table)
    values["tests"] = tuple(_path(document, (*where, "tests"), test) for test in values.get("tests", ()))
    values["devices"] = Choice(**_tuples(values.get("devices", {})))
    values["results"] = _path(document, (*where, "results"), values.get("results", f"allure-results/{name}"))
    if "budget" in values:
        values["budget"] = spans.seconds(values["budget"])
    return Campaign(name, **values, file=document.origin(where).absolute())


def _bytes(size: str) -> int:
    return int(float(size[:-3]) * 1024 ** (1 + "KMGT".index(size[-3])))


def _tuples(table: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if key in _LISTS else value for key, value in table.items()}


def _path(document: Document, where: Where, value: str) -> Path:
    """Return *value* as a path; a relative one begins at its lab file."""
    return document.origin(where).absolute().parent / Path(value).expanduser()
