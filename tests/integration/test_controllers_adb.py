"""The adb controller: against a virtual phone, and with every mishap between them."""

from __future__ import annotations

import base64
import contextlib
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from peer import free_port
from phones import Phone, archive, running
from until import until
from virtualpytest_host import virtual
from virtualpytest_host.android import address, key
from virtualpytest_host.android.connection import Connection
from virtualpytest_host.controllers.adb import Adb

from pytest_virtualpytest import capabilities
from pytest_virtualpytest.answers import Element
from pytest_virtualpytest.exceptions import DeviceError
from pytest_virtualpytest.key import Key

SETTINGS, NOTES = "com.virtual.settings", "com.virtual.notes"
NASTY = [
    "a b", "it's", '"x"', "$(reboot)", "`reboot`", "; reboot", "| & < >", "new\nline", "%s 100%",
    "-rf", "#", "\\n", "mouse",
]  # fmt: skip
STRANGE = ["é€你", "😀", "a\n😀'$(reboot)"]


@pytest.fixture(scope="module")
def phone() -> Iterator[Phone]:
    """Give a phone."""
    with running("driven phone") as phone:
        yield phone


@pytest.fixture
def adb(phone: Phone, own_key: Path) -> Iterator[Adb]:
    """Give a controller of it, at home and with nothing wrong."""
    phone.clear()
    with opened(phone, own_key) as adb:
        adb.press("HOME")
        yield adb
    phone.clear()


