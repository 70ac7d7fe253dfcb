"""Faults of the stream: each is the lab's, says what it is, in time, and the next check passes."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import recorders
from films import Film
from until import until
from watched import Watched, device, image, watched
from zaps import zap

from pytest_virtualpytest import targets
from pytest_virtualpytest.exceptions import CaptureError, NotSeen
from pytest_virtualpytest.targets import Black, Motion, Not
from pytest_virtualpytest.wire import Call

WHERE = "device 'faultbox' on host 'rack1'"


@pytest.fixture(scope="module")
def leased(own_state: object) -> Iterator[Watched]:
    """Give a box."""
    with watched("faultbox") as box:
        yield box


@pytest.fixture
def stb(leased: Watched) -> Iterator[Watched]:
    """Give the box with a living picture; afterwards it must come back by itself."""
    leased.wait_for(Motion())
    yield leased
    leased.box.clear()
    until(lambda: lives(leased))


def lives(stb: Watched) -> bool:
    try:
        return bool(stb.wait_for(Motion(), timeout=2.0))
    except (CaptureError, NotSeen):
        return False


def complaint(stb: Watched, target: targets.Target, timeout: float) -> str:
    """Return the fault that waiting for *target* ends in, within its time and the grace of a stalled stream."""
    begin = time.monotonic()
    with pytest.raises(CaptureError) as caught:
        stb.wait_for(target, timeout)
    assert time.monotonic() - begin < timeout + 5
    return caught.value.message


@pytest.mark.parametrize(
    ("fault", "cause"),
    [("end", "(the stream ended|cannot open or read it: .*)"), ("stall", r"no packet for \d\.\d s")],
)
def test_stream_that_gives_no_more_pictures(stb: Watched, fault: str, cause: str) -> None:
    stb.box.fault(fault)
    begin = time.monotonic()
    until(lambda: time.monotonic() - begin > 1.2)  # what came before is too old to tell what there is now

    message = complaint(stb, Not(image("home")), 10.0)

    assert re.fullmatch(rf"{WHERE}: no picture from http://127.0.0.1:\d+/stream.ts: {cause}", message)


def test_stream_that_stalls_just_before_the_end_of_a_wait(stb: Watched) -> None:
    args = {"target": targets.to_wire(image("home")), "timeout": 2.5}
    threading.Timer(0.7, stb.box.fault, ("stall",)).start()

    with pytest.raises(CaptureError) as caught:
        stb.call("screen.wait_for", **args)

    assert caught.value.message.startswith(f"{WHERE}: home.png not seen within 2.5 s, but no frame came in the last 1.")


def test_never_over_a_stream_that_stalls_is_a_fault(stb: Watched) -> None:
    number = stb.call("screen.never_start", targets=[targets.to_wire(Black())]).value["id"]
    stb.box.fault("stall")
    begin = time.monotonic()
    until(lambda: time.monotonic() - begin > 1.5)

    with pytest.raises(CaptureError, match=rf"{WHERE}: no frame was captured in the last 1\.\d s"):
        stb.call("screen.never_stop", id=number)


def test_frozen_product_is_a_verdict_not_a_fault(stb: Watched) -> None:
    stb.box.fault("freeze")
    stb.wait_for(Not(Motion()))

    with pytest.raises(NotSeen, match="it stands still: largest change"):
        stb.wait_for(Motion(), timeout=1.0)


def test_dropped_frames_leave_every_outcome_at_its_frame(stb: Watched) -> None:
    stb.box.fault("drop")
    stb.wait_for(Motion())

    zaps = [zap(stb, key) for key in ("CHANNEL_UP", "CHANNEL_DOWN") * 2]

    assert [one for one in zaps if one.frames_off > 0.01] == []
    assert zaps[-1].frame == pytest.approx(0.08, abs=0.001)


@pytest.mark.parametrize("target", [Black(), Not(Black()), Not(image("home"))], ids=str)
def test_picture_that_the_capture_makes_up_is_never_judged(stb: Watched, target: targets.Target) -> None:
    stb.box.fault("no_signal")
    until(lambda: no_signal(stb))

    message = complaint(stb, target, 1.0)

    assert message == f"{WHERE}: no signal: the capture shows its own picture for it (no-signal.png)"


def no_signal(stb: Watched) -> bool:
    try:
        stb.call("screen.frame")
    except CaptureError as error:
        return "no signal" in error.message and error.pictures["frame"].startswith(b"\x89PNG")
    return False


def test_never_over_a_lost_signal_is_a_fault(stb: Watched) -> None:
    number = stb.call("screen.never_start", targets=[targets.to_wire(Black())]).value["id"]
    stb.box.fault("no_signal")
    until(lambda: no_signal(stb))

    with pytest.raises(CaptureError, match=f"{WHERE}: no signal"):
        stb.call("screen.never_stop", id=number)


def test_recorder_that_is_killed_during_a_check(stb: Watched) -> None:
    threading.Timer(0.5, recorders.kill, (stb.source,)).start()

    message = complaint(stb, image("home"), 20.0)

    assert message.startswith(f"{WHERE}: the recorder of http://127.0.0.1:")
    assert message.endswith("/recorder.log")
    assert stb.wait_for(Motion())


def test_recorder_that_was_killed_between_two_checks(stb: Watched) -> None:
    recorders.kill(stb.source)

    assert stb.wait_for(Motion())


def test_press_from_before_the_recorder_was_started_again(stb: Watched) -> None:
    press = stb.press("BACK")
    recorders.kill(stb.source)
    stb.wait_for(Motion())

    with pytest.raises(
        CaptureError, match=rf"{WHERE}: `since` is \d\.\d s ago, but the recorder of .* was started later"
    ):
        stb.wait_for(Black(), since=press)


def test_absent_camera_is_named_with_what_is_attached() -> None:
    entry = {"name": "video", "controller": "video", "gives": None, "settings": {"source": "/dev/video97"}}
    spec = {"name": "cam", "virtual": None, "controllers": [entry]}

    with device(spec) as (gateway, token), pytest.raises(CaptureError) as caught:
        gateway.call(Call("screen.frame", "cam", {}, token, 20.0))

    begin = "device 'cam' on host 'rack1': no picture from /dev/video97: cannot open or read it: "
    assert caught.value.message.startswith(f"{begin}No such file or directory; attached: ")


def test_missing_placeholder_is_named(tmp_path: Path) -> None:
    settings = {"source": str(Film().write(tmp_path / "clip.ts")), "placeholders": ["/nowhere/none.png"]}
    entry = {"name": "video", "controller": "video", "gives": None, "settings": settings}
    spec = {"name": "cam", "virtual": None, "controllers": [entry]}

    with device(spec) as (gateway, token), pytest.raises(CaptureError) as caught:
        gateway.call(Call("screen.frame", "cam", {}, token, 20.0))

    assert caught.value.message == (
        "device 'cam' on host 'rack1': the placeholder picture '/nowhere/none.png' is missing or cannot be read"
    )
