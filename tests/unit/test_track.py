"""A source's packets on their way into the ring: their times, and that each can be decoded by itself."""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from films import RATE, Film, number
from virtualpytest_host import ring
from virtualpytest_host.player import decoder
from virtualpytest_host.track import Envelope, Track, adts, is_key

CAREFUL = {"preset": "fast", "bf": "3", "g": "10"}
LATE = 0.05  # seconds that the least delayed packet of these streams takes


def arrivals(drift: float, jitter: float, seconds: float = 60.0) -> Iterator[tuple[float, float, float]]:
    """Yield when each picture was shown, its time on the device's drifting clock, and when it arrived."""
    chance = random.Random(4)
    for frame in range(round(seconds * 25)):
        shown = frame / 25
        hiccup = 0.4 if frame % 97 == 13 else 0.0
        yield shown, 7000 + shown * (1 + drift), shown + LATE + chance.random() * jitter + hiccup


def entries(path: Path, kind: str = "video", *, paced: bool = False) -> list[dict[str, Any]]:
    """Return what the ring would keep of the file at *path*."""
    container: Any
    with av.open(str(path)) as container:
        stream = next(stream for stream in container.streams if stream.type == kind)
        track = Track(stream, Envelope(), paced=paced)
        return [found for packet in container.demux(stream) if packet.size for found in track.entries(packet)]


def decoded(found: list[dict[str, Any]], codec: str, base: Fraction = Fraction(1, 90_000)) -> list[Any]:
    """Return the frames of *found*, by a decoder that knows nothing but the packets."""
    context: Any = av.CodecContext.create(codec, "r")
    frames = []
    for one in found:
        packet = av.Packet(one["data"])
        packet.pts, packet.dts, packet.time_base = one["pts"], one["dts"], base
        frames += context.decode(packet)
    return [*frames, *context.decode(None)]


@pytest.mark.parametrize(("rate", "layout"), [(48_000, "mono"), (0, "0 channels")], ids=["known", "not known yet"])
def test_sound_of_which_nothing_was_known_when_it_was_opened_is_decoded(tmp_path: Path, rate: int, layout: str) -> None:
    found = entries(Film(frames=25, fps=25, sound="aac").write(tmp_path / "film.ts"), "audio")
    context = decoder({"codec": "aac", "base": [1, 90_000], "rate": rate, "layout": layout})

    frames = [frame for one in found for frame in context.decode(av.Packet(one["data"]))]

    assert len(frames) > 30
    assert {(frame.sample_rate, frame.layout.name) for frame in frames} == {(48_000, "mono")}


@pytest.mark.parametrize("drift", [-100e-6, 0.0, 100e-6])
@pytest.mark.parametrize("jitter", [0.0, 0.005, 0.03])
def test_capture_times_follow_a_drifting_clock_within_their_error(drift: float, jitter: float) -> None:
    envelope = Envelope()
    off = []

    for shown, pts, arrival in arrivals(drift, jitter):
        envelope.note(pts, arrival)
        captured, error = envelope.map(pts, arrival)
        if shown > 3:
            off.append(abs(captured - shown - LATE) - error)

    assert max(off) < 0.002 + jitter / 10


def test_capture_is_never_later_than_the_arrival() -> None:
    envelope = Envelope()

    for _, pts, arrival in arrivals(50e-6, 0.02):
        envelope.note(pts, arrival)

        assert envelope.map(pts, arrival)[0] <= arrival


def test_first_capture_time_says_how_unsure_it_is() -> None:
    envelope = Envelope()
    envelope.note(7000.0, 12.0)

    captured, error = envelope.map(7000.0, 12.0)

    assert captured == 12.0
    assert error >= 0.02


def test_lasting_delay_is_learnt() -> None:
    envelope = Envelope()
    for frame in range(25 * 30):
        envelope.note(frame / 25, frame / 25 + (0.1 if frame < 250 else 0.3))

    captured, _ = envelope.map(30.0, 30.3)

    assert captured == pytest.approx(30.3)


def test_packets_keep_their_clock_and_their_order(tmp_path: Path) -> None:
    found = entries(Film(first=500.0).write(tmp_path / "clip.ts"))

    times = [one["pts"] / 90_000 for one in found]
    assert times == pytest.approx([times[0] + frame / 50 for frame in range(50)])
    assert all(one["stream"] == ring.VIDEO and not one["jump"] for one in found)


def test_jump_of_the_clock_is_told(tmp_path: Path) -> None:
    found = entries(Film(pause=(20, 30.0)).write(tmp_path / "clip.ts"))

    assert [place for place, one in enumerate(found) if one["jump"]] == [20]
    assert found[20]["flags"] & ring.GAP


