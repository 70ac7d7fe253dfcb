"""The serial controller: ptys that socat joins, with boot logs, noise, floods and cables that are pulled."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cables import BOOT, Cable, plugged
from peer import free_port
from until import until
from virtualpytest_host import testing
from virtualpytest_host.controllers.serial import Serial

from pytest_virtualpytest.capabilities import Console, Listens, Logs
from pytest_virtualpytest.exceptions import DeviceError
from pytest_virtualpytest.models import Line


@pytest.fixture
def cable(tmp_path: Path) -> Iterator[Cable]:
    """Give a cable."""
    with plugged(tmp_path) as cable:
        yield cable


@pytest.fixture
def console(cable: Cable) -> Iterator[Serial]:
    """Give the console at its near end, opened."""
    with contextlib.closing(Serial(str(cable.near))) as console:
        console.open()
        yield console


class TestSerial(testing.Controllers, testing.Consoles, testing.Logbooks, testing.Absent):
    @pytest.fixture
    def controller(self, cable: Cable) -> Serial:
        return Serial(str(cable.near))

    @pytest.fixture
    def absent(self, tmp_path: Path) -> Serial:
        return Serial(str(tmp_path / "ttyUSB9"))


def expected(console: Serial, pattern: str, since: float | Line = 0.0, seconds: float = 20.0) -> Line:
    """Return the line in which *pattern* came."""
    found = console.expect(re.compile(pattern), since, seconds)
    assert found is not None
    return found


def told(serial: Serial) -> str:
    """Return what *serial* complains of when it is opened."""
    with contextlib.closing(serial), pytest.raises(DeviceError) as caught:
        serial.open()
    return str(caught.value)


def test_it_is_a_console_and_a_log() -> None:
    serial = Serial("/dev/ttyUSB0")

    assert isinstance(serial, Console)
    assert isinstance(serial, Logs)
    assert isinstance(serial, Listens)


def test_boot_log_is_lines_with_their_times(cable: Cable, console: Serial) -> None:
    began = time.monotonic()
    cable.say(BOOT)
    expected(console, "login: $")
    ended = time.monotonic()

    lines = [line.partition(" ") for line in console.since(began).splitlines()]

    assert [text for _, _, text in lines][-6:] == [
        "Starting kernel ...", "[    0.000000] Booting Linux on physical CPU 0x0",
        "[    1.204417] mmc0: new HS400 MMC card at address 0001", "[  OK  ] Started Ambre Middleware 4.7.1-rc2.", "",
        "horizon login:",
    ]  # fmt: skip
    times = [float(at) for at, _, _ in lines]
    assert times == sorted(times)
    assert began - 0.001 <= times[0] <= times[-1] <= ended + 0.001


def test_prompt_without_an_end_of_line_is_found_and_timed(cable: Cable, console: Serial) -> None:
    before = time.monotonic()
    cable.say(BOOT)
    version = expected(console, r"Middleware (\d+)\.(\d+)\.\d+(-rc\d+)?", before)

    prompt = expected(console, "login: $", version)

    assert version.groups == ("4", "7", "-rc2")
    assert version.text == "[  OK  ] Started Ambre Middleware 4.7.1-rc2."
    assert before <= version.captured <= prompt.captured <= time.monotonic()
    assert 0 <= prompt.after(version).seconds < 20
    assert prompt.error > 0


def test_what_came_before_is_not_expected(cable: Cable, console: Serial) -> None:
    cable.say("login: ")
    first = expected(console, "login")

    assert console.expect(re.compile("login"), time.monotonic(), 0.2) is None
    assert console.expect(re.compile("login"), first, 0.2) is None
    cable.say("root\r\nlogin: ")
    assert expected(console, "login", first).end > first.end


@pytest.mark.parametrize("text", [*testing.HOSTILE, "\x03", "\x1b[A", "root\r\n", "x" * 3000])
def test_text_reaches_the_device_as_it_is(cable: Cable, console: Serial, text: str) -> None:
    console.write(text.encode())

    assert cable.heard(len(text.encode())) == text.encode()


@pytest.mark.parametrize("text", testing.HOSTILE)
def test_text_of_the_device_is_data(cable: Cable, console: Serial, text: str) -> None:
    cable.say(f"{text}\nend\n")

    expected(console, "^end")

    assert [line.partition(" ")[2] for line in console.since(0.0).splitlines()] == [
        *(line.rstrip() for line in text.split("\n")), "end"
    ]  # fmt: skip


def test_every_byte_there_is_leaves_the_next_line_readable(cable: Cable, console: Serial) -> None:
    cable.say(bytes(range(256)) * 3 + b"\nSystem ready\n")

    assert expected(console, "^System ready").text == "System ready"


def test_flood_of_115200_baud_and_more_loses_nothing(cable: Cable, console: Serial) -> None:
    lines = [f"[{number:6d}] usb 1-1: reset high-speed USB device" for number in range(20_000)]  # 90 s of such a line
    before = time.monotonic()
    flood = threading.Thread(target=cable.say, args=["\r\n".join([*lines, "end of flood\r\n"])])
    flood.start()

    expected(console, "^end of flood", before, 120.0)

    flood.join()
    assert [line.partition(" ")[2] for line in console.since(before).splitlines()] == [*lines, "end of flood"]


def test_cable_that_is_pulled_and_plugged_in_again_is_read_on(cable: Cable, console: Serial) -> None:
    cable.say("before\n")
    expected(console, "before")
    cable.unplug()
    until(lambda: "is gone" in console.since(0.0))

    with pytest.raises(DeviceError) as caught:
        console.write(b"x")
    assert str(caught.value) == f"{cable.near}: No such file or directory; is it plugged in?"
    with pytest.raises(DeviceError, match=r"it is gone \(.*\); is it plugged in, and the device on\?$"):
        console.expect(re.compile("after"), time.monotonic(), 0.2)

    cable.plug()
    console.write(b"hello")
    assert cable.heard(5) == b"hello"
    cable.say("after\n")
    assert expected(console, "after").text == "after"
    said = [line.partition(" ")[2] for line in console.since(0.0).splitlines()]
    notes = [f"-- {cable.near} is gone: the connection was closed", f"-- {cable.near} is back"]
    assert said == ["before", *notes, "after"]


def test_waiting_outlives_a_port_that_goes_away_meanwhile(cable: Cable, console: Serial) -> None:
    def restart() -> None:
        cable.unplug()
        cable.plug()
        until(lambda: "is back" in console.since(0.0))
        cable.say("Welcome\n")

    thread = threading.Thread(target=restart)
    thread.start()

    found = console.expect(re.compile("Welcome"), time.monotonic(), 60.0)

    thread.join()
    assert found is not None


def test_device_that_takes_nothing_is_an_error_in_time_and_the_next_text_works(cable: Cable) -> None:
    with contextlib.closing(Serial(str(cable.near), timeout=0.5)) as console:
        console.open()
        with cable.stopped():
            began = time.monotonic()
            with pytest.raises(DeviceError) as caught:
                console.write(bytes(1 << 20))
            assert time.monotonic() - began < 30.0
        with cable.drained():
            console.write(b"next")

    assert str(caught.value) == f"{cable.near}: it did not take 1048576 bytes within 0.5 s; check flow_control"
@pytest.mark.parametrize(
    ("port", "words"),
    [
        ("{folder}/ttyUSB9", "{folder}/ttyUSB9: No such file or directory; is it plugged in?"),
        ("{folder}/file", "{folder}/file: Could not configure port: (25, 'Inappropriate ioctl for device'); "
         "is it a serial port?"),
        ("nonsense://x", "nonsense://x: invalid URL, protocol 'nonsense' not known; is it a serial port?"),
    ],
)  # fmt: skip
def test_what_is_no_port_says_so(tmp_path: Path, port: str, words: str) -> None:
    (tmp_path / "file").touch()

    assert told(Serial(port.format(folder=tmp_path))) == words.format(folder=tmp_path)


def test_port_that_another_program_has_open_is_an_error(cable: Cable) -> None:
    descriptor = os.open(cable.near, os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)

    message = told(Serial(str(cable.near)))

    os.close(descriptor)
    assert message == f"{cable.near}: Resource temporarily unavailable; another program has it open"


def test_last_holder_that_is_just_letting_go_is_waited_for(cable: Cable) -> None:
    last, serial = Serial(str(cable.near)), Serial(str(cable.near))
    last.open()
    timer = threading.Timer(0.3, last.close)
    timer.start()

    serial.open()

    timer.join()
    cable.say("mine\n")
    assert expected(serial, "mine")
    serial.close()


def test_port_is_one_thing_under_two_names(cable: Cable, tmp_path: Path) -> None:
    (tmp_path / "by-id").symlink_to(cable.near)

    assert Serial(str(tmp_path / "by-id")).resources() == Serial(str(cable.near)).resources()


def test_unopened_console_says_so() -> None:
    with pytest.raises(DeviceError, match="it is not open; open it first"):
        Serial("/dev/ttyUSB0").since(0.0)


def test_terminal_server_is_a_port_too_and_comes_back(cable: Cable) -> None:
    port = free_port()
    with contextlib.closing(Serial(f"socket://127.0.0.1:{port}")) as console:
        assert told(console).startswith(f"socket://127.0.0.1:{port}: ")
        with served(cable, port):
            until(lambda: opens(console))
            console.write(b"hello")
            assert cable.heard(5) == b"hello"
            cable.say(BOOT)
            assert expected(console, "login: $").text == "horizon login: "
        with pytest.raises(DeviceError, match="is it plugged in, and the device on"):
            until(lambda: console.expect(re.compile("never"), time.monotonic(), 0.2))

        with served(cable, port):
            until(lambda: "is back" in console.since(0.0))
            cable.say("again\n")
            expected(console, "again")

    assert console.resources() == [f"127.0.0.1:{port}"]


@contextlib.contextmanager
def served(cable: Cable, port: int) -> Iterator[None]:
    """Serve the near end of *cable* at *port*, to one client."""
    ends = [f"tcp-listen:{port},bind=127.0.0.1,reuseaddr", f"{cable.near},raw,echo=0"]
    with subprocess.Popen(["socat", *ends]) as process:
        try:
            yield
        finally:
            process.kill()


def opens(console: Serial) -> bool:
    """Tell whether *console* can be opened now, and open it."""
    with contextlib.suppress(DeviceError):
        console.open()
        return True
    return False
