"""A virtual phone, as a process of its own.

    python -m virtualpytest_host.virtual.phone --name phone1 --folder FOLDER

It writes ``state.json`` (pid, ports), ``truth.jsonl`` and its files into FOLDER, holds ``box.lock`` there
while it lives, and ends when nobody has held ``users`` for a while.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import threading
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from virtualpytest_host import needs

with needs.host_extra("a virtual phone"):
    import cv2

    from virtualpytest_host.virtual import presence, servers, tenancy
    from virtualpytest_host.virtual.faults import Faults
    from virtualpytest_host.virtual.phone import services
    from virtualpytest_host.virtual.phone.device import Device
    from virtualpytest_host.virtual.phone.glass import Glass
    from virtualpytest_host.virtual.phone.handset import Handset
    from virtualpytest_host.virtual.phone.keyring import Keyring
    from virtualpytest_host.virtual.phone.link import Link
    from virtualpytest_host.virtual.phone.storage import Storage
    from virtualpytest_host.virtual.ports import Port
    from virtualpytest_host.virtual.truth import Truth

FAULTS = ("hang", "slow", "refuse", "crash", "drop", "reject", "stall", "no_screenrecord")
_TURN = 0.1


class Phone:
    """The process: its ports, and what joins them to the device."""

    def __init__(self, options: argparse.Namespace) -> None:
        folder = Path(options.folder)
        self._faults, self._keyring = Faults(), Keyring()
        truth = Truth(folder / "truth.jsonl")
        handset = Handset(options.name, truth)
        self._device = Device(handset, Glass(handset), self._faults, self._reboot)
        self._storage = Storage(folder / "files")
        self._services = services.Services(self._device, self._storage)
        self._boot()
        self._tenancy = tenancy.Tenancy(folder, options.linger)
        self._adb = Port(self._welcome)
        control = servers.control(self._faults, truth, self._apply, lambda: handset.state, FAULTS)
        presence.publish(folder, options.name, {"adb": self._adb, "control": control}, kind="phone")

    def run(self) -> None:
        """Serve until nobody needs the phone."""
        presence.ready()
        while not self._tenancy.over():
            time.sleep(_TURN)
            self._apply()

    def _welcome(self, connection: Any, _address: object) -> None:
        Link(connection, services.banner(self._device), self._keyring, self._faults, self._services.serve).run()

    def _apply(self) -> None:
        if self._faults.on("crash"):
            os.kill(os.getpid(), signal.SIGKILL)
        self._adb.refuse(self._faults.on("refuse") or not self._device.handset.booted)

    def _reboot(self) -> None:
        self._device.handset.reboot()
        self._boot()
        threading.Thread(target=self._apply, daemon=True).start()  # who asks for it is among those who are cut off

    def _boot(self) -> None:
        """Have another boot id, as a kernel would."""
        path = self._storage.path("/proc/sys/kernel/random/boot_id")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{uuid.uuid4()}\n", encoding="ascii")


def parser() -> argparse.ArgumentParser:
    """Return the options of a phone."""
    return presence.parser("phone", "phone", __doc__)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a phone until nobody needs it."""
    options = parser().parse_args(arguments)
    with contextlib.suppress(KeyboardInterrupt), presence.alone(options.folder):
        cv2.setNumThreads(1)
        Phone(options).run()
    os._exit(0)


if __name__ == "__main__":
    main()
