"""The controller's end of the way home: one thread writes what workers on hosts send, so that execnet's never wait."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from pytest_virtualpytest.journal import FILE

_TAKEN = 1 << 20  # bytes after which a worker is told that they are taken
_END = None


class Home:
    """Writes into the folder of results; *say* shows what cannot be written, once for each sort of trouble."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self._folder, self._say = folder, say
        self._queue: queue.SimpleQueue[tuple[Any, Any, tuple[Any, ...]] | None] = queue.SimpleQueue()
        self._open: dict[tuple[Any, str], IO[bytes] | None] = {}
        self._owed: dict[Any, int] = {}
        self._troubles: list[str] = []
        self.files = self.lost = self.bytes = 0
        self._thread = threading.Thread(target=self._work, daemon=True, name="results come home")
        self._thread.start()

    def hear(self, node: Any, channel: Any) -> None:
        """Take what comes through *channel* from *node*."""
        channel.setcallback(lambda message: self._queue.put((node, channel, message)))

    def forget(self, node: Any) -> None:
        """Remove what *node* has half sent: it will send no more."""
        self._queue.put((node, None, ("gone",)))

    def close(self) -> None:
        """Write what has come so far."""
        self._queue.put(_END)
        self._thread.join()

    def summary(self) -> str:
        """Return in words what has come, and what was lost."""
        lost = f", {self.lost} LOST ({'; '.join(self._troubles)})" if self.lost else ""
        return f"virtualpytest: {self.files} files ({self.bytes / 1e6:.1f} MB) brought home from the hosts{lost}"

    def _work(self) -> None:
        for node, channel, message in iter(self._queue.get, _END):
            word, *values = message
            if word == "file":
                self._piece(node, *values)
                self._owe(node, channel, len(values[1]))
            elif word == "line":
                self._line(*values)
            else:
                self._gone(node)

    def _piece(self, node: Any, name: str, piece: bytes, last: bool) -> None:
        key = node, name
        try:
            if key not in self._open:
                self._open[key] = _begun(self._folder, name)
            if (file := self._open[key]) is not None:
                file.write(piece)
                self.bytes += len(piece)
            if last:
                self._end(key)
        except OSError as error:
            self._lose(key, f"cannot write into {self._folder}: {error.strerror or error}")
            if last:
                del self._open[key]

    def _end(self, key: tuple[Any, str]) -> None:
        file = self._open.pop(key)
        if file is not None:
            with file:
                pass
            Path(file.name).replace(self._folder / key[1])
            self.files += 1

    def _lose(self, key: tuple[Any, str], why: str) -> None:
        """Pass over the rest of a file."""
        if (file := self._open.get(key)) is not None:
            _discard(file)
        self._open[key] = None
        self.lost += 1
        if why not in self._troubles:
            self._troubles.append(why)
            self._say(f"results are lost: {why}")

    def _line(self, line: str) -> None:
        try:
            with (self._folder / FILE).open("ab", buffering=0) as journal:
                journal.write(line.replace("\n", " ").strip().encode() + b"\n")
        except OSError as error:
            self._lose((None, FILE), f"cannot write {self._folder / FILE}: {error.strerror or error}")

    def _owe(self, node: Any, channel: Any, size: int) -> None:
        """Tell *node* what is taken, once it is worth a message."""
        self._owed[node] = self._owed.get(node, 0) + size
        if self._owed[node] >= _TAKEN:
            with contextlib.suppress(OSError, EOFError):
                channel.send(("taken", self._owed.pop(node)))

    def _gone(self, node: Any) -> None:
        for key in [key for key in self._open if key[0] is node]:
            if (file := self._open.pop(key)) is not None:
                _discard(file)


def _begun(folder: Path, name: str) -> IO[bytes]:
    """Return the file that *name* is written to until it is whole; a host does not choose where we write."""
    if name != Path(name).name or name.startswith(".") or "\0" in name or name in {"", FILE}:
        raise OSError(f"{name!r} is no name of a result")
    folder.mkdir(parents=True, exist_ok=True)
    return (folder / f"{name}.tmp").open("wb")


def _discard(file: IO[bytes]) -> None:
    with contextlib.suppress(OSError):
        file.close()
        Path(file.name).unlink(missing_ok=True)
