"""The campaigns of the lab file: started as processes of their own, found again, ended.

Each is a `virtualpytest run` in a session of its own, which outlives this dashboard; what is known of it lies beside
its results, so that any dashboard of this account finds it: a process is the one that was begun if its start, as the
kernel tells it, is the same.
"""

from __future__ import annotations

import contextlib
import copy
import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_virtualpytest.config import Campaign, LabConfig
from pytest_virtualpytest.exceptions import ConfigError, LeaseError, VirtualPytestError
from pytest_virtualpytest.pausing import Pause
from pytest_virtualpytest.process import status
from virtualpytest_dashboard.store.database import PLACE

Overlay = tuple[Callable[[], str], Sequence[str]]  # what makes the content of a lab file, and words for pytest
_TAIL = 4000  # bytes of what the run has said
_LINE = 4000  # bytes of its first line
_AT_ONCE = {"PYTHONUNBUFFERED": "1"}  # what it says shows while it runs
_PLANNING = 60.0  # seconds


@dataclass(frozen=True)
class State:
    """What is known of a campaign's last run from here: *code* is its exit code, None if it is not known."""

    campaign: Campaign
    running: bool = False
    at: float = 0.0
    code: int | None = None
    results: Path | None = None
    said: str = ""

    @property
    def paused(self) -> bool:
        """Whether no new test of it begins now."""
        return self.running and Pause(self.results).asked

    def plain(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        told = {"running": self.running, "paused": self.paused, "at": self.at, "code": self.code, "said": self.said}
        return {"name": self.campaign.name, **told, "results": str(self.results) if self.results else None}


class Campaigns:
    """The campaigns of *lab*; to begin some of them, a lab file that *overlays* has and words for pytest are needed."""

    def __init__(self, lab: LabConfig, overlays: Mapping[str, Overlay] | None = None) -> None:
        self._lab, self._overlays = lab, overlays or {}

    def only(self, lab: LabConfig) -> Campaigns:
        """Return those of *lab*."""
        part = copy.copy(self)
        vars(part).update(_lab=lab)
        return part

    def all(self) -> list[State]:
        """Return every campaign with its state."""
        return [self.state(name) for name in self._lab.campaigns]

    @property
    def sources(self) -> Sequence[Path]:
        """Return the lab's own files."""
        return self._lab.sources

    def labs(self, name: str) -> list[Path]:
        """Return the lab files that a run of *name* needs; one that lies over the lab's own is written anew."""
        files = [path.resolve() for path in self.sources]
        if name in self._overlays:
            files.append(place(self._lab.campaign(name), ".toml"))
            files[-1].parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            put(files[-1], self._overlays[name][0]())
        return files

    def state(self, name: str) -> State:
        """Return the state of one campaign; ConfigError where there is none of that name."""
        campaign = self._lab.campaign(name)
        kept = _kept(place(campaign))
        if not kept:
            return State(campaign)
        first, said = _ends(place(campaign, ".log"))
        return State(campaign, _lives(kept), kept["at"], kept.get("code"), _results(campaign, first), said)

    @property
    def names(self) -> list[str]:
        """Return what they are called."""
        return list(self._lab.campaigns)

    def start(self, name: str, *, failed: bool = False) -> State:
        """Begin a run, of those tests alone that failed the last time where *failed*; LeaseError if one goes on."""
        campaign = self._lab.campaign(name)
        place(campaign).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _locked(place(campaign, ".lock")):
            if self.state(name).running:
                raise LeaseError(f"campaign {name!r} is running already")
            self._begin(campaign, ("--lf",) if failed else ())
        return self.state(name)

    def stop(self, name: str) -> State:
        """Ask a run to end, as Ctrl-C does; a second time, at once."""
        campaign = self._lab.campaign(name)
        kept = _kept(place(campaign))
        if not kept or not _lives(kept):
            raise LeaseError(f"campaign {name!r} is not running")
        os.kill(kept["pid"], signal.SIGINT)
        return self.state(name)

    def pause(self, name: str, *, lift: bool = False) -> State:
        """Let no new test of a run begin, or let it go on where *lift*."""
        state = self.state(name)
        if not state.running or state.results is None:
            raise LeaseError(f"campaign {name!r} is not running")
        if lift:
            Pause(state.results).lift()
        else:
            Pause(state.results).ask()
        return state

    def plan(self, name: str) -> Mapping[str, Any]:
        """Return what a run would come to, as `virtualpytest plan --json` tells it."""
        campaign = self._lab.campaign(name)
        command = self._command("plan", campaign, ("--json",))
        try:
            done = subprocess.run(command, cwd=campaign.file.parent, capture_output=True, text=True,
                                  timeout=_PLANNING, check=False, stdin=subprocess.DEVNULL)  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise VirtualPytestError(f"campaign {name!r}: its tests were not collected in {_PLANNING:g} s") from error
        if done.returncode:
            raise ConfigError(*(done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]))
        plan: Mapping[str, Any] = json.loads(done.stdout)
        return plan

    def _begin(self, campaign: Campaign, words: Sequence[str]) -> None:
        command = self._command("run", campaign, words)
        with place(campaign, ".log").open("wb") as log:
            process = subprocess.Popen(
                command, cwd=campaign.file.parent, stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True, env={**os.environ, **_AT_ONCE},
            )  # fmt: skip
        kept = {"pid": process.pid, "start": status(process.pid)[1], "at": time.time()}
        _keep(place(campaign), kept)
        threading.Thread(target=_await, args=(process, place(campaign), kept), daemon=True).start()

    def _command(self, word: str, campaign: Campaign, words: Sequence[str]) -> list[str]:
        labs = [f"--lab={path}" for path in self.labs(campaign.name)]
        more = self._overlays[campaign.name][1] if campaign.name in self._overlays else ()
        return [sys.executable, "-m", "pytest_virtualpytest.cli", word, campaign.name, *labs, *words, *more]


def place(campaign: Campaign, suffix: str = ".json") -> Path:
    """Return where something of *campaign* is kept: beside its results, out of their way."""
    return campaign.results / PLACE / f"campaign-{urllib.parse.quote(campaign.name, safe='')}{suffix}"


def put(path: Path, text: str) -> None:
    """Write *path* so that nobody reads half of it."""
    part = path.with_suffix(f".{os.getpid()}")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _kept(path: Path) -> dict[str, Any]:
    with contextlib.suppress(OSError, ValueError):
        kept = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(kept, dict) and isinstance(kept.get("pid"), int):
            return kept
    return {}


def _keep(path: Path, kept: Mapping[str, Any]) -> None:
    put(path, json.dumps(kept))


def _await(process: subprocess.Popen[bytes], path: Path, kept: Mapping[str, Any]) -> None:
    """Note how *process* ends, unless another has taken its place meanwhile."""
    code = process.wait()
    if _kept(path).get("start") == kept["start"]:
        _keep(path, {**kept, "code": code})


def _lives(kept: Mapping[str, Any]) -> bool:
    return kept.get("code") is None and status(kept["pid"])[1] == kept["start"] != ""


def _ends(path: Path) -> tuple[str, str]:
    """Return the first line of *path* and its last bytes, however long it is; empty where there is none."""
    try:
        with path.open("rb") as file:
            first = file.readline(_LINE)
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
            return first.decode(errors="replace"), file.read().decode(errors="replace")
    except OSError:
        return "", ""


def _results(campaign: Campaign, first: str) -> Path | None:
    """Return where the run's results are, as its *first* line tells."""
    told = re.match(r"results: (.+)", first)
    return (campaign.file.parent / told[1]).resolve() if told else None
