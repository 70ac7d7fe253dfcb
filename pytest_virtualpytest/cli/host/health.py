"""`virtualpytest host health`: how hosts are, and the streams of their devices."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING, Any

from pytest_virtualpytest.cli import options
from pytest_virtualpytest.cli.host import choice
from pytest_virtualpytest.exceptions import ConfigError, LabFault
from pytest_virtualpytest.wire import Call

if TYPE_CHECKING:
    from pytest_virtualpytest.cli.bench import Bench
    from pytest_virtualpytest.config import HostConfig, LabConfig

HOT = 85.0  # degrees Celsius
_TEXT = "tell how a host is: load, memory, disk, temperature, versions, clock, and the stream of each device"
_ASKED = 5  # times for the clock: the quickest answer tells most


def add(verbs: options.Commands) -> None:
    """Add the command."""
    parser = choice.verb(verbs, "health", _TEXT, run)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("host", metavar="NAME", nargs="?", help="a host of the lab file")
    which.add_argument("--all", action="store_true", help="every host")
    options.add_lab(parser)


def run(args: argparse.Namespace) -> int:
    """Tell how each host is; 1 if one is not well."""
    from pytest_virtualpytest.cli.bench import opened

    lab = options.lab(args)
    hosts = list(lab.hosts.values()) if args.all else [choice.host(lab, args.host)]
    with opened(lab) as bench:
        told = bench.each(hosts, lambda host: _host(bench, lab, host))
    for lines, _ in told:
        print("\n".join(lines))
    return 0 if all(well for _, well in told) else 1


def _host(bench: Bench, lab: LabConfig, host: HostConfig) -> tuple[list[str], bool]:
    """Return how *host* and its devices are, line by line, and whether all is well."""
    from pytest_virtualpytest.cli import checkup

    report = checkup.host(bench, host)
    if not report.reached:
        return [str(report)], False
    try:
        more, hot = _more(bench, host)
    except (LabFault, ConfigError) as error:
        more, hot = [f"FAIL  {' '.join(str(error).split())}"], True
    devices = [device for device in lab.devices.values() if device.host == host.name]
    reports = [checkup.device(bench, device, [host.name]) for device in devices]
    well = report.well and not hot and all(one.well for one in reports)
    return [str(report), *(f"      {line}" for line in more), *map(str, reports)], well


def _more(bench: Bench, host: HostConfig) -> tuple[list[str], bool]:
    """Return further facts of *host*, and whether it is too hot."""
    facts: dict[str, Any] = bench.bare(host.name, "host.health", {}).value
    degrees = {name: value for name, value in facts["temperatures"].items() if value >= HOT}
    warmth = ", ".join(f"{name} {value:.0f} °C" for name, value in facts["temperatures"].items())
    software = "; ".join(f"{name} {told}" for name, told in facts["software"].items())
    lines = [
        f"temperature: {warmth or 'no sensor'}{'; too hot!' if degrees else ''}",
        f"software: {software}",
        f"drivers: {', '.join(facts['drivers']) or 'none of a capture device'}",
        f"captures: {facts['captures'] / 2**20:.1f} MiB of {host.captures_quota / 2**20:.0f} MiB",
        f"clock: {_clock(bench, host)}",
    ]
    return lines, bool(degrees)


def _clock(bench: Bench, host: HostConfig) -> str:
    """Return how far the clock of *host* differs from ours."""
    best, late = float("inf"), 0.0
    for _ in range(_ASKED):
        asked = time.time()
        theirs = bench.host(host.name).call(Call("health", deadline=10)).value["clock"]
        answered = time.time()
        if answered - asked < best:
            best, late = answered - asked, theirs - (asked + answered) / 2
    return f"{late:+.4f} s ± {best / 2:.4f} s"
