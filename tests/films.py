"""Small films whose every picture tells its number, in whatever container and codec a test needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 320, 192
RATE = 48_000
_BITS = 12
_STEP = WIDTH // 16


@dataclass(frozen=True)
class Film:
    """What to make: *first* is where its clock begins in seconds, *pause* where it jumps, and by how much."""

    frames: int = 50
    fps: int = 50
    codec: str = "libx264"
    options: dict[str, str] = field(default_factory=lambda: {"preset": "ultrafast", "tune": "zerolatency", "g": "10"})
    sound: str = ""
    tone: float = 0.25
    first: float = 0.0
    pause: tuple[int, float] = (0, 0.0)
    size: tuple[int, int] = (WIDTH, HEIGHT)
    noise: bool = False

    def write(self, path: Path) -> Path:
        """Write the film to *path*, in the container that its name asks for."""
        with av.open(str(path), "w") as output:
            video: Any = output.add_stream(self.codec, rate=self.fps, options=self.options)
            video.width, video.height = self.size
            video.pix_fmt = "yuvj420p" if self.codec == "mjpeg" else "yuv420p"
            audio: Any = output.add_stream(self.sound, rate=RATE, layout="mono") if self.sound else None
            for number in range(self.frames):
                for packet in video.encode(self.picture(number)):
                    output.mux(packet)
                for packet in audio.encode(self.heard(number)) if audio else ():
                    output.mux(packet)
            for stream in filter(None, (video, audio)):
                output.mux(stream.encode(None))
        return path

    def _seconds(self, number: int) -> Fraction:
        late = Fraction(self.pause[1]) if self.pause[1] and number >= self.pause[0] else Fraction(0)
        return Fraction(self.first) + Fraction(number, self.fps) + late

    def picture(self, number: int) -> Any:
        """Return picture *number*."""
        frame = av.VideoFrame.from_ndarray(self._drawn(number), format="bgr24")
        frame.time_base = Fraction(1, self.fps)
        frame.pts = round(self._seconds(number) * self.fps)
        return frame

    def _drawn(self, number: int) -> NDArray[np.uint8]:
        wide, high = self.size
        if self.noise:
            return np.random.default_rng(number).integers(0, 256, (high, wide, 3), np.uint8)
        picture = np.full((high, wide, 3), 90, np.uint8)
        for bit in range(_BITS):
            picture[: high // 2, bit * _STEP : (bit + 1) * _STEP] = 235 if number >> bit & 1 else 20
        return picture

    def heard(self, number: int) -> Any:
        """Return the sound that goes with picture *number*."""
        count = RATE // self.fps
        time = (np.arange(count) + number * count) / RATE
        samples = (self.tone * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
        frame.sample_rate, frame.time_base = RATE, Fraction(1, RATE)
        frame.pts = round(self._seconds(number) * RATE)
        return frame


def sound_only(path: Path, seconds: float = 1.0) -> Path:
    """Write a stream without pictures to *path*."""
    film = Film(sound="aac")
    with av.open(str(path), "w") as output:
        audio: Any = output.add_stream("aac", rate=RATE, layout="mono")
        for number in range(round(seconds * film.fps)):
            output.mux(audio.encode(film.heard(number)))
        output.mux(audio.encode(None))
    return path


def number(luma: NDArray[np.uint8]) -> int:
    """Return the number of the picture that *luma* belongs to."""
    row = luma[luma.shape[0] // 4, _STEP // 2 :: _STEP][:_BITS]
    return sum(1 << bit for bit, light in enumerate(row) if light > 128)
