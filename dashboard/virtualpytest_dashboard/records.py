"""What the pages show, as plain frozen records. Times are milliseconds since the epoch, 0 if not known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

VERDICTS = ("failed", "broken", "lost", "hung", "interrupted", "unknown", "running", "not run", "skipped", "passed")
CAUSES = ("product", "lab", "test")
BOTH = " + "  # between the devices of one test
RANK = {verdict: number for number, verdict in enumerate(VERDICTS)}

_KINDS = {
    "picture": {".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp"},
    "clip": {".mp4", ".webm", ".m4v", ".ogv"},
    "sound": {".wav", ".mp3", ".m4a", ".ogg", ".flac"},
    "text": {".txt", ".log", ".csv", ".json", ".xml", ".yaml", ".yml", ".toml", ".md", ".uri", ".properties"},
}


def kind_of(name: str) -> str:
    """Return what a file called *name* is shown as: picture, clip, sound, text or file."""
    suffix = PurePosixPath(name).suffix.lower()
    return next((kind for kind, suffixes in _KINDS.items() if suffix in suffixes), "file")


def places(device: str, host: str) -> Sequence[tuple[str, str]]:
    """Return each device that *device* names with its host."""
    devices, hosts = device.split(BOTH), host.split(BOTH)
    return [(name, hosts[min(number, len(hosts) - 1)]) for number, name in enumerate(devices) if name]


@dataclass(frozen=True)
class Attachment:
    """A file beside the results: *at* is when its step began, *size* is None if it is not there.

    *text* is the beginning of a text file, *rest* the bytes that follow it.
    """

    name: str
    source: str
    type: str = ""
    step: str = ""
    at: int = 0
    size: int | None = None
    text: str = ""
    rest: int = 0

    @property
    def kind(self) -> str:
        """Return what it is shown as."""
        return kind_of(self.source)


@dataclass(frozen=True)
class Parameter:
    """A value of a test or a step."""

    name: str
    value: str


@dataclass(frozen=True)
class Link:
    """A link of a test; *url* is empty unless it is http or https."""

    name: str
    url: str
    type: str = ""


@dataclass(frozen=True)
class Step:
    """What a test did, with what that was made of."""

    name: str
    status: str
    start: int
    stop: int
    message: str = ""
    trace: str = ""
    parameters: Sequence[Parameter] = ()
    attachments: Sequence[Attachment] = ()
    steps: Sequence[Step] = ()

    @property
    def duration(self) -> int:
        """Return its milliseconds."""
        return max(0, self.stop - self.start) if self.start else 0


@dataclass(frozen=True)
class Row:
    """One test as lists show it: *picture* what a bad one saw, *earlier* its former attempts, newest first.

    *alike* is what failures of its sort have in common.
    """

    id: str
    name: str
    verdict: str
    full_name: str = ""
    category: str = ""
    cause: str = ""
    device: str = ""
    host: str = ""
    message: str = ""
    start: int = 0
    stop: int = 0
    picture: str = ""
    key: tuple[object, ...] = ()
    file: str = ""
    alike: str = ""
    earlier: Sequence[Row] = ()
    labels: tuple[str, ...] = ()  # as `labels.filed` has them; not read again from the store

    @property
    def places(self) -> Sequence[tuple[str, str]]:
        """Return each of its devices with its host."""
        return places(self.device, self.host)

    @property
    def duration(self) -> int:
        """Return its milliseconds."""
        return max(0, self.stop - self.start) if self.start else 0

    @property
    def bad(self) -> bool:
        """Tell whether somebody should look at it."""
        return RANK.get(self.verdict, 0) < RANK["running"]


@dataclass(frozen=True)
class Measured:
    """A figure of a test, in words, with its place between nothing and its limit."""

    name: str
    value: str
    limit: str = ""
    within: bool = True
    note: str = ""


@dataclass(frozen=True)
class Figure:
    """A figure of one *test*, held against its limits; *uuid* is that of its result, *run* the number of its run."""

    name: str
    unit: str
    value: float
    minimum: float | None
    maximum: float | None
    outside: bool
    device: str
    host: str
    test: str
    uuid: str
    at: int
    run: int
    firmware: str = ""

    @property
    def limit(self) -> str:
        """Return its limits in words."""
        return limit(self.minimum, self.maximum, self.unit)


@dataclass(frozen=True)
class Summary:
    """What is known of all figures of one name and unit; the limits are the narrowest."""

    name: str
    unit: str
    count: int
    outside: int
    median: float
    p95: float
    lowest: float
    highest: float
    minimum: float | None
    maximum: float | None
    devices: int = 0
    runs: int = 0

    @property
    def limit(self) -> str:
        """Return its limits in words."""
        return limit(self.minimum, self.maximum, self.unit)

    @property
    def worst(self) -> float:
        """Return the highest value; where only too little is a fault, the lowest."""
        return self.lowest if self.maximum is None and self.minimum is not None else self.highest


def limit(low: float | None, high: float | None, unit: str) -> str:
    """Return the limits *low* and *high* in words, nothing where there are none."""
    said = [(low, "at least"), (high, "at most")]
    return ", ".join(f"{words} {value:g} {unit}".rstrip() for value, words in said if value is not None)


@dataclass(frozen=True)
class Details:
    """One test as its own page shows it."""

    row: Row
    description: str = ""
    message: str = ""
    trace: str = ""
    parameters: Sequence[Parameter] = ()
    labels: Sequence[Parameter] = ()
    links: Sequence[Link] = ()
    evidence: Sequence[Attachment] = ()
    texts: Sequence[Attachment] = ()
    attachments: Sequence[Attachment] = ()
    measurements: Sequence[Measured] = ()
    before: Sequence[Step] = ()
    steps: Sequence[Step] = ()
    after: Sequence[Step] = ()
    attempts: Sequence[Row] = ()


@dataclass(frozen=True)
class Unreadable:
    """A file of a run that says nothing, and why."""

    file: str
    why: str


@dataclass(frozen=True)
class Alike:
    """Failures of one sort: what they have in common, their cause, how many, one's message, on how many devices."""

    sort: str
    cause: str
    count: int
    message: str
    devices: int


@dataclass(frozen=True)
class Past:
    """One test in one *run*."""

    run: str
    title: str
    row: Row


@dataclass(frozen=True)
class DeviceTally:
    """How one device fared."""

    device: str
    host: str
    counts: Mapping[str, int]
    causes: Mapping[str, int]


@dataclass(frozen=True)
class Run:
    """One folder of results."""

    id: str
    title: str
    folder: Path
    version: int = 0
    total: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    causes: Mapping[str, int] = field(default_factory=dict)
    categories: Mapping[str, int] = field(default_factory=dict)
    devices: Sequence[DeviceTally] = ()
    start: int = 0
    stop: int = 0
    live: bool = False
    standing: str = ""  # of its process on this machine, where it is to be told: "stopped", or "silent" since *news*
    pid: int = 0
    news: int = 0
    ended: bool = True
    retried: int = 0
    environment: Sequence[Parameter] = ()
    executor: Link | None = None
    errors: Sequence[str] = ()
    unreadable: Sequence[Unreadable] = ()

    @property
    def duration(self) -> int:
        """Return its milliseconds."""
        return max(0, self.stop - self.start) if self.start else 0

    @property
    def bad(self) -> int:
        """Return how many tests somebody should look at."""
        return sum(count for verdict, count in self.counts.items() if RANK[verdict] < RANK["running"])
