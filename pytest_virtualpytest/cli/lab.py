"""`virtualpytest lab`: the lab file, and the hosts and devices that it describes."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from pytest_virtualpytest.cli import options, table
from pytest_virtualpytest.exceptions import ConfigError

if TYPE_CHECKING:
    from pytest_virtualpytest.cli.bench import Bench
    from pytest_virtualpytest.config import DeviceConfig, LabConfig

_HOSTS = ("HOST", "GATEWAY", "PYTHON", "SSH CONFIG")
_DEVICES = ("DEVICE", "KIND", "MODEL", "HOST", "TAGS", "CONTROLLERS", "CAPABILITIES")


def add(commands: options.Commands) -> None:
    """Add the command and its own commands."""
    text = "check, list, start or stop the lab"
    parser = commands.add_parser("lab", help=text, description="The lab: its file, hosts and devices.")
    verbs = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, run, about in (
        ("check", check, "check the lab file, then open each host and device and tell how it is"),
        ("list", show, "list hosts and devices as the lab file describes them; opens nothing"),
        ("schema", schema, "print the JSON Schema of lab files"),
        ("up", up, "start the virtual devices and keep them until `lab down`"),
        ("down", down, "stop the virtual devices, whoever uses them"),
    ):
        verb = verbs.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}.")
        if run is not schema:
            options.add_lab(verb)
        verb.set_defaults(run=run)


def check(args: argparse.Namespace) -> int:
    """Tell how each host and device is; 1 if one is not well."""
    from pytest_virtualpytest.cli import checkup
    from pytest_virtualpytest.cli.bench import opened

    lab = options.lab(args)
    print(f"{lab.name}: hosts: {len(lab.hosts)}, devices: {len(lab.devices)}")
    with opened(lab) as bench:
        hosts = bench.each(lab.hosts.values(), lambda host: checkup.host(bench, host))
        up = {host.name for host, report in zip(lab.hosts.values(), hosts, strict=True) if report.reached}
        devices = bench.each(lab.devices.values(), lambda device: checkup.device(bench, device, up))
    for report in [*hosts, *devices]:
        print(report)
    return 0 if all(report.well for report in [*hosts, *devices]) else 1


def show(args: argparse.Namespace) -> int:
    """List hosts and devices."""
    lab = options.lab(args)
    print(f"{lab.name}: waits {lab.timeout:g} s" + (f", times {lab.timeout_scale:g}" if lab.timeout_scale != 1 else ""))
    hosts = [(host.name, host.gateway, host.python or "-", host.ssh_config or "-") for host in lab.hosts.values()]
    table.show([_HOSTS, *hosts])
    print()
    table.show([_DEVICES, *(_row(device) for device in lab.devices.values())])
    return 0


def _row(device: DeviceConfig) -> tuple[str, ...]:
    virtual = [f"virtual {device.virtual}"] if device.virtual else []
    lists = (device.tags, [*virtual, *(one.name for one in device.controllers)], device.capabilities)
    return (device.name, device.kind, device.model or "-", device.host, *(" ".join(words) or "-" for words in lists))


def schema(_args: argparse.Namespace) -> int:
    """Print the JSON Schema."""
    from pytest_virtualpytest.config.schema import schema

    print(json.dumps(schema(), indent=2))
    return 0


def up(args: argparse.Namespace) -> int:
    """Start the virtual devices, and keep them."""

    def pin(bench: Bench, one: DeviceConfig) -> str:
        bench.bare(one.host, "virtual.pin", {"kind": one.virtual, "name": one.name})
        return f"runs on {one.host} until `virtualpytest lab down`"

    return _each_virtual(args, pin)


def down(args: argparse.Namespace) -> int:
    """Stop the virtual devices."""

    def stop(bench: Bench, one: DeviceConfig) -> str:
        ran = bench.bare(one.host, "virtual.stop", {"name": one.name}).value["done"]
        return "stopped" if ran else "did not run"

    return _each_virtual(args, stop)


def _each_virtual(args: argparse.Namespace, act: Callable[[Bench, DeviceConfig], str]) -> int:
    """Do *act* to each virtual device, and say what it returns."""
    from pytest_virtualpytest.cli.bench import opened

    lab = options.lab(args)
    devices = _virtual(lab)
    with opened(lab) as bench:
        for one in devices:
            print(f"{one.name}: {act(bench, one)}", flush=True)
    return 0


def _virtual(lab: LabConfig) -> list[DeviceConfig]:
    devices = [device for device in lab.devices.values() if device.virtual]
    if not devices:
        raise ConfigError(f"{lab.name}: no device is virtual, so there is nothing to start or stop")
    return devices
