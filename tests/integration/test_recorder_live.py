"""Live sources: a transport stream over TCP, pictures that the capture gives raw."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from films import Film, number
from virtualpytest_host import ring
from virtualpytest_host.picture import Picture
from virtualpytest_host.player import Player
from virtualpytest_host.recording import Recording

from pytest_virtualpytest.capabilities import Source

Air = Callable[[Film], Source]


@pytest.fixture
def air(tmp_path: Path) -> Iterator[Air]:
    """Give a function that puts a film on the air: each who connects gets it once, from its beginning."""
    with ExitStack() as stack:

        def start(film: Film) -> Source:
            data = film.write(tmp_path / "clip.ts").read_bytes()
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            thread = threading.Thread(target=_serve, args=(listener, data))
            thread.start()
            stack.callback(thread.join)
            stack.callback(listener.shutdown, socket.SHUT_RDWR)
            return Source(f"tcp://127.0.0.1:{listener.getsockname()[1]}", "mpegts")

        yield start


def _serve(listener: socket.socket, data: bytes) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            connection.sendall(data)


def pictures(held: Recording, count: int) -> list[Picture]:
    held.first(ring.VIDEO, time.monotonic() + 20)
    player, end = Player(held, 0.0), time.monotonic() + 20
    return [picture for picture in (player.next(end) for _ in range(count)) if picture]


def test_every_picture_of_a_live_stream_is_kept(air: Air) -> None:
    with Recording(air(Film())) as held:
        seen = pictures(held, 50)

    assert [number(picture.luma) for picture in seen] == list(range(50))
    assert not any(picture.gap for picture in seen)


def test_live_stream_that_needs_a_parser_is_kept_from_a_key_frame_on(air: Air) -> None:
    with Recording(air(Film(codec="mpeg2video", options={"bf": "2", "g": "12"}))) as held:
        seen = pictures(held, 20)

    first = number(seen[0].luma)
    assert [number(picture.luma) for picture in seen] == list(range(first, first + 20))
    assert not any(picture.gap for picture in seen)


def test_pictures_of_any_size_come_whole(air: Air) -> None:
    options = {"preset": "ultrafast", "tune": "zerolatency", "crf": "4", "g": "5"}
    noisy = Film(6, 50, options=options, size=(1280, 720), noise=True)

    with Recording(air(noisy)) as held:
        seen = pictures(held, 6)
        entries = [held.ring.entry(place) for place in range(1, 7)]

    assert max(entry.size for entry in entries if entry) > 300_000
    assert len(seen) == 6
    assert not any(picture.gap for picture in seen)


def test_stream_that_ends_is_opened_again_as_another_piece(air: Air) -> None:
    with Recording(air(Film(frames=20))) as held:
        seen = pictures(held, 40)

    assert [number(picture.luma) for picture in seen] == [*range(20), *range(20)]
    assert [place for place, picture in enumerate(seen) if picture.gap] == [20]
    assert len({picture.generation for picture in seen}) == 2


def test_raw_pictures_are_kept_encoded_with_two_key_frames_a_second() -> None:
    raw = Source("testsrc=size=640x360:rate=25,realtime", "lavfi")

    with Recording(raw) as held:
        seen = pictures(held, 30)
        video = [entry for entry in (held.ring.entry(place) for place in range(1, 30)) if entry]
        facts = held.facts(video[0].generation, "video")

    assert facts is not None
    assert facts["codec"] == "h264"
    assert (seen[0].width, seen[0].height) == (640, 360)
    assert [place for place, entry in enumerate(video) if entry.key] == [0, 12, 24]
    assert seen[-1].pts - seen[0].pts == pytest.approx(29 / 25)
