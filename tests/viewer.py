"""Who watches a virtual box's stream, by nothing but what any viewer has: its address."""

from __future__ import annotations

import collections
import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 320, 180
BLACK = 20.0  # the mean of a picture that counts as black; video black is 16 before it is spread to 0


@dataclass(frozen=True)
class Frame:
    """One picture, small and grey."""

    pts: float
    arrival: float
    pixels: NDArray[np.uint8]

    @property
    def black(self) -> bool:
        """Whether nothing is on it."""
        return float(self.pixels.mean()) < BLACK


class Viewer:
    """Decodes a stream in the background and keeps its last seconds."""

    def __init__(self, url: str) -> None:
        self._container: Any = av.open(url, format="mpegts", timeout=10)
        self.video: Any = self._container.streams.video[0]
        self.audio: Any = self._container.streams.audio[0]
        self._frames: collections.deque[Frame] = collections.deque(maxlen=300)
        self._sound: collections.deque[tuple[float, NDArray[np.float32]]] = collections.deque(maxlen=600)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def close(self) -> None:
        """Stop."""
        self._stop.set()
        self._thread.join()

    @property
    def ended(self) -> bool:
        """Whether the stream is over."""
        return not self._thread.is_alive()

    @property
    def frames(self) -> list[Frame]:
        """The pictures so far, oldest first."""
        return list(self._frames)

    def since(self, arrival: float) -> list[Frame]:
        """Return the pictures that arrived after *arrival*."""
        return [frame for frame in self.frames if frame.arrival > arrival]

    def sound(self, seconds: float = 0.2) -> NDArray[np.float32]:
        """Return the newest *seconds* of sound."""
        samples = np.concatenate([samples for _, samples in list(self._sound)] or [np.zeros(0, np.float32)])
        return samples[-int(seconds * 48_000) :]

    def tone(self) -> int:
        """Return the pitch that is heard now in Hz, within 5 Hz; 0 for silence."""
        samples = self.sound()
        if not len(samples) or float(np.abs(samples).max()) < 0.001:
            return 0
        peak = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))).argmax()
        return round(peak * 48_000 / len(samples))

    def _watch(self) -> None:
        with contextlib.suppress(av.FFmpegError), self._container:
            for packet in self._container.demux(self.video, self.audio):
                if self._stop.is_set():
                    return
                for frame in packet.decode():
                    self._keep(frame)

    def _keep(self, frame: Any) -> None:
        if isinstance(frame, av.AudioFrame):
            self._sound.append((frame.time, frame.to_ndarray()[0]))
            return
        grey = frame.reformat(WIDTH, HEIGHT, "gray").to_ndarray()
        self._frames.append(Frame(frame.time, time.monotonic(), grey))


@contextlib.contextmanager
def watching(port: int) -> Iterator[Viewer]:
    """Watch the box whose pictures come from *port*."""
    viewer = Viewer(f"http://127.0.0.1:{port}/stream.ts")
    try:
        yield viewer
    finally:
        viewer.close()
