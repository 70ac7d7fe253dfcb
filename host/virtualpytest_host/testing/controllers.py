"""Checks of every controller, whatever it gives."""

from __future__ import annotations

import dataclasses
import os
import threading
import time
from typing import Any, ClassVar

import pytest

from pytest_virtualpytest import capabilities, traffic
from pytest_virtualpytest.capabilities import CAPABILITIES
from pytest_virtualpytest.exceptions import DeviceError
from virtualpytest_host.testing.hands import Pointers, Remotes, Streams, Supplies, Touches, Uis
from virtualpytest_host.testing.inside import Consoles, Logbooks, Programs, Shells, Storages
from virtualpytest_host.testing.network import Networks
from virtualpytest_host.testing.opened import Opened, ask, through

PROTOCOLS: dict[str, type] = {
    "remote": capabilities.Remote, "screen": capabilities.Watched, "audio": capabilities.Watched,
    "touch": capabilities.Touch, "ui": capabilities.Ui, "apps": capabilities.Apps, "shell": capabilities.Shell,
    "files": capabilities.Files, "power": capabilities.Power, "logs": capabilities.Logs,
    "network": traffic.Network,
    "console": capabilities.Console, "pointer": capabilities.Pointer,
}  # fmt: skip
CONTRACTS: dict[str, type] = {
    "network": Networks,
    "remote": Remotes, "power": Supplies, "touch": Touches, "ui": Uis, "shell": Shells, "files": Storages,
    "apps": Programs, "logs": Logbooks, "console": Consoles, "screen": Streams, "audio": Streams, "pointer": Pointers,
}  # fmt: skip


class Controllers(Opened):
    """Whatever it gives."""

    def test_contract_of_each_capability_is_checked(self, controller: Any) -> None:
        """Fail if the subclass leaves out what its controller gives."""
        missing = [kind.__name__ for word, kind in CONTRACTS.items() if word in controller.gives]
        missing = [name for name in missing if name not in {kind.__name__ for kind in type(self).__mro__}]

        assert not missing, f"{type(self).__name__} must inherit {', '.join(missing)} too"

    def test_gives_what_it_has_the_methods_of(self, controller: Any) -> None:
        """Fail if `gives` names what is no capability, or what lacks methods."""
        assert set(controller.gives) <= set(CAPABILITIES)
        wanted = [word for word in controller.gives if word in PROTOCOLS]
        assert [word for word in wanted if not isinstance(controller, PROTOCOLS[word])] == []

    def test_its_settings_are_the_fields_of_a_dataclass(self, controller: Any) -> None:
        """Fail if a lab file could not be checked against it."""
        assert dataclasses.is_dataclass(controller)

    def test_tells_what_it_holds_before_it_is_opened(self, controller: Any) -> None:
        """Fail if two lab files could take one thing under two names."""
        held = list(controller.resources())

        assert all(isinstance(name, str) and name for name in held)
        assert held == list(controller.resources())

    def test_closing_is_harmless(self, controller: Any) -> None:
        """Fail if a controller that was never opened, or is closed already, cannot be closed."""
        controller.close()
        controller.open()
        controller.close()
        controller.close()

    def test_leaves_nothing_behind(self, controller: Any) -> None:
        """Fail if opened and closed thrice leaves more files and threads than once."""
        through(controller)
        before = _held()

        through(controller)
        through(controller)

        grown = [now > then for now, then in zip(_held(), before, strict=True)]
        assert not any(grown), f"files and threads: {before} before, {_held()} after; close() leaves some behind"

    def test_can_be_opened_again(self, controller: Any) -> None:
        """Fail if the second opening does not do what the first did."""
        for _ in range(2):
            controller.open()
            try:
                assert controller.gives
                ask(controller)
            finally:
                controller.close()


class Absent:
    """A device that is not there: *absent* is to be given, a controller of such a one."""

    patience: ClassVar[float] = 30.0  # seconds in which the error must have come

    @pytest.fixture
    def absent(self) -> Any:
        """Return a controller of a device that is not there, made and not opened; a subclass gives it."""
        raise NotImplementedError(f"{type(self).__name__} has no fixture `absent`: return a controller of nobody in it")

    def test_device_that_is_not_there_is_an_error_in_time(self, absent: Any) -> None:
        """Fail if anything but a DeviceError comes, or comes late."""
        began = time.monotonic()

        with pytest.raises(DeviceError) as caught:
            through(absent)

        absent.close()
        assert time.monotonic() - began < self.patience
        assert "\n" not in caught.value.message


def _held() -> tuple[int, int]:
    """Return how many files and threads this process has."""
    return len(os.listdir("/proc/self/fd")), threading.active_count()  # noqa: PTH208  # counted, not walked
