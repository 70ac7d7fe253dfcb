"""What is kept of a test's devices: the frame that decided, the last frame, a clip, the log, the sound level."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeAlias

from pytest_virtualpytest import looking
from pytest_virtualpytest.exceptions import VirtualPytestError

if TYPE_CHECKING:
    from pytest_virtualpytest.device import Device
    from pytest_virtualpytest.report import Report

Piece: TypeAlias = tuple[str, str, Callable[[], bytes | str]]
Attach: TypeAlias = Callable[[str, bytes | str, str], None]

CLIP_SECONDS = 10.0
TRAFFIC_SECONDS = 60.0
_ERROR_PICTURES = {"annotated": "annotated frame", "frame": "last frame"}


def of_error(report: Report, error: BaseException, device: str = "") -> set[str]:
    """Attach the pictures that *error* brought along, and return their names."""
    if not isinstance(error, VirtualPytestError):
        return set()
    shown = {_ERROR_PICTURES.get(name, name): body for name, body in error.pictures.items() if name != "nearest"}
    for title, picture in shown.items():
        report.attach(_titled(title, device), picture, "png")
    _compare(report, error, device)
    return set(shown)


def _compare(report: Report, error: VirtualPytestError, device: str) -> None:
    """Attach what was looked for beside what was at its nearest place, so that both can be laid over each other."""
    near = error.details.get("nearest")
    if isinstance(near, dict) and "nearest" in error.pictures:
        report.attach(_titled("nearest place", device), error.pictures["nearest"], "png")
        report.attach(_titled("reference", device), looking.content(near["sha"]), "png")


def of_screen(attach: Attach, device: Device, *, alone: bool) -> None:
    """Attach what anybody can see and hear of *device*: for a test that cannot say it any more."""
    with device.link.silent():
        for title, extension, get in _seen(device):
            body, kind = _got(get, extension)
            attach(_titled(title, "" if alone else device.name), body, kind)


def of_device(report: Report, device: Device, since: float, *, known: set[str], alone: bool) -> None:
    """Attach what *device* shows, showed and heard; *known* are attached already, *alone* needs no name on them."""
    name = "" if alone else device.name
    with device.link.silent():
        for title, extension, get in _pieces(device, since):
            if title not in known:
                body, kind = _got(get, extension)
                if body:
                    report.attach(_titled(title, name), body, kind)


def _pieces(device: Device, since: float) -> Iterator[Piece]:
    yield from _seen(device)
    yield "device log", "txt", lambda: _log(device, since)
    if "logs" in device.link.capabilities:
        yield "device's own log", "txt", lambda: _own_log(device, since)
    if any("console" in one.capabilities and "logs" not in one.capabilities for one in device.config.controllers):
        yield "console", "txt", lambda: _said(device, since)
    if "network" in device.link.capabilities:
        yield "traffic", "pcap", lambda: _traffic(device, since)


def _seen(device: Device) -> Iterator[Piece]:
    if "screen" in device.link.capabilities:
        yield "last frame", "png", lambda: device.screen.frame().png
        yield "clip of the seconds before", "mp4", lambda: device.screen.clip(CLIP_SECONDS).mp4
    if "audio" in device.link.capabilities:
        yield "sound level", "txt", lambda: _heard(device)


def _got(get: Callable[[], bytes | str], extension: str) -> tuple[bytes | str, str]:
    """Return what *get* returns, or in its place why there is none: evidence never fails a test."""
    try:
        return get(), extension
    except VirtualPytestError as error:
        return f"none: {error}", "txt"


def _heard(device: Device) -> str:
    level = device.audio.level(1.0)
    return f"{level.rms:.1f} dBFS, peak {level.peak:.1f}, over {level.seconds:g} s"


def _log(device: Device, since: float) -> str:
    """Return the device's log of this test, its times counted from the test's start."""
    lines = str(device.link.call("log", {"since": since}).value).splitlines()
    return "\n".join(_counted(line, since) for line in lines) or "nothing was done"


def _own_log(device: Device, since: float) -> str:
    """Return what the device itself has written down during this test."""
    lines = str(device.link.call("logs.since", {"moment": {"before": since}}).value).splitlines()
    return "\n".join(_counted(line, since) for line in lines) or "it wrote nothing"


def _said(device: Device, since: float) -> str:
    """Return what the device's console has said during this test, where its log is another one."""
    lines = str(device.link.call("console.said", {"since": since}).value).splitlines()
    return "\n".join(_counted(line, since) for line in lines) or "it said nothing"


def _traffic(device: Device, since: float) -> bytes:
    """Return what went over the device's link in the last minute of this test; nothing if that is not recorded."""
    args = {"begin": since, "seconds": TRAFFIC_SECONDS}
    return bytes(next(iter(device.link.call("network.evidence", args, seconds=20).blobs), b""))


def _counted(line: str, since: float) -> str:
    """Return *line* with its time, if it begins with one of the host's clock, counted from *since* on."""
    at, _, text = line.partition(" ")
    return f"{float(at) - since:9.3f} {text}" if re.fullmatch(r"\d+\.\d{3}", at) else line


def _titled(title: str, device: str) -> str:
    return f"{title} of {device}" if device else title


def facts(device: Device) -> dict[str, str]:
    """Return what *device* says that it is; those that have a shell can be asked."""
    if "shell" in device.link.capabilities:
        with device.link.silent(), contextlib.suppress(VirtualPytestError):  # the test itself will say so
            return dict(device.link.call("facts").value)
    return {}


def began(device: Device, test: str) -> float:
    """Put *test* on the device's log, and return when that was on its host's clock."""
    with device.link.silent():
        try:
            return float(device.link.call("mark", {"text": f"begin {test}"}).value["captured"])
        except VirtualPytestError:  # the test itself will say so
            return time.monotonic()
