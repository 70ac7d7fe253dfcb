"""What is inside a phone, by the adb controller: permissions of its apps, their crashes, commands that go on."""

from __future__ import annotations

import contextlib
import re
import time
from pathlib import Path

import pytest
from phones import NASTY, NOTES, SETTINGS, opened, running
from until import until
from virtualpytest_host import virtual
from virtualpytest_host.controllers.adb import Adb
from virtualpytest_host.hands import Inputs
from virtualpytest_host.inside import Shell

from pytest_virtualpytest.exceptions import DeviceError


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


def test_number_of_a_command_is_given_once(adb: Adb) -> None:
    shell = Shell(adb, Inputs(), lambda capability: None)
    left, other = shell.follow("logcat"), shell.follow("logcat")

    shell.leave(left)
    another = shell.follow("echo another")

    assert another not in {left, other}
    for ask in (shell.printed, shell.leave, lambda number: shell.expect(number, since=None)):
        with pytest.raises(DeviceError, match=f"no command {left} is followed: it ended with its lease"):
            ask(left)
    shell.rest()
    with pytest.raises(DeviceError, match=f"no command {other} is followed"):
        shell.printed(other)
