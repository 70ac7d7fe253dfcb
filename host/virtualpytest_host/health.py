"""How a host machine is."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

from pytest_virtualpytest.exceptions import DeviceError
from virtualpytest_host import files, needs, state, sysfs

ROOT = Path("/")
_FFMPEG_SECONDS = 5.0


def report() -> dict[str, Any]:
    """Return load, memory and disk (shares of 1), clock and uptime (seconds), and versions; takes no time."""
    memory = sysfs.memory()
    disk = shutil.disk_usage(state.folder())
    return {
        "machine": platform.node(),
        "python": platform.python_version(),
        "executable": sys.executable,
        "version": metadata.version("virtualpytest"),
        "load": os.getloadavg()[0] / (os.cpu_count() or 1),
        "memory": 1 - memory["MemAvailable"] / memory["MemTotal"],
        "disk": disk.used / disk.total,
        "clock": time.time(),
        "uptime": time.monotonic(),
        "state": str(state.folder()),
    }


def details() -> dict[str, Any]:
    """Return what takes a while to find out: temperatures, what checks stand on, the captures' folder."""
    return {
        "temperatures": dict(temperatures()),
        "software": {"ffmpeg": ffmpeg(), "PyAV": _loaded("av"), "OpenCV": _loaded("cv2")},
        "captures": sum(one.size for one in files.captures()),
        "drivers": drivers(),
    }


def temperatures(root: Path = ROOT) -> Iterator[tuple[str, float]]:
    """Yield the name and the degrees Celsius of each sensor; of several with one name, the hottest."""
    found: dict[str, float] = {}
    for name, text in [*_zones(root), *_sensors(root)]:
        try:
            degrees = int(text) / 1000
        except ValueError:  # a sensor that cannot be read now
            continue
        if -50 < degrees < 200:
            found[name] = max(degrees, found.get(name, degrees))
    yield from sorted(found.items())


def drivers(root: Path = ROOT) -> list[str]:
    """Return the drivers of capture devices that the kernel has loaded, with their versions where they tell."""
    modules = root / "sys/module"
    names = ("uvcvideo", "v4l2loopback", "magewell", "ProCapture", "blackmagic", "hdmi_capture", "cx23885")
    return [_driver(modules / name) for name in names if (modules / name).is_dir()]


def ffmpeg() -> str:
    """Return the version of the program ffmpeg, which nothing here needs."""
    program = shutil.which("ffmpeg")
    if program is None:
        return "not installed (not needed)"
    try:
        done = subprocess.run(
            [program, "-version"], check=False, capture_output=True, text=True, timeout=_FFMPEG_SECONDS,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"does not start: {error}"
    words = done.stdout.split(maxsplit=3)
    return words[2] if len(words) > 2 else "does not tell its version"


def _loaded(name: str) -> str:
    """Return the version of the package *name*, or why it cannot be loaded, after ``missing:``."""
    try:
        with needs.host_extra(name):
            module = import_module(name)
    except DeviceError as error:
        return f"missing: {error}"
    libraries = getattr(module, "library_versions", {})
    codec = ".".join(map(str, libraries["libavcodec"])) if "libavcodec" in libraries else ""
    return f"{module.__version__}{f' with libavcodec {codec}' if codec else ''}"


def _zones(root: Path) -> Iterator[tuple[str, str]]:
    for zone in sorted((root / "sys/class/thermal").glob("thermal_zone*")):
        yield sysfs.text(zone / "type") or zone.name, sysfs.text(zone / "temp")


def _sensors(root: Path) -> Iterator[tuple[str, str]]:
    for value in sorted((root / "sys/class/hwmon").glob("hwmon*/temp*_input")):
        label = sysfs.text(value.with_name(value.name.replace("_input", "_label")))
        yield " ".join(word for word in (sysfs.text(value.parent / "name"), label) if word), sysfs.text(value)


def _driver(place: Path) -> str:
    version = sysfs.text(place / "version")
    return f"{place.name} {version}" if version else place.name

