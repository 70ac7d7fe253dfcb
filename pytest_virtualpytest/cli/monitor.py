"""`virtualpytest monitor`: watch devices for incidents, for as long as it runs."""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
import signal
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_virtualpytest.cli import options
from pytest_virtualpytest.exceptions import ConfigError, VirtualPytestError
from pytest_virtualpytest.incident import Incident

if TYPE_CHECKING:
    from pytest_virtualpytest.cli.bench import Bench
    from pytest_virtualpytest.config import DeviceConfig, LabConfig

_LIMITS = {  # seconds; whoever tests a product knows better how long its menus stand still
    "black": (10.0, "a black picture"),
    "frozen": (60.0, "a picture in which nothing moves"),
    "silent": (30.0, "sound below -60 dBFS"),
    "lost": (5.0, "no picture, or the capture's own one for it"),
}
_EVERY, _AGAIN = 1.0, 5.0
_WORDS = {"silent": "silence", "lost": "the signal is lost"}
_UNIT = """\
[Unit]
Description=virtualpytest: watches devices for incidents
After=network-online.target
Wants=network-online.target

[Service]
ExecStart={command}
WorkingDirectory={folder}
{environment}Restart=always
RestartSec=10
Nice=10
TimeoutStopSec=20

[Install]
WantedBy={target}
"""


def add(commands: options.Commands) -> None:
    """Add the command."""
    text = "watch devices for black, frozen and lost pictures and silence; until Ctrl-C"
    about = (
        "Watch the picture and sound of devices, and keep on their hosts what goes wrong, with a picture. No device is "
        "held: tests find it free, and those that run are watched like the pauses between them."
    )
    parser = commands.add_parser("monitor", help=text, description=about)
    parser.add_argument("devices", nargs="*", metavar="DEVICE", help="default: every one that has a screen")
    for name, (default, what) in _LIMITS.items():
        about = f"{what} counts after so long, 0 never (default: the device's `monitor` in the lab file, {default:g})"
        parser.add_argument(f"--{name}", type=_seconds, metavar="SECONDS", help=about)
    about = "pictures of one device may take so much; the oldest incidents go first (default: 256)"
    parser.add_argument("--quota", type=_positive, default=256.0, metavar="MB", help=about)
    about = "keep incidents for so long (default: 30)"
    parser.add_argument("--days", type=_positive, default=30.0, metavar="DAYS", help=about)
    parser.add_argument("--systemd", action="store_true", help="print a unit for systemd that does this, and end")
    options.add_lab(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Watch until Ctrl-C or SIGTERM, which is its ordinary end."""
    lab = options.lab(args)
    chosen = _chosen(lab, args.devices)
    if args.systemd:
        print(_unit(args), end="")
        return 0
    from pytest_virtualpytest.cli.bench import opened

    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    keeping = {"quota": round(args.quota * (1 << 20)), "days": args.days}
    with opened(lab) as bench:
        watchers = [Watcher(bench, one, {"limits": _limits(one, args), **keeping}) for one in chosen]
        bench.each(watchers, lambda one: one.run(ended))
    return 0


def _limits(device: DeviceConfig, args: argparse.Namespace) -> dict[str, float]:
    """Return the seconds after which what counts: as *args* say, else the lab file; what never counts is left out."""
    defaults = {name: seconds for name, (seconds, _) in _LIMITS.items()}
    given = {name: getattr(args, name) for name in _LIMITS if getattr(args, name) is not None}
    return {name: seconds for name, seconds in (defaults | dict(device.monitor) | given).items() if seconds}


class Watcher:
    """Asks for the news of one device, and says them; a device that is away is tried again and again."""

    def __init__(self, bench: Bench, device: DeviceConfig, wanted: Mapping[str, Any]) -> None:
        self._bench, self._device, self._wanted = bench, device, wanted
        self._said = ""

    def run(self, ended: threading.Event) -> None:
        """Watch until *ended*."""
        while not ended.is_set():
            ended.wait(self._turn())
        with contextlib.suppress(VirtualPytestError):  # it is away: there is nobody to stop
            self._tell(self._bench.call(self._device, "monitor.stop").value)

    def _turn(self) -> float:
        """Ask once; return the seconds until the next time."""
        try:
            self._bench.attach(self._device)
            told = self._bench.call(self._device, "monitor.watch", self._wanted, seconds=30).value
        except VirtualPytestError as error:
            self._say_once(f"not watched, tried again: {' '.join(str(error).split())}")
            return _AGAIN
        if told["why"] or told["seen"]:
            self._say_once(f"no picture: {' '.join(told['why'].split())}" if told["why"] else "watched")
        self._tell(told)
        return _EVERY

    def _tell(self, told: Mapping[str, Any]) -> None:
        for incident in told["incidents"]:
            self._say(in_words(Incident.from_wire(incident)))

    def _say_once(self, text: str) -> None:
        if text != self._said:
            self._said = text
            self._say(text)

    def _say(self, text: str) -> None:
        print(f"{time.strftime('%H:%M:%S')} {self._device.name}: {text}", flush=True)


def in_words(incident: Incident) -> str:
    """Return what has become of *incident*, in words."""
    what, error = _WORDS.get(incident.what, incident.what), incident.begin_error
    begin = _time(incident.begin) + (f" ± {error:.1f} s" if error is not None else ", or longer")
    if incident.state == "open":
        return f"{what} since {begin}{': ' + incident.why if incident.why else ''}"
    if incident.state == "unseen":
        return f"{what} since {begin}; it was not over when the watching ended"
    return f"{what} since {begin} is over: {incident.seconds:.1f} s"


def _time(moment: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(moment))


def _chosen(lab: LabConfig, names: list[str]) -> list[DeviceConfig]:
    """Return the devices *names*, each of which must have a screen, or all that do."""
    for name in names:
        options.need(options.device(lab, name), "screen")
    chosen = [one for one in lab.devices.values() if one.name in names or (not names and "screen" in one.capabilities)]
    if not chosen:
        raise ConfigError(f"{lab.name}: no device has a screen: there is nothing to watch")
    return chosen


def _unit(args: argparse.Namespace) -> str:
    """Return a unit that runs this command as it was given: root's is one of the system, else of the account."""
    files = [str(Path(file).resolve()) for file in args.lab]
    words = [sys.executable, "-m", "pytest_virtualpytest.cli", "monitor", *args.devices]
    words += [word for file in files for word in ("--lab", file)]
    given = {name: getattr(args, name) for name in (*_LIMITS, "quota", "days")}
    words += [word for name, value in given.items() if value is not None for word in (f"--{name}", f"{value:g}")]
    kept = {name: os.environ[name] for name in ("VPT_LAB", "VPT_STATE") if name in os.environ}
    environment = "".join(f"Environment={_quoted(f'{name}={value}')}\n" for name, value in kept.items())
    target = "multi-user.target" if os.geteuid() == 0 else "default.target"
    command, folder = " ".join(map(_quoted, words)), str(Path.cwd()).replace("%", "%%")
    return _UNIT.format(command=command, folder=folder, environment=environment, target=target)


def _quoted(word: str) -> str:
    """Return *word* as systemd reads it: percent and dollar signs are its own (systemd.service, Command lines)."""
    word = word.replace("%", "%%").replace("$", "$$")
    return word if word == shlex.quote(word) else '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds; 0 is never")
    return value


def _positive(text: str) -> float:
    value = _seconds(text)
    if not value:
        raise argparse.ArgumentTypeError("it must be more than 0")
    return value
