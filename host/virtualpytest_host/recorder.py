"""The recorder: one process for one source that fills its ring and never sends a command.

    python -m virtualpytest_host.recorder FOLDER

It opens the source with PyAV, keeps its packets as they come (raw pictures are encoded once), opens it
again when it ends, and itself ends some time after its last reader.
"""

from __future__ import annotations

import argparse
import base64
import collections
import contextlib
import fcntl
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from pytest_virtualpytest.capabilities import Source
from virtualpytest_host import recording, ring

_RAW = {"rawvideo", "bmp", "v210", "wrapped_avframe"}
_WINDOW = 10.0  # seconds over which the earliest arrival is sought
_JUMP = 5.0  # seconds by which pts must jump to be another stream
_OPEN_SECONDS, _READ_SECONDS = 8.0, 3.0


class Envelope:
    """Maps a stream's clock to this machine's: the earliest arrivals bound it from below.

    The difference arrival - pts is least for the packet that waited least; its minimum over the last
    seconds follows a drifting clock. Packets later than that waited somewhere.
    """

    def __init__(self) -> None:
        self._least: collections.deque[tuple[float, float]] = collections.deque()

    def map(self, pts: float, arrival: float) -> float:
        """Return the time on this machine's clock that belongs to *pts*."""
        offset = arrival - pts
        while self._least and self._least[-1][1] >= offset:
            self._least.pop()
        self._least.append((arrival, offset))
        while self._least[0][0] < arrival - _WINDOW:
            self._least.popleft()
        return pts + self._least[0][1]


def is_key(data: bytes, codec: str) -> bool:
    """Tell whether decoding can begin with this access unit of H.264 or H.265 (ITU-T H.264 7.4.1, H.265 7.4.2.2)."""
    place = data.find(b"\0\0\1")
    while 0 <= place < len(data) - 3:
        kind = data[place + 3] & 0x1F if codec == "h264" else data[place + 3] >> 1 & 0x3F
        if kind in ((5, 7) if codec == "h264" else (16, 17, 18, 19, 20, 21, 33)):
            return True
        if kind in ((1, 2) if codec == "h264" else range(10)):
            return False
        place = data.find(b"\0\0\1", place + 3)
    return False


