"""The box's output: MPEG-TS with H.264 pictures and AAC sound, to any number of clients over loopback."""

from __future__ import annotations

import collections
import contextlib
import socket
import threading
import time
from fractions import Fraction
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

RATE = 48_000
CLOCK = 90_000
_MUXER = {"mpegts_flags": "pat_pmt_at_frames", "omit_video_pes_length": "0", "flush_packets": "1", "pes_payload_size": "0",
          "max_interleave_delta": "1"}  # fmt: skip
_BACKLOG = 500


class Viewer:
    """One client of the stream; it gets data from the next key frame on, *delay* seconds late."""

    def __init__(self, connection: socket.socket, delay: float) -> None:
        self._connection = connection
        self._delay = delay
        self._queue: collections.deque[tuple[float, bytes]] = collections.deque()
        self._ready = threading.Condition()
        self.started = False
        self.open = True
        threading.Thread(target=self._send, daemon=True).start()

    def put(self, data: bytes) -> None:
        """Queue *data*; a client that is too slow is dropped."""
        with self._ready:
            self._queue.append((time.monotonic() + self._delay, data))
            self._ready.notify()
        if len(self._queue) > _BACKLOG:
            self.close()

    def close(self) -> None:
        """Drop the client."""
        self.open = False
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()
        with self._ready:
            self._ready.notify()

    def _send(self) -> None:
        while self.open:
            with self._ready:
                while not self._queue and self.open:
                    self._ready.wait()
                if not self.open:
                    return
                due, data = self._queue.popleft()
                while (left := due - time.monotonic()) > 0 and self.open:
                    self._ready.wait(left)
            try:
                self._connection.sendall(data)
            except OSError:
                self.close()


class Outlet:
    """The port that clients connect to, and the file that the muxer writes to."""

    def __init__(self, delay: float) -> None:
        self.key = False
        self.stalled = False
        self.ended = False
        self._delay = delay
        self._viewers: list[Viewer] = []
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def refuse(self, yes: bool) -> None:
        """Stop listening, or listen on the same port again."""
        listening = self._listener.fileno() != -1
        if yes and listening:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self.drop()
        elif not yes and not listening:
            self._listener = socket.create_server(("127.0.0.1", self.port))
            threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def drop(self) -> None:
        """Close every client's connection."""
        with self._lock:
            for viewer in self._viewers:
                viewer.close()
            self._viewers.clear()

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

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._welcome, args=(connection,), daemon=True).start()

    def _welcome(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(2)
        try:
            if connection.recv(65536).startswith(b"GET") and not self.ended:
                connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: video/mp2t\r\nCache-Control: no-store\r\n\r\n")
                with self._lock:
                    self._viewers.append(Viewer(connection, self._delay))
                return
        except OSError:
            pass
        connection.close()


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
        self._audio: Any = self._output.add_stream("aac", rate=RATE, layout="mono")
        self._audio.bit_rate = 96_000

    def picture(self, picture: NDArray[np.uint8], seconds: float) -> None:
        """Send one BGR picture, shown at *seconds* of the box's clock."""
        frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
        frame.pts, frame.time_base = round(seconds * CLOCK), Fraction(1, CLOCK)
        if self._outlet.waiting:
            frame.pict_type = av.video.frame.PictureType.I
        for packet in self._video.encode(frame):
            self._outlet.key = packet.is_keyframe
            self._output.mux(packet)
        self._outlet.key = False

    def sound(self, samples: NDArray[np.float32], seconds: float) -> None:
        """Send one block of mono sound, heard at *seconds* of the box's clock."""
        frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, round(seconds * RATE), Fraction(1, RATE)
        for packet in self._audio.encode(frame):
            self._output.mux(packet)
