"""How a host machine is."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

from virtualpytest_host import state


def report() -> dict[str, Any]:
    """Return load, memory and disk (shares of 1), clock and uptime (seconds), and versions."""
    memory = _memory()
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


def _memory() -> dict[str, int]:
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    return {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
