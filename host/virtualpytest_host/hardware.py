"""What a host machine is made of, as the kernel tells in /proc and /sys; *root* is where those are.

Nothing here needs a package or a program.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

from pytest_virtualpytest.exceptions import DeviceError
from virtualpytest_host import discovery, sysfs

ROOT = Path("/")
_NOT_DISKS = re.compile(r"(loop|ram|zram|dm-|md|sr|fd|nbd)")
_PORT = re.compile(r"\d+-\d+(\.\d+)*")
_SECTOR = 512  # bytes; /sys counts in these whatever the disk's own are
_BACK_SECONDS = 5.0


def inventory(root: Path = ROOT) -> dict[str, list[str]]:
    """Return what there is, a line for each thing, by sort."""
    return {
        "cpu": [cpu(root)],
        "memory": [f"{sysfs.memory(root).get('MemTotal', 0) / 2**20:.1f} GiB"],
        "disk": list(disks(root)),
        "usb": list(usb(root)),
        "video": [f"{one.path}: {one.name}" for one in discovery.videos(root)],
        "serial": [f"{one.path}: {one.name}" for one in discovery.serials(root)],
        "display": [f"{one.path}: {one.name}" for one in discovery.displays(root)],
        "sound": list(cards(root)),
    }


def cpu(root: Path = ROOT) -> str:
    """Return the processor's name and the number of its cores."""
    text = sysfs.text(root / "proc/cpuinfo")
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith(("model name", "Model"))]
    cores = text.count("processor\t") or os.cpu_count() or 1
    return f"{names[0] if names else os.uname().machine}, {cores} cores"


def disks(root: Path = ROOT) -> Iterator[str]:
    """Yield each disk: its name, size and model."""
    for place in sysfs.folders(root / "sys/block"):
        size = int(sysfs.text(place / "size") or 0) * _SECTOR
        if size and not _NOT_DISKS.match(place.name):
            model = sysfs.text(place / "device/model")
            yield f"{place.name}: {size / 1e9:.0f} GB{f', {model}' if model else ''}"


def usb(root: Path = ROOT) -> Iterator[str]:
    """Yield each USB device: its BUS-PORT, number and name, speed, and whether it is switched off."""
    for place in sysfs.folders(root / "sys/bus/usb/devices"):
        if _PORT.fullmatch(place.name):
            number = f"{sysfs.text(place / 'idVendor')}:{sysfs.text(place / 'idProduct')}"
            words = [sysfs.text(place / "manufacturer"), sysfs.text(place / "product")]
            speed = sysfs.text(place / "speed")
            notes = [f"{speed} Mbit/s"] if speed else []
            notes += ["not authorized"] if sysfs.text(place / "authorized") == "0" else []
            yield f"{place.name}: {number} {' '.join(word for word in words if word) or 'no name'}, {', '.join(notes)}"


def cards(root: Path = ROOT) -> Iterator[str]:
    """Yield each sound card: its number and name."""
    for line in sysfs.text(root / "proc/asound/cards").splitlines():
        if found := re.match(r"\s*(\d+) \[(\S+)\s*\]: \S+ - (.+)", line):
            yield f"hw:{found[1]}: {found[3]}"


def reset_usb(port: str, root: Path = ROOT) -> str:
    """Take the device at *port* (BUS-PORT, such as 1-2.3) off its bus and put it back; return what it is."""
    place = root / "sys/bus/usb/devices" / port
    if not _PORT.fullmatch(port) or not place.is_dir():
        known = ", ".join(line.partition(":")[0] for line in usb(root)) or "none"
        raise DeviceError(f"no USB device at {port!r}; there are: {known}")
    switch = place / "authorized"
    try:
        switch.write_text("0")
        switch.write_text("1")
    except OSError as error:
        raise DeviceError(
            f"USB device {port} cannot be reset: {error.strerror}; this account must be able to write to {switch}, "
            "for example by a udev rule that gives it to the group plugdev"
        ) from error
    end = time.monotonic() + _BACK_SECONDS
    while sysfs.text(switch) != "1":  # the kernel asks the device what it is
        if time.monotonic() > end:
            raise DeviceError(f"USB device {port} did not come back within {_BACK_SECONDS:g} s; is its cable well?")
        time.sleep(0.05)
    return next(line for line in usb(root) if line.startswith(f"{port}:"))

