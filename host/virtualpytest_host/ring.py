"""The packet ring: the last half minute of a source's encoded packets, written by one process, read by many.

One memory-mapped file; numbers are little-endian.

header   4096 bytes   magic, packets written, bytes written, size of the data
index    SLOTS x 64   number, offset, pts, dts, arrival, captured, error, size, generation, stream, flags
data     that size    packets one behind the other; one that would cross the end starts again at the front

The file is as large as any data may be; what is not written to takes no memory.

A slot's number is 0 while it is being written; a reader looks at it before and after it copies a
packet, and at the bytes written since, so that it needs no lock (a seqlock).
"""

from __future__ import annotations

import fcntl
import mmap
import os
import secrets
import struct
from dataclasses import dataclass
from pathlib import Path

SLOTS = 8192
DATA = 18 << 20  # half a minute of 720p at 4.8 Mbit/s; with it a recorder stays under 64 MiB
_MOST = 128 << 20
KEY, GAP = 1, 2
VIDEO, AUDIO = 0, 1

_MAGIC = b"vptring2"
_HEADER = struct.Struct("<8sQQQ")
_SLOT = struct.Struct("<QQqqdddIHBB")
_INDEX = 4096
_START = _INDEX + SLOTS * 64


@dataclass(frozen=True, slots=True)
class Entry:
    """One packet: *captured* ± *error* and *arrival* are seconds of CLOCK_MONOTONIC, pts and dts in stream units."""

    number: int
    offset: int
    pts: int
    dts: int
    arrival: float
    captured: float
    error: float
    size: int
    generation: int
    stream: int
    flags: int

    @property
    def key(self) -> bool:
        """Whether decoding can begin here."""
        return bool(self.flags & KEY)

    @property
    def gap(self) -> bool:
        """Whether packets are missing before this one."""
        return bool(self.flags & GAP)


class Writer:
    """The one process that fills a ring; it holds a flock on the file while it lives."""

    def __init__(self, path: Path) -> None:
        fresh = path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o660)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        os.ftruncate(descriptor, _START + _MOST)
        self._map = mmap.mmap(descriptor, _START + _MOST)
        self._descriptor = descriptor
        self._count = self._written = 0
        self._size = DATA
        self._generation = secrets.randbelow(65536)  # no generation of the recorder before this one
        self._publish()
        fresh.rename(path)

    def close(self) -> None:
        """Unmap the ring; its readers keep what it holds."""
        self._map.close()
        os.close(self._descriptor)

    def fit(self, pixels: int) -> None:
        """Make room for as many seconds of *pixels* a picture as of 720p; nothing, once a packet is there."""
        if not self._count:
            self._size = min(_MOST, max(DATA, DATA * pixels // (1280 * 720)))
            self._publish()

    def begin(self) -> int:
        """Start a new generation, a piece of the stream on one clock, and return its number."""
        self._generation = (self._generation + 1) % 65536
        self._publish()
        return self._generation

    def put(
        self, data: bytes, *, stream: int, pts: int, dts: int, flags: int, arrival: float, captured: float, error: float
    ) -> None:
        """Append one packet."""
        start = self._written % self._size
        if start + len(data) > self._size:
            self._written += self._size - start
            start = 0
        self._count += 1
        place = _INDEX + self._count % SLOTS * 64
        self._map[place : place + 8] = bytes(8)
        self._written += len(data)
        self._publish(self._count - 1)
        self._map[_START + start : _START + start + len(data)] = data
        slot = _SLOT.pack(
            self._count, self._written - len(data), pts, dts, arrival, captured, error,
            len(data), self._generation, stream, flags,
        )  # fmt: skip
        self._map[place + 8 : place + _SLOT.size] = slot[8:]
        self._map[place : place + 8] = slot[:8]
        self._publish()

    def _publish(self, count: int | None = None) -> None:
        header = _HEADER.pack(_MAGIC, self._count if count is None else count, self._written, self._size)
        self._map[: _HEADER.size] = header


class Reader:
    """A view of the ring; any number of them, none disturbs the writer."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        if self._map[:8] != _MAGIC:
            raise ValueError(f"{path} is no packet ring")

    def close(self) -> None:
        """Unmap the ring."""
        self._map.close()

    @property
    def newest(self) -> int:
        """The number of the newest packet, 0 if there is none; numbers rise by one."""
        return int(_HEADER.unpack_from(self._map)[1])

    def entry(self, number: int) -> Entry | None:
        """Return packet *number*, or None if the ring does not hold it."""
        values = _SLOT.unpack_from(self._map, _INDEX + number % SLOTS * 64)
        _, _, written, size = _HEADER.unpack_from(self._map)
        if number < 1 or values[0] != number or values[1] + size < written:
            return None
        return Entry(*values)

    def data(self, entry: Entry) -> bytes | None:
        """Return the bytes of *entry*, or None if they have been overwritten."""
        start = _START + entry.offset % int(_HEADER.unpack_from(self._map)[3])
        data = self._map[start : start + entry.size]
        return data if self.entry(entry.number) else None

    def oldest(self) -> int:
        """Return the number of the oldest packet that is still held, 0 if none is."""
        low, high = max(1, self.newest - SLOTS + 2), self.newest
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if self.entry(middle) else (middle + 1, high)
        return low if self.entry(low) else 0
