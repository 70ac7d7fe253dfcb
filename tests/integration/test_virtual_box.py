"""The virtual set-top box as a process: its stream, its truth, its clients."""

from __future__ import annotations

import itertools
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from boxes import Bench, running
from until import until
from viewer import Viewer, watching
from virtualpytest_host.virtual.product import CHANNELS, TONES

FRAME = 1 / 25


@pytest.fixture(scope="module")
def box() -> Iterator[Bench]:
    """Give a box."""
    with running("streamed") as bench:
        yield bench


@pytest.fixture(scope="module")
def viewer(box: Bench) -> Iterator[Viewer]:
    """Give somebody who watches it."""
    with watching(box.port("video")) as viewer:
        until(lambda: viewer.frames)
        yield viewer


@pytest.fixture(autouse=True)
def _rested(box: Bench) -> None:
    box.rest()


def changes(viewer: Viewer, after: float) -> list[tuple[bool, float]]:
    """Return whether the picture is black, at each change after the pts *after*, with the pts of its first frame."""
    frames = [frame for frame in viewer.frames if frame.pts > after - FRAME / 2]
    turns = [new for old, new in itertools.pairwise(frames) if old.black != new.black]
    return [(frame.black, frame.pts) for frame in turns]


def test_box_starts_fast() -> None:
    begin = time.monotonic()

    with running("fast") as box:
        seconds = time.monotonic() - begin

    assert box.events("screen")[0]["state"] == "live:0"
    assert seconds < 8  # 0.4 to 0.9 s where the machine has nothing else to do


def test_stream_is_h264_and_aac(viewer: Viewer) -> None:
    until(lambda: viewer.frames and len(viewer.sound()) == 9600)

    context = viewer.video.codec_context
    assert (context.name, context.width, context.height) == ("h264", 1280, 720)
    assert (viewer.audio.codec_context.name, viewer.audio.rate) == ("aac", 48_000)


def test_frames_come_at_25_a_second(viewer: Viewer) -> None:
    begin = time.monotonic()

    until(lambda: len(viewer.since(begin)) > 50)

    steps = np.diff([frame.pts for frame in viewer.since(begin)])
    assert np.allclose(steps, FRAME, atol=0.001)


@pytest.mark.parametrize("channel", range(len(CHANNELS)))
def test_pictures_move_and_sound_is_the_channels_own(box: Bench, viewer: Viewer, channel: int) -> None:
    box.press(f"Lit_{channel + 1}")
    until(lambda: box.shown() == f"live:{channel}+banner")
    begin = box.since()

    until(lambda: viewer.frames[-1].pts > begin + 0.5)
    until(lambda: abs(viewer.tone() - TONES[channel]) <= 5)

    frames = [frame for frame in viewer.frames if frame.pts > begin - 0.001]
    moved = [np.count_nonzero(one.pixels != other.pixels) for one, other in itertools.pairwise(frames)]
    assert min(moved) > 200


def test_screen_is_black_and_silent_while_zapping_for_as_long_as_the_truth_says(box: Bench, viewer: Viewer) -> None:
    begin = box.since()

    box.press("ChannelUp")
    until(lambda: len(changes(viewer, begin)) == 2)

    dark, light = box.events("screen")[-2:]
    assert (dark["state"], light["state"]) == ("black", "live:1+banner")
    assert changes(viewer, begin) == [
        (True, pytest.approx(dark["pts"], abs=0.001)),
        (False, pytest.approx(light["pts"], abs=0.001)),
    ]
    assert light["pts"] - dark["pts"] == pytest.approx(0.4, abs=0.001)


def test_key_shows_in_the_next_frame_never_in_an_earlier_one(box: Bench) -> None:
    begin = time.monotonic()

    for _ in range(20):
        box.press("Menu", "Back")
        until(lambda: box.shown() == "live:0")

    presses = [event["at"] for event in box.events("key", begin) if event["key"] == "Menu"]
    shown = [event["at"] for event in box.events("screen", begin) if event["state"] == "settings:0"]
    for at in shown:
        assert min(at - press for press in presses if press <= at) <= FRAME + 0.001


