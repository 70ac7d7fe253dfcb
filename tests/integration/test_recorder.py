"""The recorder: one process for one source, for whoever reads, for as long as somebody does."""

from __future__ import annotations

import http.server
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import recorders
from bench import ended
from films import Film, sound_only
from stopping import stop
from until import until
from virtualpytest_host import recording, ring
from virtualpytest_host.controllers.video import Video
from virtualpytest_host.recording import Recording

from pytest_virtualpytest.capabilities import Source
from pytest_virtualpytest.exceptions import CaptureError

_READER = """
import sys
from pytest_virtualpytest.capabilities import Source
from virtualpytest_host import ring
from virtualpytest_host.recording import Recording
with Recording(Source(sys.argv[1])) as held:
    print(held.first(ring.VIDEO, float("inf")).pts, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def film(tmp_path: Path) -> Source:
    """Give a source that lasts a second."""
    return Source(str(Film().write(tmp_path / "clip.ts")))


@pytest.fixture
def quick_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have recorders linger for a moment only."""
    monkeypatch.setenv("VPT_LINGER", "0.3")


@pytest.fixture
def web() -> Iterator[int]:
    """Give the port of a web server that has nothing for anybody."""
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def reader(source: Source) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _READER, source.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


@pytest.fixture
def held(film: Source) -> Iterator[Recording]:
    """Give a hold on the recorder of the film."""
    with Recording(film) as held:
        held.first(ring.VIDEO, time.monotonic() + 20)
        yield held


def test_several_processes_share_one_recorder(film: Source) -> None:
    readers = [reader(film) for _ in range(4)]

    first = [one.stdout.readline() for one in readers if one.stdout]
    working = recorders.pids(film)

    assert all(first)
    assert len(working) == 1
    for one in readers:
        one.communicate(timeout=20)


def test_recorder_outlives_the_process_that_started_it(film: Source) -> None:
    first = reader(film)
    assert first.stdout is not None
    first.stdout.readline()
    (before,) = recorders.pids(film)
    first.kill()
    first.communicate()

    with Recording(film) as held:
        entry = held.first(ring.VIDEO, time.monotonic() + 20)

    assert recorders.pids(film) == [before]
    assert entry.number > 0


def test_recorder_ends_some_time_after_its_last_reader(film: Source, quick_end: None) -> None:
    with Recording(film), Recording(film):
        (pid,) = recorders.pids(film)
        room = recording.room(recording.folder(film))

    until(lambda: ended(pid))
    assert not room.exists()


def test_recorder_whose_folder_is_gone_ends_too(film: Source, tmp_path: Path, quick_end: None) -> None:
    with Recording(film):
        (pid,) = recorders.pids(film)
        room = recording.room(recording.folder(film))
        shutil.move(recording.folder(film), tmp_path / "gone")

    until(lambda: ended(pid))
    assert not room.exists()


def test_next_recorder_sweeps_what_a_killed_one_has_left(film: Source, tmp_path: Path) -> None:
    Recording(film).close()
    room = recording.room(recording.folder(film))
    recorders.kill(film)

    with Recording(Source(str(Film().write(tmp_path / "other.ts")))) as other:
        assert not room.exists()
        other.wait(0)


def test_recorder_stays_while_one_of_its_readers_does(film: Source, quick_end: None) -> None:
    with Recording(film) as held:
        for _ in range(3):
            Recording(film).close()
        begin = time.monotonic()
        until(lambda: time.monotonic() - begin > 1)

        held.wait(0)

        assert len(recorders.pids(film)) == 1


def test_reader_that_comes_as_a_recorder_ends_gets_another(film: Source, quick_end: None) -> None:
    for pause in (0.29, 0.3, 0.31, 0.32, 0.35):
        begin = time.monotonic()
        Recording(film).close()
        until(lambda begin=begin, pause=pause: time.monotonic() - begin > pause)

        with Recording(film) as held:
            assert held.first(ring.VIDEO, time.monotonic() + 20)


def test_stopped_reader_does_not_hold_the_recorder_up(tmp_path: Path) -> None:
    source = Source(str(Film(frames=400, fps=100).write(tmp_path / "long.ts")))
    stopped = reader(source)
    assert stopped.stdout is not None
    stopped.stdout.readline()
    stop(stopped.pid)

    with Recording(source) as held:
        begin = held.ring.newest
        until(lambda: held.ring.newest > begin + 200)

    os.kill(stopped.pid, signal.SIGCONT)
    stopped.communicate(timeout=20)


def test_killed_recorder_is_told_and_started_again(held: Recording, film: Source) -> None:
    recorders.kill(film)

    with pytest.raises(CaptureError) as caught:
        held.wait(5)

    assert str(caught.value) == (
        f"the recorder of {film.url} ended; its log: {recording.folder(film) / 'recorder.log'}"
    )
    with Recording(film) as second:
        assert second.first(ring.VIDEO, time.monotonic() + 20)


