"""Where an Android device is: on the network, or on this machine's USB."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from pytest_virtualpytest.exceptions import DeviceError

_PORT = 5555


@dataclass(frozen=True)
class Address:
    """A host and a port; without a host, the serial number of a device on USB, empty for the only one."""

    host: str = ""
    port: int = _PORT
    serial: str = ""

    def __str__(self) -> str:
        return f"{self.host}:{self.port}" if self.host else f"usb:{self.serial}"

    def transport(self) -> Any:
        """Return what carries packets there."""
        from virtualpytest_host.android.transport import Transport  # late: an address needs no library

        return Transport(self.host, self.port) if self.host else _usb(self.serial)


def parse(text: str) -> Address:
    """Return the address that *text* is: ``192.0.2.7``, ``phone:5555``, ``usb``, ``usb:SERIAL``; or DeviceError."""
    if text == "usb" or text.startswith("usb:"):
        return Address(serial=text[4:])
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or parts.path or parts.username or any(map(str.isspace, text)):
        wanted = "'192.0.2.7', 'phone:5555', 'usb' or 'usb:SERIAL'"
        raise DeviceError(f"adb: address {text!r} is none; wanted one such as {wanted}")
    return Address(host, port or _PORT)


def _usb(serial: str) -> Any:
    try:
        from adb_shell.transport.usb_transport import UsbTransport
    except (ImportError, OSError) as error:
        raise DeviceError(f"a device on USB needs libusb: pip install 'adb-shell[usb]' ({error})") from error

    class Usb(UsbTransport):  # type: ignore[misc]  # adb-shell has no annotations
        deadline = float("inf")

        def alive(self) -> bool:
            return True

    return Usb.find_adb(serial or None)
