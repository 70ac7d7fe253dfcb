"""Judge pictures and clips that no device shows."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import av
import numpy as np

from pytest_virtualpytest import targets
from pytest_virtualpytest.exceptions import VirtualPytestError
from pytest_virtualpytest.models import Region, Sighting
from pytest_virtualpytest.targets import Black, Frozen, Image, Motion
from pytest_virtualpytest.wire import Reply
from virtualpytest_host.needs import host_extra
from virtualpytest_host.picture import Picture
from virtualpytest_host.sound import offline as sound
from virtualpytest_host.vision import match, reading, table
from virtualpytest_host.vision.draw import annotate
from virtualpytest_host.vision.judge import Judge
from virtualpytest_host.vision.leaves import SeesBlack, SeesMotion
from virtualpytest_host.vision.planes import Plane
from virtualpytest_host.vision.reference import Reference
from virtualpytest_host.vision.still import Stillness

with host_extra("vision"):
    import cv2


def match_pictures(
    frame: bytes, reference: bytes, region: Sequence[int] | None = None, threshold: float | None = None
) -> Reply:
    """Return the sighting of *reference* in *frame*, both encoded pictures, and what was seen, drawn, as PNG."""
    picture = Picture.from_bgr(_decoded(frame))
    target = Image("the reference", Region(*region) if region else None, threshold)
    wanted = Reference.decode(target.name, reference)
    found = match.find(picture, wanted, target.region, threshold)
    seen = Sighting(
        found.found, target.name, score=found.score, threshold=found.threshold, region=found.region,
        why="" if found.found else found.why,
    )  # fmt: skip
    return Reply(seen.to_wire(), [annotate(picture, seen, wanted, target.region)])


def read_picture(
    frame: bytes,
    region: Sequence[int] | None = None,
    lang: str = "eng",
    colour: Sequence[int] | None = None,
    table: bool = False,
) -> Reply:
    """Return what is written in *frame*: its lines with place and confidence, or names and values."""
    picture = Picture.from_bgr(_decoded(frame))
    ink = (colour[0], colour[1], colour[2]) if colour else None
    manner = reading.Manner(Region(*region) if region else None, lang, ink)
    return Reply(_table(picture, manner) if table else [_line(line) for line in reading.lines(picture, manner)])


def replay(clip: bytes, *references: bytes, target: Mapping[str, Any]) -> Reply:
    """Return when *target* is true in *clip*, or how near it came, and the first such frame drawn as PNG."""
    contents = {hashlib.sha256(content).hexdigest(): content for content in references}
    judge = Judge(targets.from_wire(target), contents.__getitem__, sound.beside(clip, _zero(clip)))
    spans: list[dict[str, Any]] = []
    best: tuple[Sighting, Picture] | None = None
    number, picture, was = -1, None, False
    for number, picture in enumerate(_frames(clip)):
        seen = judge.see(picture)
        if seen and not was:
            spans.append({"from": picture.pts, "frame": number, "sighting": seen.to_wire()})
        if seen:
            spans[-1] |= {"to": picture.pts, "last": number}
        if best is None or (seen.found, seen.score) > (best[0].found, best[0].score):
            best = seen, picture
        was = bool(seen)
    if picture is None or best is None:
        raise VirtualPytestError("the clip has no picture")
    near = None if spans else best[0].to_wire()
    found = {"frames": number + 1, "seconds": picture.pts, "spans": spans, "nearest": near, "nearest_at": best[1].pts}
    return Reply(found, [judge.annotated(best[1], best[0])])


def motion(clip: bytes, region: Sequence[int] | None = None, threshold: int = 25, still: float = 0.5) -> Reply:
    """Return when the picture of *clip* moves, stands still for *still* seconds or more, and is black.

    It moves on where it rests for less than *still*. ``most`` is the largest change from one frame to the next, 0–255.
    """
    area = Region(*region) if region else None
    moves, rest = SeesMotion(Motion(area, threshold)), Stillness(area, Frozen().threshold)
    found: dict[str, list[dict[str, float]]] = {"moving": [], "still": [], "black": []}
    frames, at, most = 0, 0.0, 0.0
    for picture in _frames(clip):
        frames, before, at = frames + 1, at, picture.pts
        moved, dark = moves.see(picture), SeesBlack(Black(area)).see(picture)
        rest.see(picture)
        most = max(most, moved.score)
        if moved.state:
            _extend(found["moving"], at, at, still)
        if rest.anchor and rest.seconds(picture) >= still:
            _extend(found["still"], rest.anchor.pts, at, 0.0)
        if dark.state:
            _extend(found["black"], at, at, 1.5 * (at - before))
    if not frames:
        raise VirtualPytestError("the clip has no picture")
    return Reply({"frames": frames, "seconds": at, "most": round(255 * most, 1), **found})


def _extend(spans: list[dict[str, float]], begin: float, end: float, pause: float) -> None:
    """Let the last of *spans* go on to *end* if it ended less than *pause* before *begin*, or begin another."""
    if spans and (begin == spans[-1]["from"] or begin - spans[-1]["to"] < pause):
        spans[-1]["to"] = end
    else:
        spans.append({"from": begin, "to": end})


def _zero(clip: bytes) -> float:
    """Return the time of the first picture of *clip* on its own clock."""
    return next((float(frame.time or 0.0) for frame in _decoded_frames(clip)), 0.0)


def _frames(clip: bytes) -> Iterator[Picture]:
    """Yield every picture of *clip*, its times counted from the first."""
    zero: float | None = None
    for frame in _decoded_frames(clip):
        time = float(frame.time or 0.0)
        zero = time if zero is None else zero
        yield Picture.from_av(frame, pts=round(time - zero, 4), captured=time - zero)


def _decoded_frames(clip: bytes) -> Iterator[Any]:
    try:
        with av.open(io.BytesIO(clip), "r") as container:
            if not container.streams.video:
                raise VirtualPytestError("the clip has no picture")
            yield from container.decode(video=0)
    except av.FFmpegError as error:
        raise VirtualPytestError(f"the clip cannot be read: {error.strerror}") from error


def _line(line: reading.Line) -> dict[str, Any]:
    place = list(reading.around(line))
    return {"text": reading.plain(line), "region": place, "confidence": reading.sure(line)}


def _table(picture: Picture, manner: reading.Manner) -> dict[str, str]:
    return table.read(picture, manner)


def _decoded(frame: bytes) -> Plane:
    pixels = cv2.imdecode(np.frombuffer(frame, np.uint8), cv2.IMREAD_COLOR) if frame else None
    if pixels is None:
        raise VirtualPytestError("the frame cannot be read as a picture")
    return np.asarray(pixels, np.uint8)
