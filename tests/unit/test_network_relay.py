"""One direction of the relay: which frames it passes on, when, and in what order."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import pytest
from virtualpytest_host.network.relay import Lane

from pytest_virtualpytest.traffic import Impairment


def lane(send: Callable[[bytes], object] = lambda _: None, tap: int = -1, **bad: float) -> Lane:
    return Lane(tap, send, Impairment(**bad))


def dues(one: Lane) -> list[float]:
    return [due for due, _ in one._under_way]


def test_frame_is_due_after_the_latency() -> None:
    one = lane(latency=0.25)

    one.put(b"frame", 100.0)

    assert one.due == 100.25


def test_frames_of_a_varying_latency_stay_in_order_within_its_limits() -> None:
    one = lane(latency=0.5, jitter=0.5)

    for number in range(500):
        one.put(b"frame", 100.0 + number)

    found = [due - 100.0 - number for number, due in enumerate(dues(one))]
    assert dues(one) == sorted(dues(one))
    assert 0 <= min(found) < 0.1
    assert 0.9 < max(found) <= 1.0


def test_frames_leave_no_faster_than_the_bandwidth_and_those_that_wait_too_long_are_lost() -> None:
    one = lane(bandwidth=8e6)  # a frame of 1000 bytes each millisecond

    for _ in range(500):
        one.put(bytes(1000), 100.0)

    assert len(dues(one)) == pytest.approx(101, abs=1)
    assert dues(one)[0] == pytest.approx(100.001)
    assert dues(one)[-1] == pytest.approx(100.1, abs=0.002)


def test_bandwidth_that_was_not_used_is_not_saved_up() -> None:
    one = lane(bandwidth=8e6)
    one.put(bytes(1000), 100.0)

    one.put(bytes(1000), 200.0)

    assert dues(one)[1] == pytest.approx(200.001)


def test_share_of_frames_is_lost() -> None:
    one = lane(loss=0.25)

    for _ in range(10_000):
        one.put(b"", 0.0)

    assert len(dues(one)) == pytest.approx(7500, abs=300)  # seven times what chance makes of it


def test_what_is_under_way_has_a_limit() -> None:
    one = lane(latency=60.0)

    for _ in range(30_000):
        one.put(b"", 0.0)

    assert len(dues(one)) == 20_000


def test_frames_are_taken_sent_on_and_forgotten_though_the_link_refuses_one() -> None:
    sent = []

    def send(frame: bytes) -> None:
        sent.append(frame)
        if frame == b"two":
            raise OSError("no buffer space")

    tap, feed = os.pipe2(os.O_NONBLOCK | os.O_DIRECT)  # each read gives one write
    one = lane(send, tap)
    for frame in (b"one", b"two", b"three"):
        os.write(feed, frame)

    one.take()
    one.give(time.monotonic())

    assert sent == [b"one", b"two", b"three"]
    assert one.due == float("inf")
    os.close(tap)
    os.close(feed)


def test_frame_is_kept_until_it_is_due() -> None:
    sent: list[bytes] = []
    one = lane(sent.append, latency=30.0)

    one.put(b"frame", 100.0)
    one.give(129.9)
    before = list(sent)
    one.give(130.0)

    assert (before, sent) == ([], [b"frame"])
