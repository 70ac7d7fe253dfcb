"""What is inside a device and asked of the device itself: its shell, files, apps and log."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Protocol, runtime_checkable

from pytest_virtualpytest.answers import Element, Running
from pytest_virtualpytest.capabilities import Crashes, Follows, Installs, Permits, Starts, Windowed
from pytest_virtualpytest.exceptions import DeviceError, NotSeen
from pytest_virtualpytest.wire import Reply
from virtualpytest_host import moments
from virtualpytest_host.console import Console
from virtualpytest_host.elements import fold
from virtualpytest_host.hands import Inputs

_LOOK = 0.05  # seconds between two looks at the windows

Handler = Callable[[str], Any]


@runtime_checkable
class Rests(Protocol):
    """A handler that has to end something when nobody holds the device any more."""

    def rest(self) -> None:
        """End what a test has left running."""


class Shell:
    """Commands on the device."""

    def __init__(self, controller: Any, inputs: Inputs, handler: Handler) -> None:
        self._controller, self._inputs, self._handler = controller, inputs, handler
        self._numbers, self._running = itertools.count(1), dict[int, Running]()

    def follow(self, command: str | Sequence[str]) -> int:
        """Begin *command*, and return the number by which it is asked for."""
        if not isinstance(self._controller, Follows):
            raise DeviceError(f"{type(self._controller).__name__} cannot follow a command; use run")
        number = next(self._numbers)
        self._running[number] = self._controller.follow(command)
        return number

    def expect(self, number: int, **wanted: Any) -> dict[str, Any]:
        """Return the line in which command *number* printed what is *wanted*, at first or since, or raise NotSeen."""
        wanted["since"] = wanted["since"] or {"before": 0.0}
        return Console(self._followed(number), self._inputs, self._handler).expect(**wanted)

    def printed(self, number: int) -> dict[str, Any]:
        """Return what command *number* has printed, and whether it has ended."""
        followed = self._followed(number)
        ended = followed.ended  # asked first: what it printed last is then there
        return {"ended": ended, "text": followed.since(0.0)}

    def leave(self, number: int) -> None:
        """End command *number*."""
        followed = self._followed(number)
        del self._running[number]
        followed.close()

    def rest(self) -> None:
        """End what a test has left running."""
        while self._running:
            self._running.popitem()[1].close()

    def run(self, command: str | Sequence[str], seconds: float) -> dict[str, Any]:
        """Run *command*, and return what it came to."""
        return asdict(self._controller.run(command, seconds))

    def _followed(self, number: int) -> Running:
        if number not in self._running:
            raise DeviceError(f"no command {number} is followed: it ended with its lease, or with the device's process")
        return self._running[number]


class Files:
    """The device's files."""

    def __init__(self, controller: Any, _inputs: Inputs, _handler: Handler) -> None:
        self._controller = controller

    def push(self, path: str, blobs: Sequence[bytes] = (b"",)) -> None:
        """Write what came with the call to *path*."""
        self._controller.push(blobs[0], path)

    def pull(self, path: str) -> Reply:
        """Return what is in *path*."""
        return Reply(None, [self._controller.pull(path)])

    def list(self, path: str) -> list[dict[str, Any]]:
        """Return what is in the folder *path*."""
        return [asdict(entry) for entry in self._controller.entries(path)]


class Apps:
    """The device's programs."""

    def __init__(self, controller: Any, inputs: Inputs, _handler: Handler) -> None:
        self._controller, self._inputs = controller, inputs

    def install(self, blobs: Sequence[bytes] = (b"",)) -> None:
        """Install what came with the call."""
        self._installer().install(blobs[0])

    def launch(self, app: str, arguments: Sequence[str] = ()) -> dict[str, Any]:
        """Bring *app* to the front, or start it with *arguments* if there are any; return when."""
        if not arguments:
            return self._inputs.timed(app, lambda: self._controller.launch(app)).to_wire()
        if not isinstance(self._controller, Starts):
            raise DeviceError(f"{type(self._controller).__name__} starts apps without arguments only")
        starter = self._controller
        return self._inputs.timed(app, lambda: starter.start(app, arguments)).to_wire()

    def stop(self, app: str) -> dict[str, Any]:
        """End *app*, and return when."""
        return self._inputs.timed(app, lambda: self._controller.stop(app)).to_wire()

    def clear(self, app: str) -> dict[str, Any]:
        """End *app* and forget what it has kept; return when."""
        installer = self._installer()
        return self._inputs.timed(app, lambda: installer.clear(app)).to_wire()

    def current(self) -> str:
        """Return the app in front."""
        return str(self._controller.current())

    def permissions(self, app: str) -> dict[str, bool]:
        """Return what *app* may ask for, and whether it has it."""
        return dict(self._keeper().permissions(app))

    def permit(self, app: str, permission: str, allowed: bool) -> None:
        """Give *app* a *permission*, or take it away."""
        self._keeper().permit(app, permission, allowed)

    def windows(self) -> list[dict[str, Any]]:
        """Return the windows on screen, the one in front first."""
        return [window.to_wire() for window in self._windows()]

    def wait_for_window(self, title: str, timeout: float) -> dict[str, Any]:
        """Return the first window whose title has *title* in it within *timeout* seconds, or NotSeen."""
        end = time.monotonic() + timeout
        while True:
            windows = self._windows()
            for window in windows:
                if fold(title) in fold(window.text):
                    return window.to_wire()
            if time.monotonic() >= end:
                there = ", ".join(repr(window.text) for window in windows) or "none"
                raise NotSeen(f"no window {title!r} on screen within {timeout:g} s; there are: {there}")
            time.sleep(_LOOK)

    def list(self) -> list[str]:
        """Return what is installed."""
        return list(self._controller.installed())

    def _windows(self) -> Sequence[Element]:
        if not isinstance(self._controller, Windowed):
            raise DeviceError(f"{type(self._controller).__name__} has no windows")
        return self._controller.windows()

    def _keeper(self) -> Permits:
        if not isinstance(self._controller, Permits):
            raise DeviceError(f"{type(self._controller).__name__} knows no permissions")
        return self._controller

    def _installer(self) -> Installs:
        if not isinstance(self._controller, Installs):
            raise DeviceError(f"{type(self._controller).__name__} cannot install or clear apps")
        return self._controller


class Logs:
    """What the device writes down."""

    def __init__(self, controller: Any, _inputs: Inputs, _handler: Handler) -> None:
        self._controller = controller

    def since(self, moment: Mapping[str, Any] | float) -> str:
        """Return its lines from *moment* on: a press, a time of this host, or a number of seconds ago."""
        return str(self._controller.since(moments.moment(moment)))

    def crashes(self, moment: Mapping[str, Any] | float) -> list[dict[str, Any]]:
        """Return the apps that crashed from *moment* on; none where the device's log does not tell."""
        if not isinstance(self._controller, Crashes):
            return []
        return [asdict(crash) for crash in self._controller.crashes(moments.moment(moment))]
