"""The faults that a virtual box takes on command, as its viewers and its remote see them."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import socket
import threading
import time
import urllib.error
from collections.abc import Iterator

import numpy as np
import pytest
from boxes import Bench, alive, running
from until import until
from viewer import Viewer, watching
from virtualpytest_host import virtual
from virtualpytest_host.virtual import drawing
from virtualpytest_host.virtual.faults import NAMES


@pytest.fixture(scope="module")
def box() -> Iterator[Bench]:
    """Give a box."""
    with running("faulty") as bench:
        yield bench


@pytest.fixture
def viewer(box: Bench) -> Iterator[Viewer]:
    """Give somebody who watches it."""
    with watching(box.port("video")) as viewer:
        until(lambda: len(viewer.frames) > 5 and viewer.tone() > 0)
        yield viewer


@pytest.fixture(autouse=True)
def _rested(box: Bench) -> Iterator[None]:
    box.rest()
    yield
    box.clear()


def newest(viewer: Viewer, count: int) -> list[np.ndarray]:
    return [frame.pixels for frame in viewer.frames[-count:]]


def still(viewer: Viewer) -> bool:
    """Tell whether the last pictures are one and the same."""
    return all(np.abs(one.astype(int) - other).mean() < 0.5 for one, other in itertools.pairwise(newest(viewer, 8)))


def black(viewer: Viewer) -> bool:
    return viewer.frames[-1].black


def answered(box: Bench, key: str) -> tuple[threading.Thread, list[float]]:
    """Press *key* in the background; return the thread and the list that gets the time of the answer."""
    times: list[float] = []

    def press() -> None:
        box.press(key)
        times.append(time.monotonic())

    thread = threading.Thread(target=press)
    thread.start()
    return thread, times


def test_frozen_picture_stays_while_the_stream_goes_on(box: Bench, viewer: Viewer) -> None:
    box.fault("freeze")

    until(lambda: box.shown() == "frozen" and still(viewer))
    count = viewer.frames[-1].pts
    until(lambda: viewer.frames[-1].pts > count + 0.2)
    box.clear()

    until(lambda: not still(viewer))


def test_black_picture_keeps_its_sound(box: Bench, viewer: Viewer) -> None:
    box.fault("black")

    until(lambda: black(viewer))
    assert viewer.tone() > 0
    box.clear()

    until(lambda: not black(viewer))


def test_silence_keeps_the_picture(box: Bench, viewer: Viewer) -> None:
    box.fault("silence")

    until(lambda: viewer.tone() == 0)
    assert not still(viewer)
    box.clear()

    until(lambda: viewer.tone() > 0)


def test_no_signal_is_the_captures_own_picture_without_sound(box: Bench, viewer: Viewer) -> None:
    box.fault("no_signal")

    until(lambda: box.shown() == "no-signal" and viewer.tone() == 0 and still(viewer))

    grey = drawing.still("no-signal")[::4, ::4].mean(axis=2)
    assert abs(newest(viewer, 1)[0].mean() - grey.mean()) < 25


def test_dropped_frames_are_missing_without_a_change_of_time(box: Bench, viewer: Viewer) -> None:
    box.fault("drop")

    until(lambda: np.allclose(np.diff([frame.pts for frame in viewer.frames[-8:]]), 0.08, atol=0.001))


def test_stalled_stream_sends_nothing_and_stays_open(box: Bench, viewer: Viewer) -> None:
    box.fault("stall")

    until(lambda: time.monotonic() - viewer.frames[-1].arrival > 0.5)
    assert not viewer.ended
    box.clear()

    until(lambda: time.monotonic() - viewer.frames[-1].arrival < 0.1)


def test_stream_that_ended_gives_nothing_until_cleared(box: Bench, viewer: Viewer) -> None:
    box.fault("end")

    until(lambda: viewer.ended)
    with socket.create_connection(("127.0.0.1", box.port("video")), timeout=10) as client:
        client.sendall(b"GET /stream.ts HTTP/1.0\r\n\r\n")
        assert client.recv(100) == b""
    box.clear()

    with watching(box.port("video")) as second:
        until(lambda: second.frames)


def test_refusing_box_ends_connections_and_accepts_none_until_cleared(box: Bench, viewer: Viewer) -> None:
    ports = [box.port(side) for side in ("video", "keys", "power")]
    with box.client("keys") as remote:
        remote.press("Info")
        box.fault("refuse")

        until(lambda: viewer.ended)
        with pytest.raises((http.client.HTTPException, OSError)):
            remote.press("Info")
    assert [refuses(port) for port in ports] == [True, True, True]
    box.clear()

    assert [refuses(port) for port in ports] == [False, False, False]
    box.press("Info")


def test_slow_box_answers_late(box: Bench) -> None:
    box.fault("slow_key", amount=0.6)
    begin = time.monotonic()

    box.press("Info")

    assert 0.6 <= time.monotonic() - begin < 5
    assert box.events("key", begin)[0]["at"] >= begin + 0.6


def test_hung_box_answers_nobody_until_cleared(box: Bench) -> None:
    box.fault("hang")
    with pytest.raises(TimeoutError), box.client("keys", patience=0.3) as client:
        client.press("Info")
    begin = time.monotonic()
    thread, times = answered(box, "Menu")

    until(lambda: time.monotonic() - begin > 0.3)
    before = list(times)
    box.clear()
    thread.join(10)

    assert before == []
    assert len(times) == 1
    until(lambda: box.shown() == "settings:0")


def test_crashed_box_is_gone_and_is_started_again() -> None:
    with running("crashing") as box:
        first = box.state["pid"]

        with contextlib.suppress(http.client.HTTPException, OSError):  # it may die before its answer
            box.fault("crash")
        until(lambda: not alive(first))
        virtual.attach("stb", "crashing").close()

        assert box.state["pid"] != first
        assert box.screen() == "live:0"


def test_fault_may_end_by_itself(box: Bench) -> None:
    box.fault("black", seconds=0.3)

    until(lambda: box.shown() == "black")
    until(lambda: box.shown() == "live:0")

    dark, light = box.events("screen")[-2:]
    assert light["at"] - dark["at"] == pytest.approx(0.3, abs=0.045)


def test_fault_is_told_in_the_truth(box: Bench) -> None:
    box.fault("slow_key", seconds=1, amount=2)

    assert box.events("fault")[-1].items() >= {"name": "slow_key", "seconds": 1.0, "amount": 2.0}.items()


def test_unknown_fault_lists_those_there_are(box: Bench) -> None:
    with box.client("control") as client:
        answer = client.ask("/fault/frezee", "POST")

    assert (answer.status, answer.text) == (404, f"unknown fault 'frezee'; known: {', '.join(NAMES)}")


def test_unknown_fault_is_an_error(box: Bench) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        box.fault("frezee")


def refuses(port: int) -> bool:
    """Tell whether a connection to *port* is refused."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False
