"""An Android device's screen as a transport stream: a process that the recorder starts, and that ends with it.

    python -m virtualpytest_host.android.film 192.0.2.7:5555 KEY

The device's `screenrecord` sends a picture only when there is another one, without times, and rarely a key
frame. What comes is decoded here at once and sent on with the time at which it came, twenty-five times a second
where nothing changes, so that a still screen is told from a dead one. A device that cannot record its screen is
asked for single pictures. What goes wrong is the last line on standard error.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from pytest_virtualpytest.exceptions import DeviceError
from virtualpytest_host.android import address
from virtualpytest_host.android.connection import Connection

_LINE = "screenrecord --output-format=h264 --time-limit 180 -"
_STEADY = 1 / 25  # seconds between two pictures of a still screen
_QUIET = 0.01  # seconds without a byte after which a picture has come whole
_NEXT = b"\0\0\0\1\x09\xf0"  # an access unit delimiter: for the parser, what came before is whole
_CLOCK = 90_000
_TIMEOUT = 3.0
_PULSE = 1.0  # seconds between two looks whether the device lives
_MUXER = {"mpegts_flags": "pat_pmt_at_frames", "omit_video_pes_length": "0", "flush_packets": "1"}


class Latest:
    """The newest picture, from the thread that gets them to the one that sends them on."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._frame: Any = None
        self._number = 0
        self._failure = ""

    def put(self, frame: Any) -> None:
        """Keep *frame* as the newest."""
        with self._changed:
            self._frame, self._number = frame, self._number + 1
            self._changed.notify_all()

    def fail(self, reason: str) -> None:
        """Give up, for *reason*."""
        with self._changed:
            self._failure = self._failure or reason
            self._changed.notify_all()

    def get(self, number: int, seconds: float) -> tuple[int, Any]:
        """Return the newest picture, or the one after *number* within *seconds* if it comes; DeviceError at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._number > number or self._failure, seconds)
            if self._failure:
                raise DeviceError(self._failure)
            return self._number, self._frame


def pictures(connection: Connection) -> Iterator[Any]:
    """Yield each picture of the device's screen as it comes."""
    films = False
    while True:
        for frame in _recorded(connection):
            films = True
            yield frame
        if not films:
            break
    while True:  # it cannot record
        yield from av.CodecContext.create("png", "r").decode(av.Packet(connection.printed("screencap -p")))


def _recorded(connection: Connection) -> Iterator[Any]:
    decoder: Any = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    decoder.flags |= 1 << 19  # low delay: no picture is held back
    for piece in connection.stream(_LINE):
        packets = decoder.parse(piece)
        if connection.quiet(_QUIET):
            packets += decoder.parse(_NEXT)
        for packet in packets:
            try:
                yield from decoder.decode(packet)
            except av.FFmpegError:  # it begins in the middle, or what it sends is no film
                continue


def watch(connection: Connection, latest: Latest) -> None:
    """Look whether the device lives, again and again."""
    while True:
        try:
            connection.run("true")
        except DeviceError as error:
            latest.fail(error.message)
            return
        time.sleep(_PULSE)


def fetch(connection: Connection, latest: Latest) -> None:
    """Put every picture into *latest*."""
    try:
        for frame in pictures(connection):
            latest.put(frame)
    except (DeviceError, av.FFmpegError) as error:
        latest.fail(str(error))


class Sender:
    """The transport stream on *file*."""

    def __init__(self, file: Any, width: int, height: int) -> None:
        self.size = width, height
        self._output: Any = av.open(file, "w", format="mpegts", options=_MUXER)
        options = {"preset": "ultrafast", "tune": "zerolatency", "g": "12", "crf": "20"}
        self._stream: Any = self._output.add_stream("libx264", rate=25, options=options)
        self._stream.width, self._stream.height = width // 2 * 2, height // 2 * 2
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.time_base = Fraction(1, _CLOCK)
        self._began = time.monotonic()

    def send(self, picture: Any) -> None:
        """Send *picture* as what is on screen now."""
        frame = picture.reformat(width=self._stream.width, height=self._stream.height, format="yuv420p")
        frame.pts, frame.time_base = round((time.monotonic() - self._began) * _CLOCK), Fraction(1, _CLOCK)
        frame.pict_type = av.video.frame.PictureType.NONE
        for packet in self._stream.encode(frame):
            self._output.mux(packet)


def relay(latest: Latest, file: Any) -> None:
    """Send what *latest* has until something fails; end where the screen turns, as another size is another stream."""
    number, frame = latest.get(0, 2 * _TIMEOUT)  # a connection may take one, the first picture another
    if frame is None:
        raise DeviceError(f"no picture within {2 * _TIMEOUT:g} s")
    sender = Sender(file, frame.width, frame.height)
    while (frame.width, frame.height) == sender.size:
        sender.send(frame)
        number, frame = latest.get(number, _STEADY)


def main() -> None:
    """Send the screen until nobody reads it."""
    place, key = address.parse(sys.argv[1]), Path(sys.argv[2])
    av.logging.set_level(av.logging.PANIC)
    latest = Latest()
    for job in (fetch, watch):
        threading.Thread(target=job, args=(Connection(place, key, _TIMEOUT), latest), daemon=True).start()
    try:
        relay(latest, os.fdopen(1, "wb", buffering=0))
    except DeviceError as error:
        sys.stderr.write(f"{error.message}\n")
        sys.stderr.flush()
        os._exit(1)
    except (OSError, av.FFmpegError):  # nobody reads any more
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
