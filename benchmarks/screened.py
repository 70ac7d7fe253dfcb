"""What a campaign on devices with a screen comes to: from the lease to the first frame, recovery and evidence included.

    python benchmarks/screened.py [--json] [--seeds 2] [--boxes 4]

Virtual boxes on two hosts, one of them behind ssh. Each test begins with a box that must be brought home, opens
the guide, sleeps for a seeded time, and leaves its last frame, a clip and a log behind. The bound knows of the
sleeping alone: what is missing to 1 is what all the rest costs, on a machine that also draws and encodes the boxes'
pictures.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

import farm
from virtualpytest_host.virtual import pictures

POLICIES = ("ours", "load")
TEST = """
def test_{number}({fixture}):
    press = {fixture}.remote.press("GUIDE")
    {fixture}.screen.wait_for("guide-header.png", since=press, timeout=20)
    time.sleep({seconds})
"""
HEAD = """
import time
from pathlib import Path
from virtualpytest_host.virtual import pictures
HERE = Path(__file__).parent
HERE.joinpath("guide-header.png").write_bytes((pictures.FOLDER / "guide-header.png").read_bytes())
"""
BOX = """
[devices.farmbox{number}]
virtual = "stb"
{far}ready = {{ check = "home.png", recover = ["BACK", "HOME"] }}
"""


def main() -> int:
    """Measure, print, and return 1 if a test did not pass."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one object a line")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--boxes", type=int, default=4)
    options = parser.parse_args()
    runs = measure(options.seeds, options.boxes)
    ours, load = ([run for run in runs if run.policy == policy] for policy in POLICIES)
    failed = [sum(run.failed for run in some) for some in (ours, load)]
    shares = [statistics.mean(run.share for run in some) for some in (ours, load)]
    seconds = [statistics.mean(run.makespan for run in some) for some in (ours, load)]
    records = [
        farm.figure("screened-makespan-vs-bound", *shares, None, "of the bound", 0.0),
        farm.figure("screened-vs-load", *seconds, seconds[0] / seconds[1], "s", 1.0),
        farm.figure("screened-not-passed", *failed, None, "tests", 0),
    ]
    for record in records:
        print(json.dumps(record) if options.json else farm.line(record))
    return int(not all(map(farm.reached, records)))


def measure(seeds: int, boxes: int) -> list[farm.Done]:
    """Run every suite with our scheduler and with ``--dist load``, in turn."""
    with contextlib.ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="vpt-farm-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        server = stack.enter_context(farm.sshd.Sshd(folder / "sshd"))
        farm.lab(folder / "lab.toml", [], server, folder)
        (folder / "home.png").write_bytes((pictures.FOLDER / "home.png").read_bytes())
        with (folder / "lab.toml").open("a") as file:
            for number in range(boxes):
                file.write(BOX.format(number=number, far='host = "far"\n' if number % 2 else ""))
        kinds, done = ["stb"] * boxes, []
        for seed in range(seeds):
            suite = farm.made("pool", boxes * 8, kinds, random.Random(seed))
            done += [
                farm.run(folder, suite, policy, kinds, test=TEST, head=HEAD, evidence="always") for policy in POLICIES
            ]
        return done


if __name__ == "__main__":
    sys.exit(main())
