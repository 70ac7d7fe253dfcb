"""What is read behind the pages: runs that nobody has opened yet, then what only some pages ask for."""

from __future__ import annotations

import logging
import threading
from typing import Any

from virtualpytest_dashboard.folders import Folders
from virtualpytest_dashboard.results import Folder

_SOON = 25  # runs that are read before anybody asks: as many as a page lists
_LAST = 1.0  # second that the end waits for it: what is half read is read again
_PAUSE = 0.5  # seconds between two looks for more to do: in memory, at no file

_log = logging.getLogger(__name__)


class Behind:
    """Reads what is in *folders* in a thread of its own, as long as this is open."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, name="behind", daemon=True)
        self.doing: dict[str, Any] = {}

    def __enter__(self) -> Behind:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(_LAST)

    def _work(self) -> None:
        try:
            for folder in self._folders.all()[:_SOON]:
                self._finish(folder)
            while not self._over.wait(_PAUSE):
                for folder in self._folders.known():
                    if folder.unfinished:
                        self._finish(folder)
        except Exception:  # noqa: BLE001 - pages read for themselves what they show
            if not self._over.is_set():  # else its store was closed
                _log.exception("nothing is read behind the pages any more")

    def _finish(self, folder: Folder) -> None:
        for what, left in folder.finish(self._over.is_set):
            self.doing = {"run": folder.title, "what": what, "left": left}
        self.doing = {}
