"""A device with a controller that has every mishap, on a host behind any gateway."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sshd

from pytest_virtualpytest.gateway import Gateway, Gateways
from pytest_virtualpytest.process import status
from pytest_virtualpytest.wire import Call, Reply

INSTALLED = Path(__file__).parent / "installed"


@dataclass(frozen=True)
class Host:
    """A host as the lab file describes it."""

    name: str = "rack1"
    gateway: str = "popen"
    python: str | None = None
    ssh_config: str | None = None


@dataclass(frozen=True)
class SshHost:
    """An sshd with an account behind it that can run our agent."""

    server: sshd.Sshd
    python: str
    state: Path

    @property
    def host(self) -> Host:
        """The host, as the lab file would describe it."""
        return Host("rack1", f"ssh={sshd.NAME}", self.python, str(self.server.config))

    def kill(self, pid: int, number: int) -> None:
        """Send signal *number* to a process of the account."""
        subprocess.run([*self.prefix, "kill", f"-{number}", str(pid)], check=True)

    @property
    def prefix(self) -> list[str]:
        """What to put before a command to act on the account's processes."""
        return sshd.root() if sshd.may_be_root() else []


def spec(name: str = "stb1", **settings: Any) -> dict[str, Any]:
    """Return the description of a device with the test's controller."""
    entry = {"name": "rack", "controller": "rack", "gives": None, "settings": {"name": name, **settings}}
    return {"name": name, "virtual": None, "controllers": [entry]}


@dataclass
class Bench:
    """A device named ``stb1`` on host ``rack1``, with the controller of tests/installed."""

    gateways: Gateways
    kill: Callable[[int, int], object]
    spec: dict[str, Any] = field(default_factory=spec)
    token: int | None = None

    @property
    def gateway(self) -> Gateway:
        """The gateway to its host, opened again if it was lost."""
        return self.gateways.of("rack1")

    def lease(self) -> Gateway:
        """Attach the device and lease it."""
        gateway = self.gateway
        gateway.attach(self.spec)
        self.token = gateway.lease("stb1", {"user": "ann", "run": "4f6b", "test": "test_zap"})
        return gateway

    def call(self, method: str, deadline: float = 20.0, patience: float = 3.0, **args: Any) -> Reply:
        """Call the device."""
        return self.gateway.call(Call(method, "stb1", args, self.token, deadline), patience)

    def press(self, key: str, deadline: float = 20.0, patience: float = 3.0) -> Reply:
        """Press a key, or have the mishap of that name."""
        return self.call("remote.press", deadline, patience, key=key)

    def pid(self) -> int:
        """Return the number of the device's process."""
        return int(self.call("describe").value["pid"])


def ended(pid: int) -> bool:
    """Tell whether a process has ended."""
    return not any(status(pid))
