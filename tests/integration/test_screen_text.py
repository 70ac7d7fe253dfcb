"""Text on the screen of a running box, over a gateway: waiting, asking, reading."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from until import until
from watched import Watched, image, watched

from pytest_virtualpytest import targets
from pytest_virtualpytest.exceptions import DeviceError, NotSeen, ReferenceNotFound, Seen
from pytest_virtualpytest.models import Press, Region
from pytest_virtualpytest.targets import All, Appears, Gone, Not, Target, Text, Then

MENU = Region(40, 140, 600, 540)
DETAILS = Region(660, 156, 560, 504)


@pytest.fixture(scope="module")
def leased(own_state: object) -> Iterator[Watched]:
    """Give a box whose output is not delayed."""
    with watched("textbox") as device:
        yield device


@pytest.fixture
def stb(leased: Watched) -> Watched:
    """Give the box on live television, with nothing over the picture."""
    leased.show("HOME", "home")
    leased.wait_for(Not(image("home")), since=leased.press("BACK"))
    return leased


def shown(stb: Watched, state: str, after: Press) -> float:
    """Return the box's clock, in seconds, when it showed *state* after a press."""

    def notes() -> list[dict[str, Any]]:
        return [one for one in stb.box.truth() if one["at"] >= after.before and one.get("state") == state]

    until(notes)
    return float(notes()[0]["pts"])


def wire(target: Target) -> dict[str, Any]:
    return targets.to_wire(target)


def test_text_is_seen_in_the_first_frame_that_shows_it(stb: Watched) -> None:
    press = stb.press("MENU")

    seen = stb.wait_for(Text("Parental control"), since=press)

    assert seen.pts == pytest.approx(shown(stb, "settings:0", press), abs=0.041)
    assert seen.target == "text 'Parental control'"
    assert seen.region is not None
    assert seen.score == seen.threshold == 1.0


def test_first_frame_is_found_among_those_left_out(stb: Watched) -> None:
    stb.wait_for(Text(pattern="World report", region=Region(60, 180, 720, 150)))
    press = stb.press("MENU")

    seen = stb.wait_for(Then(Appears(Text("Settings")), Text("Picture")), since=press)

    assert seen.pts == pytest.approx(shown(stb, "settings:0", press) + 0.04, abs=0.041)


def test_time_out_of_two_seconds_takes_two_seconds(stb: Watched) -> None:
    """No. 7: a text time-out of 2 s took 7.7 s, because each look took its time and none was left out."""
    stb.find(Text("warm"))
    begin = time.monotonic()

    with pytest.raises(NotSeen) as caught:
        stb.wait_for(Text("Never there"), timeout=2.0)

    assert 1.9 < time.monotonic() - begin < 3.5
    assert caught.value.message.startswith("text 'Never there' not seen within 2 s (")
    assert 40 < int(str(caught.value.details["frames"])) <= 60
    assert int(str(caught.value.details["skipped"])) < int(str(caught.value.details["frames"]))


def test_text_that_goes_is_gone(stb: Watched) -> None:
    stb.show("MENU", "settings-header")
    there = stb.wait_for(Text("Language"))
    press = stb.press("BACK")

    seen = stb.wait_for(Gone(Text("Language")), since=there)

    assert seen.pts == pytest.approx(shown(stb, "live:0", press), abs=0.041)


def test_press_until_a_text_shows(stb: Watched) -> None:
    stb.show("MENU", "settings-header")

    reply = stb.call("remote.press_until", key="DOWN", target=wire(Text("English", DETAILS)), at_most=6, interval=1.5)

    assert reply.value["presses"] == 3
    assert stb.box.screen() == "settings:3"


def test_text_that_must_never_show_is_seen(stb: Watched) -> None:
    number = stb.call("screen.never_start", targets=[wire(Text("Software update"))]).value["id"]
    stb.show("MENU", "settings-header")

    with pytest.raises(Seen, match="text 'Software update' was seen"):
        stb.call("screen.never_stop", id=number)


def test_text_that_never_shows_is_not_seen(stb: Watched) -> None:
    number = stb.call("screen.never_start", targets=[wire(Text("Error 404", MENU))]).value["id"]
    stb.show("MENU", "settings-header")
    stb.wait_for(Text("Language"))

    assert stb.call("screen.never_stop", id=number).value["frames"] > 1


def test_text_and_picture_go_together(stb: Watched) -> None:
    press = stb.press("MENU")

    assert stb.wait_for(All(image("settings-header"), Text("Virtual STB"), Not(Text("Guide"))), since=press)


@pytest.mark.parametrize("words", ["Настройки", "设置"])
def test_text_that_the_language_cannot_write_is_an_error(stb: Watched, words: str) -> None:
    """No. 1: such a text was always there."""
    for target in (Text(words), Not(Text(words))):
        with pytest.raises(ReferenceNotFound, match="language 'eng' has no"):
            stb.wait_for(target, timeout=1.0)


def test_language_that_the_host_does_not_have_is_told_with_its_package(stb: Watched) -> None:
    with pytest.raises(DeviceError, match=r"no language data 'tlh' to read text with.*tesseract-ocr-tlh"):
        stb.find(Text("Qapla", lang="tlh"))


def test_screen_is_read(stb: Watched) -> None:
    stb.show("MENU", "settings-header")

    read = stb.call("screen.read_text", region=MENU, lang="eng").value.splitlines()

    assert {"Picture", "Wi-Fi", "Parental control", "About this box"} <= set(read)


def test_places_of_a_text_with_how_sure_they_are(stb: Watched) -> None:
    stb.show("GUIDE", "guide-header")

    found = stb.call("screen.find_text", target=wire(Text(pattern=r"\d\d:\d\d"))).value

    assert [one["text"] for one in found] == ["20:15", "20:00", "20:45", "21:30"]
    assert [one["region"][1] // 10 for one in found][1:] == [14, 14, 14]
    assert all(0.5 < one["confidence"] <= 1 for one in found)


def test_names_and_values_are_read_as_a_table(stb: Watched) -> None:
    stb.show("MENU", "settings-header")
    stb.press("DOWN")
    stb.press("DOWN")
    stb.wait_for(Text("Signal: strong", DETAILS))

    read = stb.call("screen.read_table", region=DETAILS).value

    assert read == {"Connected": "Home network", "Signal": "strong"}
