"""A virtual set-top box: one process that renders a product, streams it and takes keys and power commands.

    python -m virtualpytest_host.virtual.box --name stb1 --folder FOLDER [--randomise]

It writes ``state.json`` (pid, ports) and ``truth.jsonl`` into FOLDER, holds ``box.lock`` there while it
lives, and ends when nobody has held ``users`` for a while.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import os
import random
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from virtualpytest_host import needs

with needs.host_extra("a virtual set-top box"):
    import cv2

    from virtualpytest_host.virtual import canvas, drawing, presence, servers, tenancy
    from virtualpytest_host.virtual.faults import Faults
    from virtualpytest_host.virtual.ports import Port
    from virtualpytest_host.virtual.product import Product
    from virtualpytest_host.virtual.stream import RATE, Encoder, Outlet
    from virtualpytest_host.virtual.synth import Synth
    from virtualpytest_host.virtual.truth import Truth

_FLASH = 2  # frames
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
    """The main loop: one turn for each frame.

    A frame shows the product as it was when the frame was due, however late it is drawn: what keys and
    mains did until then, and nothing that came after.
    """

    def __init__(self, options: argparse.Namespace) -> None:
        folder = Path(options.folder)
        self._fps: int = options.fps
        self._clock = Clock(options.pts_origin, options.drift_ppm / 1e6)
        self._product = Product(black_seconds=options.black_ms / 1000)
        self._faults, self._truth = Faults(), Truth(folder / "truth.jsonl")
        self._events: collections.deque[tuple[float, Callable[[float], None]]] = collections.deque()
        self._outlet = Outlet(options.delay_ms / 1000)
        self._encoder = Encoder(self._outlet, (canvas.WIDTH, canvas.HEIGHT), self._fps)
        self._shown: str | None = None
        self._synth = Synth(RATE)
        self._heard: tuple[float, float] | None = None
        self._last = drawing.still("boot")
        self._mains = self._product.powered
        self._tenancy = tenancy.Tenancy(folder, options.linger)
        self._ports = {"video": self._outlet.port, **self._open_ports(options.name)}
        presence.publish(folder, options.name, self._ports)

    def _open_ports(self, name: str) -> dict[str, Port]:
        mode = lambda: "PowerOn" if self._product.awake else "DisplayOff"  # noqa: E731
        return {
            "keys": servers.keys(name, self._faults, self._truth, self._press, mode),
            "power": servers.supply(self._switch, lambda: self._mains),
            "control": servers.control(self._faults, self._truth, self._apply, self._state),
        }

    def run(self) -> None:
        """Send frames until nobody needs the box."""
        start, number = time.monotonic(), 0
        while not self._tenancy.over():
            due = start + number / self._fps
            if (early := due - time.monotonic()) > 0:
                time.sleep(early)
            elif early < -1:  # the machine slept: do not race to catch up
                start -= early
                due -= early
            self._take_events(due)
            self._sound(number, due)
            self._picture(number, due)
            if number == 0:
                presence.ready()
            number += 1

    def _press(self, action: str, key: str) -> None:
        now = time.monotonic()
        self._truth.note("key", at=now, key=key, action=action)
        if self._faults.on("deaf"):
            return
        product = self._product
        does: dict[str, Callable[[float], None]] = {
            "press": lambda at: product.press(key, at),
            "down": lambda at: product.down(key, at),
            "up": lambda _: product.up(key),
        }
        self._events.append((now, does[action]))

    def _switch(self, on: bool) -> None:
        now = time.monotonic()
        self._mains = on
        self._truth.note("power", at=now, on=on)
        self._events.append((now, lambda at: self._product.supply(on, at)))

    def _state(self) -> str:
        return self._product.state(time.monotonic())

    def _apply(self) -> None:
        """Bring the faults that are more than pictures into force."""
        if self._faults.on("crash"):
            os.kill(os.getpid(), signal.SIGKILL)
        self._bar()
        if self._outlet.ended:
            self._outlet.port.hang_up()

    def _bar(self) -> None:
        self._outlet.stalled, self._outlet.ended = self._faults.on("stall"), self._faults.on("end")
        for side in ("video", "keys", "power"):
            self._ports[side].refuse(self._faults.on("refuse"))

    def _take_events(self, due: float) -> None:
        while self._events and self._events[0][0] <= due:
            at, happen = self._events.popleft()
            happen(at)
        self._product.repeat(due)

    def _picture(self, number: int, due: float) -> None:
        self._bar()
        if self._faults.on("drop") and number % 2:
            return
        state, picture = self._see(number, due)
        if state != self._shown:
            self._truth.note("screen", at=due, pts=self._clock.read(due), state=state, frame=number)
            self._shown = state
        self._encoder.picture(picture, self._clock.read(due))

    def _see(self, number: int, due: float) -> tuple[str, canvas.Image]:
        if self._faults.on("freeze"):
            return "frozen", self._last
        if self._faults.on("no_signal"):
            return "no-signal", drawing.still("no-signal")
        if self._faults.on("sync"):
            return self._sync(number, due)
        if self._faults.on("black"):
            return "black", drawing.still("black")
        self._last = drawing.draw(self._product, number, due)
        return self._product.state(due), self._last

    def _sound(self, number: int, due: float) -> None:
        count, loud = RATE // self._fps, 0.05 * self._product.volume
        ahead = _AHEAD * count / RATE
        if self._faults.on("sync"):
            since = ahead + number % self._fps / self._fps - self._faults.amount("sync", 0.0)
            samples = self._synth.beeps(since, loud, count)
        else:
            tones = self._tones(due)
            if tones != self._heard:
                times = {"at": due + ahead, "pts": self._clock.read(due) + ahead}
                self._truth.note("sound", **times, hz=tones[0], right=tones[1])
                self._heard = tones
            samples = self._synth.tones(tones, loud, count)
        self._encoder.sound(samples, self._clock.read(due) + ahead)

    def _tones(self, due: float) -> tuple[float, float]:
        """Return what is heard on the left and the right."""
        quiet = self._faults.on("silence") or self._faults.on("no_signal")
        tone = 0 if quiet else self._product.tone(due)
        other = self._faults.amount("right", 0.0) if tone and self._faults.on("right") else tone
        return tone, other

    def _sync(self, number: int, due: float) -> tuple[str, canvas.Image]:
        """Return a flash of two frames each second, to which the sound's beep belongs."""
        if number % self._fps == 0:
            self._truth.note("flash", at=due, beep=due + self._faults.amount("sync", 0.0))
        return "sync", canvas.blank(canvas.WHITE) if number % self._fps < _FLASH else drawing.still("black")


def parser() -> argparse.ArgumentParser:
    """Return the options of a box."""
    options = presence.parser("box", "stb", __doc__)
    options.add_argument("--fps", type=int, default=25)
    options.add_argument("--black-ms", type=float, default=400)
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
    with contextlib.suppress(KeyboardInterrupt), presence.alone(options.folder):
        cv2.setNumThreads(1)
        Box(options).run()
    os._exit(0)


if __name__ == "__main__":
    main()
