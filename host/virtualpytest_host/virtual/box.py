"""A virtual set-top box: one process that renders a product, streams it and takes keys and power commands.

    python -m virtualpytest_host.virtual.box --name stb1 --folder FOLDER [--randomise]

It writes ``state.json`` (pid, ports) and ``truth.jsonl`` into FOLDER, holds ``box.lock`` there while it
lives, and ends when nobody has held ``users`` for a while.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import queue
import random
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from virtualpytest_host.virtual import canvas, drawing, servers, tenancy
from virtualpytest_host.virtual.faults import Faults
from virtualpytest_host.virtual.product import Product
from virtualpytest_host.virtual.stream import RATE, Encoder, Outlet
from virtualpytest_host.virtual.truth import Truth

_AHEAD = 2  # blocks of sound that run ahead of the picture, as the encoder holds as many back


class Clock:
    """The box's own clock: it starts anywhere and may run fast or slow by *drift* parts of a second."""

    def __init__(self, origin: float, drift: float) -> None:
        self._start = time.monotonic()
        self._origin, self._rate = origin, 1 + drift

    def read(self, now: float) -> float:
        """Return the box's time at *now* of this machine."""
        return self._origin + (now - self._start) * self._rate


class Box:
    """The main loop: one turn for each frame."""

    def __init__(self, options: argparse.Namespace) -> None:
        folder = Path(options.folder)
        self._fps: int = options.fps
        self._clock = Clock(options.pts_origin, options.drift_ppm / 1e6)
        self._product = Product(black_seconds=options.black_ms / 1000)
        self._faults, self._truth = Faults(), Truth(folder / "truth.jsonl")
        self._keys: queue.SimpleQueue[tuple[str, float]] = queue.SimpleQueue()
        self._outlet = Outlet(options.delay_ms / 1000)
        self._encoder = Encoder(self._outlet, (canvas.WIDTH, canvas.HEIGHT), self._fps)
        self._shown: str | None = None
        self._last = drawing.still("boot")
        self._tenancy = tenancy.Tenancy(folder, options.linger)
        mode = lambda: "PowerOn" if self._product.awake else "DisplayOff"  # noqa: E731
        ports = {
            "video": self._outlet.port,
            "keys": servers.keys(options.name, self._faults, self._truth, self._press, mode).port,
            "power": servers.supply(self._faults, self._switch, lambda: self._product.powered).port,
            "control": servers.control(self._faults, self._truth, self._apply, self._state).port,
        }
        self._state_file = folder / "state.json"
        self._publish({"pid": os.getpid(), "ports": ports, "started": time.monotonic(), "name": options.name})

    def _publish(self, state: dict[str, object]) -> None:
        fresh = self._state_file.with_suffix(".new")
        fresh.write_text(json.dumps(state), encoding="utf-8")
        fresh.rename(self._state_file)

    def run(self) -> None:
        """Send frames until nobody needs the box."""
        start, number = time.monotonic(), 0
        phase = 0.0
        while not self._tenancy.over():
            due = start + number / self._fps
            if (early := due - time.monotonic()) > 0:
                time.sleep(early)
            elif early < -1:  # the machine slept: do not race to catch up
                start -= early
            now = time.monotonic()
            self._take_keys(now)
            phase = self._sound(due, now, phase)
            self._picture(number, due, now)
            if number == 0:
                sys.stdout.write("ready\n")
                sys.stdout.flush()
            number += 1

    def _press(self, action: str, key: str) -> None:
        now = time.monotonic()
        self._truth.note("key", at=now, key=key, action=action)
        if action == "press" or (action == "down" and key not in self._product.held):
            self._keys.put((key, now))
        if action == "down":
            self._product.held[key] = now
        elif action == "up":
            self._product.held.pop(key, None)

    def _switch(self, on: bool) -> None:
        self._product.supply(on, time.monotonic())
        self._truth.note("power", on=on)

    def _state(self) -> str:
        return self._product.state(time.monotonic())

    def _apply(self) -> None:
        """Bring the faults that are more than pictures into force."""
        if self._faults.on("crash"):
            os.kill(os.getpid(), signal.SIGKILL)
        if self._faults.on("end"):
            self._outlet.drop()

    def _take_keys(self, now: float) -> None:
        while not self._keys.empty():
            self._product.press(self._keys.get()[0], now)
        for key, since in list(self._product.held.items()):
            if now - since > 0.5:
                self._product.held[key] = now - 0.4
                self._product.press(key, now)

    def _picture(self, number: int, due: float, now: float) -> None:
        self._outlet.stalled, self._outlet.ended = self._faults.on("stall"), self._faults.on("end")
        self._outlet.refuse(self._faults.on("refuse"))
        if self._faults.on("drop") and number % 2:
            return
        state, picture = self._see(number, now)
        if state != self._shown:
            self._truth.note("screen", at=due, pts=self._clock.read(due), state=state, frame=number)
            self._shown = state
        self._encoder.picture(picture, self._clock.read(due))

    def _see(self, number: int, now: float) -> tuple[str, canvas.Image]:
        if self._faults.on("freeze"):
            return "frozen", self._last
        if self._faults.on("no_signal"):
            return "no-signal", drawing.still("no-signal")
        if self._faults.on("black"):
            return "black", drawing.still("black")
        self._last = drawing.draw(self._product, number, now)
        return self._product.state(now), self._last

    def _sound(self, due: float, now: float, phase: float) -> float:
        count = RATE // self._fps
        tone = 0 if self._faults.on("silence") else self._product.tone(now)
        angles = phase + 2 * np.pi * tone * np.arange(count) / RATE
        loud = 0.05 * self._product.volume if tone else 0.0
        samples: NDArray[np.float32] = (loud * np.sin(angles)).astype(np.float32)
        self._encoder.sound(samples, self._clock.read(due) + _AHEAD * count / RATE)
        return float((phase + 2 * np.pi * tone * count / RATE) % (2 * np.pi))


def parser() -> argparse.ArgumentParser:
    """Return the options of a box."""
    options = argparse.ArgumentParser(prog="python -m virtualpytest_host.virtual.box", description=__doc__)
    options.add_argument("--name", default="stb")
    options.add_argument("--folder", required=True)
    options.add_argument("--fps", type=int, default=25)
    options.add_argument("--black-ms", type=float, default=400)
    options.add_argument("--linger", type=float, default=30, help="seconds to live on after the last user")
    options.add_argument("--pts-origin", type=float, default=10.0, help="the box's clock at its start, seconds")
    options.add_argument("--drift-ppm", type=float, default=0.0)
    options.add_argument("--delay-ms", type=float, default=0.0, help="delay of the output")
    options.add_argument("--randomise", action="store_true", help="any origin, drift up to 100 ppm, delay up to 200 ms")
    return options


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a box until nobody needs it."""
    options = parser().parse_args(arguments)
    if options.randomise:
        options.pts_origin, options.drift_ppm = random.uniform(1, 20_000), random.uniform(-100, 100)
        options.delay_ms = random.uniform(0, 200)
    with contextlib.suppress(KeyboardInterrupt), (Path(options.folder) / "box.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        Box(options).run()
    os._exit(0)


if __name__ == "__main__":
    main()
