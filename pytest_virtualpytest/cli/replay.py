"""`virtualpytest replay`: judge a recorded clip again, frame by frame, as a test would."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_virtualpytest.cli import options, pictures

if TYPE_CHECKING:
    from pytest_virtualpytest.models import Sighting
    from pytest_virtualpytest.targets import Target

_SECONDS = 900.0


def add(commands: options.Commands) -> None:
    """Add the command."""
    text = "judge a recorded clip again: exit code 0 seen, 1 not"
    about = "Judge a recorded clip frame by frame, as a test would. Exit code 0: seen, 1: never, 2: not judged."
    parser = commands.add_parser("replay", help=text, description=about)
    parser.add_argument("clip", metavar="CLIP.mp4", type=Path)
    _add_targets(parser.add_mutually_exclusive_group(required=True))
    pictures.add_region(parser)
    parser.add_argument("--threshold", type=pictures.share, metavar="SCORE", help="of --for: least score that counts")
    parser.add_argument("--lang", help="of --text and --pattern: the language, in Tesseract's words")
    parser.add_argument("--for-seconds", type=float, metavar="S", help="only once it has been so for S seconds")
    how = parser.add_mutually_exclusive_group()
    for name, does in (("not", "is not there"), ("appears", "comes"), ("gone", "was there and goes")):
        how.add_argument(f"--{name}", dest="how", action="store_const", const=name, help=f"when it {does}")
    parser.add_argument("--annotate", metavar="OUT.png", type=Path, help="draw the first frame, or the nearest one")
    parser.add_argument("--json", action="store_true", help="print when it was true as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Judge the clip on this machine, in an agent, as a device's stream is."""
    from pytest_virtualpytest import targets

    wanted, contents = _target(args)
    reply = pictures.judged(
        "replay", {"target": targets.to_wire(wanted)}, [pictures.read(args.clip), *contents], _SECONDS
    )
    if args.annotate and reply.blobs:
        pictures.write(args.annotate, reply.blobs[0])
    found: dict[str, Any] = reply.value
    print(json.dumps(_record(found)) if args.json else "\n".join(_words(found, args.clip, wanted)))
    return 0 if found["spans"] else 1


def _add_targets(parser: argparse._MutuallyExclusiveGroup) -> None:
    parser.add_argument("--for", dest="reference", metavar="REF.png", type=Path, help="a reference picture")
    parser.add_argument("--text", help="a text")
    parser.add_argument("--pattern", help="a text that matches a regular expression")
    parser.add_argument("--motion", action="store_true", help="the picture changes")
    parser.add_argument("--black", action="store_true", help="the picture is black")
    parser.add_argument("--frozen", type=float, metavar="S", help="the picture has not changed for S seconds")
    parser.add_argument("--color", metavar="COLOUR", help="the region is of a colour: red, #1e90ff")
    parser.add_argument("--silence", type=float, metavar="S", help="it has been silent for S seconds")
    parser.add_argument("--sound", type=float, metavar="S", help="there has been sound for S seconds")
    parser.add_argument("--tone", type=float, metavar="HZ", help="a tone of this pitch has been heard for 0.2 s")
    parser.add_argument("--speech", type=float, metavar="S", help="somebody has spoken for S seconds")
    parser.add_argument("--target", metavar="TARGET", help="as a test writes it: \"All('ok.png', Sound())\"")


def _target(args: argparse.Namespace) -> tuple[Target, list[bytes]]:
    """Return what *args* ask for, and the contents of its pictures."""
    from pytest_virtualpytest import looking, targets

    wanted: Target = _plain(args)
    if args.for_seconds is not None:
        wanted = targets.for_seconds(wanted, args.for_seconds)
    if args.how:
        wanted = {"not": targets.Not, "appears": targets.Appears, "gone": targets.Gone}[args.how](wanted)
    shas = dict.fromkeys(sha for image in targets.images(wanted) for sha in (image.sha, image.mask) if sha)
    return wanted, [looking.content(sha) for sha in shas]


def _plain(args: argparse.Namespace) -> Target:
    from pytest_virtualpytest import looking, targets

    if args.reference is not None:
        image = targets.Image(str(args.reference), args.region, args.threshold)
        return looking.described(image, args.reference)
    if args.text is not None or args.pattern is not None:
        return targets.Text(args.text or "", args.region, args.lang, pattern=args.pattern)
    if args.frozen is not None:
        return targets.Frozen(args.frozen, args.region)
    if args.color is not None:
        return targets.Color(args.color, args.region)
    if args.target is not None:
        return _written(args)
    return _heard(args) or (targets.Motion(args.region) if args.motion else targets.Black(args.region))


def _heard(args: argparse.Namespace) -> Target | None:
    from pytest_virtualpytest import targets

    kinds = {"silence": targets.Silence, "sound": targets.Sound, "tone": targets.Tone, "speech": targets.Speech}
    return next((made(getattr(args, name)) for name, made in kinds.items() if getattr(args, name) is not None), None)


def _written(args: argparse.Namespace) -> Target:
    """Return the target of --target, its pictures looked up from the present folder."""
    from pytest_virtualpytest import looking, targets
    from pytest_virtualpytest.cli import expression

    here = Path.cwd() / "-"
    found = targets.resolve(
        expression.target(args.target),
        lambda image: looking.described(image, looking.locate(image.name, here, (), None)),
        args.lang,
    )
    return targets.in_region(found, args.region)


def _words(found: dict[str, Any], clip: Path, wanted: Target) -> list[str]:
    from pytest_virtualpytest.models import Sighting

    if not found["spans"]:
        head = f"{clip}: {wanted}: in none of {found['frames']} frames ({found['seconds']:.2f} s)"
        if not found["nearest"]:
            return [head]
        return [f"{head}; nearest at {found['nearest_at']:.3f} s{_scored(Sighting.from_wire(found['nearest']))}"]
    lines = []
    for span in found["spans"]:
        seen = Sighting.from_wire(span["sighting"])
        until = f"{span['from']:.3f} s to {span['to']:.3f} s, frames {span['frame']} to {span['last']}"
        lines.append(f"{clip}: {wanted}: {until}{_scored(seen)}")
    return lines


def _scored(seen: Sighting) -> str:
    place = f", at {seen.region}" if seen.region else ""
    place += f", scale {seen.scale:g}" if seen.scale != 1 else ""
    return f"{place}, score {seen.score:.3f} of {seen.threshold:.3f}" + (f"; {seen.why}" if seen.why else "")


def _record(found: dict[str, Any]) -> dict[str, Any]:
    from pytest_virtualpytest.models import Sighting

    spans = [{**span, "sighting": pictures.record(Sighting.from_wire(span["sighting"]))} for span in found["spans"]]
    nearest = pictures.record(Sighting.from_wire(found["nearest"])) if found["nearest"] else None
    return {**found, "spans": spans, "nearest": nearest}
