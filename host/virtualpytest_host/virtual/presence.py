"""A virtual device as others of this account find it: a process with a lock, and a file that says where it is."""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from virtualpytest_host.virtual.ports import Port


def parser(module: str, name: str, about: str | None) -> argparse.ArgumentParser:
    """Return the options that each virtual device has; *name* is what it is called unless it is told."""
    options = argparse.ArgumentParser(prog=f"python -m virtualpytest_host.virtual.{module}", description=about)
    options.add_argument("--name", default=name)
    options.add_argument("--folder", required=True)
    options.add_argument("--linger", type=float, default=30, help="seconds to live on after the last user")
    return options


@contextlib.contextmanager
def alone(folder: str) -> Iterator[None]:
    """Hold the lock of the device in *folder*: whoever starts one has seen to it that no other holds it."""
    with (Path(folder) / "box.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def publish(folder: Path, name: str, ports: Mapping[str, Port], **more: str) -> None:
    """Write what others need to know of this process into *folder*."""
    numbers = {side: port.number for side, port in ports.items()}
    state = {"pid": os.getpid(), "ports": numbers, "started": time.monotonic(), "name": name, **more}
    fresh = folder / "state.new"
    fresh.write_text(json.dumps(state), encoding="utf-8")
    fresh.rename(folder / "state.json")


def ready() -> None:
    """Tell whoever has started this process that it is there."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()
