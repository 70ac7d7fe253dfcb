"""`virtualpytest devices`, `shot`, `press`, `watch`: a person at the bench, with a running virtual box."""

from __future__ import annotations

import contextlib
import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from command import run, started
from until import until
from virtualpytest_host.virtual import pictures
from virtualpytest_host.virtual.control import Box

from pytest_virtualpytest import config
from pytest_virtualpytest.exceptions import LeaseError
from pytest_virtualpytest.gateway import Gateway, Gateways

LAB = """
[devices.benchbox]
virtual = "stb"
model = "virtual-stb"
[devices.account]
kind = "account"
resources = ["account:cli"]
"""


@pytest.fixture(autouse=True)
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> config.LabConfig:
    """Work in a folder with a lab."""
    monkeypatch.chdir(tmp_path)
    Path("lab.toml").write_text(LAB)
    return config.load([Path("lab.toml")])


@pytest.fixture
def gateway(lab: config.LabConfig) -> Iterator[Gateway]:
    """Give another client of the box."""
    with contextlib.closing(Gateways(lab.hosts)) as gateways:
        gateway = gateways.of("local")
        gateway.attach(lab.devices["benchbox"].spec())
        yield gateway


@pytest.fixture
def box(gateway: Gateway) -> Box:
    """Give the running box, on live television."""
    assert run("press", "benchbox", "BACK").code == 0
    return Box("benchbox")


def test_devices_are_shown_with_who_holds_them(gateway: Gateway) -> None:
    gateway.lease("benchbox", {"user": "ben", "run": "4f6b", "test": "test_zap"})

    done = run("devices")

    assert done.code == 0
    assert [" ".join(line.split()) for line in done.out.splitlines()] == [
        "DEVICE KIND MODEL HOST CAPABILITIES STATE",
        "benchbox stb virtual-stb local audio power remote screen held by ben, run 4f6b, test_zap",
        "account account - local - free",
    ]


def test_device_that_cannot_be_reached_is_shown_as_lost() -> None:
    gone = '[hosts.gone]\npython = "/nowhere/python"\n[devices.x]\nkind = "x"\nhost = "gone"'
    Path("lab.toml").write_text(LAB + gone)

    done = run("devices")

    assert done.code == 10
    assert "LOST: host 'gone': cannot run '/nowhere/python'" in done.out.splitlines()[-1]


@pytest.mark.parametrize("words", [("shot", "benchbax", "x.png"), ("press", "benchbax", "OK"), ("watch", "benchbax")])
def test_unknown_device_names_the_nearest(words: tuple[str, ...]) -> None:
    done = run(*words)

    assert (done.code, done.err) == (4, "lab.toml: no device 'benchbax'; did you mean 'benchbox'?\n")


@pytest.mark.parametrize(
    ("words", "missing"),
    [
        (("shot", "account", "x.png"), "screen"),
        (("press", "account", "OK"), "remote"),
        (("watch", "account"), "screen"),
    ],
)
def test_device_without_the_capability_says_so(words: tuple[str, ...], missing: str) -> None:
    done = run(*words)

    assert (done.code, done.err) == (4, f"device 'account' has no {missing!r}, only nothing\n")


def test_shot_saves_a_picture_even_of_a_device_in_use(gateway: Gateway) -> None:
    gateway.lease("benchbox", {"user": "ben"})

    done = run("shot", "benchbox", "screen.png")

    assert (done.code, done.out) == (0, "screen.png: 1280x720\n")
    assert Path("screen.png").read_bytes().startswith(b"\x89PNG")


def test_shot_that_cannot_be_written() -> None:
    done = run("shot", "benchbox", "nowhere/screen.png")

    assert (done.code, done.err) == (2, "nowhere/screen.png cannot be written: No such file or directory\n")


def test_press_presses_each_key_and_tells_when(box: Box) -> None:
    done = run("press", "benchbox", "HOME", "DOWN", "--pause", "0.2")

    first, second = done.out.splitlines()
    assert (done.code, done.err) == (0, "")
    assert first.startswith("HOME: at 0.000 s, took ")
    assert float(second.removeprefix("DOWN: at ").split()[0]) >= 0.2
    until(lambda: box.screen() == "home:1")


