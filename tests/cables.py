"""Serial cables for tests: pairs of ptys that socat joins; the far end is the device's."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from until import until

PATIENCE = 20.0  # seconds
BOOT = """\
U-Boot 2022.01 (Mar 03 2024 - 10:11:12 +0000)\r
\r
DRAM:  2 GiB\r
Hit any key to stop autoboot:  3 \b\b\b 2 \b\b\b 1 \b\b\b 0 \r
Starting kernel ...\r
[    0.000000] Booting Linux on physical CPU 0x0\r
[    1.204417] mmc0: new HS400 MMC card at address 0001\r
[\x1b[0;32m  OK  \x1b[0m] Started Ambre Middleware 4.7.1-rc2.\r
\r
horizon login: """


@dataclass
class Cable:
    """A cable between *near*, which a host opens, and *far*, where the device is."""

    near: Path
    far: Path
    process: subprocess.Popen[bytes] | None = None
    device: int = -1

    def plug(self) -> None:
        """Join the two ends."""
        ends = [f"pty,raw,echo=0,link={end}" for end in (self.near, self.far)]
        self.process = subprocess.Popen(["socat", *ends])
        until(lambda: self.near.exists() and self.far.exists())
        self.device = os.open(self.far, os.O_RDWR | os.O_NOCTTY)

    def unplug(self) -> None:
        """Take it away: both ends are gone."""
        if self.process is not None:
            os.close(self.device)
            self.process.kill()
            self.process.wait()
            self.process = None
            for end in (self.near, self.far):
                end.unlink(missing_ok=True)

    def say(self, text: str | bytes) -> None:
        """Have the device say *text*."""
        data = text.encode() if isinstance(text, str) else text
        while data:
            data = data[os.write(self.device, data) :]

    def saying(self, text: str, *, after: bytes) -> threading.Thread:
        """Have the device say *text* once it has heard *after*, in the thread that is returned."""

        def answer() -> None:
            assert self.heard(len(after), 90.0) == after
            self.say(text)

        thread = threading.Thread(target=answer)
        thread.start()
        return thread

    def heard(self, size: int, seconds: float = PATIENCE) -> bytes:
        """Return the next *size* bytes that the device gets, fewer if they do not come within *seconds*."""
        data, end = b"", time.monotonic() + seconds
        while len(data) < size and time.monotonic() < end:
            if select.select([self.device], [], [], 0.1)[0]:
                data += os.read(self.device, size - len(data))
        return data

    @contextlib.contextmanager
    def drained(self) -> Iterator[None]:
        """Have the device take whatever comes while the block runs."""
        done = threading.Event()

        def drain() -> None:
            while not done.is_set():
                self.heard(1 << 16, 0.1)

        thread = threading.Thread(target=drain)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """Have the far end take and give nothing while the block runs."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


@contextlib.contextmanager
def plugged(folder: Path) -> Iterator[Cable]:
    """Give a cable whose ends are in *folder*."""
    cable = Cable(folder / "near", folder / "far")
    cable.plug()
    try:
        yield cable
    finally:
        cable.unplug()
