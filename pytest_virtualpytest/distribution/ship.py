"""A worker's end of the way home: Allure's files and the lines of the journal, as they are made.

worker → controller   ("file", name, piece, is last)   ("line", line of the journal)
controller → worker   ("taken", bytes)                 so that no more than `AHEAD` is on its way
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import allure_commons
import pytest
from allure_commons.logger import AllureFileLogger

AHEAD = 8 << 20  # bytes
PIECE = 1 << 20
WAIT = 60.0  # seconds without anything taken after which it is not worth waiting


class Ship:
    """Takes the place of allure-pytest's own writer; what else is put into the folder of results follows at the end."""

    def __init__(self, channel: Any, folder: Path) -> None:
        self._channel, self._folder = channel, folder
        self._room = threading.Condition()
        self._ahead = 0
        self._lost = False
        channel.setcallback(self._take, endmarker=None)

    def line(self, line: str) -> None:
        """Send a line of the journal."""
        self._send("line", line)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Take the writer's place."""
        manager = allure_commons.plugin_manager
        for plugin in [one for one in manager.get_plugins() if isinstance(one, AllureFileLogger)]:
            manager.unregister(plugin)
        manager.register(self, "virtualpytest-ship")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Send what others have put into the folder."""
        for path in sorted(self._folder.glob("*")):
            if path.is_file() and path.suffix != ".tmp":
                self.report_attached_file(str(path), path.name)

    def pytest_unconfigure(self) -> None:
        """Leave the place."""
        if allure_commons.plugin_manager.is_registered(self):
            allure_commons.plugin_manager.unregister(self)

    @allure_commons.hookimpl
    def report_result(self, result: Any) -> None:
        """Send the result of a test."""
        self._item(result)

    @allure_commons.hookimpl
    def report_container(self, container: Any) -> None:
        """Send what fixtures have done."""
        self._item(container)

    @allure_commons.hookimpl
    def report_globals(self, globals_item: Any) -> None:
        """Send what belongs to the whole run."""
        self._item(globals_item)

    @allure_commons.hookimpl
    def report_attached_data(self, body: bytes | str, file_name: str) -> None:
        """Send an attachment."""
        data = body.encode() if isinstance(body, str) else bytes(body)
        self._file(file_name, (data[at : at + PIECE] for at in range(0, len(data), PIECE)))

    @allure_commons.hookimpl
    def report_attached_file(self, source: str, file_name: str) -> None:
        """Send a file as an attachment."""
        with Path(source).open("rb") as file:
            self._file(file_name, iter(lambda: file.read(PIECE), b""))

    def _item(self, item: Any) -> None:
        from attr import asdict

        data = asdict(item, filter=lambda _, value: value or value is False)
        body = json.dumps(data, ensure_ascii=False).encode()
        self._file(item.file_pattern.format(prefix=uuid.uuid4()), iter([body]))

    def _file(self, name: str, pieces: Iterator[bytes]) -> None:
        piece = next(pieces, b"")
        for following in pieces:
            self._piece(name, piece, last=False)
            piece = following
        self._piece(name, piece, last=True)

    def _piece(self, name: str, piece: bytes, *, last: bool) -> None:
        """Send a piece once there is room for it."""
        with self._room:
            self._room.wait_for(lambda: self._ahead < AHEAD or self._lost, WAIT)
            self._ahead += len(piece)
        self._send("file", str(name), piece, last)

    def _send(self, *message: Any) -> None:
        try:
            self._channel.send(message)
        except (OSError, EOFError):  # the controller is gone, and this process will be told to end
            self._lost = True

    def _take(self, message: tuple[str, int] | None) -> None:
        with self._room:
            if message is None:
                self._lost = True
            else:
                self._ahead -= message[1]
            self._room.notify_all()
