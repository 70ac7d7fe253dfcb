"""What is sent to hosts and what comes home from them, over a real connection."""

from __future__ import annotations

import contextlib
import io
import os
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import execnet
import pytest

from pytest_virtualpytest.distribution.home import Home
from pytest_virtualpytest.distribution.push import Suite

RECEIVE = "from virtualpytest_host.suites import receive\nreceive(channel)"


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder in which a host keeps the suites of this account."""
    monkeypatch.setenv("VPT_STATE", str(tmp_path / "state"))
    return tmp_path / "state" / "code" / str(os.getuid())


@pytest.fixture
def gateway(code: Path) -> Iterator[Any]:
    """Give a gateway to a Python of its own on this machine."""
    group = execnet.Group()
    yield group.makegateway("popen")
    group.terminate(2)


def suite(folder: Path, **files: str) -> Suite:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return Suite(folder, tuple(sorted(folder / name for name in files)))


def send(gateway: Any, name: str, archive: bytes) -> tuple[str, bool]:
    """Send a suite as a run does; return where it is, and whether it had to be sent."""
    channel = gateway.remote_exec(RECEIVE)
    channel.send(name)
    folder = channel.receive(10)
    sent = folder is None
    if sent:
        channel.send(archive)
        channel.send(None)
        folder = channel.receive(10)
    channel.waitclose(10)
    return folder, sent


def archive(name: str, *, kind: bytes = tarfile.REGTYPE) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = kind, "/etc/passwd"
        tar.addfile(entry)
    return packed.getvalue()


def test_suite_is_sent_once(gateway: Any, code: Path, tmp_path: Path) -> None:
    made = suite(tmp_path / "tests", test_a="def test_a(): pass")

    first = send(gateway, made.name, made.archive)
    second = send(gateway, made.name, made.archive)

    assert (first[1], second[1]) == (True, False)
    assert first[0] == second[0] == str(code / made.name)
    assert (code / made.name / "test_a").read_text() == "def test_a(): pass"


def test_same_files_have_the_same_name_and_others_another(tmp_path: Path) -> None:
    one, same, other = suite(tmp_path / "a", x="1"), suite(tmp_path / "b", x="1"), suite(tmp_path / "c", x="2")

    assert one.name == same.name != other.name


def test_five_suites_are_kept_and_those_in_use(gateway: Any, code: Path, tmp_path: Path) -> None:
    names = []
    for number in range(8):
        made = suite(tmp_path / str(number), x=str(number))
        group = execnet.Group()
        used = gateway if number == 0 else group.makegateway("popen")
        send(used, made.name, made.archive)
        group.terminate(2)
        names.append(made.name)
        os.utime(code / made.name, (number, number))

    assert {path.name for path in code.iterdir()} == {names[0], *names[3:]}


@pytest.mark.parametrize(
    ("name", "kind"), [("../evil", tarfile.REGTYPE), ("/tmp/evil", tarfile.REGTYPE), ("link", tarfile.SYMTYPE)]
)
def test_archive_that_would_leave_its_folder_is_refused(gateway: Any, code: Path, name: str, kind: bytes) -> None:
    channel = gateway.remote_exec(RECEIVE)
    channel.send("0" * 64)
    channel.receive(10)
    channel.send(archive(name, kind=kind))
    channel.send(None)

    with pytest.raises(channel.RemoteError, match="is no file below its folder"):
        channel.receive(10)

    assert not list(code.iterdir())


def test_folder_of_another_account_is_not_run_from(gateway: Any, code: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("giving a folder away needs root")
    code.mkdir(parents=True)
    os.chown(code, 65534, 65534)

    channel = gateway.remote_exec(RECEIVE)
    channel.send("0" * 64)

    with pytest.raises(channel.RemoteError, match="belongs to another account"):
        channel.receive(10)


@contextlib.contextmanager
def home(folder: Path) -> Iterator[tuple[Home, list[str]]]:
    said: list[str] = []
    made = Home(folder, said.append)
    try:
        yield made, said
    finally:
        made.close()


def sending(gateway: Any, made: Home, *messages: tuple[object, ...]) -> None:
    """Have the other side send *messages*."""
    channel = gateway.remote_exec("for message in channel.receive():\n    channel.send(message)")
    made.hear("gw0", channel)
    channel.send(list(messages))
    channel.waitclose(10)


def test_file_is_seen_once_it_is_whole(gateway: Any, tmp_path: Path) -> None:
    with home(tmp_path) as (made, _):
        sending(gateway, made, ("file", "a.txt", b"one ", False), ("file", "b.txt", b"", True))
        before = {path.name for path in waited(tmp_path, "b.txt")}
        sending(gateway, made, ("file", "a.txt", b"two", True))

    assert before == {"a.txt.tmp", "b.txt"}
    assert (tmp_path / "a.txt").read_bytes() == b"one two"
    assert made.files == 2


def test_half_of_a_file_is_removed_with_its_worker(gateway: Any, tmp_path: Path) -> None:
    with home(tmp_path) as (made, _):
        sending(gateway, made, ("file", "a.txt", b"one ", False))
        made.forget("gw0")

    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["../a.txt", "/tmp/a.txt", ".a", "a/b.txt", "", "virtualpytest-run.jsonl"])
def test_host_does_not_choose_where_it_is_written(gateway: Any, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "results"
    with home(folder) as (made, said):
        sending(gateway, made, ("file", name, b"x", False), ("file", name, b"y", True), ("file", "good", b"z", True))

    assert [path.name for path in tmp_path.rglob("*")] == ["results", "good"]
    assert made.lost == 1
    assert said == [f"results are lost: cannot write into {folder}: {name!r} is no name of a result"]


def test_disk_that_is_full_is_told_once_and_the_run_goes_on(gateway: Any, tmp_path: Path) -> None:
    with home(Path("/dev/full")) as (made, said):
        sending(gateway, made, ("file", "a", b"x", True), ("file", "b", b"x", True), ("line", "{}"))

    assert made.lost == 3
    assert len(said) == 2
    assert "3 LOST" in made.summary()


def waited(folder: Path, name: str) -> list[Path]:
    """Return what is in *folder* once *name* is."""
    deadline = time.monotonic() + 10
    while not (folder / name).exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    return list(folder.iterdir())
