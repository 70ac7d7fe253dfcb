"""The programs of a desktop: started, ended, and their windows."""

from __future__ import annotations

import contextlib
import difflib
import os
import shlex
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pytest_virtualpytest.answers import Element
from pytest_virtualpytest.exceptions import DeviceError
from virtualpytest_host.desktop import windows
from virtualpytest_host.desktop.guard import Guard
from virtualpytest_host.desktop.process import Process
from virtualpytest_host.desktop.server import Server, connection

_TURN = 0.05  # seconds between two looks at the windows
_SHARED = "/usr/local/share:/usr/share"  # where menus are, by XDG's rules
_SAID = 300  # characters of what a program complains of


class Programs:
    """Programs by their names, as on the search path, or by whole paths."""

    server: Server
    guard: Guard
    start_timeout: float
    _running: list[tuple[str, Process]]  # the program's name and its process

    def launch(self, app: str, /) -> None:
        """Bring *app* to the front, started if it does not run."""
        with self.server.used(windows.ACTIVATED) as gui:
            for window, name in self._named(connection(gui)):
                if name == app:
                    windows.bring_to_front(connection(gui), window)
                    return
        self.start(app, ())

    def start(self, app: str, arguments: Sequence[str], /) -> None:
        """Start *app* with *arguments*, which reach it as they are, and bring it to the front."""
        path = _path(app, self.installed)
        with self.server.used() as gui:
            before = {window.id for window in windows.shown(connection(gui))}
        self._forget_ended()
        process = Process([path, *arguments], self.server.environ(), self.guard)
        self._running.append((app, process))
        self._await(app, process, before)

    def stop(self, app: str, /) -> None:
        """End *app*, first by asking; a window of it that another has started is taken from it."""
        ended = [one for one in self._running if one[0] == app]
        if not ended:
            _path(app, self.installed)
        self._running = [one for one in self._running if one[0] != app]
        for _, process in ended:
            process.end()
        with self.server.used() as gui:
            for window, name in list(self._named(connection(gui))):
                if name == app:
                    window.kill_client()
        self._await_gone(app)

    def installed(self) -> Sequence[str]:
        """Return the programs of the desktop's menus."""
        home = os.environ.get("XDG_DATA_HOME") or str(Path("~/.local/share").expanduser())
        shared = os.environ.get("XDG_DATA_DIRS") or _SHARED
        menus = [Path(place, "applications") for place in [home, *shared.split(":")]]
        names = {_program(path) for menu in menus for path in menu.rglob("*.desktop")}
        return sorted(name for name in names if name and shutil.which(name))

    def current(self) -> str:
        """Return the program in front, "" where there is no window."""
        with self.server.used() as gui:
            return next((name for _, name in self._named(connection(gui))), "")

    def windows(self) -> Sequence[Element]:
        """Return the windows on screen, the one in front first."""
        with self.server.used() as gui:
            return [self._element(connection(gui), window, name) for window, name in self._named(connection(gui))]

    def _forget_ended(self) -> None:
        for one in [one for one in self._running if one[1].status() is not None]:
            one[1].leave()
            self._running.remove(one)

    def _end_all(self) -> None:
        for _, process in self._running:
            process.end()
        self._running = []

    def _named(self, display: Any) -> Iterator[tuple[Any, str]]:
        """Yield the windows on screen and their programs, the one in front first."""
        from Xlib import error

        for window in windows.shown(display):
            with contextlib.suppress(error.XError):  # it has just gone
                yield window, self._name(*windows.program(display, window))

    def _name(self, pid: int, kind: str) -> str:
        """Return the name of the program *pid*, as it was started here, or as its file is called."""
        with contextlib.suppress(OSError):
            session = os.getsid(pid) if pid else 0
            ours = next((name for name, process in self._running if process.pid == session), "")
            return ours or (Path(f"/proc/{pid}/exe").readlink().name if pid else kind)
        return kind

    @staticmethod
    def _element(display: Any, window: Any, name: str) -> Element:
        kind = windows.program(display, window)[1]
        place = windows.region(display, window)
        return Element("window", windows.title(display, window), hex(window.id), kind, name, place)

    def _await(self, app: str, process: Process, before: set[int]) -> None:
        """Bring the window of *process* to the front, or one that was not *before* if it handed over to another."""
        end = time.monotonic() + self.start_timeout
        while time.monotonic() < end:
            status = process.status()
            if status:
                said = " ".join(process.said()[1].split())[-_SAID:]
                raise DeviceError(f"desktop: {app!r} ended with status {status} before it showed a window: {said}")
            with self.server.used(windows.ACTIVATED) as gui:
                for window, name in self._named(connection(gui)):
                    if window.id not in before and (name == app or status == 0):
                        windows.bring_to_front(connection(gui), window)
                        return
            time.sleep(_TURN)
        self._running.remove((app, process))
        process.end()
        raise DeviceError(f"desktop: {app!r} showed no window within {self.start_timeout:g} s; it was ended")

    def _await_gone(self, app: str) -> None:
        end = time.monotonic() + self.start_timeout
        while time.monotonic() < end:
            with self.server.used() as gui:
                if app not in [name for _, name in self._named(connection(gui))]:
                    return
            time.sleep(_TURN)
        raise DeviceError(f"desktop: {app!r} still has a window {self.start_timeout:g} s after it was ended")


def _path(app: str, known: Any) -> str:
    """Return the program file that *app* is; DeviceError if there is none."""
    found = shutil.which(app) if "/" not in app or Path(app).is_absolute() else None
    if found is None:
        near = difflib.get_close_matches(app, known(), 1)
        hint = f"did you mean {near[0]!r}?" if near else "wanted the name of one on the search path, or a whole path"
        raise DeviceError(f"desktop: no program {app!r}; {hint}")
    return found


def _program(path: Path) -> str:
    """Return the name of the program that the menu entry *path* starts, "" if none (XDG's desktop entries)."""
    with contextlib.suppress(OSError, ValueError):
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        command = next((line.partition("=")[2] for line in lines if line.startswith("Exec=")), "")
        return Path(next(iter(shlex.split(command)), "")).name
    return ""
