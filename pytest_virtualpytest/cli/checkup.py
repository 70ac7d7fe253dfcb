"""How the hosts and devices of a lab are."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_virtualpytest import health
from pytest_virtualpytest.cli import watch
from pytest_virtualpytest.cli.bench import Bench, holder
from pytest_virtualpytest.cli.devices import held_by
from pytest_virtualpytest.exceptions import ConfigError, LabFault, LeaseError
from pytest_virtualpytest.wire import Call

if TYPE_CHECKING:
    from pytest_virtualpytest.config import DeviceConfig, HostConfig

RATE_SECONDS = 5.0  # to wait until a recording that has just begun tells its rate


@dataclass(frozen=True)
class Report:
    """What was found."""

    name: str
    facts: str
    problems: tuple[str, ...] = ()
    reached: bool = True

    @property
    def well(self) -> bool:
        """Tell whether nothing is wrong."""
        return not self.problems

    def __str__(self) -> str:
        words = [*(f"{problem}!" for problem in self.problems), *([self.facts] if self.facts else [])]
        return f"{'ok  ' if self.well else 'FAIL'}  {self.name}: {'; '.join(words)}"


def host(bench: Bench, config: HostConfig) -> Report:
    """Return how a host is."""
    name = f"host {config.name}"
    try:
        told = health.ask(bench.host(config.name))
    except LabFault as error:
        return Report(name, "", (_line(error),), reached=False)
    facts = told.facts
    shares = ", ".join(f"{word} {facts[word]:.0%}" for word in ("load", "memory", "disk"))
    versions = f"virtualpytest {facts['version']}, Python {facts['python']}"
    return Report(name, f"up; {versions}; {shares}, clock {told.late:+.3f} s", told.problems())


def device(bench: Bench, config: DeviceConfig, up: Collection[str]) -> Report:
    """Return how a device is, if its host is among those that are *up*."""
    name = f"device {config.name}"
    if config.host not in up:
        return Report(name, "", (f"its host {config.host} cannot be reached",))
    try:
        bench.attach(config)
        facts = [" ".join(config.capabilities) or "no capabilities", *_picture(bench, config)]
        facts.append(_held(bench, config))
    except (LabFault, ConfigError) as error:
        return Report(name, "", (_line(error),))
    return Report(name, "; ".join(facts))


def _picture(bench: Bench, config: DeviceConfig) -> list[str]:
    if "screen" not in config.capabilities:
        return []
    bench.call(config, "screen.frame", seconds=20)  # a fault of the capture is told here
    end = time.monotonic() + RATE_SECONDS
    while bench.call(config, "screen.status").value["seconds"] < watch.SETTLED and time.monotonic() < end:
        time.sleep(0.1)
    return [watch.picture(bench, config)]


def _held(bench: Bench, config: DeviceConfig) -> str:
    """Return whether the device is free, and the state of its power, which only its holder may ask for."""
    try:
        token = bench.host(config.host).lease(config.name, holder("lab check"))
    except LeaseError as error:
        if not error.details.get("held"):
            raise
        return held_by(dict(error.details["holder"]))  # type: ignore[call-overload]  # a plain record
    try:
        if "power" not in config.capabilities:
            return "free"
        call = Call("power.status", config.name, token=token, deadline=10)
        return f"power {'on' if bench.host(config.host).call(call).value else 'off'}; free"
    finally:
        bench.host(config.host).release(config.name)


def _line(error: LabFault | ConfigError) -> str:
    return " ".join(str(error).split())
