"""Files of pictures and clips that commands judge, and the options of such commands."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_virtualpytest.exceptions import VirtualPytestError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_virtualpytest.models import Region, Sighting
    from pytest_virtualpytest.wire import Reply


def add_region(parser: argparse.ArgumentParser) -> None:
    """Let *parser* take a region."""
    parser.add_argument("--region", metavar="X,Y,W,H", type=region, help="where to look, in pixels of the frame")


def region(text: str) -> Region:
    """Return the region that *text* writes."""
    from pytest_virtualpytest.models import Region

    try:
        found = Region(*(int(word) for word in text.split(",")))
    except (TypeError, ValueError):
        found = None
    if found is None or min(found) < 0 or not (found.width and found.height):
        raise argparse.ArgumentTypeError(f"{text!r} is no region; write X,Y,WIDTH,HEIGHT, such as 40,20,320,90")
    return found


def share(text: str) -> float:
    """Return the score that *text* writes."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no score above 0 and at most 1")
    return value


def judged(method: str, values: Mapping[str, Any], blobs: Sequence[bytes], seconds: float = 60.0) -> Reply:
    """Return what an agent on this machine says of pictures: it judges them as it does a device's."""
    from pytest_virtualpytest import config
    from pytest_virtualpytest.cli.bench import opened

    lab = config.builtin()
    with opened(lab) as bench:
        return bench.bare(next(iter(lab.hosts)), method, values, blobs, seconds)


def record(seen: Sighting) -> dict[str, object]:
    """Return *seen* as JSON has it, without what only a device's stream knows."""
    place = list(seen.region) if seen.region else None
    values = {"found": seen.found, "score": seen.score, "threshold": seen.threshold}
    return {**values, "region": place, "scale": seen.scale, "why": seen.why}


def read(path: Path) -> bytes:
    """Return the content of *path*."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise VirtualPytestError(f"{path} cannot be read: {error.strerror}") from error


def write(path: Path, data: bytes) -> None:
    """Write *data* to *path*."""
    try:
        path.write_bytes(data)
    except OSError as error:
        raise VirtualPytestError(f"{path} cannot be written: {error.strerror}") from error
