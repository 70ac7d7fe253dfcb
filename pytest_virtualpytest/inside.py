"""What a test asks of a device itself: its shell, files, apps and log."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from pytest_virtualpytest.answers import Crash, Element, Entry, Output
from pytest_virtualpytest.console import expecting
from pytest_virtualpytest.exceptions import LabFault
from pytest_virtualpytest.link import Link
from pytest_virtualpytest.models import Line, Press, Sighting

_PACE = 1 << 20  # bytes a second that a transfer may be as slow as
_WHOLE = 600.0  # seconds for a file whose size is not known
_INSTALL = 120.0  # seconds for a device to look at an app before it takes it


class Shell:
    """Commands on the device."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def run(self, command: str | Sequence[str], *, timeout: float = 30.0) -> Output:
        """Run a line of the device's shell, or a program and its arguments, which reach it as they are."""
        __tracebackhide__ = True
        line = command if isinstance(command, str) else list(command)
        with self._link.step(f"run {line if isinstance(line, str) else ' '.join(line)}"):
            args = {"command": line, "seconds": timeout}
            return Output(**self._link.call("shell.run", args, seconds=timeout).value)


    @contextlib.contextmanager
    def follow(self, command: str | Sequence[str]) -> Iterator[Following]:
        """Begin *command*, a line or a program and its arguments, and follow what it prints until the block ends."""
        __tracebackhide__ = True
        line = command if isinstance(command, str) else list(command)
        with self._link.step(f"follow {line if isinstance(line, str) else ' '.join(line)}"):
            number = self._link.call("shell.follow", {"command": line}, seconds=20).value
            try:
                yield Following(self._link, number)
            finally:
                with contextlib.suppress(LabFault):  # it is over with the device's process
                    self._link.call("shell.leave", {"number": number})


class Following:
    """A command that goes on."""

    def __init__(self, link: Link, number: int) -> None:
        self._link, self._number = link, number

    @property
    def ended(self) -> bool:
        """Whether it has ended, and all that it printed has come."""
        return bool(self._link.call("shell.printed", {"number": self._number}).value["ended"])

    def text(self) -> str:
        """Return what it has printed until now, each line with its time on the host's clock."""
        __tracebackhide__ = True
        return str(self._link.call("shell.printed", {"number": self._number}).value["text"])

    def expect(
        self, pattern: str | re.Pattern[str], *, timeout: float | None = None, since: Press | Sighting | None = None
    ) -> Line:
        """Wait for *pattern* within a line, as the console's `expect` does; from the beginning on, or from *since*."""
        __tracebackhide__ = True
        seconds = self._link.seconds(timeout)
        args = {"number": self._number, **expecting(pattern, seconds, since)}
        with self._link.step(f"expect {args['shown']}"):
            return Line.from_wire(self._link.call("shell.expect", args, seconds=seconds).value)


