"""What can be done with a device: one Protocol for each capability, as a controller implements it.

A controller is a dataclass whose fields are its settings in the lab file. Its class says which
capabilities it gives (``gives = ("remote",)``) and, for each, has the methods of the Protocol below.
Constructing one opens nothing: ``open`` does, ``close`` gives back. ``resources`` names what it holds
(``/dev/video0``, ``127.0.0.1:8060``), so that two lab files cannot take one thing under two names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol, TypeAlias, runtime_checkable

from pytest_virtualpytest.answers import Crash, Element, Entry, Output, Running
from pytest_virtualpytest.models import Line

Point: TypeAlias = "tuple[int, int]"  # in pixels of the device's picture, (0, 0) its top left corner

CAPABILITIES = (
    "remote", "screen", "audio", "touch", "pointer", "ui", "apps", "shell", "files", "power", "network", "logs", "web",
    "console",
)  # fmt: skip
BUTTONS = ("left", "middle", "right")  # of a mouse


class Controller(Protocol):
    """One technique that gives one or more capabilities."""

    gives: ClassVar[Sequence[str]]

    def resources(self) -> Sequence[str]:
        """Return the names of what this controller holds exclusively."""

    def open(self) -> None:
        """Make ready for use; raise DeviceError if the device cannot be reached."""

    def close(self) -> None:
        """Give everything back; never raises for what is already gone."""


@runtime_checkable
class Remote(Protocol):
    """Keys, as a person presses them."""

    def press(self, key: str, /) -> None:
        """Press and release *key*."""


@runtime_checkable
class Holds(Protocol):
    """A remote that can keep a key down."""

    def hold(self, key: str, seconds: float, /) -> None:
        """Keep *key* down for *seconds*."""


@runtime_checkable
class Keyed(Protocol):
    """A remote that can tell its keys, without being opened."""

    def keys(self) -> Sequence[str]:
        """Return the names of the keys that it has."""


@runtime_checkable
class Types(Protocol):
    """A remote that can enter text."""

    def type(self, text: str, /) -> None:
        """Enter *text*, as a keyboard would."""


@runtime_checkable
class Power(Protocol):
    """The device's supply."""

    def on(self) -> None:
        """Switch on."""

    def off(self) -> None:
        """Switch off."""

    def status(self) -> bool:
        """Tell whether the supply is on."""


@runtime_checkable
class Restarts(Protocol):
    """A supply that cannot come on by itself once it is off, but can start the device anew."""

    def restart(self) -> None:
        """Start the device anew, and wait until it can be used."""


@runtime_checkable
class Described(Protocol):
    """A controller that can tell what its device is."""

    def facts(self) -> Mapping[str, str]:
        """Return what the device says of itself, such as ``firmware``, ``serial``, ``resolution``, ``battery``."""


@dataclass(frozen=True)
class Source:
    """Where pictures and sound come from, as PyAV opens it.

    *latency* is the capture's own delay in seconds, known within *latency_error*, or None.
    *placeholders* are pictures that the capture shows when it has no signal.
    """

    url: str
    format: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    latency: float | None = None
    latency_error: float = 0.0
    placeholders: Sequence[str] = ()


@runtime_checkable
class Watched(Protocol):
    """A controller that gives ``screen`` or ``audio``: it says where the stream is, the host does the rest."""

    def stream(self) -> Source:
        """Return the source of pictures and sound."""


@runtime_checkable
class Touch(Protocol):
    """A screen that is touched."""

    def tap(self, x: int, y: int, /) -> None:
        """Touch (*x*, *y*) for a moment."""

    def swipe(self, points: Sequence[Point], seconds: float, /) -> None:
        """Draw a finger through *points* within *seconds*; two equal ones are a long touch."""


@runtime_checkable
class Pointer(Protocol):
    """A mouse; *button* is one of `BUTTONS`, a place outside the picture is a DeviceError."""

    def move(self, x: int, y: int, /) -> None:
        """Move to (*x*, *y*)."""

    def click(self, x: int, y: int, button: str, count: int, /) -> None:
        """Press and release *button* at (*x*, *y*), *count* times in a row."""

    def drag(self, points: Sequence[Point], seconds: float, button: str, /) -> None:
        """Keep *button* down from the first of *points* to the last, within *seconds*."""

    def scroll(self, x: int, y: int, down: int, right: int, /) -> None:
        """Turn the wheel at (*x*, *y*) by steps *down* and to the *right*; up and left below 0."""


