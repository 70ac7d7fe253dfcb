"""The adb controller against a virtual phone: its keys, text, touch, files, shell, log and power."""

from __future__ import annotations

import base64
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from phones import NASTY, NOTES, SETTINGS, Phone, archive, complaint, opened, running
from until import until
from virtualpytest_host.android import address, key
from virtualpytest_host.android.connection import Connection
from virtualpytest_host.controllers.adb import Adb

from pytest_virtualpytest import capabilities
from pytest_virtualpytest.answers import Element
from pytest_virtualpytest.key import Key

STRANGE = ["é€你", "😀", "a\n😀'$(reboot)"]


def field(adb: Adb) -> str:
    return next(one.text for one in everything(adb.tree()) if one.id.endswith("/input"))


def everything(element: Element) -> Iterator[Element]:
    yield element
    for child in element.children:
        yield from everything(child)


@pytest.mark.parametrize(
    "name",
    ["Remote", "Holds", "Types", "Touch", "Ui", "Shell", "Files", "Apps", "Installs", "Logs", "Power",
     "Restarts", "Watched"],
)  # fmt: skip
def test_it_has_what_each_capability_wants(name: str) -> None:
    assert isinstance(Adb("phone"), getattr(capabilities, name))


def test_every_key_reaches_the_phone(phone: Phone, adb: Adb) -> None:
    begin = time.monotonic()

    for one in Key:
        adb.press(one)
    adb.press("WAKE")

    assert len(phone.events("key", begin)) == len(Key) + 1


def test_key_is_held(phone: Phone, adb: Adb) -> None:
    adb.hold("OK", 1)

    assert phone.events("key")[-1].items() >= {"key": "DPAD_CENTER", "held": True}.items()


def test_unknown_key_lists_the_keys(adb: Adb) -> None:
    message = complaint(lambda: adb.press("HDMI 9"))

    assert message.startswith("adb: unknown key 'HDMI 9'; keys: UP, DOWN, LEFT, RIGHT, OK, BACK")


@pytest.mark.parametrize("text", NASTY)
def test_typed_text_arrives_as_it_is(phone: Phone, adb: Adb, text: str) -> None:
    adb.launch(NOTES)
    adb.clear(NOTES)
    adb.launch(NOTES)

    adb.type(text)

    assert field(adb) == text
    assert not phone.events("reboot")


@pytest.mark.parametrize("text", STRANGE)
def test_text_of_other_scripts_needs_a_keyboard_that_has_them(phone: Phone, adb: Adb, text: str) -> None:
    adb.run("pm uninstall com.android.adbkeyboard; ime set com.virtual.notes/.Main", 5)
    adb.clear(NOTES)
    adb.launch(NOTES)

    assert "ime set com.android.adbkeyboard/.AdbIME" in complaint(lambda: adb.type(text))
    adb.install(archive("com.android.adbkeyboard"))
    adb.run("ime set com.android.adbkeyboard/.AdbIME", 5)
    adb.type(text)

    assert field(adb) == text
    assert not phone.events("reboot")


@pytest.mark.parametrize("text", [*NASTY, *STRANGE, ""])
def test_arguments_and_names_of_files_arrive_as_they_are(phone: Phone, adb: Adb, text: str) -> None:
    name = f"/sdcard/n/{text}x/y"
    content = base64.b64encode(os.urandom(30))

    adb.push(content, name)

    assert adb.run(["printf", "%s|", text, "end"], 5).output == f"{text}|end|"
    assert adb.pull(name) == content
    assert f"{text}x" in [entry.name for entry in adb.entries("/sdcard/n")]
    assert not phone.events("reboot")


@pytest.mark.parametrize("text", [*NASTY, *STRANGE])
def test_names_of_apps_are_never_a_line(phone: Phone, adb: Adb, text: str) -> None:
    for action in (adb.launch, adb.stop, adb.clear):
        assert f"no app {text!r}" in complaint(lambda action=action: action(text))  # type: ignore[misc]
    assert not phone.events("reboot")


def test_shown_text_comes_back_as_it_is(adb: Adb) -> None:
    adb.install(archive("com.example.odd", "<b>&\"'"))

    assert "<b>&\"'" in [one.text for one in everything(adb.tree())]


