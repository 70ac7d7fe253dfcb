"""What an Android device is asked itself: its shell, its files, its log, its screen's elements, its facts."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Any

from pytest_virtualpytest.answers import Crash, Element, Entry, Output
from pytest_virtualpytest.exceptions import DeviceError
from virtualpytest_host.android import crashes, tree

_DUMP = "/data/local/tmp/vpt-window.xml"
_LOOKS = 3  # at a screen that does not come to rest
_GRAIN = 0.001  # seconds: logcat's own
_PACE = 1 << 20  # bytes a second that a transfer may be as slow as
_LONGEST = 600.0  # seconds for a file whose size is not known
_FACTS = {
    "model": "ro.product.model", "serial": "ro.serialno", "android": "ro.build.version.release",
    "firmware": "ro.build.display.id",
}  # fmt: skip


class Inside:
    """A device's shell, files, log and elements."""

    connection: Any

    def run(self, command: str | Sequence[str], seconds: float, /) -> Output:
        """Run a line of the device's shell, or a program with arguments that reach it as they are."""
        done: Output = self.connection.run(command, seconds)
        return done

    def push(self, content: bytes, path: str, /) -> None:
        """Write *content* to the file at *path*, with the folders above it."""
        self.connection.push(content, path, self.connection.timeout + len(content) / _PACE)

    def pull(self, path: str, /) -> bytes:
        """Return what is in the file at *path*."""
        content: bytes = self.connection.pull(path, _LONGEST)
        return content

    def entries(self, path: str, /) -> Sequence[Entry]:
        """Return what is in the folder at *path*."""
        entries: list[Entry] = self.connection.entries(path)
        return entries

    def since(self, moment: float, /) -> str:
        """Return the lines of logcat from *moment* of this host's CLOCK_MONOTONIC on."""
        device = float(self._said("date +%s.%N"))
        begin = device - (time.monotonic() - moment) - _GRAIN  # at the earliest: the answer has been on its way
        return self._said(f"logcat -d -v threadtime -T {begin:.3f}")

    def crashes(self, moment: float, /) -> Sequence[Crash]:
        """Return the apps that crashed, or did not answer, from *moment* of this host's CLOCK_MONOTONIC on."""
        return crashes.found(self.since(moment))

    def tree(self) -> Element:
        """Return the root of the elements on screen, as uiautomator sees it."""
        for _ in range(_LOOKS):
            done = self.connection.run(f"uiautomator dump {_DUMP} 1>&2 && cat {_DUMP}")
            if "<hierarchy" in done.output:
                break
        return tree.read(done.output or done.errors)

    def facts(self) -> dict[str, str]:
        """Return what the device is: model, serial number, Android, firmware, resolution, battery."""
        line = "; ".join([*(f"getprop {name}" for name in _FACTS.values()), "wm size", "dumpsys battery"])
        said = self._said(line)
        facts = dict(zip(_FACTS, said.splitlines(), strict=False))
        size, level = re.findall(r"size: (\d+x\d+)", said), re.search(r"level: (\d+)", said)
        return facts | {"resolution": size[-1] if size else "", "battery": f"{level[1]} %" if level else ""}

    def _said(self, line: str) -> str:
        done = self.connection.run(line)
        if done.status:
            name, said = line.split(maxsplit=1)[0], done.errors.strip()
            raise DeviceError(f"{self.connection}: {name} ended with status {done.status}: {said}")
        return str(done.output)
