"""An Android device awake, asleep, and started anew."""

from __future__ import annotations

import re
import time
from typing import Any

from pytest_virtualpytest.exceptions import DeviceError

_WAKE, _SLEEP = 224, 223
_PAUSE = 0.2
_SETTLING = 5.0  # seconds that a screen may take to light up or go dark
_AWAKE = re.compile(r"mWakefulness=(\w+)")


class Supply:
    """On is awake, off is asleep; to restart is to reboot."""

    connection: Any
    boot_timeout: float

    def on(self) -> None:
        """Wake the device, and make sure of it."""
        self._light(on=True)

    def off(self) -> None:
        """Put the device to sleep, and make sure of it."""
        self._light(on=False)

    def status(self) -> bool:
        """Tell whether the device is awake."""
        found = _AWAKE.search(self.connection.run("dumpsys power").output)
        if found is None:
            raise DeviceError(f"{self.connection}: dumpsys power does not tell whether it is awake")
        return found[1] != "Asleep"

    def restart(self) -> None:
        """Reboot, and wait until it has booted."""
        began = self._boot()
        self.connection.reboot()
        end = time.monotonic() + self.boot_timeout
        why = "it has not gone down"
        while time.monotonic() < end:
            time.sleep(_PAUSE)
            try:
                if self._booted() and self._boot() != began:
                    return
            except DeviceError as error:
                why = error.message
        raise DeviceError(f"{self.connection}: not booted within {self.boot_timeout:g} s of its reboot: {why}")

    def _light(self, *, on: bool) -> None:
        self.connection.run(f"input keyevent {_WAKE if on else _SLEEP}")
        end = time.monotonic() + _SETTLING
        while self.status() != on:
            if time.monotonic() > end:
                raise DeviceError(f"{self.connection}: it did not {'wake' if on else 'go to sleep'}")
            time.sleep(_PAUSE)

    def _booted(self) -> bool:
        return str(self.connection.run("getprop sys.boot_completed").output).strip() == "1"

    def _boot(self) -> str:
        return str(self.connection.run("cat /proc/sys/kernel/random/boot_id").output)
