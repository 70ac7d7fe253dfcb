"""Changes of channel and transitions of a running box, held against its own truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from until import until
from watched import Watched, image, watched

from pytest_virtualpytest import targets
from pytest_virtualpytest.exceptions import NotSeen, VirtualPytestError
from pytest_virtualpytest.kpi import Transition, Zap
from pytest_virtualpytest.models import Duration, Press, Region, Sighting
from pytest_virtualpytest.targets import Appears, Black, Frozen, Not, Target, for_seconds

FRAME = 0.0405  # a frame, and what the stream's units of 1/90000 s round
BLOCK = 1024 / 48_000  # of sound
LATENCY = {"ms": 0, "error": 40}  # a box on this machine


@dataclass(frozen=True)
class Truth:
    """When the key came, the screen turned black and showed the channel, on the machine's clock."""

    key: float
    black: float | None
    picture: float
    frames: tuple[float, float]  # of black and picture, on the box's clock


@contextmanager
def zapping(name: str, *options: str) -> Iterator[Watched]:
    """Give a box started with *options*, whose output is not delayed, on live television."""
    with watched(name, options, latency=LATENCY) as stb:
        stb.wait_for(for_seconds(Not(Black()), 0.5))
        yield stb


@pytest.fixture(scope="module")
def stb(own_state: object) -> Iterator[Watched]:
    """Give the ordinary box, black for 0.4 s between channels."""
    with zapping("zapbox") as device:
        yield device


def zap(stb: Watched, key: str = "CHANNEL_UP", timeout: float = 8.0, **asked: Any) -> Zap:
    press = stb.press(key)
    if isinstance(asked.get("banner"), Target):
        asked["banner"] = targets.to_wire(Appears(asked["banner"]))
    args = {"key": key, "since": press.to_wire(), "timeout": timeout, **asked}
    return Zap.from_wire(press, stb.call("screen.zap", timeout + 20, **args).value)


def home(stb: Watched) -> None:
    """Go to the home screen; the key HOME leaves it, too."""
    stb.press("BACK")
    stb.show("HOME", "home")


def truth(stb: Watched, press: Press) -> Truth:
    """Return what the box noted of *press*."""

    def notes() -> list[Mapping[str, Any]]:
        after = [note for note in stb.box.truth() if note["at"] >= press.before]
        key = [note for note in after if note["event"] == "key"][:1]
        screens = [note for note in after if note["event"] == "screen"]
        light = next((note for note in screens if str(note["state"]).endswith("+banner")), None)
        dark = [note for note in screens[:1] if note["state"] == "black"]
        return [*key, *dark, light] if light else []

    until(notes)
    key, *dark, light = notes()
    black = dark[0] if dark else None
    span = (black["pts"] if black else light["pts"], light["pts"])
    return Truth(key["at"], black["at"] if black else None, light["at"], span)


def off(measured: Duration | None, at: float, key: float) -> float:
    """Return by how much *measured* misses the truth beyond its own error."""
    assert measured is not None
    return abs(measured.seconds - (at - key)) - measured.error


def test_zap_tells_each_step_within_its_error(stb: Watched) -> None:
    zaps = [zap(stb, key, banner=image("banner")) for key in ("CHANNEL_UP", "CHANNEL_DOWN")]

    for one in zaps:
        true = truth(stb, one.press)
        assert true.black is not None
        assert off(one.black, true.black, true.key) <= 0
        assert off(one.picture, true.picture, true.key) <= 0
        assert off(one.banner, true.picture, true.key) <= 0
        assert off(one.motion, true.picture + 0.04, true.key) <= 0
        assert off(one.sound, true.picture, true.key) <= BLOCK
        assert one.total.seconds == max(
            float(part) for part in (one.picture, one.motion, one.sound, one.banner) if part
        )
        assert all(part.error < 0.2 for part in one.durations.values())


def test_black_is_counted_once(stb: Watched) -> None:
    """No. 9: the zap time counted the black period twice."""
    one = zap(stb)

    true = truth(stb, one.press)
    assert one.dark is not None
    assert one.black is not None
    assert one.dark.seconds == pytest.approx(true.frames[1] - true.frames[0], abs=FRAME)
    assert one.dark.error == pytest.approx(0.04, abs=0.001)
    assert one.picture.seconds == pytest.approx(one.black.seconds + one.dark.seconds, abs=0.02)
    assert one.total.seconds < one.picture.seconds + 0.3


