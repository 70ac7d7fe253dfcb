"""The checks of a screen, over a gateway, on the frames of a real stream."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from typing import Any

import av
import cv2
import numpy as np
import pytest
import recorders
from until import until
from watched import Watched, image, watched

from pytest_virtualpytest import targets
from pytest_virtualpytest.exceptions import CaptureError, NotSeen, Seen, VirtualPytestError
from pytest_virtualpytest.models import Press, Region, Sighting
from pytest_virtualpytest.targets import All, AnyOf, Appears, Black, Gone, Motion, Not, Target

WHERE = "device 'screenbox' on host 'rack1'"


@pytest.fixture(scope="module")
def leased(own_state: object) -> Iterator[Watched]:
    """Give a box whose output is not delayed."""
    with watched("screenbox") as device:
        yield device


@pytest.fixture
def stb(leased: Watched) -> Watched:
    """Give the box on live television, with nothing over the picture."""
    leased.box.clear()
    if leased.box.screen() != "live:0":
        for key in ("BACK", "1"):
            leased.press(key)
        leased.show("HOME", "home")
        leased.wait_for(Not(image("home")), since=leased.press("BACK"))
        until(lambda: leased.box.screen() == "live:0")
    leased.wait_for(Motion())
    return leased


def wire(target: Target) -> dict[str, Any]:
    return targets.to_wire(target)


def pixels(png: bytes) -> tuple[int, ...]:
    found = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    assert found is not None
    return tuple(found.shape)


def pictures(mp4: bytes) -> list[Any]:
    with av.open(io.BytesIO(mp4)) as container:
        return list(container.decode(video=0))


def test_frame_is_the_newest_picture_with_its_time(stb: Watched) -> None:
    before = time.monotonic()

    reply = stb.call("screen.frame")

    assert pixels(reply.blobs[0]) == (720, 1280, 3)
    assert (reply.value["width"], reply.value["height"]) == (1280, 720)
    assert before - 1.0 < reply.value["captured"] <= time.monotonic()
    assert reply.value["boot"] == stb.gateway.boot


def test_frame_is_from_after_the_last_input(stb: Watched) -> None:
    press = stb.press("INFO")

    reply = stb.call("screen.frame")

    assert reply.value["captured"] >= press.after


def test_find_tells_where_and_how_sure(stb: Watched) -> None:
    stb.show("HOME", "home")

    seen = stb.find(image("home"))

    assert seen
    assert seen.region == Region(50, 36, 190, 76)
    assert seen.score >= seen.threshold
    assert seen.boot == stb.gateway.boot
    assert not seen.calibrated


def test_find_of_what_is_not_there_says_why(stb: Watched) -> None:
    seen = stb.find(image("home"))

    assert not seen
    assert seen.why
    assert seen.score < seen.threshold


@pytest.mark.parametrize("target", [Motion(), All(Motion(), Not(Black())), AnyOf(Black(), Motion())], ids=str)
def test_find_looks_long_enough_for_a_target_with_a_memory(stb: Watched, target: Target) -> None:
    live = stb.find(target)
    stb.show("HOME", "home")
    stb.wait_for(Not(Motion()))
    still = stb.find(target)

    assert live
    assert not still


def test_find_looks_long_enough_for_the_absence_of_motion(stb: Watched) -> None:
    stb.show("HOME", "home")
    stb.wait_for(Not(Motion()))

    assert stb.find(Not(Motion()))


def test_find_all_tells_every_place(stb: Watched) -> None:
    stb.show("HOME", "home")

    found = stb.call("screen.find_all", target=wire(AnyOf(image("home"), image("guide-header")))).value

    assert [one["region"] for one in found] == [[50, 36, 190, 76]]


def test_wait_for_returns_the_first_frame_that_shows_it(stb: Watched) -> None:
    press = stb.press("GUIDE")

    seen = stb.wait_for(image("guide-header"), since=press)

    again = stb.wait_for(image("guide-header"), since=press)
    assert seen
    assert press.before <= seen.captured < press.after + 2
    assert (again.pts, again.captured) == (seen.pts, seen.captured)


def test_what_does_not_come_is_not_seen(stb: Watched) -> None:
    begin = time.monotonic()

    with pytest.raises(NotSeen) as caught:
        stb.wait_for(image("home"), timeout=1.5)

    error = caught.value
    assert 1.4 < time.monotonic() - begin < 8
    assert error.message.startswith("home.png not seen within 1.5 s (")
    assert not isinstance(error, CaptureError)
    assert 20 < int(str(error.details["frames"])) <= 52
    assert Sighting.from_wire(error.details["sighting"]).score < 1  # type: ignore[arg-type]
    assert pixels(error.pictures["frame"]) == (720, 1280, 3)
    assert error.pictures["annotated"].startswith(b"\x89PNG")


def test_wait_goes_back_to_the_press_however_late_it_is_asked(stb: Watched) -> None:
    press = stb.press("INFO")
    stb.wait_for(image("banner"), since=press)
    stb.press("HOME")
    stb.wait_for(Gone(image("banner")), since=press)

    with pytest.raises(NotSeen):
        stb.wait_for(image("banner"), timeout=0.5)
    seen = stb.wait_for(Appears(image("banner")), since=press)

    assert press.before < seen.captured < press.after + 2


def test_time_for_a_wait_counts_from_the_press(stb: Watched) -> None:
    press = stb.press("BACK")
    begin = time.monotonic()
    until(lambda: time.monotonic() - begin > 1.2)
    stb.press("HOME")
    stb.wait_for(image("home"))

    with pytest.raises(NotSeen):
        stb.wait_for(image("home"), timeout=1.0, since=press)


def test_black_of_a_zap_is_found_afterwards(stb: Watched) -> None:
    press = stb.press("CHANNEL_UP")
    banner = stb.wait_for(Appears(image("banner")), since=press)

    black = stb.wait_for(Black(), since=press)

    assert press.before < black.captured < banner.captured
    assert banner.after(black).seconds == pytest.approx(0.4, abs=0.0401)


def test_moment_of_another_boot_is_refused(stb: Watched) -> None:
    press = Press("OK", 5.0, 5.1, "another-boot")

    with pytest.raises(VirtualPytestError) as caught:
        stb.wait_for(Black(), since=press)

    assert type(caught.value) is VirtualPytestError
    assert caught.value.message == "`since` is from another boot, or another machine, than this device's host"


def test_seconds_ago_are_a_moment_too(stb: Watched) -> None:
    press = stb.press("INFO")
    stb.wait_for(image("banner"), since=press)

    seen = stb.wait_for(Appears(image("banner")), since=time.monotonic() - press.before)

    assert press.before < seen.captured < press.after + 2


def test_never_tells_how_many_frames_it_has_judged(stb: Watched) -> None:
    number = stb.call("screen.never_start", targets=[wire(Black()), wire(image("home"))]).value["id"]
    begin = time.monotonic()
    until(lambda: time.monotonic() - begin > 1.0)

    frames = stb.call("screen.never_stop", id=number).value["frames"]

    assert 20 <= frames <= (time.monotonic() - begin + 1) * 26


def test_never_tells_what_was_seen_although_it_is_gone(stb: Watched) -> None:
    number = stb.call("screen.never_start", targets=[wire(image("home")), wire(Black())]).value["id"]
    press = stb.press("CHANNEL_UP")
    stb.wait_for(Appears(image("banner")), since=press)

    with pytest.raises(Seen, match=r"black was seen, \d+\.\d s before the end; it must never show") as caught:
        stb.call("screen.never_stop", id=number)

    seen = Sighting.from_wire(caught.value.details["sighting"])  # type: ignore[arg-type]
    assert press.before < seen.captured
    assert set(caught.value.pictures) == {"annotated", "frame"}


def test_never_over_nothing_at_all_has_judged_a_frame(stb: Watched) -> None:
    number = stb.call("screen.never_start", targets=[wire(Black())]).value["id"]

    frames = stb.call("screen.never_stop", id=number).value["frames"]

    assert frames >= 1


def test_never_that_does_not_go_on_is_an_error(stb: Watched) -> None:
    with pytest.raises(VirtualPytestError, match="no check 77 is going on: the device's process was started again"):
        stb.call("screen.never_stop", id=77)


def test_never_cannot_vouch_for_what_a_dead_recorder_has_not_seen(stb: Watched) -> None:
    number = stb.call("screen.never_start", targets=[wire(Black())]).value["id"]
    recorders.kill(stb.source)

    with pytest.raises(CaptureError, match=rf"{WHERE}: the recorder of http://.* ended; its log: "):
        stb.call("screen.never_stop", id=number)


def test_record_holds_what_was_on_screen_meanwhile(stb: Watched) -> None:
    number = stb.call("screen.record_start").value["id"]
    press = stb.press("CHANNEL_UP")
    seen = stb.wait_for(Appears(image("banner")), since=press)

    reply = stb.call("screen.record_stop", id=number)

    frames = pictures(reply.blobs[0])
    lights = [frame.to_ndarray()[:720].mean() for frame in frames]
    assert reply.value["captured"] < press.before
    assert reply.value["captured"] + reply.value["seconds"] >= seen.captured
    assert len(frames) / 25 == pytest.approx(reply.value["seconds"], abs=0.2)
    assert 8 <= sum(light < 17 for light in lights) <= 12


def test_clip_begins_at_the_asked_time_or_before(stb: Watched) -> None:
    until(lambda: stb.call("screen.status").value["seconds"] > 2)
    asked = time.monotonic() - 1.0

    reply = stb.call("screen.clip", seconds=1.0)

    frames = pictures(reply.blobs[0])
    assert asked - 1.5 < reply.value["captured"] <= asked
    assert len(frames) / 25 == pytest.approx(reply.value["seconds"], abs=0.2)
    with av.open(io.BytesIO(reply.blobs[0])) as container:
        assert [stream.type for stream in container.streams] == ["video", "audio"]


def test_status_tells_what_the_recorder_sees(stb: Watched) -> None:
    told = stb.call("screen.status").value

    assert (told["width"], told["height"], told["codec"], told["sound"]) == (1280, 720, "h264", "aac")
    assert told["fps"] == pytest.approx(25, abs=5)
    assert 0 <= told["age"] < 2
    assert 0 < told["seconds"] < 120
    assert told["bytes"] > 10_000
    assert told["recorder"] in recorders.pids(stb.source)
    assert 10 << 20 < told["memory"] < 200 << 20
    assert told["dropped"] is not None


def test_keys_are_pressed_until_the_target_shows(stb: Watched) -> None:
    stb.show("MENU", "settings-header")
    args = {"key": "DOWN", "target": wire(image("wifi-chosen")), "at_most": 6, "interval": 1.0}

    reply = stb.call("remote.press_until", **args)
    again = stb.call("remote.press_until", **args)

    assert (reply.value["presses"], again.value["presses"]) == (2, 0)
    assert Sighting.from_wire(reply.value["sighting"])
    assert stb.box.screen() == "settings:2"


def test_keys_that_do_not_help_are_told(stb: Watched) -> None:
    with pytest.raises(NotSeen, match=r"home.png not seen within 0.3 s \(.*; INFO was pressed 2 times$"):
        stb.call("remote.press_until", key="INFO", target=wire(image("home")), at_most=2, interval=0.3)


def test_level_follows_what_is_heard(stb: Watched) -> None:
    loud = stb.call("audio.level", seconds=0.5).value
    stb.box.fault("silence")
    until(lambda: stb.call("audio.level", seconds=0.5).value["rms"] < -80)

    assert -30 < loud["rms"] < loud["peak"] < 0


def test_moment_without_signal_does_not_end_a_wait(stb: Watched) -> None:
    stb.call("power.off")
    until(lambda: stb.box.screen() == "no-signal")
    stb.call("power.on")

    seen = stb.wait_for(Appears(image("boot")), since=2.0)
    stb.wait_for(Motion(), timeout=15)

    assert seen
