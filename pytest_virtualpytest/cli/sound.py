"""`virtualpytest sound`: how loud a recorded clip is, where it is silent, and the holes in its sound."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from pytest_virtualpytest.cli import options, pictures

_SECONDS = 900.0


def add(commands: options.Commands) -> None:
    """Add the command."""
    text = "judge the sound of a clip: exit code 0 sound, 1 silence throughout"
    about = (
        "Tell the levels of a clip's sound, its silences and its dropouts, as a test would. "
        "Exit code 0: there is sound, or the tone, 1: there is none, 2: not judged."
    )
    parser = commands.add_parser("sound", help=text, description=about)
    parser.add_argument("clip", metavar="CLIP", type=Path)
    parser.add_argument("--below", type=_level, default=-60.0, metavar="DBFS", help="what is silent (default: -60)")
    parser.add_argument("--silence", type=_seconds, default=0.5, metavar="S", help="shortest silence (default: 0.5)")
    parser.add_argument("--dropout", type=_seconds, default=0.02, metavar="S", help="shortest dropout (default: 0.02)")
    parser.add_argument("--tone", type=float, metavar="HZ", help="tell when a tone of this pitch is first heard")
    parser.add_argument("--json", action="store_true", help="print it as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Judge the clip on this machine, in an agent, as a device's sound is."""
    if args.tone is not None:
        from pytest_virtualpytest.targets import Tone

        Tone(args.tone)  # refuses what cannot be heard
    values = {"below": args.below, "silent": args.silence, "dropout": args.dropout, "tone": args.tone}
    found: dict[str, Any] = pictures.judged("sound", values, [pictures.read(args.clip)], _SECONDS).value
    print(json.dumps(found) if args.json else "\n".join(_words(found, args)))
    heard = found["tone"] if args.tone is not None else found["level"]["peak"] >= args.below
    return 0 if heard else 1


def _words(found: dict[str, Any], args: argparse.Namespace) -> list[str]:
    level = found["level"]
    loudness = f"{level['loudness']:.1f} LUFS" if level["loudness"] is not None else "too short for LUFS"
    head = (
        f"{args.clip}: {level['seconds']:.2f} s, {loudness}, rms {level['rms']:.1f} dBFS"
        f" ({', '.join(f'{one:.1f}' for one in level['channels'])}), true peak {level['true_peak']:.1f} dBTP"
    )
    spans = [(name, span) for name in ("silences", "dropouts") for span in found[name]]
    told = [f"{_ONE[name]} from {span['from']:.3f} s to {span['to']:.3f} s" for name, span in spans]
    return [head, *told, *_tone(found, args)]


def _tone(found: dict[str, Any], args: argparse.Namespace) -> list[str]:
    if args.tone is None:
        return []
    heard = found["tone"]
    return [f"{args.tone:g} Hz " + (f"from {heard['from']:.3f} s on, ± {heard['error']:.3f} s" if heard else "never")]


_ONE = {"silences": "silence", "dropouts": "dropout"}


def _level(text: str) -> float:
    return _number(text, -120, 0, "level below 0 dBFS and above -120")


def _seconds(text: str) -> float:
    return _number(text, 0, 3600, "number of seconds above 0")


def _number(text: str, least: float, most: float, what: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = least
    if not least < value < most:
        raise argparse.ArgumentTypeError(f"{text!r} is no {what}")
    return value
