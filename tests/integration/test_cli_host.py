"""`virtualpytest host discover`, `health`, `hardware`, `files`: a person looks after a machine of the lab."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import recorders
from bench import ended
from boxes import Bench as Box
from boxes import running
from command import run
from stopping import stop
from until import until
from virtualpytest_host import files
from virtualpytest_host.controllers.video import Video
from virtualpytest_host.recording import Recording

from pytest_virtualpytest import config
from pytest_virtualpytest.capabilities import Source
from pytest_virtualpytest.exceptions import DeviceError
from pytest_virtualpytest.gateway import Gateways
from pytest_virtualpytest.wire import Call

LAB = """
[hosts.bench]
captures_quota = "4 MiB"
[devices.keptbox]
host = "bench"
virtual = "stb"
"""
NAME = "keptbox"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with a lab."""
    monkeypatch.chdir(tmp_path)
    Path("lab.toml").write_text(LAB)
    return tmp_path


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    """Give a running box."""
    with running(NAME) as made:
        yield made


@pytest.fixture
def captures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder of the captures, without any."""
    monkeypatch.setenv("VPT_STATE", str(tmp_path / "state"))
    return files.folder()


def source(box: Box) -> Source:
    """Return the source of the box's stream, as its controller gives it."""
    return Video(f"http://127.0.0.1:{box.port('video')}/stream.ts", "mpegts").stream()


def test_discovered_box_can_be_pasted_and_used(box: Box) -> None:
    address = f"127.0.0.1:{box.port('keys')}"

    done = run("host", "discover", "bench", "--ecp", address)

    assert (done.code, done.err) == (0, "")
    Path("found.toml").write_text(done.out)
    assert f'[devices.bench-ecp1.ecp]    # {NAME}, Virtual STB\nurl = "http://{address}"' in done.out
    pressed = run("press", "bench-ecp1", "INFO", "--lab", "lab.toml", "--lab", "found.toml")
    assert (pressed.code, pressed.err) == (0, "")


def test_address_where_no_box_answers_is_a_comment_that_says_so() -> None:
    done = run("host", "discover", "bench", "--ecp", "127.0.0.1:1")

    assert done.code == 0
    assert "# not usable: [Errno 111] Connection refused" in done.out.splitlines()
    assert not [line for line in done.out.splitlines() if ".ecp]" in line and not line.startswith("#")]


def test_what_is_no_address_is_refused() -> None:
    done = run("host", "discover", "bench", "--ecp", "127.0.0.1/keypress/Power")

    assert done.code == 10
    assert "'127.0.0.1/keypress/Power' is no address; wanted one such as 192.0.2.7" in done.err
    assert len(done.err.splitlines()) == 1


def test_machine_of_tests_has_its_hardware_told() -> None:
    done = run("host", "hardware", "bench")

    told = dict(line.split(maxsplit=1) for line in done.out.splitlines() if not line.startswith(" "))
    assert (done.code, done.err) == (0, "")
    assert list(told) == ["cpu", "memory", "disk", "usb", "video", "serial", "display", "sound"]
    assert told["cpu"].endswith(" cores")


def test_health_tells_the_host_and_the_stream_of_each_device(box: Box) -> None:
    done = run("host", "health", "--all")

    host, temperature, software, drivers, kept, clock, device = done.out.splitlines()
    assert (done.code, done.err) == (0, "")
    assert host.startswith("ok    host bench: up; virtualpytest ")
    assert [line.split(":")[0].strip() for line in (temperature, drivers)] == ["temperature", "drivers"]
    assert all(word in software for word in ("ffmpeg ", "PyAV 1", " with libavcodec ", "OpenCV 5"))
    assert kept == "      captures: 0.0 MiB of 4 MiB"
    assert clock.startswith(("      clock: +0.00", "      clock: -0.00"))
    assert device.startswith(f"ok    device {NAME}: audio power remote screen; 1280x720 at ")


def test_health_of_a_host_that_is_lost() -> None:
    Path("lab.toml").write_text('[hosts.gone]\npython = "/nowhere/python"\n' + LAB.replace("[devices", "[devices"))

    done = run("host", "health", "gone")

    assert done.code == 1
    assert done.out.startswith("FAIL  host gone: host 'gone': cannot run '/nowhere/python'")
    assert len(done.out.splitlines()) == 1


def test_usb_port_where_nothing_is() -> None:
    done = run("host", "hardware", "bench", "--reset-usb", "77-1")

    assert done.code == 10
    assert "no USB device at '77-1'; there are: " in done.err
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize("by", ["device", "source"])
def test_recorder_is_started_again(box: Box, by: str) -> None:
    with Recording(source(box)):  # while somebody reads
        (before,) = _recorders(box)

        done = run("host", "hardware", "bench", "--restart-recorder", NAME if by == "device" else source(box).url)

    (after,) = _recorders(box)
    assert (done.code, done.err) == (0, "")
    assert done.out == f"{source(box).url}: recorder {after} instead of {before}; it has a picture\n"
    assert ended(before)
    assert run("shot", NAME, "after.png").code == 0