@pytest.fixture(scope="module")
def own_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a key that is made at its first use."""
    return tmp_path_factory.mktemp("keys") / "new" / "adbkey"


@contextlib.contextmanager
def opened(phone: Phone, own_key: Path, timeout: float = 5.0) -> Iterator[Adb]:
    adb = Adb(phone.address, own_key, timeout=timeout)
    adb.open()
    try:
        yield adb
    finally:
        adb.close()


def field(adb: Adb) -> str:
    return next(one.text for one in everything(adb.tree()) if one.id.endswith("/input"))


def everything(element: Element) -> Iterator[Element]:
    yield element
    for child in element.children:
        yield from everything(child)


def complaint(action: Callable[[], object]) -> str:
    with pytest.raises(DeviceError) as caught:
        action()
    return caught.value.message


def sockets() -> int:
    """Return how many connections this process has."""
    found = 0
    for path in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            found += "socket:" in os.readlink(path)  # noqa: PTH115  # it leads nowhere
    return found


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


def test_phone_that_does_not_know_the_key_says_what_to_do(phone: Phone, own_key: Path) -> None:
    phone.fault("reject")
    adb, begin = Adb(phone.address, own_key, timeout=0.5), time.monotonic()

    message = complaint(adb.open)
    phone.clear()

    assert f"it does not know the key {own_key}: allow it on the device's screen" in message
    assert time.monotonic() - begin < 3


def test_refused_connection_names_the_address(own_key: Path) -> None:
    port = free_port()

    message = complaint(Adb(f"127.0.0.1:{port}", own_key).open)

    assert message == f"127.0.0.1:{port}: Connection refused at connecting; is it on, and ADB allowed?"


def test_hung_phone_is_told_within_the_deadline_and_answers_again_once_it_is_well(phone: Phone, adb: Adb) -> None:
    phone.fault("hang")
    begin, before = time.monotonic(), sockets()

    message = complaint(lambda: adb.run("true", 0.5))
    took = time.monotonic() - begin
    phone.clear()

    assert message == f"{phone.address}: no answer to 'true' within 0.5 s; is the device well?"
    assert 0.5 <= took < 1.5
    assert adb.run("echo again", 5).output == "again\n"
    assert sockets() <= before


def test_slow_phone_is_waited_for(phone: Phone, adb: Adb) -> None:
    phone.fault("slow", amount=0.4)
    begin = time.monotonic()

    assert adb.run("echo late", 5).output == "late\n"
    assert time.monotonic() - begin >= 0.4


def test_command_that_takes_longer_than_a_connection_may_is_waited_for(phone: Phone, own_key: Path) -> None:
    with opened(phone, own_key, timeout=0.5) as adb:
        assert adb.run("sleep 1; echo done", 5).output == "done\n"


@pytest.mark.parametrize("action", ["push", "pull"])
def test_connection_lost_in_mid_transfer_is_told_and_the_next_call_works(phone: Phone, adb: Adb, action: str) -> None:
    content = os.urandom(3_000_000)
    adb.push(content, "/sdcard/long")
    phone.fault("drop")
    begin, before = time.monotonic(), sockets()

    message = complaint(lambda: adb.push(content, "/sdcard/lost") if action == "push" else adb.pull("/sdcard/long"))
    phone.clear()

    assert message.startswith(f"{phone.address}: ")
    assert "; is it on, and ADB allowed?" in message
    assert time.monotonic() - begin < 3
    assert adb.pull("/sdcard/long") == content
    assert sockets() <= before


def test_refusing_phone_is_told_and_is_used_again_once_it_does_not(phone: Phone, adb: Adb) -> None:
    phone.fault("refuse")
    until(lambda: not adb.connection._transport.alive())

    assert "Connection refused" in complaint(lambda: adb.run("true", 5))
    phone.clear()

    assert adb.run("echo again", 5).output == "again\n"


def test_killed_phone_is_told_and_the_next_one_is_used(own_key: Path) -> None:
    with running("mortal phone") as phone, opened(phone, own_key) as adb:
        os.kill(phone.state["pid"], 9)
        begin = time.monotonic()

        message = complaint(lambda: adb.run("true", 5))

        assert time.monotonic() - begin < 2
        assert message.startswith(f"{phone.address}: ")
        virtual.attach("phone", "mortal phone").close()
        with opened(phone, own_key) as again:
            assert again.run("echo again", 5).output == "again\n"


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


def test_permission_is_given_and_taken_away(adb: Adb) -> None:
    assert adb.permissions(NOTES) == {"android.permission.CAMERA": False, "android.permission.RECORD_AUDIO": False}
    adb.launch(NOTES)

    adb.permit(NOTES, "CAMERA", True)
    assert adb.permissions(NOTES)["android.permission.CAMERA"] is True
    assert adb.current() == NOTES

    adb.permit(NOTES, "android.permission.CAMERA", False)
    assert adb.permissions(NOTES)["android.permission.CAMERA"] is False
    assert adb.current() != NOTES  # Android ends it


def test_permission_that_an_app_does_not_ask_for_is_an_error_that_lists_those_that_it_does(adb: Adb) -> None:
    refused = r"has not requested permission a\.b\.FLY; .* asks for android\.permission\.CAMERA"
    with pytest.raises(DeviceError, match=refused):
        adb.permit(NOTES, "a.b.FLY", True)
    with pytest.raises(DeviceError, match=r"no app 'com\.virtual\.note'; did you mean"):
        adb.permissions("com.virtual.note")


@pytest.mark.parametrize("name", NASTY)
def test_permission_and_app_reach_the_phone_as_they_are(adb: Adb, name: str) -> None:
    with pytest.raises(DeviceError, match="has not requested permission"):
        adb.permit(NOTES, f"x.{name}", True)
    with pytest.raises(DeviceError, match="no app"):
        adb.permit(name, "CAMERA", True)
    assert adb.run("true", 5).status == 0


def test_crash_is_told_from_a_moment_on(adb: Adb) -> None:
    adb.launch(NOTES)
    before = time.monotonic()
    adb.run(["am", "crash", NOTES], 5)
    adb.run(["log", "-p", "e", "-t", "ActivityManager", f"ANR in {SETTINGS} (x)\nPID: 7\nReason: no focus"], 5)

    assert [(crash.app, crash.kind) for crash in adb.crashes(before)] == [
        (NOTES, "crash"), (SETTINGS, "not responding"),
    ]  # fmt: skip
    assert adb.crashes(time.monotonic()) == []


def test_command_is_followed_while_it_runs(adb: Adb) -> None:
    running = adb.follow(["logcat", "-s", "Mine"])
    with contextlib.closing(running):
        adb.run(["log", "-t", "Mine", "first $(line)"], 5)
        first = running.expect(re.compile(r"Mine: (first .*)"), 0.0, 5)
        adb.run(["log", "-t", "Mine", "second"], 5)
        second = running.expect(re.compile("Mine: second"), first or 0.0, 5)

        assert first is not None
        assert first.groups == ("first $(line)",)
        assert second is not None
        assert second.captured > first.captured
        assert running.expect(re.compile("third"), second, 0.2) is None
        assert not running.ended

    assert running.ended


def test_command_that_ends_says_so_with_all_that_it_printed(adb: Adb) -> None:
    with contextlib.closing(adb.follow("echo one; echo two")) as running:
        until(lambda: running.ended)

        assert [line.partition(" ")[2] for line in running.since(0.0).splitlines()] == ["one", "two", "-- it ended"]


def test_phone_that_dies_is_told_by_what_is_followed(own_key: Path) -> None:
    with running("followed phone") as phone, opened(phone, own_key) as adb:
        follows = adb.follow("logcat")
        virtual.stop("followed phone")
        until(lambda: follows.ended, 10)

        with pytest.raises(DeviceError, match=r"'logcat' was lost: 127\.0\.0\.1:"):
            follows.expect(re.compile("never"), 0.0, 0.1)
