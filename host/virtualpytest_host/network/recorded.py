"""The traffic of a link as tcpdump writes it down, in a ring of files: the newest megabytes are there at any time."""

from __future__ import annotations

import os
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

from pytest_virtualpytest.exceptions import DeviceError
from pytest_virtualpytest.traffic import Traffic
from virtualpytest_host import parent, state
from virtualpytest_host.network import pcap, program
from virtualpytest_host.network.relay import MARKED

_FILES = 4
_BUFFER = "16384"  # KiB: room for 256 packets, each of the largest that an interface takes apart by itself
_START_SECONDS = 10.0
_SETTLE_SECONDS = 2.0  # for packets that the kernel has, and tcpdump has not
_FILTER_SECONDS = 30.0
_COUNTS = re.compile(r"(\d+) packets? captured, (\d+) packets? received by filter, (\d+) packets? dropped")
_TWICE = f"not ether src {MARKED.hex(':')}"  # what our relay brings in again


class Ring:
    """What goes over *interface* of namespace *where*: the newest *megabytes* of it, as long as this is open."""

    def __init__(self, interface: str, where: str, megabytes: int) -> None:
        self._folder = _folder(f"{where}/{interface} ")
        each = str(max(1, megabytes // _FILES))
        options = ["-U", "--immediate-mode", "-B", _BUFFER, "-C", each, "-W", str(_FILES), "-Z", "root"]
        words = ["tcpdump", "-n", "-i", interface, *options, "-w", str(self._folder / "ring"), "--", _TWICE]
        self._process = subprocess.Popen(
            program.command(words, where), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            bufsize=0, env=program.environment(), start_new_session=True,
            preexec_fn=parent.die_with_it,  # noqa: PLW1509  # one call of the kernel: nothing here that can block
        )  # fmt: skip
        try:
            self._ready()
        except BaseException:
            self.close()
            raise

    def between(self, begin: float, end: float) -> Traffic:
        """Return the packets that were seen from *begin* to *end*, times of CLOCK_MONOTONIC."""
        lost = self._settle()
        shift = time.time() - time.monotonic()
        files = [data for path in self._folder.iterdir() if len(data := path.read_bytes()) >= pcap.HEADER]
        found = sorted((one for data in files for one in pcap.packets(data)), key=lambda one: one.time)
        wanted = [one for one in found if begin <= one.time - shift <= end]
        whole = not lost and (len(files) < _FILES or found[0].time - shift <= begin)
        return Traffic(pcap.file(wanted, files[0] if files else b""), len(wanted), whole)

    def close(self) -> None:
        """End it, and forget what was seen."""
        self._process.kill()
        self._process.wait()
        assert self._process.stderr is not None
        self._process.stderr.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _ready(self) -> None:
        end, said = time.monotonic() + _START_SECONDS, []
        while line := self._line(end):
            if "listening on" in line:
                return
            said.append(line.strip())
        raise DeviceError(said[0] if said else f"tcpdump does not begin within {_START_SECONDS:g} s")

    def _settle(self) -> int:
        """Wait until tcpdump has written all that the kernel has for it; return how many it was too slow for."""
        end = time.monotonic() + _SETTLE_SECONDS
        while time.monotonic() < end:
            if self._process.poll() is not None:
                raise DeviceError(f"tcpdump has ended: {self._line(end).strip() or 'it was killed'}")
            self._process.send_signal(signal.SIGUSR1)
            counts = _COUNTS.search(self._line(end))
            written, seen, lost = map(int, counts.groups()) if counts else (0, 1, 0)
            if written >= seen - lost:
                return lost
        return 0

    def _line(self, end: float) -> str:
        """Return what tcpdump says next; nothing if it does not until *end*, or has ended."""
        assert self._process.stderr is not None
        ready, _, _ = select.select([self._process.stderr], [], [], max(0.0, end - time.monotonic()))
        return self._process.stderr.readline().decode(errors="replace") if ready else ""


def only(traffic: Traffic, expression: str) -> Traffic:
    """Return those packets of *traffic* that the pcap-filter(7) *expression* is true of; DeviceError if it is none."""
    words = program.command(["tcpdump", "-n", "-r", "-", "-w", "-", "--", expression])
    try:
        done = subprocess.run(
            words, input=traffic.pcap, capture_output=True, check=False, timeout=_FILTER_SECONDS,
            env=program.environment(),
        )  # fmt: skip
    except (subprocess.TimeoutExpired, ValueError) as error:
        raise DeviceError(f"filter {expression!r}: {error}") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise DeviceError(f"filter {expression!r}: {said[-1] if said else 'tcpdump was killed'}; see pcap-filter(7)")
    return Traffic(done.stdout, sum(1 for _ in pcap.packets(done.stdout)), traffic.whole)


def _folder(link: str) -> Path:
    """Make a folder for what goes over *link*; what processes that were killed have left of it is removed."""
    place, name = state.folder("traffic"), quote(link, safe="")
    for left in place.iterdir():
        if left.name.startswith(name) and not Path(f"/proc/{left.name.split('.')[1]}").exists():
            shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{name}.{os.getpid()}.", dir=place))