class Readers:
    """Those who read: each is told of every packet; when the last has gone, a countdown begins."""

    def __init__(self, place: Path, linger: float) -> None:
        self._place, self._linger = place, linger
        path = recording.memory(place, "sock")
        path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        path.chmod(0o660)
        self._listener.listen(64)
        self._listener.setblocking(False)
        self._connections: list[socket.socket] = []
        self._left = time.monotonic()
        threading.Thread(target=self._watch, daemon=True).start()

    def tell(self) -> None:
        """Wake every reader."""
        for connection in list(self._connections):
            try:
                connection.send(b".")
            except BlockingIOError:  # it has bytes enough to wake up
                continue
            except OSError:
                with contextlib.suppress(ValueError):
                    self._connections.remove(connection)

    def _watch(self) -> None:
        while True:
            with contextlib.suppress(BlockingIOError):
                connection, _ = self._listener.accept()
                connection.setblocking(False)
                self._connections.append(connection)
            self._forget()
            if self._connections:
                self._left = time.monotonic()
            elif time.monotonic() - self._left > self._linger:
                self._end()
            time.sleep(0.02)

    def _forget(self) -> None:
        for connection in list(self._connections):
            with contextlib.suppress(BlockingIOError, ValueError):
                if not _peek(connection):
                    connection.close()
                    self._connections.remove(connection)

    def _end(self) -> None:
        with (self._place / "start.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:  # a reader is just coming
                return
            recording.memory(self._place, "ring").unlink(missing_ok=True)
            recording.memory(self._place, "sock").unlink(missing_ok=True)
            os._exit(0)


def _peek(connection: socket.socket) -> bytes:
    try:
        return connection.recv(1)
    except ConnectionError:
        return b""


class Recorder:
    """Opens the source, again and again, and fills the ring."""

    def __init__(self, place: Path, linger: float) -> None:
        self._place = place
        self._source: Source = recording.source_of(place)
        self._ring = ring.Writer(recording.memory(place, "ring"))
        self._readers = Readers(place, linger)
        self._gap = False
        self._tell({})

    def run(self) -> None:
        """Record for ever."""
        while True:
            try:
                self._record()
                cause = "the stream ended"
            except (av.FFmpegError, OSError, ValueError) as error:
                cause = _cause(error, self._source.url)
            self._tell({"cause": cause})
            self._gap = True
            time.sleep(0.5)

    def _tell(self, streams: dict[str, Any]) -> None:
        fresh = self._place / "streams.new"
        fresh.write_text(json.dumps(streams), encoding="utf-8")
        fresh.rename(self._place / "streams.json")
        self._readers.tell()

    def _record(self) -> None:
        with _open(self._source) as container:
            video = next(iter(container.streams.video), None)
            audio = next(iter(container.streams.audio), None)
            track = Track(video, self._source, paced=_is_file(self._source.url)) if video else None
            sound = Track(audio, self._source, paced=False, clock=track) if audio else None
            self._ring.begin()
            self._tell({"video": track and track.facts(), "audio": sound and sound.facts()})
            for packet in container.demux([stream for stream in (video, audio) if stream]):
                if packet.pts is not None and packet.size:
                    chosen = track if packet.stream == video else sound
                    assert chosen is not None
                    for values in chosen.packets(packet):
                        self._put(values)

    def _put(self, values: dict[str, Any]) -> None:
        if self._gap:
            values["flags"] |= ring.GAP
            self._gap = values["stream"] != ring.VIDEO
        self._ring.put(**values)
        self._readers.tell()


class Track:
    """One stream of the source: from its packets to the ring's."""

    def __init__(self, stream: Any, source: Source, *, paced: bool, clock: Track | None = None) -> None:
        self._stream, self._source, self._paced = stream, source, paced
        self._codec: str = stream.codec_context.name
        self._base: Fraction = stream.time_base
        self._encoder = _encoder(stream) if self._codec in _RAW else None
        self._envelope: Envelope = clock._envelope if clock else Envelope()
        self._began: tuple[float, float] | None = None
        self._last: float | None = None
        self._interval = 1 / float(stream.average_rate or 25) if stream.type == "video" else 0.02

    def facts(self) -> dict[str, Any]:
        """Return what a reader must know to decode."""
        context = self._encoder or self._stream.codec_context
        facts = {
            "codec": context.name if self._encoder is None else "h264",
            "extradata": base64.b64encode(context.extradata or b"").decode(),
            "base": [self._base.numerator, self._base.denominator],
            "interval": self._interval,
            "calibrated": self._source.latency is not None,
        }
        if self._stream.type == "video":
            return facts | {"width": context.width, "height": context.height}
        return facts | {"rate": context.sample_rate, "layout": context.layout.name, "format": context.format.name}

    def packets(self, packet: Any) -> Iterator[dict[str, Any]]:
        """Return what the ring keeps of *packet*."""
        if self._paced:
            self._pace(float(packet.pts * self._base))
        arrival = time.monotonic()
        for data, pts, dts, key in self._encoded(packet):
            seconds = float(pts * self._base)
            flags = ring.KEY if key else 0
            if self._last is not None and abs(seconds - self._last) > _JUMP:
                flags |= ring.GAP
                self._envelope.__init__()  # type: ignore[misc]  # shared with the other track
            self._last = seconds
            captured, error = self._capture(seconds, arrival)
            kind = ring.VIDEO if self._stream.type == "video" else ring.AUDIO
            yield {"data": data, "stream": kind, "pts": pts, "dts": dts, "flags": flags,
                   "arrival": arrival, "captured": captured, "error": error}  # fmt: skip

    def _capture(self, seconds: float, arrival: float) -> tuple[float, float]:
        mapped = min(arrival, self._envelope.map(seconds, arrival)) if self._stream.type == "video" else arrival
        return mapped - (self._source.latency or 0.0), self._interval + self._source.latency_error

    def _encoded(self, packet: Any) -> Iterator[tuple[bytes, int, int, bool]]:
        if self._encoder is not None:
            for frame in packet.decode():
                picture = frame.reformat(format="yuv420p")
                picture.pts, picture.time_base = frame.pts, self._base
                for made in self._encoder.encode(picture):
                    yield bytes(made), made.pts, made.dts, made.is_keyframe
            return
        data = bytes(packet)
        key = packet.is_keyframe or (self._codec in {"h264", "hevc"} and is_key(data, self._codec))
        yield data, packet.pts, packet.dts if packet.dts is not None else packet.pts, key

    def _pace(self, seconds: float) -> None:
        now = time.monotonic()
        self._began = self._began or (now, seconds)
        early = self._began[0] + (seconds - self._began[1]) - now
        if early > 0:
            time.sleep(early)


def _encoder(stream: Any) -> Any:
    context: Any = av.CodecContext.create("libx264", "w")
    context.width, context.height = stream.codec_context.width, stream.codec_context.height
    context.pix_fmt, context.time_base = "yuv420p", stream.time_base
    rate = stream.average_rate or 25
    context.framerate = rate
    context.options = {"preset": "ultrafast", "tune": "zerolatency", "g": str(max(1, round(rate / 2))), "crf": "18"}
    context.thread_count = 1
    context.open()
    return context


def _is_file(url: str) -> bool:
    return Path(url).is_file()


@contextlib.contextmanager
def _open(source: Source) -> Iterator[Any]:
    """Open *source* so that its packets arrive as early as they can.

    A transport stream's packets are whole pictures already; without FFmpeg's parser, which waits for
    the beginning of the next one, each arrives a frame earlier. Other codecs than H.264 and H.265 need the parser.
    """
    options = {"probesize": "500000", "analyzeduration": "500000", **source.options}
    quick = source.format == "mpegts" or source.url.endswith(".ts")
    if quick and not _is_file(source.url):
        options = {"fflags": "noparse", "probesize": "32768", "analyzeduration": "0", **source.options}
    arguments: dict[str, Any] = {"format": source.format or None, "timeout": (_OPEN_SECONDS, _READ_SECONDS)}
    container = av.open(source.url, options=options, **arguments)
    codecs = {stream.codec_context.name for stream in container.streams.video}
    if "noparse" in options.get("fflags", "") and not codecs & {"h264", "hevc"}:
        container.close()
        container = av.open(source.url, options={**options, "fflags": "nobuffer"}, **arguments)
    with container:
        if not container.streams.video and not container.streams.audio:
            raise ValueError("it has neither picture nor sound")
        yield container


def _cause(error: Exception, url: str) -> str:
    if isinstance(error, (av.error.TimeoutError, av.error.ExitError)):
        return f"no packet for {_READ_SECONDS:.1f} s"
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    devices = sorted(str(path) for path in Path("/dev").glob("video*"))
    there = f"; attached: {', '.join(devices) or 'no camera'}" if url.startswith("/dev/") else ""
    return f"cannot open or read it: {reason}{there}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Record until nobody has read for a while."""
    options = argparse.ArgumentParser(prog="python -m virtualpytest_host.recorder")
    options.add_argument("folder", type=Path)
    options.add_argument("--linger", type=float, default=60, help="seconds to live on after the last reader")
    chosen = options.parse_args(arguments)
    av.logging.set_level(av.logging.PANIC)
    with (chosen.folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        recorder = Recorder(chosen.folder, chosen.linger)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        recorder.run()


if __name__ == "__main__":
    main()
