"""How soon a verdict is there, and how true measured times are.

    python benchmarks/timing.py [--json] [--rounds 20] [--zaps 50]

verdict-after-capture-ms    from the capture of the first matching frame to the client's having the verdict of a wait
                            that was going on: the median; one frame interval and 20 ms are wanted
verdict-worst-ms            the longest of these
verdict-4-devices-ms        the median of four devices at 720p25 that wait at once; one interval and 20 ms are wanted
verdict-1080p50-ms          the same of one at 1080p50, whose interval is 20 ms
frames-skipped              by those waits
idle-8-devices-cores        the cores that eight devices at 720p25 take that nobody asks
verdict-after-shown-ms      the same from when the box drew that frame: its own encoder and the way are in it
first-frame-ms              lease and first frame, with a recorder that runs and a device process that is a second old
first-frame-cold-ms         the same, device process included: it starts, imports, opens the device
zap-error-frames            the largest error of a black period, in frames, against the box's own log
key-to-picture-error        the largest error of a time from a key to a picture, as a share of the error that it states
key-to-picture-stated-ms    the largest such error that was stated

The zaps are those of a box whose clock has any origin and drifts by up to 100 ppm, and whose output is up to 200 ms
late; the latency is learnt from five zaps that do not count. The others are those of a box without delay.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from bench import Host
from virtualpytest_host import ring, virtual
from virtualpytest_host.controllers.video import Video
from virtualpytest_host.recording import Recording
from virtualpytest_host.virtual import life
from waits import Kind, idle, verdicts
from watched import Watched, image, watched
from zaps import Zap, latency, truth, zap

from pytest_virtualpytest.gateway import Gateways
from pytest_virtualpytest.wire import Call

INTERVAL = 40.0  # milliseconds from one frame to the next
LEARNT = 5


def main() -> int:
    """Measure, print, and return 1 if a figure is not reached."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="one object a line")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--zaps", type=int, default=50)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vpt-timing-", ignore_cleanup_errors=True) as folder:
        os.environ |= {"VPT_STATE": folder, "VPT_LINGER": "5"}
        records = [*measure(options.rounds, options.zaps), *waiting(Path(folder), max(2, options.rounds // 4))]
        for name in virtual.running():
            virtual.stop(name)
    for record in records:
        print(json.dumps(record) if options.json else _line(record))
    return int(not all(_reached(record) for record in records))


def measure(rounds: int, zaps: int) -> list[dict[str, object]]:
    """Return every figure."""
    with watched("prompt") as stb:
        seen, shown = zip(*(verdict(stb) for _ in range(rounds)), strict=True)
    with contextlib.closing(life.attach("stb", "prompt")):
        warm = [first_frame(settle=1.0) for _ in range(max(3, rounds // 4))]
        cold = [first_frame(settle=0.0) for _ in range(max(3, rounds // 4))]
    measured = list(_zaps(zaps))
    share = [abs(one.late) / one.to_banner.error for one in measured]
    return [
        _figure("verdict-after-capture-ms", statistics.median(seen), "ms", INTERVAL + 20),
        _figure("verdict-worst-ms", max(seen), "ms", None),
        _figure("verdict-after-shown-ms", statistics.median(shown), "ms", None),
        _figure("first-frame-ms", statistics.median(warm), "ms", 100),
        _figure("first-frame-cold-ms", statistics.median(cold), "ms", None),
        _figure("zap-error-frames", max(one.frames_off for one in measured), "frames", 1),
        _figure("key-to-picture-error", max(share), "of that stated", 1),
        _figure("key-to-picture-stated-ms", 1000 * max(one.to_banner.error for one in measured), "ms", None),
    ]


def waiting(folder: Path, events: int) -> list[dict[str, object]]:
    """Return the figures of several devices, and of idle ones."""
    four, skipped = verdicts(folder, Kind(), 4, events)
    large, more = verdicts(folder, Kind(1080, 50, 10_000_000), 1, events)
    return [
        _figure("verdict-4-devices-ms", statistics.median(four), "ms", INTERVAL + 20),
        _figure("verdict-4-devices-worst-ms", max(four), "ms", None),
        _figure("verdict-1080p50-ms", statistics.median(large), "ms", 40),
        _figure("verdict-1080p50-worst-ms", max(large), "ms", None),
        _figure("frames-skipped", skipped + more, "frames", 0),
        _figure("idle-8-devices-cores", idle(folder), "cores", 1),
    ]


def verdict(stb: Watched) -> tuple[float, float]:
    """Return the milliseconds from the capture to the verdict, and from when the box drew the frame."""
    press = stb.press("CHANNEL_UP")
    seen = stb.wait_for(image("banner"), since=press)  # going on while the screen is black
    now = time.monotonic()
    _, _, drawn = truth(stb, press)
    stb.show("HOME", "home")
    stb.press("BACK")
    return (now - seen.captured) * 1000, (now - float(drawn["at"])) * 1000


def first_frame(settle: float) -> float:
    """Return the milliseconds to the first frame of a device's process that is *settle* seconds old, or new."""
    controllers = life.attach("stb", "prompt").controllers
    spec = {"name": "prompt", "virtual": None, "controllers": controllers}
    source = Video(**controllers[0]["settings"]).stream()
    with Recording(source) as warm, contextlib.closing(Gateways({"rack1": Host()})) as gateways:
        warm.first(ring.VIDEO, time.monotonic() + 10)
        gateway = gateways.of("rack1")
        begin = time.monotonic()
        gateway.attach(spec)
        if settle:
            time.sleep(settle)
            begin = time.monotonic()
        token = gateway.lease("prompt", {"user": "benchmark"})
        gateway.call(Call("screen.frame", "prompt", {}, token, 20.0))
        return (time.monotonic() - begin) * 1000


def _zaps(count: int) -> Iterator[Zap]:
    with contextlib.closing(life.attach("stb", "adrift", ["--randomise"])):
        with watched("adrift") as stb:
            learnt = latency([zap(stb) for _ in range(LEARNT)])
        with watched("adrift", latency=learnt) as stb:
            for number in range(count):
                yield zap(stb, "CHANNEL_DOWN" if number % 2 else "CHANNEL_UP")


def _figure(name: str, value: float, unit: str, want: float | None) -> dict[str, object]:
    return {"figure": name, "ours": round(value, 3), "rival": None, "ratio": None, "unit": unit, "want": want}


def _reached(record: dict[str, object]) -> bool:
    return record["want"] is None or float(str(record["ours"])) <= float(str(record["want"]))


def _line(record: dict[str, object]) -> str:
    if record["want"] is None:
        return "{figure:30} {ours:>10} {unit}".format(**record)
    verdict = "reached" if _reached(record) else "NOT REACHED"
    return "{figure:30} {ours:>10} {unit} of at most {want}, {}".format(verdict, **record)


if __name__ == "__main__":
    sys.exit(main())
