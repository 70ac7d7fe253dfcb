"""What is read out of a recording: every picture once, clips, the level of the sound."""

from __future__ import annotations

import hashlib
import io
import itertools
import math
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import av
import pytest
from films import Film, number
from until import until
from virtualpytest_host import clip, ring
from virtualpytest_host.player import Player
from virtualpytest_host.recording import Recording
from virtualpytest_host.sound import level

from pytest_virtualpytest.capabilities import Source
from pytest_virtualpytest.exceptions import CaptureError, VirtualPytestError

CAREFUL = {"preset": "fast", "bf": "2", "g": "12", "sc_threshold": "0"}
HEVC = {"x265-params": "log-level=none:keyint=12:bframes=2"}

Play = Callable[..., Recording]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder for films that have been played: their recorders are still there for the next test."""
    return tmp_path_factory.mktemp("shelf")


@pytest.fixture
def play(tmp_path: Path, shelf: Path) -> Iterator[Play]:
    """Give a function that has a film recorded: to its end, unless it is wanted live."""
    with ExitStack() as stack:

        def start(film: Film | Path, name: str = "clip.ts", *, live: bool = False, **about: Any) -> Recording:
            path = film if isinstance(film, Path) else tmp_path / name if live else shelf / f"{_key(film)}{name}"
            if isinstance(film, Film) and not path.exists():
                film.write(path)
            held = stack.enter_context(Recording(Source(str(path), **about)))
            if not live and isinstance(film, Film):
                until(lambda: "ended" in held._told()["cause"])
            return held

        yield start


def _key(film: Film) -> str:
    return hashlib.sha256(repr(film).encode()).hexdigest()[:8]


def shown(player: Player, count: int) -> list[int]:
    """Return the numbers of the next *count* pictures."""
    end = time.monotonic() + 20
    pictures = (player.next(end) for _ in range(count))
    return [number(picture.luma) for picture in pictures if picture]


def sounded(held: Recording) -> float:
    """Return the seconds from the first sound that the ring holds to the newest, which it may still be receiving."""
    found = [held.ring.entry(place) for place in range(held.ring.oldest(), held.ring.newest + 1)]
    sound = [entry for entry in found if entry and entry.stream == ring.AUDIO]
    facts = held.facts(sound[-1].generation, "audio") if sound else None
    return (sound[-1].pts - sound[0].pts) * facts["base"][0] / facts["base"][1] if facts else 0.0


def times(held: Recording) -> list[float]:
    """Return when each picture that the ring holds was captured, the first to arrive first."""
    entries = (held.ring.entry(place) for place in range(1, held.ring.newest + 1))
    return [held.captured(entry) for entry in entries if entry and entry.stream == ring.VIDEO]


@pytest.mark.parametrize(
    ("name", "film", "held_back"),
    [
        ("clip.ts", Film(), 0),
        ("clip.ts", Film(options=CAREFUL), 2),
        ("clip.mp4", Film(options=CAREFUL), 2),
        ("clip.mkv", Film(codec="libx265", options=HEVC), 2),
        ("clip.ts", Film(codec="mpeg2video", options={"bf": "2", "g": "12"}), 1),
        ("clip.avi", Film(codec="mjpeg", options={"q:v": "3"}), 0),
    ],
    ids=["h264", "h264-b-frames", "h264-mp4", "hevc", "mpeg2", "mjpeg"],
)
def test_every_picture_once_and_in_order(play: Play, name: str, film: Film, held_back: int) -> None:
    held = play(film, name, live=True)

    seen = shown(Player(held, 0.0), film.frames - held_back)

    assert seen == list(range(film.frames - held_back))


@pytest.mark.parametrize("place", [0, 7, 10, 33, 49])
def test_playing_begins_at_any_past_moment(play: Play, place: int) -> None:
    held = play(Film())
    moment = times(held)[place]

    seen = shown(Player(held, moment), 50 - place)

    assert seen == list(range(place, 50))


def test_playing_begins_with_the_newest_picture(play: Play) -> None:
    held = play(Film())

    seen = shown(Player(held), 1)

    assert seen == [49]


def test_playing_goes_on_over_a_jump_of_the_clock_and_tells_the_gap(play: Play) -> None:
    held = play(Film(frames=40, pause=(20, 50.0)))
    player, end = Player(held, 0.0), time.monotonic() + 20

    seen = [picture for picture in (player.next(end) for _ in range(40)) if picture]

    assert [number(picture.luma) for picture in seen] == list(range(40))
    assert [number(picture.luma) for picture in seen if picture.gap] == [20]
    assert len({picture.generation for picture in seen}) == 2


def test_reader_that_falls_behind_goes_on_at_a_key_frame_and_tells_the_gap(play: Play, noise: Path) -> None:
    held = play(noise)
    player = Player(held, 0.0)
    first = player.next(time.monotonic() + 20)
    until(lambda: held.ring.oldest() > 10)

    second = player.next(time.monotonic() + 20)

    assert first is not None
    assert second is not None
    assert not first.gap
    assert second.gap
    assert second.pts - first.pts > 2 / 50


def test_moment_before_the_ring_began_to_forget_is_an_error(play: Play, noise: Path) -> None:
    held = play(noise)
    until(lambda: held.ring.oldest() > 1)
    begin = held.began()

    with pytest.raises(VirtualPytestError, match=r"goes back \d s only, `since` is \d\.\d s ago") as caught:
        Player(held, begin, whole=True)

    assert type(caught.value) is VirtualPytestError


def test_moment_before_the_recorder_was_started_is_a_fault(play: Play) -> None:
    held = play(Film(), live=True)

    with pytest.raises(CaptureError, match=r"`since` is .* s ago, but the recorder of .*clip.ts was started later"):
        Player(held, held.began() - 1, whole=True)


def test_damaged_packet_is_a_missing_picture_and_a_gap(play: Play, tmp_path: Path) -> None:
    data = Film().write(tmp_path / "whole.ts").read_bytes()
    middle = len(data) // 188 // 2 * 188
    (tmp_path / "torn.ts").write_bytes(data[:middle] + data[middle + 188 * 4 :])
    with Recording(Source(str(tmp_path / "torn.ts"))) as held:
        until(lambda: "ended" in held._told()["cause"])

        player, end = Player(held, 0.0), time.monotonic() + 1
        pictures = list(itertools.takewhile(lambda picture: picture, (player.next(end) for _ in range(50))))

    numbers = [number(picture.luma) for picture in pictures if picture]
    gaps = [number(picture.luma) for picture in pictures if picture and picture.gap]
    assert numbers == sorted(set(numbers))
    assert 30 < len(numbers) < 50
    assert gaps


def test_picture_tells_its_time_its_clock_and_how_sure_that_is(play: Play) -> None:
    held = play(Film(first=400.0), latency=0.08, latency_error=0.005)

    picture = Player(held, 0.0).next(time.monotonic() + 5)

    assert picture is not None
    assert 400 <= picture.pts < 402
    entry = held.ring.entry(1)
    assert entry is not None
    assert picture.captured == pytest.approx(entry.captured - 0.08)
    assert picture.error == pytest.approx(entry.error + 0.01 + 0.005)


def decoded(mp4: bytes) -> tuple[list[Any], list[Any], Any]:
    """Return the pictures and the sound of a clip, and its container."""
    container: Any = av.open(io.BytesIO(mp4))
    frames = list(container.decode())
    video = [frame for frame in frames if isinstance(frame, av.VideoFrame)]
    return video, [frame for frame in frames if isinstance(frame, av.AudioFrame)], container


@pytest.mark.parametrize(
    ("film", "name", "sound"),
    [
        (Film(sound="aac", first=3000.0), "clip.ts", "aac"),
        (Film(sound="aac", options=CAREFUL), "clip.mp4", "aac"),
        (Film(sound="mp2", codec="mpeg2video", options={"g": "10", "bf": "2"}), "clip.ts", "mp3float"),
        (Film(sound="pcm_s16le", codec="mjpeg", options={"q:v": "3"}), "clip.avi", ""),
    ],
    ids=["h264", "h264-mp4", "mpeg2", "mjpeg"],
)
def test_clip_plays_from_its_first_to_its_last_picture(play: Play, film: Film, name: str, sound: str) -> None:
    held = play(film, name)

    mp4, seconds, captured = clip.cut(held, 0.0, time.monotonic())

    video, audio, container = decoded(mp4)
    assert [number(frame.to_ndarray()[: frame.height]) for frame in video] == list(range(50))
    assert seconds == pytest.approx(1.0, abs=0.001)
    assert video[-1].time - video[0].time == pytest.approx(49 / 50, abs=0.001)
    assert float(container.duration / av.time_base) == pytest.approx(1.0, abs=0.1)
    assert captured == times(held)[0]
    assert [stream.codec_context.name for stream in container.streams.audio] == ([sound] if sound else [])
    heard = sum(frame.samples / frame.sample_rate for frame in audio)
    assert heard == pytest.approx(1.0 if sound else 0.0, abs=0.12)


def test_clip_holds_the_very_packets_of_the_stream(play: Play) -> None:
    held = play(Film())
    entries = [held.ring.entry(place) for place in range(1, 51)]

    mp4, _, _ = clip.cut(held, 0.0, time.monotonic())

    packets = [held.ring.data(entry) or b"" for entry in entries if entry]
    assert all(packet.rpartition(b"\0\0\1")[2] in mp4 for packet in packets)


def test_clip_begins_at_the_key_frame_before_and_ends_in_time(play: Play) -> None:
    held = play(Film())
    moments = times(held)

    mp4, seconds, captured = clip.cut(held, moments[17], moments[31])

    video, _, _ = decoded(mp4)
    assert [number(frame.to_ndarray()[: frame.height]) for frame in video] == list(range(10, 32))
    assert seconds == pytest.approx(22 / 50)
    assert captured == moments[10]


def test_clip_tells_its_time_without_the_latency_of_the_capture(play: Play) -> None:
    held = play(Film(), latency=0.5)
    moments = times(held)

    _, _, captured = clip.cut(held, moments[12], time.monotonic())

    entry = held.ring.entry(11)
    assert entry is not None
    assert captured == moments[10] == entry.captured - 0.5


def test_clip_of_a_stream_that_began_anew_holds_its_newest_piece(play: Play) -> None:
    held = play(Film(frames=40, pause=(20, 100.0)))

    mp4, seconds, _ = clip.cut(held, 0.0, time.monotonic())

    video, _, _ = decoded(mp4)
    assert [number(frame.to_ndarray()[: frame.height]) for frame in video] == list(range(20, 40))
    assert seconds == pytest.approx(20 / 50)


@pytest.mark.parametrize(
    ("sound", "name", "error"), [("aac", "clip.ts", 0.5), ("pcm_s16le", "clip.mkv", 0.02), ("mp2", "clip.ts", 0.5)]
)
def test_level_of_a_tone(play: Play, sound: str, name: str, error: float) -> None:
    held = play(Film(sound=sound, tone=0.25), name)

    found = level.measure(held, 0.5)

    assert found.rms == pytest.approx(20 * math.log10(0.25 / math.sqrt(2)), abs=error)
    assert found.peak == pytest.approx(20 * math.log10(0.25), abs=10 * error)
    assert found.seconds == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(("sound", "name"), [("aac", "clip.ts"), ("pcm_s16le", "clip.mkv"), ("mp2", "clip.ts")])
def test_level_of_silence(play: Play, sound: str, name: str) -> None:
    held = play(Film(sound=sound, tone=0.0), name)

    found = level.measure(held, 0.5)

    assert found.rms < -90


def test_level_tells_how_much_sound_there_was(play: Play) -> None:
    held = play(Film(sound="pcm_s16le"), "clip.mkv", live=True)
    until(lambda: sounded(held) > 0.5)
    before = sounded(held)

    found = level.measure(held, 30.0)

    assert before - 0.05 <= found.seconds <= sounded(held) + 0.05


def test_level_of_a_stream_without_sound(play: Play) -> None:
    held = play(Film(), live=True)

    with pytest.raises(CaptureError) as caught:
        level.measure(held, 0.5)

    assert str(caught.value) == f"no sound from {held}: its stream has none"
