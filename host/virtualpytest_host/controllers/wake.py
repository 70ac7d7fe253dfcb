"""Switching on by Wake-on-LAN: a packet that a network card in standby waits for.

The packet is six bytes FF and the card's address sixteen times (AMD, "Magic Packet Technology", 1995), here in UDP to
everybody in a network. Nothing answers it.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NoReturn

from pytest_virtualpytest.exceptions import DeviceError

_MAC = re.compile(r"[0-9A-Fa-f]{2}([:-]?)[0-9A-Fa-f]{2}(\1[0-9A-Fa-f]{2}){4}")
_TIMES = 3  # that it is sent: nobody says that it has come


@dataclass
class Wake:
    """The device whose network card has the address *mac*, woken through *address*, its network's broadcast address.

    *interface* is the host's, where it has several networks. It can only switch on.
    """

    mac: str
    address: str = "255.255.255.255"
    port: int = 9
    interface: str = ""
    gives: ClassVar[Sequence[str]] = ("power",)
    only_on: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not _MAC.fullmatch(self.mac):
            wanted = "wanted one such as '00:1a:2b:3c:4d:5e'"
            raise DeviceError(f"wake: {self.mac!r} is no network card's address; {wanted}")

    def resources(self) -> Sequence[str]:
        """Return the card, under one name however it is written."""
        return [f"mac:{self._bytes.hex(':')}"]

    def open(self) -> None:
        """Do nothing: a packet is all there is."""

    def close(self) -> None:
        """Do nothing."""

    def on(self) -> None:
        """Send the packet; whether the device has come on, its screen must show."""
        packet = b"\xff" * 6 + self._bytes * 16
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            try:
                sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
                if self.interface:
                    sender.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, self.interface.encode())
                for _ in range(_TIMES):
                    sender.sendto(packet, (self.address, self.port))
            except OSError as error:
                where = f"{self.address}:{self.port}" + (f" through {self.interface}" if self.interface else "")
                advice = "is this the device's network, and the interface there?"
                raise DeviceError(f"{where}: {error.strerror or error}; {advice}") from error

    def off(self) -> None:
        """Raise DeviceError: there is no packet for that."""
        self._cannot("switch it off")

    def status(self) -> bool:
        """Raise DeviceError: nothing tells."""
        self._cannot("tell whether it is on")

    def _cannot(self, what: str) -> NoReturn:
        others = "a switched outlet (tasmota, shelly, snmp) can, or the device's own shell"
        raise DeviceError(f"mac {self.mac}: Wake-on-LAN can only switch on, not {what}; {others}")

    @property
    def _bytes(self) -> bytes:
        return bytes.fromhex(re.sub("[:-]", "", self.mac))
