"""`virtualpytest release`: end one's own `take` of a device from another terminal."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_virtualpytest.cli import options
from pytest_virtualpytest.exceptions import LeaseError

if TYPE_CHECKING:
    from pytest_virtualpytest.cli.bench import Bench
    from pytest_virtualpytest.config import DeviceConfig

_SECONDS = 5.0  # within which it must have given the device back


def add(commands: options.Commands) -> None:
    """Add the command."""
    text = "end your own `take` of a device on this machine, or tell who holds it"
    parser = commands.add_parser("release", help=text, description=f"{text[0].upper()}{text[1:]}.")
    parser.add_argument("device", metavar="DEVICE")
    options.add_lab(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """End it; 1 if somebody else holds the device."""
    from pytest_virtualpytest.cli.bench import opened
    from pytest_virtualpytest.waiting import in_words

    lab = options.lab(args)
    device = options.device(lab, args.device)
    with opened(lab) as bench:
        bench.attach(device)
        holder = _holder(bench, device)
        if holder is None:
            print(f"{device.name}: is free")
            return 0
        if not _is_own_take(holder, device.name):
            where = f" on {holder['machine']}" if holder.get("machine") else ""
            print(f"{device.name}: held by {in_words(holder)}{where}; not by a `take` of yours here", file=sys.stderr)
            return 1
        os.kill(int(holder["pid"]), signal.SIGTERM)
        _await(bench, device, holder)
    print(f"{device.name}: given back")
    return 0


def _holder(bench: Bench, device: DeviceConfig) -> dict[str, Any] | None:
    found: dict[str, Any] | None = bench.call(device, "holder").value["holder"]
    return found


def _is_own_take(holder: Mapping[str, Any], device: str) -> bool:
    """Tell whether *holder* is a `take` of this user's that runs here now, and no later process of its number."""
    from pytest_virtualpytest.gateway import client

    me = client()
    if holder.get("kind") != "person" or any(holder.get(word) != me[word] for word in ("user", "machine")):
        return False
    process = Path(f"/proc/{int(holder.get('pid', 0))}")
    try:
        words = (process / "cmdline").read_bytes().split(b"\0")
        return process.stat().st_uid == os.geteuid() and {b"take", device.encode()} <= set(words)
    except OSError:
        return False


def _await(bench: Bench, device: DeviceConfig, holder: Mapping[str, Any]) -> None:
    end = time.monotonic() + _SECONDS
    while _holder(bench, device) == holder:
        if time.monotonic() > end:
            pid = holder["pid"]
            raise LeaseError(
                f"device {device.name!r}: process {pid} did not give it back within {_SECONDS:g} s; kill -9 {pid} will"
            )
        time.sleep(0.05)
