"""The prompt of `virtualpytest take`: lines that are typed, and what each does to the device that is held."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_virtualpytest.cli import options
from pytest_virtualpytest.exceptions import ConfigError, VirtualPytestError

if TYPE_CHECKING:
    from pytest_virtualpytest.device import Device

HELP = """\
KEY…                 press keys, one after the other: HOME, OK, CHANNEL_UP, 7
shot FILE            save a picture of the screen as PNG
power on|off|cycle   switch the supply
release              give the device back; so does Ctrl-D
help                 show this"""
_LOOK = 2.0  # seconds between two looks at who waits


class Idle(Exception):
    """Nothing was typed for too long."""


def lines(source: int, idle: float, look: Callable[[], None]) -> Iterator[str]:
    """Yield the lines typed at *source* until its end; Idle after *idle* seconds without; *look* every now and then."""
    data, end = b"", time.monotonic() + idle
    while (left := end - time.monotonic()) > 0:
        if not select.select([source], [], [], min(left, _LOOK))[0]:
            look()
            continue
        more = os.read(source, 4096)
        *whole, data = (data + more).split(b"\n")
        yield from (line.decode(errors="replace") for line in whole)
        if not more:
            yield from [data.decode(errors="replace")] if data else []
            return
        end = time.monotonic() + idle
    raise Idle


def obey(device: Device, line: str) -> None:
    """Do what *line* says, and tell how it went."""
    words = line.split()
    if words == ["help"]:
        print(HELP)
    elif words[:1] == ["shot"]:
        _shot(device, words[1:])
    elif words[:1] == ["power"]:
        _power(device, words[1:])
    else:
        _press(device, words)


def _press(device: Device, keys: list[str]) -> None:
    for key in keys:
        options.need(device.config, "remote")
        press = device.remote.press(key)
        print(f"{key}: took {(press.after - press.before) * 1000:.1f} ms", flush=True)


def _shot(device: Device, words: list[str]) -> None:
    if len(words) != 1:
        raise ConfigError("shot needs a file to write to: shot screen.png")
    options.need(device.config, "screen")
    frame, path = device.screen.frame(), Path(words[0])
    try:
        path.write_bytes(frame.png)
    except OSError as error:
        raise VirtualPytestError(f"{path} cannot be written: {error.strerror}") from error
    print(f"{path}: {frame.width}x{frame.height}", flush=True)


def _power(device: Device, words: list[str]) -> None:
    if len(words) != 1 or words[0] not in {"on", "off", "cycle"}:
        raise ConfigError("power needs one of: on, off, cycle")
    options.need(device.config, "power")
    {"on": device.power.on, "off": device.power.off, "cycle": device.power.cycle}[words[0]]()
    print(f"power {words[0]}: done", flush=True)