def test_what_a_killed_recorder_held_can_still_be_read(held: Recording, film: Source) -> None:
    recorders.kill(film)

    entry = held.ring.entry(held.ring.newest)

    assert entry is not None
    assert held.ring.data(entry)


def test_everything_of_a_recorder_is_for_owner_and_group_only(held: Recording, film: Source) -> None:
    place = recording.folder(film)
    room = recording.room(place)

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [*place.iterdir(), *room.iterdir()]}

    assert stat.S_IMODE(place.stat().st_mode) == stat.S_IMODE(room.stat().st_mode) == 0o700
    assert set(modes) == {"lock", "recorder.log", "ring", "sock", "source.json", "start.lock", "streams.json"}
    assert {name: oct(mode) for name, mode in modes.items() if mode & 0o007} == {}


def test_room_that_somebody_else_has_made_is_not_used(film: Source, tmp_path: Path) -> None:
    if os.getuid():
        pytest.skip("needs root, to act as another account")
    place = recording.folder(film)
    room = recording.room(place)
    os.chown(room, 12345, 12345)

    refuge = recording.room(place)

    room.rmdir()
    assert room.parent == Path("/dev/shm")
    assert refuge == place


def test_recorder_and_ring_take_less_than_64_mib(noise: Path) -> None:
    source = Source(str(noise))

    with Recording(source) as held:
        until(lambda: held.ring.oldest() > 5)
        (pid,) = recorders.pids(source)
        lines = (line.split() for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        memory = {line[0]: int(line[1]) / 1024 for line in lines if line[0].startswith("Rss")}

    assert memory["RssShmem:"] > 15
    assert memory["RssAnon:"] + memory["RssShmem:"] < 64  # its libraries are shared with every other process


@pytest.mark.parametrize(
    "url",
    [
        "rtsp://ann:sesame@127.0.0.1:1/live",
        "rtsp://ann:ses@me@127.0.0.1:1/live",
        "http://127.0.0.1:1/live.ts?user=ann&password=sesame",
        "http://ann:sesame@127.0.0.1:{web}/live.ts",
    ],
)
def test_password_of_a_source_is_never_shown(url: str, web: int) -> None:
    video = Video(url.format(web=web))

    with Recording(video.stream()) as held, pytest.raises(CaptureError) as caught:
        held.first(ring.VIDEO, time.monotonic() + 20)

    place = recording.folder(video.stream())
    (pid,) = recorders.pids(video.stream())
    shown = [
        str(caught.value), *video.resources(), Path(f"/proc/{pid}/cmdline").read_text(),
        (place / "streams.json").read_text(), (place / "recorder.log").read_text(),
    ]  # fmt: skip
    assert "/live" in str(caught.value)
    assert not [text for text in shown if "me@" in text or "sesame" in text]


def test_absent_camera_says_what_is_attached() -> None:
    attached = ", ".join(sorted(map(str, Path("/dev").glob("video*")))) or "no camera"
    source = Video("/dev/video97").stream()

    with Recording(source) as held, pytest.raises(CaptureError) as caught:
        held.first(ring.VIDEO, time.monotonic() + 20)

    assert str(caught.value) == (
        "no picture from /dev/video97: cannot open or read it: No such file or directory; attached: " + attached
    )


def test_source_that_is_no_stream_says_so(tmp_path: Path) -> None:
    (tmp_path / "core").write_bytes(bytes(range(256)) * 100)

    with Recording(Source(str(tmp_path / "core"))) as held, pytest.raises(CaptureError) as caught:
        held.first(ring.VIDEO, time.monotonic() + 20)

    assert "core: cannot open or read it: Invalid data found when processing input" in str(caught.value)


def test_sound_without_picture_is_told(tmp_path: Path) -> None:
    with Recording(Source(str(sound_only(tmp_path / "radio.ts")))) as held, pytest.raises(CaptureError) as caught:
        held.first(ring.VIDEO, time.monotonic() + 20)

    assert str(caught.value) == f"no picture from {tmp_path / 'radio.ts'}: its stream has none"


@pytest.mark.parametrize("form", ["", "mpegts"])
def test_film_is_played_once_and_its_end_is_told(form: str, tmp_path: Path) -> None:
    film = Film(frames=5).write(tmp_path / "clip.ts")

    with Recording(Source(str(film), form)) as held:
        held.first(ring.VIDEO, time.monotonic() + 20)
        with pytest.raises(CaptureError) as caught:
            until(held.check)

        assert str(caught.value) == f"no picture from {film}: the stream ended"
        assert held.ring.newest == 5
