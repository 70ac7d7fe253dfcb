"""The guardian of a link, as the device's process has it."""

from __future__ import annotations

import contextlib
import json
import select
import subprocess
import sys
from dataclasses import asdict

from pytest_virtualpytest.exceptions import DeviceError
from pytest_virtualpytest.traffic import Impairment
from virtualpytest_host.network import program
from virtualpytest_host.network.control import Control

_GUARDIAN = "virtualpytest_host.network.guardian"
_SECONDS = 20.0  # for a link to be impaired
_END_SECONDS = 10.0  # for it to be as it was


class Guard:
    """The process that impairs the link over *interface* of namespace *where*; *name* is what others call the link."""

    def __init__(self, interface: str, where: str, name: str) -> None:
        self._control = Control(interface, where)
        self._process = subprocess.Popen(
            program.command([sys.executable, "-P", "-m", _GUARDIAN, interface, name], where),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip

    @property
    def ended(self) -> bool:
        """Whether it has ended by itself, or was killed."""
        return self._process.poll() is not None

    def impair(self, impairment: Impairment | None) -> None:
        """Make the link so; DeviceError if that fails, or takes too long."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):  # it has ended: its last words are read below
            self._process.stdin.write(json.dumps(asdict(impairment) if impairment else None) + "\n")
            self._process.stdin.flush()
        ready, _, _ = select.select([self._process.stdout], [], [], _SECONDS)
        if not ready:
            raise DeviceError(f"the link's guardian does not answer within {_SECONDS:g} s")
        line = self._process.stdout.readline()
        told = json.loads(line) if line else {"error": "the link's guardian has ended; see what the host printed"}
        if "error" in told:
            raise DeviceError(told["error"])

    def close(self) -> bool:
        """Have the link as it was, with force if need be; return whether it was not needed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        if self._process.returncode:
            with contextlib.suppress(DeviceError):  # the interface may be gone, or the namespace
                self._control.clean()
        return self._process.returncode == 0
