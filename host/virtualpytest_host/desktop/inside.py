"""The machine of a desktop: commands, files, and what it says of itself."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from pathlib import Path

from pytest_virtualpytest.answers import Entry, Output
from pytest_virtualpytest.exceptions import DeviceError
from virtualpytest_host.desktop.guard import Guard
from virtualpytest_host.desktop.process import Process
from virtualpytest_host.desktop.server import Server


class Inside:
    """Shell and files of this host's account; a path that is not absolute begins in its home."""

    server: Server
    guard: Guard

    def run(self, command: str | Sequence[str], seconds: float, /) -> Output:
        """Run a line of the shell, or a program with arguments that reach it as they are."""
        words = ["/bin/sh", "-c", command] if isinstance(command, str) else list(command)
        process = Process(words, self.server.environ(), self.guard)
        if not process.wait(seconds):
            process.end(grace=0)
            raise DeviceError(f"desktop: {command!r} did not end within {seconds:g} s; it was ended")
        output, errors = process.said()
        process.leave()
        return Output(process.status() or 0, output, errors)

    def push(self, content: bytes, path: str, /) -> None:
        """Write *content* to the file at *path*, with the folders above it."""
        place = _place(path)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        except OSError as error:
            raise DeviceError(f"desktop: {path!r} cannot be written: {error.strerror}") from error

    def pull(self, path: str, /) -> bytes:
        """Return what is in the file at *path*."""
        try:
            return _place(path).read_bytes()
        except OSError as error:
            raise DeviceError(f"desktop: {path!r} cannot be read: {error.strerror}") from error

    def entries(self, path: str, /) -> Sequence[Entry]:
        """Return what is in the folder at *path*."""
        try:
            with os.scandir(_place(path)) as found:
                return sorted(map(_entry, found), key=lambda entry: entry.name)
        except OSError as error:
            raise DeviceError(f"desktop: {path!r} cannot be listed: {error.strerror}") from error

    def facts(self) -> dict[str, str]:
        """Return what the machine is, and the size of its screen."""
        with self.server.used() as gui:
            width, height = gui.size()
        system = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
        return {"model": _product(), "firmware": system, "resolution": f"{width}x{height}"}


def _product() -> str:
    """Return what the machine's maker calls it, or how its processor is called where that is not told."""
    try:
        return Path("/sys/class/dmi/id/product_name").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:  # a small board, or a container
        return platform.machine()


def _place(path: str) -> Path:
    if "\0" in path or not path:
        raise DeviceError(f"desktop: {path!r} is no path")
    return Path.home() / path


def _entry(found: os.DirEntry[str]) -> Entry:
    status = found.stat(follow_symlinks=False)
    return Entry(found.name, status.st_size, status.st_mtime, folder=found.is_dir())