def test_box_without_power_has_no_picture_and_boots_with_it_and_the_truth_tells(box: Bench, viewer: Viewer) -> None:
    begin = time.monotonic()
    box.press("Guide")
    until(lambda: box.shown() == "guide:0")
    with box.client("power") as plug:
        plug.ask("/cm?cmnd=Power%20Off")
        until(lambda: box.shown() == "no-signal")

        plug.ask("/cm?cmnd=Power%20On")
    until(lambda: box.shown() == "live:0")

    notes = [line for line in box.truth() if line["event"] != "sound"]
    told = [(line["event"], line.get("key", line.get("state", line.get("on")))) for line in notes]
    assert told[-7:] == [
        ("key", "Guide"), ("screen", "guide:0"), ("power", False), ("screen", "no-signal"),
        ("power", True), ("screen", "boot"), ("screen", "live:0"),
    ]  # fmt: skip
    boot, live = box.events("screen", begin)[-2:]
    assert live["pts"] - boot["pts"] == pytest.approx(2.0, abs=FRAME)


def test_volume_is_heard(box: Bench, viewer: Viewer) -> None:
    until(lambda: viewer.tone() > 0)
    before = float(np.abs(viewer.sound()).max())

    box.press("VolumeUp", "VolumeUp", "VolumeUp")

    until(lambda: float(np.abs(viewer.sound()).max()) > before * 1.4)
    box.press("VolumeDown", "VolumeDown", "VolumeDown")


def test_mute_is_silence(box: Bench, viewer: Viewer) -> None:
    until(lambda: viewer.tone() > 0)

    box.press("VolumeMute")

    until(lambda: viewer.tone() == 0)
    box.press("VolumeMute")


def test_several_viewers_see_the_same(box: Bench, viewer: Viewer) -> None:
    with watching(box.port("video")) as second, watching(box.port("video")) as third:
        until(lambda: len(second.frames) > 20 and len(third.frames) > 20)
        seen = [{round(frame.pts, 3) for frame in one.frames} for one in (viewer, second, third)]

    assert len(seen[0] & seen[1] & seen[2]) >= 10


def test_slow_viewer_is_dropped_and_harms_nobody(box: Bench, viewer: Viewer) -> None:
    begin = time.monotonic()
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(("127.0.0.1", box.port("video")))
        slow.settimeout(0.2)
        slow.sendall(b"GET /stream.ts HTTP/1.0\r\n\r\n")

        until(lambda: not connected(slow, box.port("video")))

    steps = np.diff([frame.pts for frame in viewer.since(begin)])
    assert np.allclose(steps, FRAME, atol=0.001)


def test_viewer_who_asks_nothing_gets_nothing(box: Bench) -> None:
    with socket.create_connection(("127.0.0.1", box.port("video")), timeout=10) as rude:
        rude.sendall(b"PUT / HTTP/1.0\r\n\r\n")

        assert rude.recv(100) == b""


def test_box_may_have_a_clock_of_its_own_and_a_delay() -> None:
    options = ("--pts-origin", "5000", "--drift-ppm", "1000", "--delay-ms", "150", "--black-ms", "200")
    with running("odd", *options) as box, watching(box.port("video")) as viewer:
        until(lambda: len(viewer.frames) > 30)
        for channel in (2, 3):
            box.press(f"Lit_{channel}")
            until(lambda channel=channel: box.shown() == f"live:{channel - 1}+banner")
        until(lambda: len(changes(viewer, 0)) == 4)

        screens = box.events("screen")
        dark = next(frame for frame in viewer.frames if frame.black)

    first, last = screens[0], screens[-1]
    assert first["pts"] == pytest.approx(5000, abs=5)
    assert (last["pts"] - first["pts"]) / (last["at"] - first["at"]) == pytest.approx(1.001, abs=1e-6)
    assert dark.arrival - screens[1]["at"] > 0.15
    assert screens[2]["at"] - screens[1]["at"] == pytest.approx(0.2, abs=0.001)


def test_clocks_of_randomised_boxes_differ() -> None:
    origins = set()

    for _ in range(2):
        with running("random", "--randomise") as box:
            origins.add(round(box.events("screen")[0]["pts"]))

    assert len(origins) == 2


def connected(client: socket.socket, port: int) -> bool:
    """Tell whether the other end still holds its side of *client*, by the kernel's own table."""
    ours = f"{port:04X} 0100007F:{client.getsockname()[1]:04X} 01"
    return ours in Path("/proc/net/tcp").read_text()
