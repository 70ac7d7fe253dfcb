"""What waiting costs: the figures of benchmarks/timing.py that are about several devices, and about idle ones.

The devices are films of the virtual product's pictures, encoded before and played at their own pace, so that what is
measured is ours: demultiplexing, decoding, judging every frame, and the way to the client.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import recorders
from bench import Host
from virtualpytest_host import ring
from virtualpytest_host.controllers.video import Video
from virtualpytest_host.recording import Recording
from virtualpytest_host.virtual import drawing, scenes
from watched import Watched, device, image

from pytest_virtualpytest.gateway import Gateways
from pytest_virtualpytest.targets import Image

SHOWN = ("home", "guide-header")
_TURN = 1.2  # seconds from one event to the next
_BUSY = 10.0  # seconds of a film before its first event: devices are attached meanwhile
_SPARE = 12  # events more than are waited for, should attaching take longer
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Kind:
    """A sort of stream."""

    height: int = 720
    fps: int = 25
    bits: int = 4_000_000


def film(folder: Path, kind: Kind, events: int) -> Path:
    """Write a film in which, between moving pictures, the two screens of `SHOWN` come and go in turn."""
    path = folder / f"{kind.height}p{kind.fps}-{events}.ts"
    if path.exists():
        return path
    size = kind.height * 16 // 9, kind.height
    still = [cv2.resize(pixels, size) for pixels in (drawing.home(0), drawing.guide(0, 0))]
    live = [cv2.resize(scenes.live(2, number), size) for number in range(25)]
    with av.open(str(path), "w") as output:
        video: Any = output.add_stream("libx264", rate=kind.fps, options={"preset": "ultrafast", "tune": "zerolatency"})
        video.width, video.height, video.pix_fmt, video.bit_rate = *size, "yuv420p", kind.bits
        video.gop_size = kind.fps // 2
        for number in range(round((_BUSY + (events + _SPARE) * _TURN) * kind.fps)):
            turn, into = divmod(number / kind.fps - _BUSY, _TURN)
            shown = still[int(turn) % 2] if turn >= 0 and into < _TURN / 2 else live[number % 25]
            frame = av.VideoFrame.from_ndarray(shown, format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, kind.fps)
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
    return path


def verdicts(folder: Path, kind: Kind, count: int, events: int) -> tuple[list[float], int]:
    """Return the milliseconds from capture to verdict of *count* devices that wait at once, and the frames skipped.

    Each waits for *events* of each screen.
    """
    path = film(folder, kind, 2 * events)
    wanted = [replace(image(name), resolution=(1280, 720)) for name in SHOWN]
    with contextlib.ExitStack() as stack, concurrent.futures.ThreadPoolExecutor(count) as pool:
        gateways = stack.enter_context(contextlib.closing(Gateways({"rack1": Host()})))
        names = [f"film{kind.height}-{number}" for number in range(count)]
        waits = [stack.enter_context(_watched(_copy(path, name), name, gateways)) for name in names]
        found = [one for some in pool.map(lambda stb: _waited(stb, wanted * events), waits) for one in some]
    return [late for late, _ in found], sum(skipped for _, skipped in found)


def idle(folder: Path, count: int = 8, seconds: float = 5.0) -> float:
    """Return the share of a core that *count* devices at 720p25 take that nobody asks: their recorders' time."""
    path = film(folder, Kind(), 1)
    sources = [Video(str(_copy(path, f"idle{number}"))).stream() for number in range(count)]
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(Recording(source)) for source in sources]
        for one in held:
            one.first(ring.VIDEO, time.monotonic() + 20)
        pids = [pid for source in sources for pid in recorders.pids(source)]
        before, begin = _used(pids), time.monotonic()
        time.sleep(seconds)
        return (_used(pids) - before) / (time.monotonic() - begin)


def _copy(path: Path, name: str) -> Path:
    """Return *path* under another name: each device has a source of its own."""
    made = path.with_name(f"{name}-{path.name}")
    if not made.exists():
        os.link(path, made)
    return made


@contextlib.contextmanager
def _watched(path: Path, name: str, gateways: Gateways) -> Any:
    entry = {"name": "video", "controller": "video", "gives": None, "settings": {"source": str(path)}}
    with device({"name": name, "virtual": None, "controllers": [entry]}, gateways) as (gateway, token):
        yield Watched(gateway, name, Video(str(path)).stream(), token)


def _waited(stb: Watched, wanted: Sequence[Image]) -> list[tuple[float, int]]:
    """Return of each event how late its verdict was, and how many frames had been skipped."""
    found = []
    for each in wanted:
        seen = stb.wait_for(each, timeout=_BUSY + 10)
        found.append(((time.monotonic() - seen.captured) * 1000, seen.skipped))
    return found


def _used(pids: Sequence[int]) -> float:
    """Return the seconds of processor time that processes have used."""
    fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    return sum(int(one[11]) + int(one[12]) for one in fields) / _TICK
