"""The virtual phone, as two clients see it that nobody here wrote: Debian's own adb, and adb-shell."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from adb_shell.adb_device import AdbDeviceTcp
from adb_shell.auth.sign_cryptography import CryptographySigner
from adb_shell.exceptions import TcpTimeoutException
from boxes import alive
from peer import free_port
from phones import Adb, Phone, archive, running
from until import until

pytestmark = pytest.mark.skipif(shutil.which("adb") is None, reason="apt-get install adb")

NASTY = [
    "a b", "it's", '"quoted"', "$(reboot)", "`id`", "; reboot", "& | > <", "new\nline",
    "😀 é 你", "%s", "-rf", "#", "\\",
]  # fmt: skip


@pytest.fixture(scope="module")
def phone() -> Iterator[Phone]:
    """Give a phone."""
    with running("phoned") as phone:
        yield phone


@pytest.fixture(scope="module")
def adb(phone: Phone, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Adb]:
    """Give Debian's client, connected."""
    with contextlib.closing(Adb(phone, tmp_path_factory.mktemp("home"), free_port())) as adb:
        until(lambda: adb("get-state").stdout == b"device\n")
        yield adb


@pytest.fixture(scope="module")
def signer(adb: Adb, tmp_path_factory: pytest.TempPathFactory) -> CryptographySigner:
    """Give a key to adb-shell: the one that the other client has made."""
    home = next(path for path in tmp_path_factory.getbasetemp().glob("home*") if (path / ".android").exists())
    return CryptographySigner(str(home / ".android" / "adbkey"))


@pytest.fixture
def device(phone: Phone, signer: CryptographySigner) -> Iterator[AdbDeviceTcp]:
    """Give adb-shell, connected."""
    with contextlib.closing(AdbDeviceTcp("127.0.0.1", phone.port("adb"))) as device:
        device.connect(rsa_keys=[signer], auth_timeout_s=5)
        yield device


