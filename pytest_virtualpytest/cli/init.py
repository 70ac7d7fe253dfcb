"""`virtualpytest init`: a lab file and a first test that pass as they are."""

from __future__ import annotations

import argparse
from importlib.util import find_spec
from pathlib import Path

from pytest_virtualpytest.cli import options
from pytest_virtualpytest.exceptions import VirtualPytestError

_LAB = '''\
# The lab: hosts and the devices attached to them. `virtualpytest lab check` tells whether all is well,
# `virtualpytest lab schema` prints what may stand here.

# timeout = 10                          # seconds that a wait may take where a test says nothing

# A host is a machine with devices. Without one, a device is on this machine.
# [hosts.rack1]
# gateway = "ssh=lab@rack1"
# python = "/opt/virtualpytest/bin/python"

# A virtual set-top box, to begin with: it starts when a test needs it.
[devices.stb1]
kind = "stb"
virtual = "stb"
tags = ["virtual"]

# A real one: every table in a device is a controller with its settings.
# [devices.stb2]
# host = "rack1"
# kind = "stb"
# model = "horizon-4"
# [devices.stb2.video]                  # gives screen and audio
# source = "/dev/v4l/by-id/usb-grabber-0"
# [devices.stb2.ecp]                    # gives remote
# url = "http://192.0.2.7:8060"
# [devices.stb2.tasmota]                # gives power
# url = "http://plug-7"
# password = { env = "PLUG_PASSWORD" }  # stays in the environment
'''

_TEST = '''\
"""A first test: run `pytest`."""

from pytest_virtualpytest import Key, Motion


def test_guide_opens(stb):
    stb.remote.press(Key.BACK)  # to live television, from wherever the last test ended

    stb.remote.press(Key.GUIDE)

    stb.screen.wait_for("guide-header.png", timeout=10)  # the picture beside this file


def test_live_television_moves(stb):
    press = stb.remote.press(Key.BACK)

    stb.screen.wait_for(Motion(), since=press, timeout=10)
'''

_PICTURE = "guide-header.png"


def add(commands: options.Commands) -> None:
    """Add the command."""
    text = "write a lab file and a first test that pass as they are"
    parser = commands.add_parser("init", help=text, description=f"{text[0].upper()}{text[1:]}.")
    where = "where to write (default: here)"
    parser.add_argument("folder", metavar="FOLDER", nargs="?", default=Path(), type=Path, help=where)
    parser.add_argument("--force", action="store_true", help="write over files that are there")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the files, none of them over another unless forced."""
    files = {"lab.toml": _LAB.encode(), "test_first.py": _TEST.encode(), _PICTURE: _picture()}
    there = [name for name in files if (args.folder / name).exists()]
    if there and not args.force:
        verb = "is" if len(there) == 1 else "are"
        raise VirtualPytestError(f"{', '.join(there)} {verb} in {args.folder} already; --force writes over them")
    try:
        args.folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (args.folder / name).write_bytes(content)
            print(f"wrote {args.folder / name}")
    except OSError as error:
        raise VirtualPytestError(f"{args.folder} cannot be written: {error.strerror}") from error
    print(f"now run: {'pytest' if args.folder == Path() else f'cd {args.folder} && pytest'}")
    return 0


def _picture() -> bytes:
    """Return the virtual box's picture of its guide, from the host's package, which is not imported for that."""
    spec = find_spec("virtualpytest_host")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(place) / "virtual" / "pictures" / _PICTURE
        if path.is_file():
            return path.read_bytes()
    raise VirtualPytestError("the virtual box's pictures are not installed; install virtualpytest anew")
