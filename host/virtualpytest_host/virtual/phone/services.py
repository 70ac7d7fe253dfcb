"""What a stream may be opened for: a line of the shell, in three dresses, the files, and a new start."""

from __future__ import annotations

import struct
from collections.abc import Callable

from virtualpytest_host.virtual.phone import hand, system, tools
from virtualpytest_host.virtual.phone.device import Device
from virtualpytest_host.virtual.phone.link import Stream
from virtualpytest_host.virtual.phone.sh import Shell, encoded
from virtualpytest_host.virtual.phone.storage import Storage
from virtualpytest_host.virtual.phone.sync import Sync

_PIECE = struct.Struct("<BI")
_OUT, _ERR, _EXIT = 1, 2, 3  # what a piece of shell_v2 is
_PROGRAMS = tools.PROGRAMS | hand.PROGRAMS | system.PROGRAMS


class Services:
    """The services of one phone."""

    def __init__(self, device: Device, storage: Storage) -> None:
        self._device, self._storage = device, storage

    def serve(self, stream: Stream, service: str) -> None:
        """Do what *stream* was opened for."""
        if self._device.faults.on("slow"):
            self._device.faults.outlast("slow", self._device.faults.amount("slow", 1.0))
        name, _, rest = service.partition(":")
        kind = name.partition(",")[0]
        if kind == "shell" and "v2" in name.split(","):
            self._dressed(stream, rest)
        elif kind in {"shell", "exec"}:
            self._shell().run(rest, _writer(stream), _writer(stream))
        elif kind == "sync":
            Sync(stream, self._storage).run()
        elif kind == "reboot":
            self._device.reboot()

    def _dressed(self, stream: Stream, text: str) -> None:
        """Run *text*; each piece of what it says is told apart, and its exit status comes last."""

        def piece(kind: int) -> Callable[[bytes], None]:
            def write(data: bytes) -> None:
                if not stream.open:
                    raise ConnectionError("the stream was closed")
                if data:
                    stream.write(_PIECE.pack(kind, len(data)) + data)

            return write

        status = self._shell().run(text, piece(_OUT), piece(_ERR))
        stream.write(_PIECE.pack(_EXIT, 1) + bytes([status & 255]))

    def _shell(self) -> Shell:
        return Shell(_PROGRAMS, self._storage, self._device)


def _writer(stream: Stream) -> Callable[[bytes], None]:
    def write(data: bytes) -> None:
        if not stream.open:
            raise ConnectionError("the stream was closed")
        stream.write(data)

    return write


def banner(device: Device) -> bytes:
    """Return how the phone names itself."""
    names = ("ro.product.name", "ro.product.model", "ro.product.device")
    facts = "".join(f"{name}={device.handset.properties[name]};" for name in names)
    return encoded(f"device::{facts}features=shell_v2,stat_v2")
