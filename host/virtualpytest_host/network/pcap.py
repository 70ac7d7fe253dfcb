"""Packets in a file as tcpdump writes it: https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcap/."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

HEADER = 24
_RECORD = struct.Struct("=IIII")  # seconds, microseconds, bytes that follow, bytes that there were
_MAGIC = struct.pack("=I", 0xA1B2C3D4)  # times in microseconds, numbers in this machine's order
_ETHERNET = struct.pack("=IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
_JUNK = 1 << 20  # bytes of a packet that there cannot be


class Packet(NamedTuple):
    """One packet: when it was seen, in seconds since the epoch, and its record in the file."""

    time: float
    record: bytes


def packets(data: bytes) -> Iterator[Packet]:
    """Yield the packets in *data*, a file that may just be written: what is not whole yet is left out."""
    place = HEADER
    if data[:4] != _MAGIC:
        return
    while place + _RECORD.size <= len(data):
        seconds, micros, size, _ = _RECORD.unpack_from(data, place)
        end = place + _RECORD.size + size
        if size > _JUNK or end > len(data):
            return
        yield Packet(seconds + micros / 1e6, data[place:end])
        place = end


def file(found: Sequence[Packet], header: bytes = b"") -> bytes:
    """Return a file with the packets *found*, and the *header* of the file that they come from."""
    return b"".join([header[:HEADER] or _ETHERNET, *(packet.record for packet in found)])
