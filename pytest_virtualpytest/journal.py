"""The run journal, ``virtualpytest-run.jsonl`` beside the Allure results: an `Event` a line.

Each process of a run appends to it; a line is one write, so that lines never mix.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_virtualpytest.models import EventKind

FILE = "virtualpytest-run.jsonl"


class Journal:
    """Notes what happens to the tests of one run; nothing, where the run keeps no results."""

    def __init__(self, folder: Path | None, run: str, worker: str) -> None:
        self._path = folder / FILE if folder else None
        self._write: Callable[[str], None] = self._append
        self._whole = True  # whether the last line that this process wrote is
        self.lost: Callable[[OSError], None] | None = None
        self._run, self._worker = run, worker

    def note(
        self,
        kind: EventKind,
        *,
        test: str = "",
        device: str = "",
        host: str = "",
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """Append an event that happens now."""
        if self._path is None:
            return
        from dataclasses import asdict

        from pytest_virtualpytest.models import Event

        event = Event(kind, time.time(), self._run, self._worker, test, device, host, data or {})
        self._write(json.dumps(asdict(event), default=str))

    def divert(self, write: Callable[[str], None]) -> None:
        """Have *write* get each line: the journal is on another machine."""
        self._write = write

    def _append(self, line: str) -> None:
        assert self._path is not None
        data = f"{'' if self._whole else chr(10)}{line}\n".encode()
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab", buffering=0) as file:
                self._whole = file.write(data) == len(data)
        except OSError as error:
            self.missed(error)

    def missed(self, error: OSError) -> None:
        """Take note that a file of the run is not there; raise *error* where nobody counts them."""
        if self.lost is None:
            raise error
        self.lost(error)


def folder_of(option: str | os.PathLike[str] | None) -> Path | None:
    """Return the folder of Allure results that *option* names, if it names one."""
    return Path(option).absolute() if option else None
