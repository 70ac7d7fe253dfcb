"""`virtualpytest host calibrate`: the figure is right within its error, held against the box's own truth."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest
from boxes import Bench as Box
from boxes import running
from command import Done, run
from virtualpytest_host import ring
from virtualpytest_host.controllers.video import Video
from virtualpytest_host.recording import Recording

from pytest_virtualpytest.capabilities import Source

LAB = '[devices.{name}]\nvirtual = "stb"\n[devices.shelf]\nkind = "shelf"\n[devices.shelf.rack]\nname = "calibrate"\n'
LINE = re.compile(r"latency = \{ ms = (-?\d+), error = (\d+) \}(.*)\n")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def source(box: Box) -> Source:
    return Video(f"http://127.0.0.1:{box.port('video')}/stream.ts", "mpegts").stream()


def true_latency(box: Box) -> float:
    """Return how much later than they were on the output the frames were captured that showed something new, in ms."""
    with Recording(source(box)) as held:
        found = [held.ring.entry(number) for number in range(held.ring.oldest(), held.ring.newest + 1)]
        video = [entry for entry in found if entry and entry.stream == ring.VIDEO]
        facts = held.facts(video[0].generation, "video")
        assert facts is not None
        captured = {float(entry.pts * Fraction(*facts["base"])): entry.captured for entry in video}
    late = []
    for event in box.events("screen"):
        pts = min(captured, key=lambda one: abs(one - event["pts"]))
        if abs(pts - event["pts"]) < 0.001:
            late.append((captured[pts] - event["at"]) * 1000)
    assert len(late) >= 10
    return statistics.median(late)


def figure(done: Done) -> tuple[int, int, str]:
    """Return the latency, its error, and the comment that were printed."""
    found = LINE.fullmatch(done.out)
    assert found is not None, done.err
    return int(found[1]), int(found[2]), found[3]


def calibrated(name: str, *words: str) -> Done:
    Path("lab.toml").write_text(LAB.format(name=name))
    return run("host", "calibrate", name, "--count", "12", *words)


@pytest.fixture(scope="module")
def late() -> Iterator[Box]:
    """Give a box whose output is late."""
    with running("late", "--delay-ms", "150") as made:
        yield made


def test_figure_of_a_late_output_is_true_within_its_error(late: Box) -> None:
    done = calibrated("late")

    latency, error, note = figure(done)
    assert abs(latency - true_latency(late)) <= error, done.err
    assert latency > 150 - error, done.err  # the box's own delay
    assert error < 40, done.err  # it says something, even on a machine that has much else to do
    assert note == ""


def test_figure_of_any_output_is_true_within_its_error_less_a_reaction_that_is_known() -> None:
    with running("any", "--randomise") as box:
        done = calibrated("any", "--reaction", "-100", "--reaction-error", "30")
        true = true_latency(box)

    latency, error, _ = figure(done)
    assert abs(latency - 100 - true) <= error - 30, done.err
    assert error < 70, done.err


def test_picture_that_moves_says_what_to_do(late: Box) -> None:
    done = calibrated("late", "--before", "BACK")

    assert done.code == 10
    assert done.err.splitlines()[-1].endswith(
        "the picture did not stand still for 0.5 s; bring the device to a screen without anything that moves, "
        "such as a menu: --before"
    )


def test_key_that_changes_nothing_says_so(late: Box) -> None:
    done = calibrated("late", "--key", "VOLUME_UP")

    assert done.code == 10
    assert done.err.splitlines()[-1].endswith(
        "the picture did not change within 5 s of VOLUME_UP; choose other keys: --key"
    )


def test_device_without_a_screen_cannot_be_calibrated() -> None:
    Path("lab.toml").write_text(LAB.format(name="x"))

    done = run("host", "calibrate", "shelf")

    assert (done.code, done.err) == (4, "device 'shelf' has no 'screen', only power, remote\n")
