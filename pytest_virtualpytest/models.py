"""Records that cross the wire and that tests hold: times, sightings, frames, measurements.

All times are seconds on the host's CLOCK_MONOTONIC, valid only together with the *boot* id of the
machine that took them. Every duration carries its error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

from pytest_virtualpytest.exceptions import VirtualPytestError


class Region(NamedTuple):
    """A rectangle in pixels of the picture, (x, y) its top left corner."""

    x: int
    y: int
    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.x},{self.y} {self.width}x{self.height}"


@dataclass(frozen=True)
class Duration:
    """A measured time in seconds, true within ± *error*.

    *calibrated* is false where the capture's own latency is part of the time and is not known.
    """

    seconds: float
    error: float
    calibrated: bool = True

    def __float__(self) -> float:
        return self.seconds

    def __str__(self) -> str:
        note = "" if self.calibrated else " plus the capture's unknown latency"
        return f"{self.seconds:.3f} s ± {self.error * 1000:.0f} ms{note}"


@dataclass(frozen=True)
class Press:
    """One key: the times just before and just after it was sent."""

    key: str
    before: float
    after: float
    boot: str

    @classmethod
    def from_wire(cls, data: Mapping[str, Any]) -> Self:
        """Return the press that *data* describes."""
        return cls(**data)

    def to_wire(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


@dataclass(frozen=True)
class Sighting:
    """What a check saw: true or false, where, how sure, and when the frame was captured.

    *captured* is the capture time of the frame that decided, ± *error*; *pts* its time within the
    stream, in seconds, exact to a frame; *stream* tells one piece of it, on one clock, from the next.
    *score* is 0..1 and judged against *threshold*; a negative answer says *why*, with the nearest
    place in *region*. *skipped* frames were not read, because reading took longer than frames took to come.
    *scale* is the one of a picture's scales that *region* is of.
    """

    found: bool
    target: str
    captured: float = 0.0
    error: float = 0.0
    pts: float = 0.0
    stream: int = 0
    frame_seconds: float = 0.04
    boot: str = ""
    calibrated: bool = True
    score: float = 0.0
    threshold: float = 0.0
    region: Region | None = None
    why: str = ""
    skipped: int = 0
    scale: float = 1.0

    def __bool__(self) -> bool:
        return self.found

    def after(self, earlier: Press | Sighting) -> Duration:
        """Return the time from *earlier* (a key, or another sighting of the same stream) to this sighting.

        Between two sightings it comes from the stream's own clock and is exact to one frame, unless the stream
        began anew between them.
        """
        if earlier.boot != self.boot:
            raise VirtualPytestError(f"{self.target}: cannot compare times of two boots or two machines")
        if isinstance(earlier, Sighting) and earlier.stream != self.stream:
            return Duration(self.captured - earlier.captured, self.error + earlier.error)  # its latency is in both
        if isinstance(earlier, Sighting):
            return Duration(self.pts - earlier.pts, max(self.frame_seconds, earlier.frame_seconds))
        half = (earlier.after - earlier.before) / 2
        return Duration(self.captured - earlier.before - half, self.error + half, self.calibrated)

    @classmethod
    def from_wire(cls, data: Mapping[str, Any]) -> Self:
        """Return the sighting that *data* describes."""
        region = data.get("region")
        return cls(**{**data, "region": Region(*region) if region else None})

    def to_wire(self) -> dict[str, Any]:
        """Return plain values."""
        values = asdict(self) | {"region": list(self.region) if self.region else None}
        if self.scale == 1:  # an older client knows of no other
            del values["scale"]
        return values


@dataclass(frozen=True)
class Line(Sighting):
    """The line of a console in which a pattern was found: its text, what the pattern's groups caught, when it came.

    *captured* is when the last character of what was looked for had come. *end* is the place after it, as (line,
    character) of what the console has said: what is expected since this one is looked for from there on.
    """

    text: str = ""
    groups: tuple[str, ...] = ()
    end: tuple[int, int] = (0, 0)

    @classmethod
    def from_wire(cls, data: Mapping[str, Any]) -> Self:
        """Return the line that *data* describes."""
        return cls(**{**data, "region": None, "groups": tuple(data["groups"]), "end": tuple(data["end"])})


@dataclass(frozen=True)
class Words:
    """What was read at a place of the screen, and how sure, 0..1: as the least sure of its words."""

    text: str
    region: Region
    confidence: float

    def __str__(self) -> str:
        return self.text

    @classmethod
    def from_wire(cls, data: Mapping[str, Any]) -> Self:
        """Return the words that *data* describes."""
        return cls(**{**data, "region": Region(*data["region"])})


@dataclass(frozen=True)
class Frame:
    """One picture as the host captured it, PNG-encoded; two are equal if their pixels are."""

    png: bytes = field(repr=False)
    width: int
    height: int
    captured: float = field(compare=False)
    boot: str = field(compare=False)

    def save(self, path: str | Path) -> Path:
        """Write the picture to *path* and return it."""
        path = Path(path)
        path.write_bytes(self.png)
        return path


@dataclass(frozen=True)
class Clip:
    """A piece of the stream as MP4, not encoded again."""

    mp4: bytes = field(repr=False)
    seconds: float
    captured: float

    def save(self, path: str | Path) -> Path:
        """Write the clip to *path* and return it."""
        path = Path(path)
        path.write_bytes(self.mp4)
        return path


@dataclass(frozen=True)
class Level:
    """Sound level over *seconds*, in dBFS: 0 is full scale, -120 digital silence.

    *loudness* is that of EBU R 128, in LUFS, None of less than 0.4 s: -70, its gate, is silence, and a single channel
    counts as both of a pair of speakers. *true_peak* is the greatest value between samples too (ITU-R BS.1770-4).
    """

    rms: float
    peak: float
    seconds: float
    captured: float
    channels: tuple[float, ...] = ()  # the rms of each: left, right, and what else there is
    true_peak: float = -120.0
    loudness: float | None = None


@dataclass(frozen=True)
class Dropout:
    """A piece of silence within sound: when it began, ± *error*, and its seconds."""

    captured: float
    seconds: float
    error: float


@dataclass(frozen=True)
class StreamStatus:
    """What the recorder of a device's source sees now; *recorder* is its process, which takes *memory* bytes.

    *dropped* frames are missing among those of the last *seconds*; None where the stream has no rhythm that would tell.
    """

    width: int
    height: int
    fps: float
    codec: str
    seconds: float
    age: float
    bytes: int
    sound: str = ""
    source: str = ""
    recorder: int = 0
    memory: int = 0
    dropped: int | None = None


@dataclass(frozen=True)
class Measurement:
    """A figure of a test, with the limits that it was held against."""

    name: str
    value: float
    unit: str = "s"
    error: float = 0.0
    minimum: float | None = None
    maximum: float | None = None
    note: str = ""


EventKind = Literal[
    "run", "plan", "start", "lease", "release", "quarantine", "verdict", "loss", "paused", "resumed", "end"
]


@dataclass(frozen=True)
class Event:
    """One line of the run journal, ``virtualpytest-run.jsonl``, beside the Allure results.

    *time* is seconds since the epoch. ``verdict`` carries outcome, duration and cause in *data*.
    """

    kind: EventKind
    time: float
    run: str
    worker: str = ""
    test: str = ""
    device: str = ""
    host: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
