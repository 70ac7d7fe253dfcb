"""The box's output: MPEG-TS with H.264 pictures and AAC sound, to any number of clients over loopback."""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
import time
from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from virtualpytest_host.virtual.ports import Port

RATE = 48_000
CLOCK = 90_000
_MUXER = {
    "mpegts_flags": "pat_pmt_at_frames", "omit_video_pes_length": "0", "flush_packets": "1", "pes_payload_size": "0",
    "max_interleave_delta": "1",
}  # fmt: skip
_BACKLOG = 500  # pieces of the stream, some seconds' worth
_BUFFER = 1 << 18  # bytes that wait for a client in the system, half a second's worth
_PATIENCE = 2.0  # seconds that a client may leave its buffer full


class Viewer:
    """One client of the stream; it gets data from the next key frame on, *delay* seconds late."""

    def __init__(self, connection: socket.socket, delay: float) -> None:
        self._connection = connection
        self._delay = delay
        self._queue: queue.Queue[tuple[float, bytes]] = queue.Queue(_BACKLOG)
        self.started = False
        self.open = True

    def put(self, data: bytes) -> None:
        """Queue *data*; a client that is too slow is dropped."""
        try:
            self._queue.put_nowait((time.monotonic() + self._delay, data))
        except queue.Full:
            self.open = False
            with contextlib.suppress(OSError):
                self._connection.shutdown(socket.SHUT_RDWR)

    def send(self) -> None:
        """Send what is queued until the client hangs up, or does not read for a while."""
        try:
            while self.open:
                due, data = self._queue.get()
                time.sleep(max(0.0, due - time.monotonic()))
                self._connection.sendall(data)
        finally:
            self.open = False


class Outlet:
    """The port that clients connect to, and the file that the muxer writes to."""

    def __init__(self, delay: float) -> None:
        self.key = False
        self.stalled = False
        self.ended = False
        self._delay = delay
        self._viewers: list[Viewer] = []
        self._lock = threading.Lock()
        self.port = Port(self._welcome)

    @property
    def waiting(self) -> bool:
        """Whether a client waits for its first key frame."""
        return any(not viewer.started for viewer in self._viewers)

    def write(self, data: bytes) -> int:
        """Send what the muxer wrote."""
        data = bytes(data)
        with self._lock:
            self._viewers = [viewer for viewer in self._viewers if viewer.open]
            for viewer in self._viewers:
                viewer.started = viewer.started or self.key
                if viewer.started and not self.stalled:
                    viewer.put(data)
        return len(data)

    def _welcome(self, connection: socket.socket, _address: object) -> None:
        connection.settimeout(_PATIENCE)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
        if not connection.recv(65536).startswith(b"GET") or self.ended:
            return
        connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: video/mp2t\r\nCache-Control: no-store\r\n\r\n")
        viewer = Viewer(connection, self._delay)
        with self._lock:
            self._viewers.append(viewer)
        viewer.send()


class Encoder:
    """Turns pictures and sound into the stream."""

    def __init__(self, outlet: Outlet, size: tuple[int, int], fps: int) -> None:
        self._outlet = outlet
        self._output: Any = av.open(outlet, "w", format="mpegts", options=_MUXER)
        options = {"preset": "ultrafast", "tune": "zerolatency", "g": str(fps // 2), "threads": "1"}
        self._video: Any = self._output.add_stream("libx264", rate=fps, options=options)
        self._video.width, self._video.height = size
        self._video.pix_fmt, self._video.bit_rate = "yuv420p", 4_000_000
        self._video.codec_context.time_base = Fraction(1, CLOCK)
        self._audio: Any = self._output.add_stream("aac", rate=RATE, layout="stereo")
        self._audio.bit_rate = 128_000

    def picture(self, picture: NDArray[np.uint8], seconds: float) -> None:
        """Send one BGR picture, shown at *seconds* of the box's clock."""
        planes: Any = cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420)  # five times as fast as the encoder's own way
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts, frame.time_base = round(seconds * CLOCK), Fraction(1, CLOCK)
        if self._outlet.waiting:
            frame.pict_type = av.video.frame.PictureType.I
        for packet in self._video.encode(frame):
            self._outlet.key = packet.is_keyframe
            self._output.mux(packet)
        self._outlet.key = False

    def sound(self, samples: NDArray[np.float32], seconds: float) -> None:
        """Send one block of sound, of shape (2, length), heard at *seconds* of the box's clock."""
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = RATE, round(seconds * RATE), Fraction(1, RATE)
        for packet in self._audio.encode(frame):
            self._output.mux(packet)