def test_pause_of_the_stream_is_a_gap_on_the_same_clock(tmp_path: Path) -> None:
    found = entries(Film(frames=20, pause=(10, 1.2)).write(tmp_path / "clip.ts"), paced=True)

    assert [place for place, one in enumerate(found) if one["flags"] & ring.GAP] == [10]
    assert not any(one["jump"] for one in found)


def test_packets_lost_on_the_way_are_a_gap(tmp_path: Path) -> None:
    data = Film(frames=40).write(tmp_path / "clip.ts").read_bytes()
    cells = [data[place : place + 188] for place in range(0, len(data), 188)]
    middle = len(cells) // 2
    torn = tmp_path / "torn.ts"
    torn.write_bytes(b"".join(cells[:middle] + cells[middle + 5 :]))

    found = entries(torn)

    assert any(one["flags"] & ring.GAP for one in found)


def test_file_is_paced_by_its_own_clock(tmp_path: Path) -> None:
    found = entries(Film(frames=25).write(tmp_path / "clip.ts"), paced=True)

    taken = found[-1]["arrival"] - found[0]["arrival"]
    assert taken == pytest.approx(24 / 50, abs=0.2)


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("clip.mp4", "libx264", CAREFUL),
        ("clip.mkv", "libx264", CAREFUL),
        ("clip.mp4", "libx265", {"x265-params": "log-level=none"}),
    ],
)
def test_packets_of_a_container_can_stand_alone(name: str, codec: str, options: dict[str, str], tmp_path: Path) -> None:
    found = entries(Film(codec=codec, options=options).write(tmp_path / name))

    frames = decoded(found, "h264" if codec == "libx264" else "hevc")
    assert found[0]["data"].startswith((b"\0\0\0\1", b"\0\0\1"))
    assert [number(frame.to_ndarray()[: frame.height]) for frame in frames] == list(range(50))


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "clip.ts"])
def test_packets_of_sound_can_stand_alone(name: str, tmp_path: Path) -> None:
    found = entries(Film(sound="aac").write(tmp_path / name), "audio")

    samples = sum(frame.samples for frame in decoded(found, "aac"))
    assert all(one["data"][:2] in {b"\xff\xf1", b"\xff\xf9"} for one in found)
    assert samples == pytest.approx(RATE, abs=3000)


def test_raw_pictures_are_encoded_once(tmp_path: Path) -> None:
    found = entries(Film(codec="mjpeg", options={"q:v": "3"}).write(tmp_path / "clip.avi"))

    frames = decoded(found, "h264")
    assert [number(frame.to_ndarray()[: frame.height]) for frame in frames] == list(range(50))
    assert [place for place, one in enumerate(found) if one["flags"] & ring.KEY] == [0, 25]
    assert [one["pts"] for one in found] == list(range(50))


@pytest.mark.parametrize("options", [CAREFUL, {"preset": "ultrafast", "tune": "zerolatency", "g": "10"}])
def test_key_frames_are_where_decoding_can_begin(options: dict[str, str], tmp_path: Path) -> None:
    found = entries(Film(options=options | {"sc_threshold": "0"}).write(tmp_path / "clip.ts"))

    keys = [place for place, one in enumerate(found) if one["flags"] & ring.KEY]
    assert len(keys) == 5
    assert all(decoded(found[place : place + 5], "h264") for place in keys)


@pytest.mark.parametrize(
    ("codec", "units", "key"),
    [
        ("h264", ["09f0", "6764", "68ee", "65b8"], True),  # delimiter, parameter sets, IDR slice
        ("h264", ["09f0", "0605", "419a"], False),  # a slice that refers to others
        ("h264", ["09f0", "6742", "419a"], True),  # parameter sets before a recovery point
        ("h264", ["09f0"], False),
        ("hevc", ["4601", "4001", "2801"], True),  # delimiter, parameters, IDR
        ("hevc", ["4601", "0201"], False),
    ],
)
def test_key_frames_are_known_without_a_parser(codec: str, units: list[str], key: bool) -> None:
    data = b"".join(b"\0\0\1" + bytes.fromhex(unit) for unit in units)

    assert is_key(data, codec) is key


def test_adts_header_tells_profile_rate_channels_and_length() -> None:
    header = adts(bytes.fromhex("1190"), 100)  # AAC-LC, 48 kHz, stereo

    assert header == bytes.fromhex("fff14c800d7ffc")
