"""How soon a key's effect is seen on a desktop, beside pyautogui and FFmpeg's x11grab used directly.

    python benchmarks/desktop.py [--json] [--presses 40] [--fps 25]

press-to-picture-vs-library, desktop     our remote and `wait_for(Motion(), since=press)` through gateway, agent, the
                                         device's process and the recorder, against pyautogui and PyAV in this process

Each drives an Xvfb of its own with a terminal that turns dark on light at each key; both take as many pictures a
second, and are asked in turn, press by press. The time is from the call that presses to the answer that something has
changed. Ours is recorded meanwhile; the library is not. Presses fall at any moment between two pictures.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from virtualpytest_host.controllers.desktop import Desktop

from pytest_virtualpytest import Motion, config
from pytest_virtualpytest.lab import Lab

LAB = '[devices.ours]\nkind = "desktop"\n[devices.ours.desktop]\ndisplay = "virtual"\nfps = {fps}\n'
WANT = 1.15
TURNS = r"""
stty -echo -icanon
while true; do
    head -c 1 >/dev/null; printf '\033[?5h'
    head -c 1 >/dev/null; printf '\033[?5l'
done
"""
PROGRAM = ["-geometry", "120x40", "-e", "sh", "-c", TURNS]
AT_REST = 0.4  # seconds between two presses


class Rival:
    """pyautogui and x11grab on the display of a desktop: the picture before is kept, the next other one counts."""

    def __init__(self, desktop: Desktop, fps: int) -> None:
        options = {"framerate": str(fps), "draw_mouse": "0"}
        self._source: Any = av.open(desktop.stream().url, format="x11grab", options=options)
        self._changed, self._armed, self._ended = threading.Event(), False, False
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def press(self, gui: Any) -> float:
        """Press a key, and return the seconds until something has changed."""
        self._changed.clear()
        self._armed = True
        began = time.perf_counter()
        gui.press("a")
        if not self._changed.wait(5):
            raise TimeoutError("nothing changed")
        self._armed = False
        return time.perf_counter() - began

    def close(self) -> None:
        """Look no more."""
        self._ended = True
        self._thread.join()
        self._source.close()

    def _look(self) -> None:
        last = None
        for frame in self._source.decode(video=0):
            gray = cv2.cvtColor(frame.to_ndarray(format="bgr24"), cv2.COLOR_BGR2GRAY)
            if self._armed and last is not None and np.count_nonzero(cv2.absdiff(gray, last) > 40) > 100:
                self._changed.set()
            last = gray
            if self._ended:
                return


def main() -> int:
    """Measure, print, and return 1 if the figure is not reached."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="one object a line")
    parser.add_argument("--presses", type=int, default=40)
    parser.add_argument("--fps", type=int, default=25)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="vpt-desktop-"))
    os.environ |= {"VPT_STATE": str(folder), "VPT_LINGER": "5"}
    try:
        found = measure(folder, options.presses, options.fps)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(found) if options.json else _line(found))
    return int(found["ratio"] > WANT)


def measure(folder: Path, presses: int, fps: int) -> dict[str, Any]:
    """Return the medians of both."""
    (folder / "lab.toml").write_text(LAB.format(fps=fps))
    rows = []
    with (
        contextlib.closing(Lab(config.load([folder / "lab.toml"]))) as lab, lab.lease(device="ours") as ours,
        library(fps) as (desktop, rival),
    ):  # fmt: skip
        ours.apps.launch("xterm", *PROGRAM)
        time.sleep(2)
        for _ in range(presses):
            mine = _ours(ours)
            time.sleep(AT_REST + random.random() / fps)
            with desktop.server.used() as gui:
                rows.append((mine, rival.press(gui)))
            time.sleep(AT_REST + random.random() / fps)
    mine, other = (1000 * statistics.median(column) for column in zip(*rows, strict=True))
    return {"figure": "press-to-picture-vs-library, desktop", "ours": round(mine, 1), "rival": round(other, 1),
            "ratio": round(mine / other, 3), "unit": "ms", "want": WANT}  # fmt: skip


def _ours(device: Any) -> float:
    began = time.perf_counter()
    pressed = device.remote.press("A")
    device.screen.wait_for(Motion(), since=pressed, timeout=5)
    return time.perf_counter() - began


@contextlib.contextmanager
def library(fps: int) -> Iterator[tuple[Desktop, Rival]]:
    """Give a display with the same program on it, and who presses and looks there."""
    desktop = Desktop("virtual")
    with contextlib.closing(desktop):
        desktop.start("xterm", PROGRAM)
        with contextlib.closing(Rival(desktop, fps)) as rival:
            yield desktop, rival


def _line(record: dict[str, Any]) -> str:
    verdict = "reached" if record["ratio"] <= WANT else "NOT REACHED"
    return "{figure} {ours} {unit} against {rival}; ratio {ratio} of at most {want}, {}".format(verdict, **record)


if __name__ == "__main__":
    sys.exit(main())
