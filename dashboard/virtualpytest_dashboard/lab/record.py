"""The record of a device: how its last tests went, and with what it ran."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from virtualpytest_dashboard import pages
from virtualpytest_dashboard.lab import asked
from virtualpytest_dashboard.results import Folder
from virtualpytest_dashboard.store import devices
from virtualpytest_dashboard.store.devices import Ran

_TESTS, _SHOWN = 100, 30  # of a device, that are counted, and that are shown


@dataclass(frozen=True)
class Record:
    """The *last* tests of a device, the newest first; more of them are counted: *tests* that ended, of so many *runs*.

    *lab* of those that *failed* are a fault of the lab's. *firmware* is what the newest said that tells it.
    """

    last: Sequence[Ran] = ()
    runs: int = 0
    tests: int = 0
    failed: int = 0
    lab: int = 0
    firmware: str = ""

    @property
    def rate(self) -> float:
        """Return the part of the tests that failed."""
        return self.failed / self.tests if self.tests else 0.0


def of(ran: Sequence[Ran]) -> Record:
    """Return the record that *ran*, the newest first, comes to."""
    ended = [one for one in ran if one.bad or one.verdict == "passed"]
    bad = [one for one in ended if one.bad]
    firmware = next((one.firmware for one in ran if one.firmware), "")
    runs = len({one.run for one in ended})
    return Record(ran[:_SHOWN], runs, len(ended), len(bad), sum(one.cause == "lab" for one in bad), firmware)


def records(request: Request, names: Sequence[str]) -> tuple[Mapping[str, Record], Mapping[int, Folder]]:
    """Return the record of each device of *names*, and the runs that they are made of, as who asks may see them."""
    folders = pages.folders(request)
    known = {folder.number: folder for folder in folders.all()}
    found = folders.ask(lambda connection: devices.ran(connection, list(known), names, _TESTS))
    return {name: of(ran) for name, ran in found.items()}, known


def quarantined(request: Request) -> Mapping[str, str]:
    """Return why each device is quarantined that a run which goes on uses no more, with the run's title."""
    going = [(folder.title, folder.told()) for folder in pages.folders(request).all() if folder.glance().live]
    return {
        name: f"run {title}: {why}" for title, told in going if not told.ended for name, why in told.unfit.items()
    }  # fmt: skip


def history(request: Request) -> Response:
    """Tell the record of one device."""
    name = asked.device(request)[1].name
    found, runs = records(request, [name])
    record = found[name]
    counts = {word: getattr(record, word) for word in ("runs", "tests", "failed", "lab", "rate", "firmware")}
    last = [_plain(request, runs[one.run], one) for one in record.last]
    return JSONResponse({"device": name, **counts, "last": last})


def _plain(request: Request, run: Folder, one: Ran) -> dict[str, Any]:
    words = {word: getattr(one, word) for word in ("name", "verdict", "cause", "attempt", "start", "firmware")}
    return {**words, "run": run.name, "url": request.url_for("test", run=run.name, uuid=one.uuid).path}