def test_zap_without_black_is_measured_all_the_same() -> None:
    """No. 6: a zap without its first step, the black, crashed with an unbound name."""
    with zapping("cutbox", "--black-ms", "0") as stb:
        zaps = [zap(stb, banner=image(f"banner-{number}")) for number in (2, 3)]
        trues = [truth(stb, one.press) for one in zaps]

    for one, true in zip(zaps, trues, strict=True):
        assert (one.black, one.dark, one.sound) == (None, None, None)
        assert off(one.picture, true.picture, true.key) <= 0
        assert off(one.banner, true.picture, true.key) <= 0
        assert set(one.durations) == {"picture", "motion", "banner", "total"}


def test_time_begins_with_the_key_and_not_with_its_answer(stb: Watched) -> None:
    """No. 9: t0 was taken after the key command had returned."""
    stb.box.fault("slow_key", seconds=3, amount=0.5)

    one = zap(stb)

    stb.box.clear()
    true = truth(stb, one.press)
    assert one.press.after - one.press.before >= 0.5
    assert off(one.picture, true.picture, true.key) <= 0


def test_busy_machine_does_not_lengthen_a_zap(stb: Watched) -> None:
    """No. 9: the time of processing was taken for that of capture."""
    press = stb.press("CHANNEL_UP")
    until(lambda: stb.box.screen() == "live:0" or stb.box.screen().endswith("+banner"))
    stb.wait_for(for_seconds(Not(Black()), 1.0))  # long after

    args = {"key": "CHANNEL_UP", "since": press.to_wire(), "timeout": 8.0}
    late = Zap.from_wire(press, stb.call("screen.zap", 30, **args).value)

    true = truth(stb, press)
    assert off(late.picture, true.picture, true.key) <= 0
    assert off(late.sound, true.picture, true.key) <= BLOCK


def test_zap_that_shows_nothing_says_what_is_missing(stb: Watched) -> None:
    stb.box.fault("black", seconds=4)

    with pytest.raises(NotSeen) as caught:
        zap(stb, timeout=1.5)

    stb.box.clear()
    assert caught.value.message == "zap CHANNEL_UP: no new picture (it is black), no motion within 1.5 s"
    assert caught.value.pictures["frame"].startswith(b"\x89PNG")


def test_key_that_changes_no_channel_is_no_zap(stb: Watched) -> None:
    stb.wait_for(for_seconds(Not(Black()), 0.5))

    with pytest.raises(NotSeen, match=r"zap INFO: no new picture \(neither black nor a cut\), no motion, no banner"):
        zap(stb, "INFO", timeout=1.0, banner=image("home"))


def test_sound_that_stays_away_is_told(stb: Watched) -> None:
    stb.wait_for(for_seconds(Not(Black()), 0.5))
    stb.box.fault("silence", seconds=6)

    with pytest.raises(NotSeen, match=r"zap CHANNEL_UP: the sound has not come back within 2 s"):
        zap(stb, timeout=2.0)

    stb.box.clear()


def transition(stb: Watched, press: Press, stable: float = 0.5, timeout: float = 6.0) -> Transition:
    args = {"target": targets.to_wire(Frozen(stable)), "timeout": timeout, "since": press.to_wire()}
    told = stb.call("screen.transition", timeout + 20, **args).value
    return Transition(press, *(Sighting.from_wire(told[name]) for name in ("start", "end", "stable")))


def test_transition_tells_first_change_and_rest(stb: Watched) -> None:
    home(stb)
    stb.wait_for(Frozen(0.4))
    press = stb.press("MENU")

    found = transition(stb, press)

    until(lambda: [note for note in stb.box.truth() if note["at"] >= press.before and note["event"] == "screen"])
    key, screen = [note for note in stb.box.truth() if note["at"] >= press.before][:2]
    assert screen["state"] == "settings:0"
    assert off(found.begins, screen["at"], key["at"]) <= 0
    assert found.ends.seconds >= found.begins.seconds
    assert found.lasts.seconds <= 0.2
    assert found.stable.after(found.end).seconds == pytest.approx(0.5, abs=FRAME)


