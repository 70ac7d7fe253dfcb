"""`virtualpytest run`: a campaign, with Allure results of its own for each run."""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType

from pytest_virtualpytest.cli import campaign, options
from pytest_virtualpytest.exceptions import VirtualPytestError

_HISTORY = ("allure-report/history", "report/history", "history")  # where `allure generate` may have left it


def add(commands: options.Commands) -> None:
    """Add the command."""
    text = "run a campaign of the lab file on all of its devices"
    about = f"{text[0].upper()}{text[1:]}. Its exit code is pytest's."
    parser = commands.add_parser("run", help=text, description=about)
    campaign.add(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run pytest, tell where the results are, and return its exit code."""
    asked = campaign.asked(args)
    results = asked.campaign().results
    if any(word.startswith("--alluredir") for word in asked.rest):
        return _ended(asked.pytest("-n", "auto"))
    folder = _fresh(results)
    _keep_history(results, folder)
    print(f"results: {_shown(folder)}", flush=True)
    code = _ended(asked.pytest("-n", "auto", f"--alluredir={folder}"))
    print(f"results: {_shown(folder)}; to see them: virtualpytest dashboard {_shown(results)}", flush=True)
    return code


def _fresh(results: Path) -> Path:
    """Make a folder for this run: its name sorts by time."""
    name = time.strftime("%Y-%m-%dT%H-%M-%S")
    number = 1
    while True:
        folder = results / (name if number == 1 else f"{name}-{number}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            number += 1
        except OSError as error:
            reason = f"{folder} cannot be made: {error.strerror}; set `results` of the campaign"
            raise VirtualPytestError(reason) from error
        else:
            return folder


def _keep_history(results: Path, folder: Path) -> None:
    """Copy the newest history of an Allure report into *folder*, so that the next report goes on with it."""
    places = [*(place for run in results.iterdir() if run != folder for place in _places(run)), *_places(results)]
    places += _places(Path.cwd())[:-1]
    there = [place for place in places if place.is_dir()]
    if there:
        newest = max(there, key=lambda place: max((file.stat().st_mtime for file in place.iterdir()), default=0.0))
        shutil.copytree(newest, folder / "history")


def _places(folder: Path) -> list[Path]:
    return [folder / place for place in _HISTORY]


def _ended(command: Sequence[str]) -> int:
    """Run *command* to its end, and pass on what would end it."""
    with subprocess.Popen(command) as process, _passed_on(process):
        return _as_exit_code(process.wait())


@contextlib.contextmanager
def _passed_on(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Pass signals on to *process*, but for those that the terminal sends to both: a second Ctrl-C cuts it short."""

    def pass_on(number: int, _frame: FrameType | None) -> None:
        if number != signal.SIGINT or not _in_foreground():
            process.send_signal(number)

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _in_foreground() -> bool:
    """Tell whether a terminal's Ctrl-C reaches this process and its children alike."""
    try:
        with Path("/dev/tty").open("rb") as terminal:
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except OSError:
        return False


def _as_exit_code(code: int) -> int:
    return code if code >= 0 else 128 - code


def _shown(path: Path) -> str:
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
