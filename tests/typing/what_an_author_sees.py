"""What a test author's editor and mypy know: never run, only checked.

A line that must be refused carries the error's code; mypy complains of it as unused if the line is accepted.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import assert_type

import pytest

from pytest_virtualpytest import (
    All,
    AnyOf,
    Appears,
    Black,
    Blockiness,
    Clip,
    Color,
    Device,
    Duration,
    Element,
    Entry,
    Frame,
    Frozen,
    Gone,
    Image,
    Key,
    Keyboard,
    KeyPage,
    Level,
    Line,
    Measurement,
    Motion,
    Not,
    Press,
    Region,
    Series,
    Sighting,
    SignalLost,
    Silence,
    Sound,
    Speech,
    Spinner,
    Text,
    Then,
    Tone,
    Words,
    device_fixture,
    for_seconds,
)
from pytest_virtualpytest.fixtures import Devices
from pytest_virtualpytest.lab import Lab
from pytest_virtualpytest.measure import Measure

my_tv = device_fixture("tv", scope="module", tags=["oled"], needs=["audio"])
device_fixture("tv", scope="forever")  # type: ignore[arg-type]


def test_keys(stb: Device) -> None:
    assert_type(stb.remote.press(Key.GUIDE), Press)
    assert_type(stb.remote.press("GUIDE"), Press)
    assert_type(stb.remote.hold(Key.OK, 1.5), Press)
    assert_type(stb.remote.type("abc"), Press)
    assert_type(stb.remote.press_until(Key.DOWN, "wifi.png", at_most=20), Sighting)
    stb.remote.press(7)  # type: ignore[arg-type]
    stb.remote.press_until(Key.DOWN, "wifi.png")  # type: ignore[call-arg]


def test_screen(stb: Device) -> None:
    press = stb.remote.press(Key.CHANNEL_UP)
    seen = stb.screen.wait_for(Appears("banner.png"), since=press, timeout=5, region=(0, 0, 100, 50))
    assert_type(seen, Sighting)
    assert_type(seen.after(press), Duration)
    assert_type(stb.screen.wait_for(Gone(Image("a.png", region=Region(0, 0, 9, 9))), since=seen).after(seen), Duration)
    assert_type(stb.screen.find(All("a.png", Not(Black()))), Sighting)
    assert_type(stb.screen.find_all("a.png"), list[Sighting])
    assert_type(stb.screen.frame(), Frame)
    assert_type(stb.screen.clip(5), Clip)
    with stb.screen.never(Black(), AnyOf(Motion(), "error.png")), stb.screen.record("zap") as recording:
        stb.screen.wait_for(Then("a.png", "b.png"))
    assert_type(recording.clip, Clip)
    stb.screen.wait_for(Motion)  # type: ignore[arg-type]
    stb.screen.wait_for("a.png", 5)  # type: ignore[call-arg]
    stb.screen.wait_for("a.png", since=1.5)  # type: ignore[arg-type]


def test_picture_and_sound(stb: Device) -> None:
    assert_type(stb.screen.wait_for(All("a.png", Sound(), Not(Silence(0.5))), timeout=5), Sighting)
    with stb.screen.never(SignalLost(), Blockiness(0.2, grid=12), Then(Black(), Tone(440))):
        stb.screen.wait_for(Gone(Spinner(region=Region(0, 0, 9, 9))))
    assert_type(stb.screen.find(Image("a.png", scales=[0.9, 1])).scale, float)
    Image("a.png", scales=0.9)  # type: ignore[arg-type]


def test_sound_and_supply(stb: Device) -> None:
    assert_type(stb.audio.level(), Level)
    assert_type(stb.audio.level().rms, float)
    assert_type(stb.audio.level().loudness, float | None)
    assert_type(stb.audio.wait_for(Speech()), Sighting)
    assert_type(stb.audio.offset(), Duration)
    assert_type(stb.power.status(), bool)
    assert_type(stb.name, str)
    assert_type(stb.power.cycle(), Press)
    assert_type(stb.power.on(), Press)
    assert_type(stb.power.off(), Press)
    stb.mark("ad break")
    stb.web.open("x")  # type: ignore[attr-defined]


def test_phone(mobile: Device, tmp_path: Path) -> None:
    assert_type(mobile.touch.tap(1, 2), Press)
    assert_type(mobile.touch.swipe((1, 2), (3, 4), (5, 6), seconds=0.5), Press)
    assert_type(mobile.ui.find(text="Wi-Fi", beside={"kind": "Switch"}), Element | None)
    assert_type(mobile.ui.wait_for(id="title", timeout=3), Element)
    assert_type(mobile.ui.tap(contains="Wi"), Press)
    assert_type(mobile.shell.run(["echo", "$(x)"]).status, int)
    assert_type(mobile.files.pull("/sdcard/a", tmp_path / "a"), bytes)
    assert_type(mobile.files.list("/sdcard"), Sequence[Entry])
    assert_type(mobile.apps.list(), Sequence[str])
    assert_type(mobile.logs.since(mobile.apps.launch("com.example")), str)
    mobile.ui.find(txt="Wi-Fi")  # type: ignore[call-arg]
    mobile.touch.tap(1.5, 2)  # type: ignore[arg-type]


def test_desktop(desktop: Device) -> None:
    assert_type(desktop.pointer.click((1, 2)), Press)
    assert_type(desktop.pointer.click("ok.png", button="right", timeout=3), Press)
    assert_type(desktop.pointer.double_click(Text("Save"), region=(0, 0, 9, 9)), Press)
    assert_type(desktop.pointer.drag((1, 2), desktop.screen.wait_for("bin.png"), seconds=1), Press)
    assert_type(desktop.pointer.scroll((1, 2), down=3), Press)
    assert_type(desktop.apps.launch("zenity", "--entry"), Press)
    assert_type(desktop.apps.windows(), Sequence[Element])
    assert_type(desktop.apps.wait_for_window("Save as", timeout=3), Element)
    desktop.pointer.click(1)  # type: ignore[arg-type]


def test_figures(stb: Device, measure: Measure) -> None:
    seen = stb.screen.wait_for("a.png")
    assert_type(measure("zap", seen.after(seen), maximum=2.5), Measurement)
    measure("level", 0.5, minimum=0, unit="dB")
    measure("zap", seen)  # type: ignore[arg-type]


def test_times(stb: Device) -> None:
    press = stb.remote.press("MENU")
    zap = stb.zap("CHANNEL_UP", banner=Text("News 24"), timeout=5)
    assert_type(zap.total, Duration)
    assert_type(zap.black, Duration | None)
    assert_type(stb.screen.transition(since=press, stable=0.5).lasts, Duration)
    assert_type(stb.screen.stable(0.5, since=press), Sighting)
    assert_type(Series([zap.total, 1.5]).p95, Duration)
    stb.screen.transition()  # type: ignore[call-arg]
    stb.zap(banner=5)  # type: ignore[arg-type]


def test_console(stb: Device) -> None:
    sent = stb.console.write("reboot\n", secret=True)
    assert_type(sent, Press)
    line = stb.console.expect(re.compile(r"kernel (.*)"), since=sent, timeout=5)
    assert_type(line, Line)
    assert_type(line.groups, tuple[str, ...])
    assert_type(stb.console.expect("login: ", since=line).after(sent), Duration)
    stb.console.write(b"reboot")  # type: ignore[arg-type]
    stb.console.expect(re.compile(b"kernel"))  # type: ignore[arg-type]


def test_words(stb: Device) -> None:
    assert_type(stb.screen.read_text((0, 0, 10, 10), lang="deu", colour="white"), str)
    assert_type(stb.screen.find_text("News"), list[Words])
    assert_type(stb.screen.read_table(labels={"firmware": "Version"}), dict[str, str])
    stb.screen.never(for_seconds(Frozen(2), 1), Color((1, 2, 3)), Text(pattern="[0-9]"))
    Text("a", distance="1")  # type: ignore[arg-type]


def test_keyboard(stb: Device) -> None:
    keyboard = Keyboard(stb, ["qwerty", "asdfgh"], start="q", wrap="rows", at="keyboard.png", focus=Color("blue"))
    assert_type(keyboard.type_text("gas"), Press)
    Keyboard(stb, {"keys": KeyPage(["qwerty"], {"q": "keys"}, back="keys", shows="keys.png")}, start="q").go_to("y")
    Keyboard(stb, ["qwerty"])  # type: ignore[call-arg]
    Keyboard(stb, ["qwerty"], start="q", wrap="all")  # type: ignore[arg-type]


@pytest.mark.devices(left={"kind": "stb"}, right={"kind": "stb"})
def test_roles(devices: Devices) -> None:
    assert_type(devices.left, Device)
    assert_type(devices["right"], Device)
    assert_type(len(devices), int)


@pytest.fixture(scope="session")
def nightly(lab: Lab) -> Iterator[Device]:
    """Lease a device for as long as it takes."""
    with lab.lease(kind="stb", tags=["uhd"], timeout=60) as stb:
        assert_type(stb, Device)
        yield stb