def test_recorder_that_hangs_is_ended_with_force(box: Box) -> None:
    with Recording(source(box)):
        (before,) = _recorders(box)
        stop(before)  # as in a driver: it hears no request to end

        done = run("host", "hardware", "bench", "--restart-recorder", NAME)

    assert done.code == 0, done.err
    until(lambda: ended(before))
    assert _recorders(box) != [before]


def test_recorder_of_an_unknown_source_names_those_that_run() -> None:
    done = run("host", "hardware", "bench", "--restart-recorder", "/dev/video77")

    assert done.code == 10
    assert "no recorder of '/dev/video77' runs here; there are: " in done.err


def test_captures_are_listed_fetched_and_removed(captures: Path) -> None:
    data = os.urandom(files.PIECE * 2 + 17)
    files.put("nightly/zap.mp4", data)
    files.put("empty.log", b"")

    listed = run("host", "files", "bench", "list")
    fetched = run("host", "files", "bench", "fetch", "nightly/zap.mp4", "empty.log", "--to", "here")
    removed = run("host", "files", "bench", "remove", "nightly/zap.mp4")

    assert (listed.code, fetched.code, removed.code) == (0, 0, 0), listed.err + fetched.err + removed.err
    assert {line.split()[0] for line in listed.out.splitlines()} == {"FILE", "nightly/zap.mp4", "empty.log", "2"}
    assert listed.out.splitlines()[-1] == f"2 files, 2.0 MiB of 4 MiB, in {captures}"
    assert Path("here/zap.mp4").read_bytes() == data
    assert Path("here/empty.log").read_bytes() == b""
    assert removed.out == "nightly/zap.mp4: removed from bench\n"
    assert not (captures / "nightly" / "zap.mp4").exists()


@pytest.mark.parametrize("action", ["fetch", "remove"])
@pytest.mark.parametrize("name", ["../locks/stb1", "/etc/hostname", "link"])
def test_nothing_outside_the_folder_is_touched(captures: Path, action: str, name: str) -> None:
    (captures / "link").symlink_to("/etc/hostname")
    (captures.parent / "locks").mkdir()
    (captures.parent / "locks" / "stb1").write_text("held")

    done = run("host", "files", "bench", action, name)

    assert done.code == 10
    assert "is refused" in done.err
    assert len(done.err.splitlines()) == 1
    assert (captures.parent / "locks" / "stb1").read_text() == "held"
    assert sorted(path.name for path in Path().iterdir()) == ["lab.toml", "state"]


def test_fetching_writes_over_nothing_unless_forced(captures: Path) -> None:
    files.put("zap.mp4", b"new")
    Path("zap.mp4").write_text("mine")

    refused = run("host", "files", "bench", "fetch", "zap.mp4")
    kept = Path("zap.mp4").read_text()
    forced = run("host", "files", "bench", "fetch", "zap.mp4", "--force")

    assert (refused.code, refused.err) == (2, "zap.mp4 is there already; --force writes over it\n")
    assert kept == "mine"
    assert forced.code == 0
    assert Path("zap.mp4").read_text() == "new"


@pytest.mark.parametrize(("words", "message"), [
    (["list", "x"], "host files bench list takes no names\n"),
    (["fetch"], "host files bench fetch needs the names of files, as `list` shows them\n"),
])  # fmt: skip
def test_names_that_are_too_many_or_missing(words: list[str], message: str) -> None:
    done = run("host", "files", "bench", *words)

    assert (done.code, done.err) == (2, message)


def test_client_keeps_captures_within_the_quota_of_the_host(captures: Path) -> None:
    lab = config.load([Path("lab.toml")])
    host = lab.hosts["bench"]
    data = b"x" * (3 << 20)

    with contextlib.closing(Gateways(lab.hosts)) as gateways:
        gateway = gateways.of("bench")
        gateway.attach({"name": "keeper", "virtual": None, "controllers": []})
        put = [Call("captures.put", "keeper", {"name": name, "quota": host.captures_quota}, blobs=[data])
               for name in ("first.mp4", "second.mp4")]  # fmt: skip
        removed = [gateway.call(call).value["removed"] for call in put]
        with pytest.raises(DeviceError, match="more than the host's captures_quota of 4194304"):
            gateway.call(Call("captures.put", "keeper", {"name": "third.mp4", "quota": host.captures_quota},
                              blobs=[data * 2]))  # fmt: skip

    assert removed == [[], ["first.mp4"]]
    assert [path.name for path in captures.glob("*.mp4")] == ["second.mp4"]


def _recorders(box: Box) -> list[int]:
    return recorders.pids(source(box))
