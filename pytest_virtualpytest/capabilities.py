"""What can be done with a device: one Protocol for each capability, as a controller implements it.

A controller is a dataclass whose fields are its settings in the lab file. Its class says which
capabilities it gives (``gives = ("remote",)``) and, for each, has the methods of the Protocol below.
Constructing one opens nothing: ``open`` does, ``close`` gives back. ``resources`` names what it holds
(``/dev/video0``, ``127.0.0.1:8060``), so that two lab files cannot take one thing under two names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Protocol, runtime_checkable

CAPABILITIES = ("remote", "screen", "audio", "touch", "ui", "apps", "shell", "files", "power", "network", "logs", "web")


class Key(StrEnum):
    """The keys of a remote, by the names that every controller maps to its own."""

    UP = "UP"
    DOWN = "DOWN"
    LEFT = "LEFT"
    RIGHT = "RIGHT"
    OK = "OK"
    BACK = "BACK"
    HOME = "HOME"
    MENU = "MENU"
    GUIDE = "GUIDE"
    INFO = "INFO"
    POWER = "POWER"
    CHANNEL_UP = "CHANNEL_UP"
    CHANNEL_DOWN = "CHANNEL_DOWN"
    VOLUME_UP = "VOLUME_UP"
    VOLUME_DOWN = "VOLUME_DOWN"
    MUTE = "MUTE"
    PLAY = "PLAY"
    PAUSE = "PAUSE"
    STOP = "STOP"
    REWIND = "REWIND"
    FAST_FORWARD = "FAST_FORWARD"
    NUM_0 = "0"
    NUM_1 = "1"
    NUM_2 = "2"
    NUM_3 = "3"
    NUM_4 = "4"
    NUM_5 = "5"
    NUM_6 = "6"
    NUM_7 = "7"
    NUM_8 = "8"
    NUM_9 = "9"


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
