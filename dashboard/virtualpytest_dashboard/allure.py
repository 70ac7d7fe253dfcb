"""One document that allure-pytest wrote, read into records: whatever is in it, only ``read`` raises.

A result:     {"name", "status", "statusDetails": {"message", "trace"}, "steps": [...], "attachments": [...],
               "parameters": [...], "labels": [...], "links": [...], "start", "stop", "uuid", "historyId", "fullName"}
A container:  {"children": [uuid, ...], "befores": [step, ...], "afters": [step, ...]}
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pytest_virtualpytest.exceptions import VirtualPytestError
from virtualpytest_dashboard.records import Attachment, Link, Parameter, Step

LARGEST = 64 << 20
DEEPEST = 60
_TIMES = range(946_684_800_000, 253_402_300_799_000)  # the years 2000 to 9999: others were not told the time
_KNOWN = ("passed", "failed", "broken", "skipped")

Document = Mapping[str, Any]


def read(path: Path, wanted: type = dict) -> Any:
    """Return the JSON object in *path*; a VirtualPytestError says why there is none."""
    try:
        return document(contents(path), wanted)
    except OSError as error:
        raise VirtualPytestError(error.strerror or "cannot be read") from error


def document(content: bytes, wanted: type = dict) -> Any:
    """Return the JSON object that *content* is; a VirtualPytestError says why it is none."""
    try:
        found = json.loads(content.decode("utf-8-sig"))
    except RecursionError as error:
        raise VirtualPytestError("nested too deeply") from error
    except ValueError as error:
        raise VirtualPytestError(f"not JSON: {error}") from error
    if not isinstance(found, wanted):
        raise VirtualPytestError(f"holds a {type(found).__name__}, not an object")
    return found


def contents(path: Path) -> bytes:
    """Return what is in *path*, a plain file of a sensible size; an OSError or a VirtualPytestError says why not."""
    number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(number, "rb") as file:
        state = os.fstat(number)
        if not stat.S_ISREG(state.st_mode):
            raise VirtualPytestError("not a plain file")
        if state.st_size > LARGEST:
            raise VirtualPytestError(f"larger than {LARGEST >> 20} MiB")
        data = file.read()
    if not data:
        raise VirtualPytestError("empty")
    return data


def text(value: object) -> str:
    """Return *value* as text that can be sent: nothing for null, no lone surrogates."""
    if value is None:
        return ""
    words = value if isinstance(value, str) else json.dumps(value, default=str)
    return words if words.isascii() else words.encode("utf-8", "replace").decode()


def time(value: object) -> int:
    """Return *value* as milliseconds since the epoch, 0 if it is no time that can be meant."""
    if not isinstance(value, int | float) or not _TIMES.start <= value < _TIMES.stop:
        return 0
    return int(value)


def members(value: object) -> Iterator[Document]:
    """Yield the objects in *value*, which should be a list of them."""
    for member in value if isinstance(value, list) else ():
        if isinstance(member, dict):
            yield member


def details(document: Document) -> tuple[str, str]:
    """Return the message and the trace of a result or a step."""
    found = document.get("statusDetails")
    if not isinstance(found, dict):
        return "", ""
    return text(found.get("message")).strip(), text(found.get("trace")).strip("\n")


def status(document: Document) -> str:
    """Return the status that a result or a step says, or "unknown"."""
    said = document.get("status")
    return said if isinstance(said, str) and said in _KNOWN else "unknown"


def attachments(document: Document) -> tuple[Attachment, ...]:
    """Return the attachments of a result or a step."""
    found = (
        Attachment(text(member.get("name")), text(member.get("source")), text(member.get("type")))
        for member in members(document.get("attachments"))
    )
    return tuple(Attachment(item.name or item.source, item.source, item.type) for item in found if item.source)


def parameters(document: Document) -> tuple[Parameter, ...]:
    """Return the parameters of a result or a step; hidden ones are left out, masked ones are not shown."""
    found = [member for member in members(document.get("parameters")) if member.get("mode") != "hidden"]
    return tuple(
        Parameter(text(member.get("name")), "••••••" if member.get("mode") == "masked" else text(member.get("value")))
        for member in found
    )


def labels(document: Document) -> tuple[Parameter, ...]:
    """Return the labels of a result."""
    found = members(document.get("labels"))
    return tuple(Parameter(text(member.get("name")), text(member.get("value"))) for member in found)


def links(document: Document) -> tuple[Link, ...]:
    """Return the links of a result; only those to a web address can be followed."""
    found = members(document.get("links"))
    return tuple(link(member.get("name"), member.get("url"), member.get("type")) for member in found)


def link(name: object, url: object, kind: object = "") -> Link:
    """Return a link that leads nowhere but to a web address."""
    address = text(url)
    safe = address if address.lower().startswith(("http://", "https://")) else ""
    return Link(text(name) or address, safe, text(kind))


def steps(value: object, depth: int = 0) -> tuple[Step, ...]:
    """Return the steps in *value*; what is nested deeper than is sensible becomes one step that says so."""
    if depth == DEEPEST:
        return (Step("… (nested deeper, not shown)", "unknown", 0, 0),) if isinstance(value, list) and value else ()
    return tuple(_step(member, depth) for member in members(value))


def _step(document: Document, depth: int) -> Step:
    message, trace = details(document)
    return Step(
        name=text(document.get("name")) or "unnamed",
        status=status(document) if document.get("status") else "",
        start=time(document.get("start")),
        stop=time(document.get("stop")),
        message=message,
        trace=trace,
        parameters=parameters(document),
        attachments=attachments(document),
        steps=steps(document.get("steps"), depth + 1),
    )
