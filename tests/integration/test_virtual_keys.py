"""The keys and the mains of a virtual box: Roku's and Tasmota's protocols, one user of the keys at a time."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator

import pytest
from boxes import Bench, running
from until import until


@pytest.fixture(scope="module")
def box() -> Iterator[Bench]:
    """Give a box."""
    with running("keyed & co") as bench:
        yield bench


@pytest.fixture(autouse=True)
def _rested(box: Bench) -> None:
    box.rest()


def test_key_is_answered_with_nothing(box: Bench) -> None:
    with box.client("keys") as client:
        answer = client.press("Guide")

    assert (answer.status, answer.text) == (200, "")
    until(lambda: box.shown() == "guide:0")


def test_text_may_be_of_any_script(box: Bench) -> None:
    with box.client("keys") as client:
        for character in ("%C3%A9", "%E2%82%AC", "%E4%BD%A0", "%2F", "%3F"):
            assert client.press(f"Lit_{character}").status == 200

    assert [event["key"] for event in box.events("key")[-5:]] == ["Lit_é", "Lit_€", "Lit_你", "Lit_/", "Lit_?"]


def test_key_that_is_down_repeats_until_it_goes_up(box: Bench) -> None:
    with box.client("keys") as client:
        client.press("Menu")
        until(lambda: box.shown() == "settings:0")
        client.press("Down", "keydown")
        until(lambda: box.shown() == "settings:3")
        client.press("Down", "keyup")

    states = [event["state"] for event in box.events("screen")]
    begin = len(states) - states[::-1].index("settings:0") - 1
    assert states[begin : begin + 4] == ["settings:0", "settings:1", "settings:2", "settings:3"]


def test_key_is_let_go_when_its_user_hangs_up(box: Bench) -> None:
    with box.client("keys") as client:
        client.press("Menu")
        client.press("Down", "keydown")

    until(lambda: box.events("key")[-1]["action"] == "up")
    assert box.events("key")[-1]["key"] == "Down"


@pytest.mark.parametrize("path", ["/", "/keypress/", "/keypress", "/launch/1", "/keysmash/Up"])
def test_unknown_command_is_not_found(box: Bench, path: str) -> None:
    with box.client("keys") as client:
        answer = client.ask(path, "POST")

    assert (answer.status, answer.text) == (404, "unknown command")


def test_second_user_is_refused_and_told_of_in_the_truth(box: Bench) -> None:
    with box.client("keys") as first, box.client("keys") as second:
        first.press("Info")
        answer = second.press("Guide")

        assert (answer.status, answer.text[:20]) == (503, "in use by 127.0.0.1:")
        assert first.press("Back").status == 200
    assert box.events("second user")[-1]["client"][0] == "127.0.0.1"
    assert [event["key"] for event in box.events("key")[-2:]] == ["Info", "Back"]


def test_next_user_need_not_wait(box: Bench) -> None:
    statuses = []

    for _ in range(30):
        with box.client("keys") as client:
            statuses.append(client.press("FindRemote").status)

    assert statuses == [200] * 30


def test_who_only_asks_does_not_take_the_keys(box: Bench) -> None:
    with box.client("keys") as curious, box.client("keys") as user:
        curious.ask("/query/device-info")

        assert user.press("Info").status == 200
        assert curious.ask("/query/apps").status == 200


@pytest.mark.parametrize(("key", "mode"), [("PowerOff", "DisplayOff"), ("PowerOn", "PowerOn")])
def test_device_info_names_the_box_and_its_power_mode(box: Bench, key: str, mode: str) -> None:
    box.press(key)
    until(lambda: box.shown() == ("standby" if key == "PowerOff" else "live:0"))

    with box.client("keys") as client:
        info = ElementTree.fromstring(client.ask("/query/device-info").text)

    assert info.findtext("serial-number") == "keyed & co"
    assert info.findtext("power-mode") == mode


@pytest.mark.parametrize("side", ["keys", "control"])
def test_answers_come_at_once_on_a_kept_connection(box: Bench, side: str) -> None:
    path = "/query/apps" if side == "keys" else "/state"
    with box.client(side, patience=2) as client:
        answers = [client.ask(path).status for _ in range(200)]  # 40 ms each where small packets wait for each other

    assert answers == [200] * 200


def test_plug_tells_its_status(box: Bench) -> None:
    with box.client("power") as plug:
        answer = json.loads(plug.ask("/cm?cmnd=Status").text)

    assert answer["Status"]["Power"] == 1


@pytest.mark.parametrize("path", ["/cm?cmnd=Dance", "/cm", "/cm?cmnd="])
def test_plug_knows_no_other_command(box: Bench, path: str) -> None:
    with box.client("power") as plug:
        answer = json.loads(plug.ask(path).text)

    assert answer == {"Command": "Unknown"}


def test_plug_switches_off_and_on_and_tells(box: Bench) -> None:
    commands = ("Power", "Power%20Off", "Power", "power1%20ON", "Power%20Toggle", "Power%201", "Power%202")

    with box.client("power") as plug:
        answers = [json.loads(plug.ask(f"/cm?cmnd={command}").text)["POWER"] for command in commands]

    assert answers == ["ON", "OFF", "OFF", "ON", "OFF", "ON", "OFF"]