def test_tap_and_swipe_go_where_they_are_told(phone: Phone, adb: Adb) -> None:
    adb.tap(10, 20)
    adb.swipe([(100, 900), (110, 500)], 0.05)
    adb.swipe([(1, 2), (3, 4), (5, 6)], 0.05)

    assert phone.events("tap")[-1].items() >= {"x": 10, "y": 20}.items()
    drawn = [event["points"] for event in phone.events("swipe")[-2:]]
    assert drawn == [[[100, 900], [110, 500]], [[1, 2], [3, 4], [5, 6]]]


def test_app_is_installed_started_found_in_front_and_ended(adb: Adb) -> None:
    adb.install(archive("com.example.own"))
    adb.launch("com.example.own")

    assert adb.current() == "com.example.own"
    adb.stop("com.example.own")
    assert adb.current() == "com.virtual.launcher"
    assert "com.example.own" in adb.installed()
    assert "tmp" not in [entry.name for entry in adb.entries("/data/local/tmp") if entry.name.endswith(".apk")]


def test_what_is_no_app_is_refused_with_the_phones_word(adb: Adb) -> None:
    assert "INSTALL_PARSE_FAILED_NOT_APK" in complaint(lambda: adb.install(b"no archive"))


@pytest.mark.parametrize(
    ("action", "said"),
    [
        (lambda adb: adb.pull("/sdcard/none"), "/sdcard/none: No such file or directory"),
        (lambda adb: adb.push(b"x", "/system/x"), "/system/x: Read-only file system"),
        (lambda adb: adb.entries("/none"), "/none: no such folder"),
        (lambda adb: adb.pull("/sdcard"), "/sdcard: Is a directory"),
    ],
)
def test_file_that_cannot_be_had_is_named(adb: Adb, action: Callable[[Adb], object], said: str) -> None:
    assert said in complaint(lambda: action(adb))
    assert adb.run("echo well", 5).output == "well\n"


def test_status_output_and_complaints_come_apart(adb: Adb) -> None:
    done = adb.run("echo out; ls /none; exit 7", 5)

    assert (done.status, done.output, done.errors) == (7, "out\n", "ls: /none: No such file or directory\n")


def test_log_begins_at_the_moment_that_is_asked_for(adb: Adb) -> None:
    adb.run("log -t Old before", 5)
    begin = time.monotonic()
    until(lambda: time.monotonic() > begin + 1)
    adb.run(["log", "-t", "New", "it's $(so)"], 5)

    log = adb.since(begin + 0.9)

    assert "New: it's $(so)" in log
    assert "Old" not in log


def test_facts_say_what_the_phone_is(adb: Adb) -> None:
    assert adb.facts() == {
        "model": "Virtual Phone", "serial": "driven phone", "android": "14", "firmware": "V1.0",
        "resolution": "720x1280", "battery": "87 %",
    }  # fmt: skip


def test_phone_sleeps_wakes_and_starts_anew(phone: Phone, adb: Adb) -> None:
    adb.off()
    assert (adb.status(), phone.screen()) == (False, "off")
    adb.on()
    assert adb.status()

    with running("restarted") as other, opened(other, adb._key) as control:
        control.launch(SETTINGS)
        control.restart()

        assert control.current() == "com.virtual.launcher"


def test_key_is_made_once_for_all_who_ask_at_once(tmp_path: Path) -> None:
    path = tmp_path / "new" / "adbkey"
    threads = [threading.Thread(target=key.present, args=(path,)) for _ in range(4)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(one.name for one in path.parent.iterdir()) == ["adbkey", "adbkey.pub"]
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("text", "place"),
    [("192.0.2.7", "192.0.2.7:5555"), ("PHONE:1", "phone:1"), ("usb", "usb:"), ("usb:R5", "usb:R5")],
)
def test_it_holds_the_address_however_that_is_written(text: str, place: str) -> None:
    assert Adb(text).resources() == [place]


@pytest.mark.parametrize("text", ["", "phone:many", "http://phone", "a b", "ann@phone", ":5555"])
def test_address_that_is_none_says_what_one_looks_like(text: str) -> None:
    message = complaint(lambda: Adb(text).resources())

    assert message.startswith(f"adb: address {text!r} is none; wanted one such as '192.0.2.7'")


def test_users_at_once_have_a_connection_each(phone: Phone, own_key: Path) -> None:
    said: list[str] = []

    def ask(number: int) -> None:
        connection = Connection(address.parse(phone.address), own_key, 5.0)
        said.extend(connection.run(f"sleep 0.01; echo {number}").output for _ in range(10))
        connection.close()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(said) == sorted(f"{number}\n" for number in range(4) for _ in range(10))
