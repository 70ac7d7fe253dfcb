"""The infrared controller with a daemon that is killed, hangs, or is none."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from lircds import Lircd, told
from until import until
from virtualpytest_host.controllers.infrared import Infrared

from pytest_virtualpytest.exceptions import DeviceError


def test_daemon_that_was_killed_is_an_error_and_works_once_it_is_back(lircd: Lircd, remote: Infrared) -> None:
    remote.open()
    lircd.stop()

    message = told(remote)

    assert message == f"{lircd.socket}: Connection refused; is lircd running, and this its socket?"
    Path(lircd.socket).unlink()
    lircd.start()
    remote.press("OK")


def test_daemon_that_hangs_is_an_error_in_time_and_works_once_it_goes_on(lircd: Lircd) -> None:
    remote = Infrared("horizon", lircd.socket, timeout=0.5)
    remote.open()
    assert lircd.process is not None
    lircd.process.send_signal(signal.SIGSTOP)
    began = time.monotonic()

    message = told(remote)

    assert time.monotonic() - began < 20
    assert message == f"{lircd.socket}: no answer to SEND_ONCE horizon KEY_OK within 0.5 s; is lircd well?"
    lircd.process.send_signal(signal.SIGCONT)
    until(lambda: "horizon" in _asked(lircd))
    remote.press("GUIDE")


def _asked(lircd: Lircd) -> str:
    command = ["irsend", f"--device={lircd.socket}", "LIST", "", ""]
    return subprocess.run(command, check=False, capture_output=True, timeout=20, text=True).stdout


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"BEGIN\nLIST horizon\nSUCC", "it ended in the middle of its answer; is lircd running, and this its socket?"),
        (b"", "it ended in the middle of its answer; is lircd running, and this its socket?"),
        (b"BEGIN\nLIST horizon\nMAYBE\nEND\n", "an answer of 'MAYBE' and 'END'; is this lircd's socket?"),
        (b"BEGIN\nLIST horizon\nSUCCESS\nDATA\nmany\n", "invalid literal for int() with base 10: 'many'; "
         "is this lircd's socket?"),
    ],
)  # fmt: skip
def test_answer_that_is_none(tmp_path: Path, answer: bytes, words: str) -> None:
    path = str(tmp_path / "socket")
    with answering(path, answer), pytest.raises(DeviceError) as caught:
        Infrared("horizon", path).open()

    assert caught.value.message == f"{path}: {words}"


def test_keys_that_are_received_meanwhile_are_no_answer(tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    answer = (
        b"000000037ff07bf2 00 KEY_OK tv\nBEGIN\nSIGHUP\nEND\n000000037ff07bf2 01 KEY_OK tv\n"
        b"BEGIN\nLIST horizon\nSUCCESS\nDATA\n1\n00ef KEY_OK\nEND\n"
    )
    with answering(path, answer):
        assert Infrared("horizon", path).keys() == ["OK"]


@contextlib.contextmanager
def answering(path: str, answer: bytes) -> Iterator[None]:
    """Give one answer at the socket *path*, byte by byte, then hang up."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()

        def serve() -> None:
            client, _ = server.accept()
            with client:
                client.recv(1000)
                for byte in answer:
                    client.sendall(bytes([byte]))

        thread = threading.Thread(target=serve)
        thread.start()
        yield
        thread.join()
