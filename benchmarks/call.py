"""One call through agent and device process against one HTTP call, and one frame over ssh.

    python benchmarks/call.py [--json] [--rounds 5]

Everything runs on loopback in one go, the contestants in turn, round by round; the figure is the median of
the rounds' ratios. The ssh server is a private one, with throwaway keys, for this account.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).parent.parent / "tests"
sys.path.insert(0, str(TESTS))

import execnet  # noqa: E402
import httpx  # noqa: E402
import sshd  # noqa: E402

from pytest_virtualpytest.exceptions import DeviceError  # noqa: E402
from pytest_virtualpytest.gateway import Gateway  # noqa: E402
from pytest_virtualpytest.wire import Call  # noqa: E402

CALLS = 400
FRAME = 1920 * 1080 * 3  # a raw picture: what a codec cannot make smaller


@dataclass(frozen=True)
class Host:
    """A host as the lab file describes it."""

    name: str
    gateway: str = "popen"
    python: str | None = None
    ssh_config: str | None = None


@dataclass(frozen=True)
class Figure:
    """Seconds of ours and of the rival, round by round."""

    name: str
    rounds: list[tuple[float, float]]
    unit: str
    scale: float
    want: float

    def record(self) -> dict[str, object]:
        """Return the figure as benchmarks/README.md describes it."""
        ours, rival = (statistics.median(row) * self.scale for row in zip(*self.rounds, strict=True))
        ratio = statistics.median(ours / rival for ours, rival in self.rounds)
        return {
            "figure": self.name, "ours": round(ours, 3), "rival": round(rival, 3), "ratio": round(ratio, 3),
            "unit": self.unit, "want": self.want,
        }  # fmt: skip


def main() -> int:
    """Measure, print, and return 1 if a figure is not reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one object a line")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    records = [figure.record() for figure in measure(options.rounds)]
    for record in records:
        print(json.dumps(record) if options.json else _line(record))
    return int(any(record["ratio"] > record["want"] for record in records))


def measure(rounds: int) -> list[Figure]:
    """Return the three figures."""
    with contextlib.ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="vpt-call-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        os.environ["VPT_STATE"] = str(folder / "state")
        os.environ["PYTHONPATH"] = os.pathsep.join([str(TESTS / "installed"), os.environ.get("PYTHONPATH", "")])
        server = stack.enter_context(sshd.Sshd(folder / "sshd"))
        python = f"env PYTHONPATH={TESTS / 'installed'} VPT_STATE={folder / 'state'} {sys.executable}"
        popen = stack.enter_context(device(Host("popen")))
        ssh = stack.enter_context(device(Host("ssh", f"ssh={sshd.NAME}", python, str(server.config))))
        http = stack.enter_context(web())
        calls = [(seconds(http), seconds(popen), seconds(ssh)) for _ in range(rounds)]
        theirs = stack.enter_context(execnet_frames(server))
        frames = [(seconds(theirs, 3), seconds(lambda: picture(ssh), 10)) for _ in range(rounds)]
    return [
        Figure("call-popen-vs-httpx", [(ours, rival) for rival, ours, _ in calls], "us", 1e6, 0.8),
        Figure("call-ssh-vs-httpx", [(ours, rival) for rival, _, ours in calls], "us", 1e6, 0.8),
        Figure("frame-ssh-vs-execnet-default", [(ours, rival) for rival, ours in frames], "ms", 1e3, 0.25),
    ]


@contextlib.contextmanager
def device(host: Host) -> Iterator[Callable[..., object]]:
    """Give a call to a device on *host*, through its agent and the device's process."""
    gateway = Gateway(host)
    gateway.open()
    with contextlib.closing(gateway):
        entry = {"name": "rack", "controller": "rack", "gives": None, "settings": {"name": host.name}}
        gateway.attach({"name": host.name, "virtual": None, "controllers": [entry]})
        token = gateway.lease(host.name, {"user": "benchmark"})

        yield lambda method="power.status", **args: gateway.call(Call(method, host.name, args, token, 30.0))


def picture(call: Callable[..., object]) -> bytes:
    """Return the frame of noise that comes with a failed call: it takes the way that every picture takes."""
    try:
        call("remote.press", key="FRAME")
    except DeviceError as error:
        frame = error.pictures["noise"]
        assert len(frame) == FRAME
        return frame
    raise AssertionError("the controller of the tests fails with a frame")


@contextlib.contextmanager
def web() -> Iterator[Callable[[], object]]:
    """Give a keep-alive call to a Starlette server in a process of its own."""
    process = subprocess.Popen([sys.executable, str(Path(__file__).parent / "rival.py")], stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        port = int(process.stdout.readline())
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            body = {"call": "power.status", "device": "stb1", "args": {}, "token": 1, "deadline": 10.0}
            yield lambda: client.post("/call", json=body).json()
    finally:
        process.terminate()
        process.wait(10)


@contextlib.contextmanager
def execnet_frames(server: sshd.Sshd) -> Iterator[Callable[[], object]]:
    """Give a call that fetches a frame of noise through execnet's own ssh gateway."""
    group = execnet.Group()
    spec = f"ssh=-F {server.config} {sshd.NAME}//python={sys.executable}"
    channel = group.makegateway(spec).remote_exec(
        f"import os\nframe = os.urandom({FRAME})\nfor _ in channel:\n    channel.send(frame)"
    )

    def fetch() -> object:
        channel.send(None)
        return channel.receive(60)

    try:
        yield fetch
    finally:
        group.terminate(2)


def seconds(action: Callable[[], object], times: int = CALLS) -> float:
    """Return the median seconds that *action* takes."""
    action()
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        action()
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken)


def _line(record: dict[str, object]) -> str:
    verdict = "reached" if record["ratio"] <= record["want"] else "NOT REACHED"  # type: ignore[operator]
    return "{figure:30} {ours:>10} {unit} against {rival:>10} {unit}: {ratio} of at most {want}, {}".format(
        verdict, **record
    )


if __name__ == "__main__":
    sys.exit(main())