def test_transition_through_a_spinner_ends_when_it_is_gone(stb: Watched) -> None:
    home(stb)
    stb.press("RIGHT")
    stb.press("RIGHT")
    stb.wait_for(Frozen(0.4), since=stb.press("INFO"))
    press = stb.press("OK")

    found = transition(stb, press, timeout=8)

    assert found.lasts.seconds == pytest.approx(1.5, abs=0.13)
    assert found.lasts.error == pytest.approx(0.04, abs=0.001)


@pytest.mark.parametrize("number", range(4))
def test_transition_begins_and_ends_with_the_frames_that_the_box_has_noted(stb: Watched, number: int) -> None:
    home(stb)
    for key, state in (("MENU", "settings:0"), ("DOWN", "settings:1"), ("GUIDE", "guide:"), ("UP", "guide:")):
        stb.wait_for(Frozen(0.4))
        press = stb.press(key)

        found = transition(stb, press, stable=0.3)

        until(lambda: states(stb, press))  # noqa: B023  # it is called here
        ((shown, pts),) = states(stb, press)
        assert shown.startswith(state)
        assert abs(found.start.pts - pts) < FRAME / 2
        assert 0 <= found.end.pts - pts + FRAME / 2 < 0.25, "a codec takes some frames to settle"


def states(stb: Watched, press: Press) -> list[tuple[str, float]]:
    """Return what the box has shown since *press*, and when by its own clock."""
    notes = [note for note in stb.box.truth() if note["at"] >= press.before and note["event"] == "screen"]
    return [(note["state"], note["pts"]) for note in notes]


def test_transition_within_a_region_sees_that_alone(stb: Watched) -> None:
    home(stb)
    stb.show("MENU", "settings-header")
    stb.wait_for(Frozen(0.4))
    press = stb.press("DOWN")
    rows, header = Region(40, 140, 600, 540), Region(0, 0, 1280, 120)

    found = stb.call("screen.transition", target=targets.to_wire(Frozen(0.3, rows)), timeout=5, since=press.to_wire())

    assert Sighting.from_wire(found.value["start"]).pts == pytest.approx(states(stb, press)[0][1], abs=FRAME / 2)
    with pytest.raises(NotSeen, match="transition: the picture did not change within 1 s"):
        stb.call("screen.transition", target=targets.to_wire(Frozen(0.3, header)), timeout=1, since=press.to_wire())


def test_key_without_effect_is_no_transition(stb: Watched) -> None:
    home(stb)
    stb.wait_for(Frozen(0.4))

    with pytest.raises(NotSeen, match="transition: the picture did not change within 1 s"):
        transition(stb, stb.press("PLAY"), timeout=1.0)


def test_picture_that_does_not_rest_is_told(stb: Watched) -> None:
    home(stb)

    with pytest.raises(NotSeen, match=r"the picture changed, but did not stand still for 0\.5 s within 2 s"):
        transition(stb, stb.press("BACK"), timeout=2.0)


def test_frozen_picture_is_found_on_a_stream(stb: Watched) -> None:
    stb.wait_for(for_seconds(Not(Black()), 0.5), since=stb.press("BACK"))
    moving = stb.find(Frozen(0.5))
    stb.box.fault("freeze", seconds=3)

    frozen = stb.wait_for(Frozen(1), timeout=4)

    stb.box.clear()
    noted = [note for note in stb.box.truth() if note["event"] == "screen" and note["state"] == "frozen"][-1]
    assert not moving
    assert frozen.pts - noted["pts"] == pytest.approx(1.0, abs=2 * FRAME)  # it begins with the picture before


def test_other_target_than_a_rest_is_refused(stb: Watched) -> None:
    with pytest.raises(VirtualPytestError, match="black is no rest"):
        stb.call("screen.transition", target=targets.to_wire(Black()), timeout=1, since=stb.press("INFO").to_wire())


@pytest.mark.soak
def test_two_hundred_zaps(stb: Watched) -> None:
    wrong = []
    for number in range(200):
        one = zap(stb, "CHANNEL_UP" if number % 3 else "CHANNEL_DOWN", banner=image("banner"))
        true = truth(stb, one.press)
        assert one.dark is not None
        wrong += [one] if abs(one.dark.seconds - (true.frames[1] - true.frames[0])) > FRAME else []
        wrong += [one] if max(off(part, true.picture, true.key) for part in (one.picture, one.banner)) > 0 else []

    assert wrong == []
