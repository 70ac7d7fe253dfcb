"""The captures of a host: inside their folder only, within their quota."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from virtualpytest_host import files

from pytest_virtualpytest.exceptions import DeviceError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep captures in a folder of one's own."""
    monkeypatch.setenv("VPT_STATE", str(tmp_path / "state"))
    return files.folder()


def aged(name: str, size: int, age: float) -> None:
    """Keep a capture that was written some time ago."""
    files.put(name, b"x" * size)
    when = (files.folder() / name).stat().st_mtime - age
    os.utime(files.folder() / name, (when, when))


def names() -> list[str]:
    return [one.name for one in files.captures()]


def test_capture_is_kept_listed_and_read(folder: Path) -> None:
    files.put("nightly/stb1/zap.mp4", b"moving pictures")

    assert files.read("nightly/stb1/zap.mp4") == (b"moving pictures", 15)
    listed = files.listing()
    assert (listed["folder"], listed["bytes"]) == (str(folder), 15)
    assert [(one["name"], one["size"]) for one in listed["files"]] == [("nightly/stb1/zap.mp4", 15)]


def test_large_capture_is_read_in_pieces() -> None:
    data = os.urandom(files.PIECE + 1000)
    files.put("long.mp4", data)

    first, size = files.read("long.mp4")
    second, _ = files.read("long.mp4", len(first))

    assert (len(first), size) == (files.PIECE, len(data))
    assert first + second == data


def test_capture_is_removed() -> None:
    files.put("zap.mp4", b"x")

    files.remove("zap.mp4")

    assert names() == []


def test_capture_may_be_written_anew() -> None:
    files.put("zap.mp4", b"old and long")

    removed = files.put("zap.mp4", b"new")

    assert removed == []
    assert files.read("zap.mp4") == (b"new", 3)


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "/etc/passwd", "../locks/stb1", "a/../../x", "a/..", ".lock", ".ssh/id", "a/.b", "a\0b", "//etc"],
)
def test_name_that_leads_out_is_refused(name: str) -> None:
    calls = (lambda: files.read(name), lambda: files.remove(name), lambda: files.put(name, b"x"))

    for call in calls:
        with pytest.raises(DeviceError, match="is refused: a capture's name is a path within the captures folder"):
            call()


@pytest.mark.parametrize("name", ["secret", "place/secret"])
def test_link_out_is_refused_as_file_and_as_folder(folder: Path, tmp_path: Path, name: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("hunter2")
    (folder / "secret").symlink_to(outside / "secret")
    (folder / "place").symlink_to(outside)

    for call in (files.read, files.remove):
        with pytest.raises(DeviceError, match="is a link, or cannot be read"):
            call(name)
    assert (outside / "secret").read_text() == "hunter2"
    assert names() == []


def test_writing_goes_through_no_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (folder / "place").symlink_to(tmp_path / "outside")
    (tmp_path / "victim").write_text("keep me")
    (folder / "zap.mp4").symlink_to(tmp_path / "victim")

    with pytest.raises(DeviceError, match="is a link"):
        files.put("place/zap.mp4", b"x")
    files.put("zap.mp4", b"new")

    assert list((tmp_path / "outside").iterdir()) == []
    assert (tmp_path / "victim").read_text() == "keep me"
    assert not (folder / "zap.mp4").is_symlink()


def test_pipe_and_folder_are_no_captures(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "place").mkdir()

    for name in ("pipe", "place"):
        with pytest.raises(DeviceError, match="is no plain file"):
            files.read(name)


def test_capture_that_is_not_there_says_so(folder: Path) -> None:
    with pytest.raises(DeviceError) as caught:
        files.read("zap.mp4")

    assert str(caught.value) == f"no capture 'zap.mp4' in {folder}; `host files HOST list` shows all"


def test_oldest_captures_make_room() -> None:
    aged("oldest.mp4", 40, age=300)
    aged("place/older.mp4", 40, age=200)
    aged("recent.mp4", 40, age=100)

    removed = files.put("new.mp4", b"x" * 50, quota=100)

    assert removed == ["oldest.mp4", "place/older.mp4"]
    assert names() == ["recent.mp4", "new.mp4"]


def test_capture_larger_than_the_quota_is_refused_and_removes_nothing() -> None:
    aged("old.mp4", 40, age=100)

    with pytest.raises(DeviceError) as caught:
        files.put("new.mp4", b"x" * 101, quota=100)

    assert str(caught.value) == "capture 'new.mp4' has 101 bytes, more than the host's captures_quota of 100"
    assert names() == ["old.mp4"]


def test_several_writers_stay_within_the_quota() -> None:
    threads = [
        threading.Thread(target=files.put, args=(f"{number}.mp4", b"x" * 30), kwargs={"quota": 100})
        for number in range(20)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(one.size for one in files.captures()) == 90
