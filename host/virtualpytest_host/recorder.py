"""The recorder: one process for one source that fills its ring and never sends a command.

    python -m virtualpytest_host.recorder FOLDER

It opens the source with PyAV, keeps its packets as they come (raw pictures are encoded once), opens it
again when it ends, and itself ends some time after its last reader.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av

from virtualpytest_host import feed, recording, ring, xdisplay
from virtualpytest_host.readers import Readers
from virtualpytest_host.track import Envelope, Track

_PAUSE = 0.5  # seconds between two attempts to open the source
_KEPT = 32  # generations whose facts are told


class Recorder:
    """Opens the source, again and again, and fills the ring."""

    def __init__(self, place: Path, room: Path, linger: float) -> None:
        self._place = place
        self._source = recording.source_of(place)
        self._ring = ring.Writer(room / recording.RING)
        recording.share(room / recording.RING, place)
        self._readers = Readers(place, room, linger)
        self._began = time.monotonic()
        self._facts: dict[str, Any] = {}
        self._gap = False
        self._tell("")

    def run(self) -> None:
        """Record until this process is ended."""
        while True:
            self._tell(self._attempt())
            self._gap = True
            if feed.is_file(self._source):
                signal.pause()  # it has been played; readers are served by their own thread
            time.sleep(_PAUSE)

    def _attempt(self) -> str:
        """Record until the source fails, and return why."""
        try:
            self._record()
        except feed.FAULTS as error:
            return feed.cause(error, self._source)
        return "the stream ended"

    def _record(self) -> None:
        with xdisplay.lives(self._source) as check, feed.opened(self._source) as container:
            video = next(iter(container.streams.video), None)
            audio = next(iter(container.streams.audio), None)
            envelope, paced = Envelope(), feed.is_file(self._source)
            tracks = {stream: Track(stream, envelope, paced=paced) for stream in (video, audio) if stream}
            self._begin(tracks)
            for packet in container.demux(list(tracks)):
                check()
                for values in tracks[packet.stream].entries(packet) if packet.size else ():
                    if values.pop("jump"):
                        self._begin(tracks)
                    self._put(values)

    def _begin(self, tracks: dict[Any, Track]) -> None:
        """Start a generation: a piece of the stream on one clock, with the same codecs throughout."""
        told = {stream.type: track.facts() for stream, track in tracks.items()}
        if "video" in told:
            self._ring.fit(told["video"]["width"] * told["video"]["height"])
        number = self._ring.begin()
        self._facts[str(number)] = told
        self._facts = dict(list(self._facts.items())[-_KEPT:])
        self._tell("")

    def _tell(self, cause: str) -> None:
        fresh = self._place / "streams.new"
        fresh.unlink(missing_ok=True)
        fresh.write_text(json.dumps({"cause": cause, "began": self._began, "generations": self._facts}))
        recording.share(fresh, self._place)
        fresh.rename(self._place / "streams.json")
        self._readers.tell()

    def _put(self, values: dict[str, Any]) -> None:
        if self._gap and values["stream"] == ring.VIDEO:
            values["flags"] |= ring.GAP
            self._gap = False
        self._ring.put(**values)
        self._readers.tell()


def main(arguments: Sequence[str] | None = None) -> None:
    """Record until nobody has read for a while."""
    options = argparse.ArgumentParser(prog="python -m virtualpytest_host.recorder")
    options.add_argument("folder", type=Path)
    options.add_argument("--linger", type=float, default=60, help="seconds to live on after the last reader")
    chosen = options.parse_args(arguments)
    av.logging.set_level(av.logging.PANIC)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with (chosen.folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        recording.sweep()  # before it has a room of its own: the last one here may have been killed
        room = recording.room(chosen.folder)
        with contextlib.suppress(KeyboardInterrupt):
            try:
                _run(chosen.folder, room, chosen.linger)
            finally:
                recording.forget(room)


def _run(place: Path, room: Path, linger: float) -> None:
    recorder = Recorder(place, room, linger)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    recorder.run()


if __name__ == "__main__":
    main()
