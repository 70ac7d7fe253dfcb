"""How soon a key's effect is seen, beside the same done directly with the libraries underneath.

    python benchmarks/presses.py [--json] [--presses 30]

press-to-picture-vs-library, box     our remote and `wait_for(Motion(), since=press)` through gateway, agent and the
                                     device's process, against httpx and PyAV in this process
press-to-picture-vs-library, phone   against adb-shell and PyAV

Both drive a virtual device of their own, in turn, press by press: the arrow keys move a focus. The time is from the
call that presses to the answer that something has changed; the picture is there between these two, so that both have
to wait for the same device, encoder and stream.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import httpx
import numpy as np
from adb_shell.adb_device import AdbDeviceTcp
from adb_shell.auth.sign_cryptography import CryptographySigner
from virtualpytest_host import virtual
from virtualpytest_host.android import key
from virtualpytest_host.virtual import life

from pytest_virtualpytest import Motion, config
from pytest_virtualpytest.lab import Lab

LAB = '[devices.ours]\nvirtual = "{kind}"\n'
WANT = 1.15
CHANGED = 40  # gray levels, of more than a hundred pixels
DELIMITER = b"\0\0\0\1\x09\xf0"  # begins the next picture, so that a parser lets go of the one before
AT_REST = 0.6  # seconds between two presses: nothing moves any more

Press = Callable[[str], None]


class Seeing:
    """The pictures that *frames* yields, as luma, and when the newest one differed from the one before."""

    def __init__(self, frames: Iterator[Any]) -> None:
        self._changed, self._armed = threading.Event(), False
        threading.Thread(target=self._look, args=(frames,), daemon=True).start()

    def arm(self) -> None:
        """From here on a change counts."""
        self._changed.clear()
        self._armed = True

    def wait(self, seconds: float) -> None:
        """Wait for a change."""
        if not self._changed.wait(seconds):
            raise TimeoutError("nothing changed")
        self._armed = False

    def _look(self, frames: Iterator[Any]) -> None:
        last = None
        for frame in frames:
            luma = np.ascontiguousarray(frame.to_ndarray()[: frame.height, : frame.width])
            if self._armed and last is not None and np.count_nonzero(cv2.absdiff(luma, last) > CHANGED) > 100:
                self._changed.set()
            last = luma


def main() -> int:
    """Measure, print, and return 1 if a figure is not reached."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="one object a line")
    parser.add_argument("--presses", type=int, default=30)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="vpt-presses-"))
    os.environ |= {"VPT_STATE": str(folder), "VPT_LINGER": "5"}
    try:
        records = [measure(kind, folder, options.presses) for kind in ("stb", "phone")]
    finally:
        for name in virtual.running():
            virtual.stop(name)
        shutil.rmtree(folder, ignore_errors=True)
    for record in records:
        print(json.dumps(record) if options.json else _line(record))
    return int(any(record["ratio"] > WANT for record in records))


def measure(kind: str, folder: Path, presses: int) -> dict[str, Any]:
    """Return the medians of both for a device of *kind*."""
    (folder / f"{kind}.toml").write_text(LAB.format(kind=kind))
    rival = {"stb": box, "phone": phone}[kind]
    rows = []
    with (
        contextlib.closing(Lab(config.load([folder / f"{kind}.toml"]))) as lab, lab.lease(device="ours") as ours,
        rival(folder) as (press, seeing),
    ):  # fmt: skip
        begin(kind, ours.remote.press)
        begin(kind, press)
        time.sleep(3)
        for number in range(presses):
            word = "DOWN" if number % 2 else "UP"
            rows.append((_ours(ours, word), _theirs(press, seeing, word)))
    mine, other = (1000 * statistics.median(column) for column in zip(*rows, strict=True))
    name = {"stb": "box"}.get(kind, kind)
    return {"figure": f"press-to-picture-vs-library, {name}", "ours": round(mine, 1), "rival": round(other, 1),
            "ratio": round(mine / other, 3), "unit": "ms", "want": WANT}  # fmt: skip


def begin(kind: str, press: Callable[[str], object]) -> None:
    """Go where the arrow keys move a focus."""
    for word in ("HOME", "MENU") if kind == "stb" else ("HOME",):
        press(word)
        time.sleep(1.5)


def _ours(device: Any, word: str) -> float:
    time.sleep(AT_REST)
    started = time.perf_counter()
    pressed = device.remote.press(word)
    device.screen.wait_for(Motion(), since=pressed, timeout=5)
    return time.perf_counter() - started


def _theirs(press: Press, seeing: Seeing, word: str) -> float:
    time.sleep(AT_REST)
    seeing.arm()
    started = time.perf_counter()
    press(word)
    seeing.wait(5)
    return time.perf_counter() - started


@contextlib.contextmanager
def box(_: Path) -> Iterator[tuple[Press, Seeing]]:
    """Give a box by httpx and PyAV."""
    names = {"UP": "Up", "DOWN": "Down", "HOME": "Home", "MENU": "Menu"}
    with contextlib.closing(life.attach("stb", "rival")) as attached, httpx.Client() as client:
        settings = {one["controller"]: one["settings"] for one in attached.controllers}
        address = settings["ecp"]["url"]
        stream = av.open(settings["video"]["source"], options={"fflags": "nobuffer"})
        yield (
            lambda word: client.post(f"{address}/keypress/{names[word]}").raise_for_status() and None,
            Seeing(stream.decode(video=0)),
        )


@contextlib.contextmanager
def phone(folder: Path) -> Iterator[tuple[Press, Seeing]]:
    """Give a phone by adb-shell and PyAV."""
    codes = {"UP": 19, "DOWN": 20, "HOME": 3}
    with contextlib.closing(life.attach("phone", "rival phone")) as attached, contextlib.ExitStack() as ending:
        host, _, port = attached.controllers[0]["settings"]["address"].rpartition(":")
        signer = CryptographySigner(str(key.present(folder / "rival" / "adbkey")))
        keys, film = (ending.enter_context(contextlib.closing(AdbDeviceTcp(host, int(port)))) for _ in range(2))
        for device in (keys, film):
            device.connect([signer], auth_timeout_s=5)
        yield lambda word: keys.shell(f"input keyevent {codes[word]}") and None, Seeing(_filmed(film))


def _filmed(film: AdbDeviceTcp) -> Iterator[Any]:
    codec = av.CodecContext.create("h264", "r")
    line = "screenrecord --output-format=h264 -"
    for piece in film.streaming_shell(line, decode=False, transport_timeout_s=60, read_timeout_s=60):
        for packet in codec.parse(bytes(piece) + DELIMITER):  # a picture comes in one piece here
            yield from codec.decode(packet)


def _line(record: dict[str, Any]) -> str:
    verdict = "reached" if record["ratio"] <= WANT else "NOT REACHED"
    return "{figure:36} {ours:>7} {unit} against {rival}; ratio {ratio} of at most {want}, {}".format(verdict, **record)


if __name__ == "__main__":
    sys.exit(main())
