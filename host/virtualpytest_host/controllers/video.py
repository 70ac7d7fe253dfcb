"""Pictures and sound from anything that FFmpeg opens: a grabber, a camera, a network stream, a file, a display."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar
from urllib.parse import urlsplit

from pytest_virtualpytest.capabilities import Source


@dataclass
class Latency:
    """The delay between a picture on the device's output and its capture, in milliseconds."""

    ms: float
    error: float = 0.0


@dataclass
class Video:
    """The stream at *source*, such as ``/dev/video0``, ``rtsp://…``, ``udp://@:5000``, ``clip.mp4``, ``:99``.

    *format* and *options* are FFmpeg's (``v4l2``, ``x11grab``, ``{video_size = "1280x720"}``). *placeholders*
    are pictures that the capture itself shows without a signal.
    """

    source: str
    format: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    latency: Latency | None = None
    placeholders: Sequence[str] = ()
    gives: ClassVar[Sequence[str]] = ("screen", "audio")

    def __post_init__(self) -> None:
        if isinstance(self.latency, Mapping):
            self.latency = Latency(**self.latency)

    def resources(self) -> Sequence[str]:
        """Return the camera, display, file or address that this stream holds, without name and password."""
        address = urlsplit(self.source)
        return [address.netloc.rpartition("@")[2] + address.path if address.netloc else self.source]

    def open(self) -> None:
        """Do nothing: the recorder opens the source."""

    def close(self) -> None:
        """Do nothing."""

    def stream(self) -> Source:
        """Return what the recorder shall open."""
        form = self.format or ("v4l2" if self.source.startswith("/dev/video") else "")
        late = self.latency.ms / 1000 if self.latency else None
        error = self.latency.error / 1000 if self.latency else 0.0
        return Source(self.source, form, dict(self.options), late, error, tuple(self.placeholders))
