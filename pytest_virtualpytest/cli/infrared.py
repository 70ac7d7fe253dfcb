"""`virtualpytest infrared`: codes of remotes, made ready for LIRC."""

from __future__ import annotations

import argparse
from pathlib import Path

from pytest_virtualpytest.cli import options
from pytest_virtualpytest.exceptions import VirtualPytestError
from pytest_virtualpytest.infrared import lircconf, pronto


def add(commands: options.Commands) -> None:
    """Add the command."""
    text = "make codes of remotes ready for LIRC"
    parser = commands.add_parser("infrared", help=text, description=f"{text[0].upper()}{text[1:]}.")
    verbs = parser.add_subparsers(metavar="COMMAND", required=True)
    text = "print Pronto's codes, or pulses and spaces, as a remote of LIRC's configuration"
    about = (
        f"{text[0].upper()}{text[1:]}: save it in /etc/lirc/lircd.conf.d. A line of FILE is a key and its code, "
        "'OK: 0000 006D 0022 ...' or 'OK: 9000 4500 560 ...'; or the file is what LIRC's mode2 printed of one key, "
        "and is called by its name."
    )
    verb = verbs.add_parser("import", help=text, description=about)
    verb.add_argument("files", metavar="FILE", nargs="+", type=Path)
    verb.add_argument("--remote", metavar="NAME", help="the remote's name (default: the first file's)")
    verb.add_argument("--carrier", type=_carrier, metavar="HZ", help="where the codes do not say it (default: 38000)")
    verb.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the remote."""
    codes = [code for file in args.files for code in _read(file)]
    print(lircconf.written(args.remote or args.files[0].stem, codes, args.carrier), end="")
    return 0


def _read(file: Path) -> list[pronto.Code]:
    try:
        return pronto.read(file.read_text(encoding="utf-8"), file.stem)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise VirtualPytestError(f"{file} cannot be read: {reason}") from error
    except VirtualPytestError as error:
        raise VirtualPytestError(f"{file}: {error.message}") from error


def _carrier(text: str) -> int:
    if not text.isdigit() or not 20_000 <= int(text) <= 500_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no carrier; wanted 20000 to 500000")
    return int(text)
