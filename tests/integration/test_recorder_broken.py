"""Streams that break: cut off in the middle of a packet, without an index, of another size half-way."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from films import Film, number
from until import until
from virtualpytest_host import clip
from virtualpytest_host.picture import Picture
from virtualpytest_host.player import Player
from virtualpytest_host.recording import Recording
from virtualpytest_host.vision import offline
from virtualpytest_host.vision.judge import Judge

from pytest_virtualpytest.capabilities import Source
from pytest_virtualpytest.exceptions import CaptureError, VirtualPytestError
from pytest_virtualpytest.targets import Frozen, Motion, Target, to_wire


@contextmanager
def recorded(path: Path) -> Iterator[Recording]:
    """Give the recording of a film, which has ended."""
    with Recording(Source(str(path))) as held:
        until(lambda: held._told()["cause"] != "")
        yield held


def pictures(held: Recording) -> list[Picture]:
    player, end = Player(held, 0.0), time.monotonic() + 1
    return list(iter(lambda: player.next(end), None))  # type: ignore[arg-type]  # it ends with None


def cut_off(path: Path, share: float) -> Path:
    """Write what a copy of *path* has that was broken off."""
    data = path.read_bytes()
    cut = path.with_name(f"cut-{path.name}")
    cut.write_bytes(data[: round(len(data) * share) // 188 * 188 + 77])
    return cut


def grown(path: Path) -> Path:
    """Write a stream whose pictures are twice as large from the 25th on."""
    with av.open(str(path), "w", format="mpegts") as output:
        stream = output.add_mux_stream("h264", width=320, height=192)
        for turn, size in enumerate([(320, 192), (640, 384)]):
            for packet in encoded(Film(frames=25, size=size)):
                packet.pts += 25 * turn
                packet.dts, packet.stream = packet.pts, stream
                output.mux(packet)
    return path


def encoded(film: Film) -> Iterator[Any]:
    sender: Any = av.CodecContext.create("libx264", "w")
    sender.width, sender.height = film.size
    sender.pix_fmt, sender.framerate, sender.time_base, sender.options = "yuv420p", 50, Fraction(1, 50), film.options
    for place in range(film.frames):
        yield from sender.encode(film.picture(place))
    yield from sender.encode(None)


def verdicts(target: Target, seen: list[Picture]) -> list[bool]:
    judge = Judge(target, dict[str, bytes]().__getitem__)
    return [bool(judge.see(picture)) for picture in seen]


def test_stream_that_is_cut_off_gives_what_it_has_and_its_end(tmp_path: Path) -> None:
    with recorded(cut_off(Film().write(tmp_path / "film.ts"), 0.6)) as held:
        seen = pictures(held)

        assert held._told()["cause"] == "the stream ended"
    assert 24 < len(seen) < 32
    assert [number(picture.luma) for picture in seen] == list(range(len(seen)))


def test_file_that_is_cut_off_before_its_index_is_a_fault(tmp_path: Path) -> None:
    path = cut_off(Film().write(tmp_path / "film.mp4"), 0.6)

    with recorded(path) as held, pytest.raises(CaptureError) as caught:
        Player(held, None)

    assert (
        str(caught.value) == f"no picture from {path}: cannot open or read it: Invalid data found when processing input"
    )


def test_clip_that_is_cut_off_before_its_index_is_an_error(tmp_path: Path) -> None:
    data = cut_off(Film().write(tmp_path / "film.mp4"), 0.6).read_bytes()

    with pytest.raises(VirtualPytestError) as caught:
        offline.replay(data, target=to_wire(Motion()))

    assert str(caught.value) == "the clip cannot be read: Invalid data found when processing input"


def test_clip_that_is_cut_off_is_judged_as_far_as_it_goes(tmp_path: Path) -> None:
    data = cut_off(Film().write(tmp_path / "film.ts"), 0.6).read_bytes()

    told = offline.replay(data, target=to_wire(Motion())).value

    assert 24 < told["frames"] < 32
    assert told["spans"][0]["frame"] == 1


def test_pictures_of_another_size_half_way_are_all_there_and_judged(tmp_path: Path) -> None:
    with recorded(grown(tmp_path / "grown.ts")) as held:
        seen = pictures(held)
        data, seconds, _ = clip.cut(held, seen[0].captured, time.monotonic())

    assert [picture.width for picture in seen] == [320] * 25 + [640] * 25
    assert [number(picture.luma) for picture in seen] == [*range(25), *range(25)]
    assert [place for place, moved in enumerate(verdicts(Motion(), seen)) if not moved] == [0, 25]
    assert not any(verdicts(Frozen(0.1), seen))
    assert not any(picture.gap for picture in seen)
    assert seconds == pytest.approx(1.0, abs=0.03)
    assert offline.replay(data, target=to_wire(Motion())).value["frames"] == 50
