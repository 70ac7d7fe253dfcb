"""The command itself: its words, its exit codes, and how it tells of errors."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import metadata

from pytest_virtualpytest.cli import (
    dashboard,
    devices,
    host,
    infrared,
    init,
    lab,
    leases,
    match,
    monitor,
    motion,
    pause,
    plan,
    press,
    prune,
    read,
    references,
    release,
    replay,
    run,
    shot,
    sound,
    take,
    watch,
)
from pytest_virtualpytest.exceptions import ConfigError, LabFault, VirtualPytestError

OK, NO, USAGE, CONFIG, FAULT, INTERRUPTED = 0, 1, 2, 4, 10, 130
CODES = """\
exit codes:
  0    done; found; healthy
  1    no: not found, not healthy
  2    the command cannot be understood, or cannot be done as it stands
  4    the lab file is wrong, or does not have what is asked for
  10   a fault of the lab: a host, a device or its stream
  130  ended by Ctrl-C
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what *arguments* (else the command line's) say and return the exit code."""
    args = _parser().parse_args(arguments)
    try:
        return int(args.run(args))
    except ConfigError as error:
        return _tell(CONFIG, *error.problems)
    except LabFault as error:
        return _tell(FAULT, str(error))
    except VirtualPytestError as error:
        return _tell(USAGE, str(error))
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NO


def _tell(code: int, *lines: str) -> int:
    for line in lines:
        print(" ".join(line.split()), file=sys.stderr)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="virtualpytest",
        description="Devices under test, from the command line.",
        epilog=CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    version = f"virtualpytest {metadata.version('virtualpytest')}"
    parser.add_argument("--version", action="version", version=version)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    looking = (watch, monitor, match, motion, read, references, replay, sound, infrared)
    running = (run, plan, pause)
    for noun in (init, lab, host, devices, *running, leases, take, release, shot, press, *looking, dashboard, prune):
        noun.add(commands)
    return parser