class Files:
    """The device's files."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def push(self, content: bytes | Path, path: str) -> None:
        """Write *content*, or what is in that file here, to *path* on the device."""
        __tracebackhide__ = True
        data = content.read_bytes() if isinstance(content, Path) else content
        with self._link.step(f"push {path}", {"bytes": len(data)}):
            self._link.call("files.push", {"path": path}, seconds=len(data) / _PACE, blobs=[data])

    def pull(self, path: str, to: Path | None = None) -> bytes:
        """Return what is in *path* on the device, and write it *to* a file here if one is given."""
        __tracebackhide__ = True
        with self._link.step(f"pull {path}"):
            data = bytes(self._link.call("files.pull", {"path": path}, seconds=_WHOLE).blobs[0])
            if to is not None:
                to.write_bytes(data)
            return data

    def list(self, path: str) -> Sequence[Entry]:
        """Return what is in the folder *path* of the device."""
        __tracebackhide__ = True
        with self._link.step(f"list {path}"):
            return [Entry(**one) for one in self._link.call("files.list", {"path": path}).value]


class Apps:
    """The device's programs, by the names that it knows them by."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def install(self, package: bytes | Path) -> None:
        """Install the app in *package*, a file here or its content."""
        __tracebackhide__ = True
        name = package.name if isinstance(package, Path) else f"{len(package)} bytes"
        data = package.read_bytes() if isinstance(package, Path) else package
        with self._link.step(f"install {name}"):
            self._link.call("apps.install", seconds=_INSTALL + len(data) / _PACE, blobs=[data])

    def launch(self, app: str, *arguments: str) -> Press:
        """Bring *app* to the front, started if it does not run; return when that was.

        With *arguments*, which a desktop's programs take, it is started whether it runs or not.
        """
        __tracebackhide__ = True
        self._link.launched.add(app)
        return self._act("launch", app, arguments)

    def stop(self, app: str) -> Press:
        """End *app*."""
        __tracebackhide__ = True
        return self._act("stop", app)

    def clear(self, app: str) -> Press:
        """End *app* and forget all that it has kept."""
        __tracebackhide__ = True
        return self._act("clear", app)

    def list(self) -> Sequence[str]:
        """Return what is installed."""
        __tracebackhide__ = True
        with self._link.step("list apps"):
            return [str(name) for name in self._link.call("apps.list").value]

    def current(self) -> str:
        """Return the app in front."""
        __tracebackhide__ = True
        with self._link.step("current app"):
            return str(self._link.call("apps.current").value)

    def permissions(self, app: str) -> Mapping[str, bool]:
        """Return what *app* may ask for while it runs, and whether it has it."""
        __tracebackhide__ = True
        with self._link.step(f"permissions of {app}"):
            return dict(self._link.call("apps.permissions", {"app": app}).value)

    def grant(self, app: str, permission: str) -> None:
        """Give *app* a *permission*, by its whole name or the last word of it: ``CAMERA``."""
        __tracebackhide__ = True
        with self._link.step(f"grant {permission} to {app}"):
            self._link.call("apps.permit", {"app": app, "permission": permission, "allowed": True})

    def revoke(self, app: str, permission: str) -> None:
        """Take a *permission* from *app*; Android ends an app that runs."""
        __tracebackhide__ = True
        with self._link.step(f"revoke {permission} from {app}"):
            self._link.call("apps.permit", {"app": app, "permission": permission, "allowed": False})

    def windows(self) -> Sequence[Element]:
        """Return the windows on a desktop's screen, the one in front first."""
        __tracebackhide__ = True
        with self._link.step("windows"):
            return [Element.from_wire(one) for one in self._link.call("apps.windows").value]

    def wait_for_window(self, title: str, *, timeout: float | None = None) -> Element:
        """Return the first window with *title* in its own, or NotSeen after *timeout* seconds, times the lab's scale.

        Case and blanks do not count.
        """
        __tracebackhide__ = True
        seconds = self._link.seconds(timeout)
        with self._link.step(f"wait for window {title!r}"):
            args = {"title": title, "timeout": seconds}
            return Element.from_wire(self._link.call("apps.wait_for_window", args, seconds=seconds).value)

    def _act(self, action: str, app: str, arguments: Sequence[str] = ()) -> Press:
        __tracebackhide__ = True
        with self._link.step(f"{action} {' '.join([app, *arguments])}"):
            args = {"app": app, **({"arguments": list(arguments)} if arguments else {})}
            return Press.from_wire(self._link.call(f"apps.{action}", args, seconds=20).value)


class Logs:
    """What the device itself writes down."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def since(self, moment: Press | float) -> str:
        """Return the device's own log from *moment* on: a press, or a number of seconds ago."""
        __tracebackhide__ = True
        with self._link.step("device's own log"):
            at = asdict(moment) if isinstance(moment, Press) else moment
            return str(self._link.call("logs.since", {"moment": at}, seconds=20).value)

    def crashes(self, since: Press | float) -> Sequence[Crash]:
        """Return the apps that crashed, or did not answer, from *since* on: a press, or a number of seconds ago."""
        __tracebackhide__ = True
        with self._link.step("crashes"):
            at = asdict(since) if isinstance(since, Press) else since
            return [Crash(**one) for one in self._link.call("logs.crashes", {"moment": at}, seconds=20).value]