def test_press_of_an_unknown_key_lists_the_keys(box: Box) -> None:
    done = run("press", "benchbox", "GIDE")

    assert done.code == 10
    assert done.err.startswith("device 'benchbox' on host 'local': ecp: unknown key 'GIDE'; keys: UP, DOWN, LEFT")
    assert len(done.err.splitlines()) == 1


def test_press_on_a_device_in_use_says_who_has_it(gateway: Gateway) -> None:
    gateway.lease("benchbox", {"user": "ben", "run": "4f6b", "test": "test_zap"})

    done = run("press", "benchbox", "HOME", "--wait", "0.2")

    assert done.code == 10
    assert done.err.splitlines() == [
        "waiting for benchbox (held by ben, run 4f6b, test_zap)",
        "no device within 0.2 s: waiting for benchbox (held by ben, run 4f6b, test_zap)",
    ]


def test_interrupted_press_leaves_nothing_locked(gateway: Gateway) -> None:
    with started("press", "benchbox", "BACK", "BACK", "--pause", "60") as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("BACK: ")
        with pytest.raises(LeaseError):
            gateway.lease("benchbox", {"user": "ann"})

        process.send_signal(signal.SIGINT)
        code = process.wait(20)

    assert code == 130
    assert gateway.lease("benchbox", {"user": "ann"})


def test_watch_shows_picture_rate_sound_and_age(gateway: Gateway) -> None:
    gateway.lease("benchbox", {"user": "ben"})

    done = run("watch", "benchbox", "--count", "3", "--every", "0.5")

    assert (done.code, done.err) == (0, "")
    assert len(done.out.splitlines()) == 3
    last = done.out.splitlines()[-1]
    assert last.startswith("benchbox: 1280x720 at 2")
    assert all(word in last for word in (" fps, h264 and aac, ", " s kept, ", " ms old, ", " dBFS"))


@pytest.mark.parametrize(("name", "code", "words"), [("home", 0, "found: "), ("guide-header", 1, "not found: ")])
def test_watch_says_how_well_a_picture_matches(gateway: Gateway, name: str, code: int, words: str) -> None:
    reference = pictures.FOLDER / f"{name}.png"
    run("press", "benchbox", "BACK", "HOME")
    until(lambda: run("watch", "benchbox", "--for", str(pictures.FOLDER / "home.png"), "--count", "1").code == 0)

    done = run("watch", "benchbox", "--for", str(reference), "--count", "2", "--every", "0.2")

    lines = done.out.splitlines()
    assert done.code == code
    assert len(lines) == 2
    assert all(line.startswith(f"benchbox: {words}{reference}: ") and "score 0." in line for line in lines)


def test_watch_tells_json_line_by_line(gateway: Gateway) -> None:
    plain = run("watch", "benchbox", "--count", "2", "--every", "0.2", "--json")
    matched = run("watch", "benchbox", "--for", str(pictures.FOLDER / "boot.png"), "--count", "1", "--json")

    first, second = map(json.loads, plain.out.splitlines())
    assert (first["device"], first["picture"]["width"], "rms" in second["sound"]) == ("benchbox", 1280, True)
    (line,) = map(json.loads, matched.out.splitlines())
    assert (matched.code, line["found"]) == (1, False)
    assert 0 <= line["score"] < line["threshold"]


def test_watch_goes_on_until_it_is_interrupted() -> None:
    with started("watch", "benchbox", "--every", "0.1") as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        process.send_signal(signal.SIGINT)
        code = process.wait(20)

    assert all(line.startswith("benchbox: 1280x720") for line in lines)
    assert code == 130


def test_watch_of_a_camera_that_is_absent_says_so() -> None:
    Path("lab.toml").write_text('[devices.tv]\nkind = "tv"\n[devices.tv.video]\nsource = "/nowhere/clip.mp4"')

    done = run("watch", "tv", "--count", "1")

    assert done.code == 10
    assert done.out.startswith("tv: NO PICTURE: device 'tv' on host 'local': ")
    assert "/nowhere/clip.mp4" in done.out