@pytest.fixture(autouse=True)
def _rested(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "phone" in request.fixturenames:
        request.getfixturevalue("phone").clear()


def picture(adb: Adb) -> np.ndarray:
    shown = cv2.imdecode(np.frombuffer(adb("exec-out", "screencap", "-p").stdout, np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None
    return shown


def test_client_lists_the_phone(adb: Adb) -> None:
    assert b"device product:virtual model:Virtual_Phone device:vphone" in adb("devices", "-l").stdout


@pytest.mark.parametrize("status", [0, 3, 255])
def test_exit_status_and_complaints_come_apart(adb: Adb, status: int) -> None:
    done = adb("shell", f"echo told; ls /none; exit {status}")

    assert (done.returncode, done.stdout, done.stderr) == (status, b"told\n", b"ls: /none: No such file or directory\n")


@pytest.mark.parametrize("size", [0, 1, 65_536, 3_000_001])
def test_files_arrive_as_they_were(adb: Adb, tmp_path: Path, size: int) -> None:
    (tmp_path / "there").write_bytes(os.urandom(size))

    sent = adb("push", str(tmp_path / "there"), "/sdcard/back")
    fetched = adb("pull", "/sdcard/back", str(tmp_path / "back"))

    assert (sent.returncode, fetched.returncode) == (0, 0)
    assert (tmp_path / "back").read_bytes() == (tmp_path / "there").read_bytes()


def test_folder_arrives_whole(adb: Adb, tmp_path: Path) -> None:
    names = ["a b", "it's", "$(reboot)", "😀 é", "; x"]
    (tmp_path / "sent").mkdir()
    for name in names:
        (tmp_path / "sent" / name).write_text(name)

    adb("push", str(tmp_path / "sent"), "/sdcard/")
    adb("pull", "/sdcard/sent", str(tmp_path / "got"))

    assert {path.name: path.read_text() for path in (tmp_path / "got").iterdir()} == {name: name for name in names}


def test_file_that_is_not_there_and_place_that_may_not_be_written_are_told(adb: Adb, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("x")

    fetched = adb("pull", "/sdcard/none", str(tmp_path / "y"))
    sent = adb("push", str(tmp_path / "x"), "/system/x")

    assert b"No such file" in fetched.stdout + fetched.stderr
    assert b"Read-only file system" in sent.stdout + sent.stderr


def test_app_is_installed_started_and_removed(adb: Adb, tmp_path: Path) -> None:
    (tmp_path / "x.apk").write_bytes(archive("com.example.x"))

    assert b"Success" in adb("install", str(tmp_path / "x.apk")).stdout
    adb("shell", "am start -n com.example.x/.Main")
    assert b"com.example.x/.Main" in adb("shell", "dumpsys window").stdout
    assert b"Success" in adb("uninstall", "com.example.x").stdout
    assert b"com.example.x" not in adb("shell", "pm list packages").stdout


def test_what_is_no_app_is_refused(adb: Adb, tmp_path: Path) -> None:
    (tmp_path / "x.apk").write_bytes(b"no archive")

    done = adb("install", str(tmp_path / "x.apk"))

    assert b"INSTALL_PARSE_FAILED_NOT_APK" in done.stdout + done.stderr


def test_tap_goes_where_the_tree_says(phone: Phone, adb: Adb) -> None:
    adb("shell", "am start -n com.virtual.settings/.Main")
    before = picture(adb)
    tree = adb("exec-out", "uiautomator dump /dev/tty").stdout.decode()
    x, y = re.findall(r'text="Bluetooth".*?bounds="\[(\d+),(\d+)\]', tree)[0]

    adb("shell", f"input tap {x} {y}")

    assert (picture(adb) != before).any()
    assert phone.events("tap")[-1]["y"] == int(y)


def test_truth_tells_what_is_on_screen_and_when(phone: Phone, adb: Adb) -> None:
    adb("shell", "input keyevent HOME")
    begin = time.monotonic()

    adb("shell", "monkey -p com.virtual.notes 1")

    [shown] = phone.events("screen", begin)
    assert shown["state"] == "notes"
    assert begin < shown["at"] < time.monotonic()


def test_log_is_kept_and_followed_by_the_client(adb: Adb) -> None:
    adb("shell", "log -t Example 'it is; $(so)'")

    assert b"I Example: it is; $(so)\n" in adb("logcat", "-d").stdout


@pytest.mark.parametrize("text", NASTY)
def test_second_client_hands_words_over_as_they_are(device: AdbDeviceTcp, text: str) -> None:
    assert device.shell(f"printf '%s|' {shlex.quote(text)} end") == f"{text}|end|"


def test_second_client_moves_files(device: AdbDeviceTcp, tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(os.urandom(1_500_000))

    device.push(str(tmp_path / "there"), "/sdcard/second")
    device.pull("/sdcard/second", str(tmp_path / "back"))

    assert (tmp_path / "back").read_bytes() == (tmp_path / "there").read_bytes()
    assert [entry.size for entry in device.list("/sdcard") if entry.filename == b"second"] == [1_500_000]


def test_film_is_h264_of_the_screen_as_it_changes(adb: Adb, device: AdbDeviceTcp) -> None:
    decoder = av.CodecContext.create("h264", "r")
    film = device.streaming_shell("screenrecord --output-format=h264 --time-limit 2 -", decode=False)
    timer = threading.Timer(0.5, lambda: adb("shell", "am start -n com.virtual.settings/.Main"))
    adb("shell", "input keyevent HOME")
    timer.start()

    data = b"".join(film)
    frames = [frame for packet in [*decoder.parse(data), *decoder.parse(b"")] for frame in decoder.decode(packet)]
    frames += decoder.decode(None)
    timer.join()

    assert len(frames) == 2
    shown = frames[-1].to_ndarray(format="bgr24").astype(int)
    assert np.abs(shown - picture(adb)).mean() < 3


def test_unknown_key_is_asked_for_its_name_and_known_from_then_on(phone: Phone, device: AdbDeviceTcp) -> None:
    assert device.shell("getprop ro.serialno") == "phoned\n"


def test_rejecting_phone_lets_nobody_in(phone: Phone, adb: Adb, signer: CryptographySigner) -> None:
    phone.fault("reject")

    device = AdbDeviceTcp("127.0.0.1", phone.port("adb"))
    with contextlib.closing(device), pytest.raises(TcpTimeoutException):
        device.connect(rsa_keys=[signer], transport_timeout_s=1, auth_timeout_s=0.5)


def test_who_has_not_said_who_it_is_gets_nothing(phone: Phone) -> None:
    from virtualpytest_host.virtual.phone.packets import OPEN, Packet

    with socket.create_connection(("127.0.0.1", phone.port("adb")), timeout=5) as client:
        client.sendall(Packet(OPEN, 1, 0, b"shell:id\0").packed())

        assert client.recv(100) == b""


def test_reboot_takes_its_time_and_ends_every_app(phone: Phone, adb: Adb) -> None:
    adb("shell", "am start -n com.virtual.notes/.Main")

    adb("reboot")
    until(lambda: phone.screen() == "boot")
    until(lambda: phone.screen() == "launcher")

    assert phone.events("reboot")


def test_unknown_fault_lists_those_of_a_phone(phone: Phone) -> None:
    with phone.client("control") as client:
        answer = client.ask("/fault/frezee", "POST")

    assert answer.text == (
        "unknown fault 'frezee'; known: hang, slow, refuse, crash, drop, reject, stall, no_screenrecord"
    )


def test_crashed_phone_is_gone_and_comes_again() -> None:
    from virtualpytest_host import virtual

    with running("phone that crashes") as phone:
        first = phone.state["pid"]
        with contextlib.suppress(OSError):
            phone.fault("crash")
        until(lambda: not alive(first))
        virtual.attach("phone", "phone that crashes").close()

        assert phone.screen() == "launcher"
