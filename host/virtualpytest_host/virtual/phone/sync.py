"""The file service: stat, list, send and receive over one stream (AOSP, packages/modules/adb/SYNC.TXT)."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path

from virtualpytest_host.virtual.phone.link import Stream
from virtualpytest_host.virtual.phone.storage import Storage

_REQUEST = struct.Struct("<4sI")
_STAT = struct.Struct("<4s3I")
_STAT_2 = struct.Struct("<4sI2Q4IQ3q")
_ENTRY = struct.Struct("<4s4I")
_PIECE = 64 << 10


class Sync:
    """One client's use of the service."""

    def __init__(self, stream: Stream, storage: Storage) -> None:
        self._stream, self._storage = stream, storage
        self._does: dict[bytes, Callable[[str], None]] = {
            b"STAT": self._stat, b"STA2": lambda name: self._stat_2(b"STA2", name),
            b"LST2": lambda name: self._stat_2(b"LST2", name),
            b"LIST": self._list, b"RECV": self._give, b"SEND": self._take,
        }  # fmt: skip

    def run(self) -> None:
        """Answer requests until the client has no more."""
        while True:
            word, length = _REQUEST.unpack(self._stream.read(_REQUEST.size))
            if word == b"QUIT":
                return
            name = self._stream.read(length).decode(errors="surrogateescape")
            if word not in self._does:
                self._fail(f"unknown request {word!r}")
                return
            self._does[word](name)

    def _stat(self, name: str) -> None:
        told = self._facts(name)
        mode, size, changed = (told.st_mode, told.st_size, int(told.st_mtime)) if told else (0, 0, 0)
        self._stream.write(_STAT.pack(b"STAT", mode, size & 0xFFFFFFFF, changed))

    def _stat_2(self, word: bytes, name: str) -> None:
        told = self._facts(name)
        if told is None:
            self._stream.write(_STAT_2.pack(word, 2, *[0] * 10))
            return
        who = (told.st_dev, told.st_ino, told.st_mode, told.st_nlink, told.st_uid, told.st_gid)
        times = (int(told.st_atime), int(told.st_mtime), int(told.st_ctime))
        self._stream.write(_STAT_2.pack(word, 0, *who, told.st_size, *times))

    def _facts(self, name: str) -> os.stat_result | None:
        try:
            return self._storage.path(name).stat()
        except OSError:
            return None

    def _list(self, name: str) -> None:
        told = b""
        path = self._storage.path(name)
        for entry, facts in self._storage.entries(name) if path.is_dir() else ():
            raw = os.fsencode(entry)
            numbers = (facts.st_mode, facts.st_size & 0xFFFFFFFF, int(facts.st_mtime), len(raw))
            told += _ENTRY.pack(b"DENT", *numbers) + raw
        self._stream.write(told + _ENTRY.pack(b"DONE", 0, 0, 0, 0))

    def _give(self, name: str) -> None:
        try:
            with self._storage.path(name).open("rb") as file:
                while piece := file.read(_PIECE):
                    self._stream.write(_REQUEST.pack(b"DATA", len(piece)) + piece)
        except ConnectionError:
            raise
        except (OSError, ValueError) as error:
            self._fail(_reason(error))
        else:
            self._stream.write(_REQUEST.pack(b"DONE", 0))

    def _take(self, name: str) -> None:
        """Write what comes; what cannot be written is read all the same, then refused."""
        place, problem = self._place(name.rpartition(",")[0])
        whole = bytearray()
        while (head := _REQUEST.unpack(self._stream.read(_REQUEST.size)))[0] == b"DATA":
            whole += self._stream.read(head[1])
        try:
            if place is not None:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(whole)
        except OSError as error:
            problem = _reason(error)
        self._fail(problem) if problem else self._stream.write(_REQUEST.pack(b"OKAY", 0))

    def _place(self, name: str) -> tuple[Path | None, str]:
        try:
            return self._storage.fresh(name), ""
        except OSError as error:
            return None, _reason(error)

    def _fail(self, reason: str) -> None:
        raw = reason.encode()
        self._stream.write(_REQUEST.pack(b"FAIL", len(raw)) + raw)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
