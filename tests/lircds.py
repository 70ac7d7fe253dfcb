"""LIRC's own daemon for tests, with the driver that writes to a file; and one of several emitters before it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from until import until
from virtualpytest_host.controllers.infrared import Infrared

from pytest_virtualpytest.exceptions import DeviceError

CONF = """
begin remote
  name  horizon
  bits           16
  flags SPACE_ENC|CONST_LENGTH
  eps            30
  aeps          100
  header       9000  4500
  one           560  1690
  zero          560   560
  ptrail        560
  repeat       9000  2250
  pre_data_bits   16
  pre_data       0x20DF
  gap          108000
  frequency    38000
      begin codes
          KEY_POWER                0x10EF
          KEY_OK                   0x22DD
          KEY_CHANNELUP            0x00FF
          KEY_EPG                  0xD52A
          KEY_1                    0x8877
          Teletext                 0x04FB
      end codes
end remote
begin remote
  name  tv
  bits           11
  flags RC5|CONST_LENGTH
  eps            30
  aeps          100
  one           889   889
  zero          889   889
  plead         889
  pre_data_bits   2
  pre_data       0x2
  gap           113792
  toggle_bit_mask 0x0
  frequency    36000
      begin codes
          KEY_POWER     0x00C
          KEY_OK        0x035
      end codes
end remote
"""
GAP = 0.108  # seconds from one sending of horizon's keys to the next


def nec(word: int) -> list[int]:
    """Return a frame of the NEC protocol in microseconds of pulse and space by turns, without the gap after it."""
    bits = [word >> place & 1 for place in reversed(range(32))]
    return [9000, 4500, *(length for bit in bits for length in (560, 1690 if bit else 560)), 560]


@dataclass
class Lircd:
    """A daemon: where its socket is, and the file that its emitter writes to."""

    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> str:
        """The path of its socket."""
        return str(self.folder / "lircd")

    def start(self, conf: str = CONF, *more: str) -> None:
        """Start it with *conf* and *more* options."""
        (self.folder / "lircd.conf").write_text(conf)
        paths = {"device": "sent", "output": "lircd", "pidfile": "pid", "logfile": "log"}
        options = [f"--{name}={self.folder / path}" for name, path in paths.items()]
        command = ["lircd", "--nodaemon", "--driver=file", "--options-file=/dev/null", *options, *more]
        path = f"{os.environ['PATH']}:/usr/sbin"
        self.process = subprocess.Popen([*command, str(self.folder / "lircd.conf")], env={**os.environ, "PATH": path})
        until(self._answers)

    def stop(self) -> None:
        """End it; its socket stays behind, as it does when it is killed."""
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()
            self.process = None

    def frames(self) -> list[list[int]]:
        """Return what was sent: each frame in microseconds, up to the gap that follows it."""
        frames: list[list[int]] = [[]]
        for line in (self.folder / "sent").read_text().splitlines():
            word, length = line.split()
            if word == "space" and int(length) > 15_000:
                frames.append([])
            else:
                frames[-1].append(int(length))
        return [frame for frame in frames if frame]

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(OSError):
            probe.connect(self.socket)
            return True
        return False


@contextlib.contextmanager
def running(folder: Path, conf: str = CONF, *more: str) -> Iterator[Lircd]:
    """Run a daemon in *folder*, with *more* options."""
    lircd = Lircd(folder)
    lircd.start(conf, *more)
    try:
        yield lircd
    finally:
        lircd.stop()


@dataclass
class Emitters:
    """A daemon with four emitters: what they send goes to one with a single emitter, and is noted with theirs."""

    behind: str
    chosen: int = 0b1111
    sent: list[tuple[int, str]] = field(default_factory=list)

    def pass_on(self, client: socket.socket) -> None:
        """Serve *client* until it hangs up."""
        with client, socket.socket(socket.AF_UNIX) as daemon:
            daemon.connect(self.behind)
            answers, commands = daemon.makefile("rb"), client.makefile("rb")
            for line in commands:
                command = line.decode().strip()
                if command.startswith("SET_TRANSMITTERS "):
                    self.chosen = int(command.split()[1])
                    client.sendall(f"BEGIN\n{command}\nSUCCESS\nEND\n".encode())
                    continue
                if command.startswith("SEND_"):
                    self.sent.append((self.chosen, command))
                daemon.sendall(line)
                for answer in answers:
                    client.sendall(answer)
                    if answer == b"END\n":
                        break


@contextlib.contextmanager
def several(lircd: Lircd) -> Iterator[tuple[str, Emitters]]:
    """Run a daemon with several emitters before *lircd*; give the path of its socket, and what it has noted."""
    path, emitters = lircd.folder / "several", Emitters(lircd.socket)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        threads: list[threading.Thread] = []

        def accept() -> None:
            with contextlib.suppress(OSError):  # it is closed
                while True:
                    threads.append(threading.Thread(target=emitters.pass_on, args=[server.accept()[0]]))
                    threads[-1].start()

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield str(path), emitters
        finally:
            server.shutdown(socket.SHUT_RDWR)
            for one in [thread, *threads]:
                one.join()


def told(remote: Infrared, key: str = "OK") -> str:
    """Return what *remote* complains of when a key is pressed."""
    with pytest.raises(DeviceError) as caught:
        remote.press(key)
    return caught.value.message