@runtime_checkable
class Ui(Protocol):
    """What is on screen, as the device itself describes it."""

    def tree(self) -> Element:
        """Return the root of the elements on screen, regions in pixels of the picture."""


@runtime_checkable
class Shell(Protocol):
    """Commands on the device."""

    def run(self, command: str | Sequence[str], seconds: float, /) -> Output:
        """Run a line of the device's shell, or a program with arguments that reach it as they are."""


@runtime_checkable
class Follows(Protocol):
    """A shell whose commands can be followed while they run."""

    def follow(self, command: str | Sequence[str], /) -> Running:
        """Begin *command*, and read what it prints until it is closed, or ends."""


@runtime_checkable
class Files(Protocol):
    """The device's files; a path is data, whatever is in it."""

    def push(self, content: bytes, path: str, /) -> None:
        """Write *content* to the file at *path*, with the folders above it."""

    def pull(self, path: str, /) -> bytes:
        """Return what is in the file at *path*."""

    def entries(self, path: str, /) -> Sequence[Entry]:
        """Return what is in the folder at *path*."""


@runtime_checkable
class Apps(Protocol):
    """The programs of the device, by the names that it knows them by."""

    def launch(self, app: str, /) -> None:
        """Bring *app* to the front, started if it does not run."""

    def stop(self, app: str, /) -> None:
        """End *app*."""

    def installed(self) -> Sequence[str]:
        """Return what is installed."""

    def current(self) -> str:
        """Return the app in front."""


@runtime_checkable
class Starts(Protocol):
    """Programs that take arguments."""

    def start(self, app: str, arguments: Sequence[str], /) -> None:
        """Start *app* with *arguments*, which reach it as they are, and bring it to the front."""


@runtime_checkable
class Windowed(Protocol):
    """Programs that show themselves in windows."""

    def windows(self) -> Sequence[Element]:
        """Return the windows on screen, the one in front first: their title is *text*, their program *app*."""


@runtime_checkable
class Installs(Protocol):
    """Apps that can be installed, and made as new."""

    def install(self, package: bytes, /) -> None:
        """Install the app in *package*, in the device's own format."""

    def clear(self, app: str, /) -> None:
        """End *app* and forget all that it has kept."""


@runtime_checkable
class Permits(Protocol):
    """Apps that the device lets do this and that."""

    def permissions(self, app: str, /) -> Mapping[str, bool]:
        """Return what *app* may ask for, and whether it has it."""

    def permit(self, app: str, permission: str, allowed: bool, /) -> None:
        """Give *app* a *permission*, or take it away."""


@runtime_checkable
class Crashes(Protocol):
    """A log that tells of apps that ended by themselves."""

    def crashes(self, moment: float, /) -> Sequence[Crash]:
        """Return them from *moment* of this host's CLOCK_MONOTONIC on, the earliest first."""


@runtime_checkable
class Logs(Protocol):
    """What the device itself writes down."""

    def since(self, moment: float, /) -> str:
        """Return its lines from *moment* of this host's CLOCK_MONOTONIC on."""


@runtime_checkable
class Console(Protocol):
    """A line of text to the device and back, such as its serial port."""

    def write(self, data: bytes, /) -> None:
        """Send *data* as it is."""

    def expect(self, pattern: re.Pattern[str], since: float | Line, seconds: float, /) -> Line | None:
        """Return the line in which *pattern* came first, None if not within *seconds*.

        It is looked for from *since* on: a time of this host's CLOCK_MONOTONIC, or after an earlier line.
        """


@runtime_checkable
class Listens(Protocol):
    """A controller that hears only while it is open: it is open from the first test on, until the device is given back.

    Others stay open for the next lease, and are opened when they are first used.
    """

    listens: ClassVar[bool]
