"""The packets of the ADB protocol: a head of six numbers, then data (AOSP, packages/modules/adb/protocol.txt)."""

from __future__ import annotations

import socket
import struct
from typing import NamedTuple

import numpy as np

LARGEST = 1 << 20  # bytes of data in a packet
_HEAD = struct.Struct("<6I")


def _number(word: bytes) -> int:
    return int.from_bytes(word, "little")


CNXN, AUTH, OPEN, OKAY, WRTE, CLSE = map(_number, (b"CNXN", b"AUTH", b"OPEN", b"OKAY", b"WRTE", b"CLSE"))
TOKEN, SIGNATURE, PUBLIC_KEY = 1, 2, 3  # what an AUTH packet brings


class Packet(NamedTuple):
    """One packet; what its two numbers mean depends on the command."""

    command: int
    first: int
    second: int
    data: bytes = b""

    def packed(self) -> bytes:
        """Return this packet as it travels."""
        checksum = int(np.frombuffer(self.data, np.uint8).sum(dtype=np.uint32))
        magic = self.command ^ 0xFFFFFFFF
        return _HEAD.pack(self.command, self.first, self.second, len(self.data), checksum, magic) + self.data


def receive(connection: socket.socket) -> Packet:
    """Return the next packet; ConnectionError if there is none, or what came is none."""
    command, first, second, length, _, magic = _HEAD.unpack(_exactly(connection, _HEAD.size))
    if magic != command ^ 0xFFFFFFFF or length > LARGEST:
        raise ConnectionError("this is no ADB packet")
    return Packet(command, first, second, _exactly(connection, length))


def _exactly(connection: socket.socket, length: int) -> bytes:
    data = bytearray(length)
    view, got = memoryview(data), 0
    while got < length:
        count = connection.recv_into(view[got:])
        if not count:
            raise ConnectionError("the other end has hung up")
        got += count
    return bytes(data)
