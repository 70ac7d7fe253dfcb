"""One of several processes that take and give back devices at random; run as a script, it tells what it did.

    python contender.py LAB FOLDER SECONDS SEED

It prints ``ready``, waits for a line, and then prints one JSON object for each use of devices, at once: what it
wanted, when it asked, when it was in line, when it tried with success, since when it had it. A device in use is
marked by a file in FOLDER, which only one can make.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from pytest_virtualpytest import config
from pytest_virtualpytest.device import Device
from pytest_virtualpytest.lab import Lab
from pytest_virtualpytest.needs import Need
from pytest_virtualpytest.process import status


class Contender:
    """A client of the lab in *path*; devices in use are marked in *folder*."""

    def __init__(self, path: Path, folder: Path, seed: str) -> None:
        self._lab = Lab(config.load([path]), holder={"run": seed}, waiting=self._waits)
        self._folder, self._random = folder, random.Random(seed)
        self._in_line: float | None = None

    def run(self, seconds: float) -> None:
        """Use devices for *seconds*, beginning when somebody says so."""
        with contextlib.closing(self._lab):
            for device in self._lab.devices:
                self._lab.look(device.name)  # its process runs
            _tell("ready")
            sys.stdin.readline()
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                _tell(json.dumps(self._use()))

    def _use(self) -> dict[str, object]:
        needs = self._needs()
        wanted = sorted({device.name for need in needs for device in self._lab.fitting(need)})
        self._in_line, asked = None, time.time()
        devices = self._lab.take(needs, timeout=60)
        had = time.time()
        tried = devices[0].link.call("holder").value["holder"]["since"]
        overlaps = self._hold(devices)
        return {
            "wanted": wanted, "had": [device.name for device in devices], "overlaps": overlaps,
            "asked": asked, "in_line": self._in_line, "tried": tried, "since": had,
        }  # fmt: skip

    def _needs(self) -> list[Need]:
        """Return a need for a certain device, for one of a pool, for a pair, or for any two."""
        name = self._random.choice(self._lab.devices).name
        return self._random.choice(
            [[Need("a", name=name)], [Need("a", "stb")], [Need("a", "stb"), Need("b", "tv")], [Need("a"), Need("b")]]
        )

    def _hold(self, devices: Sequence[Device]) -> list[str]:
        overlaps = [device.name for device in devices if not self._marked(self._folder / device.name)]
        time.sleep(self._random.uniform(0, 0.03))
        for device in devices:
            (self._folder / device.name).unlink(missing_ok=True)
            self._lab.give_back(device)
        return overlaps

    def _marked(self, path: Path) -> bool:
        """Mark a device as in use; tell if nobody living had."""
        own = path.with_name(f"{path.name}.{os.getpid()}")
        own.write_text(str(os.getpid()))
        try:
            os.link(own, path)
        except FileExistsError:
            other = path.read_text()
            own.replace(path)
            return not any(status(int(other)))  # one that was killed could not remove its mark
        own.unlink()
        return True

    def _waits(self, _line: str) -> None:
        self._in_line = time.time()


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    Contender(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[4]).run(float(sys.argv[3]))
