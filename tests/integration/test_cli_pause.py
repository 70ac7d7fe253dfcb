"""`virtualpytest pause` and `continue`: a run waits between two tests, and its devices are free meanwhile."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest
from command import run, started
from until import until

LAB = """
[devices.box1]
kind = "stb"
[devices.box1.rack]
name = "{prefix}1"
[campaigns.nightly]
tests = ["test_zap.py"]
order = "file"
results = "results"
"""
KEPT = """
import time
from pathlib import Path
from pytest_virtualpytest import device_fixture
kept = device_fixture("stb", scope="module")
def test_first({device}):
    Path("first").touch()
    end = time.monotonic() + 60
    while not Path("go").exists() and time.monotonic() < end: time.sleep(0.01)
def test_second({device}): pass
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with a lab of one relay, and two tests that share it: the first one waits for a file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "lab.toml").write_text(LAB.format(prefix=tmp_path.name))
    (tmp_path / "test_zap.py").write_text(KEPT.format(device="kept"))
    return tmp_path


def events(*kinds: str) -> list[str]:
    """Return what the journal has of *kinds*, each with the test's name where there is one."""
    [journal] = Path("results").glob("*/virtualpytest-run.jsonl")
    read: list[dict[str, Any]] = [json.loads(line) for line in journal.read_text().splitlines()]
    return [f"{one['kind']} {one['test'].rpartition('::')[2]}".strip() for one in read if one["kind"] in kinds]


@pytest.mark.parametrize("words", [(), ("-n0",)], ids=["workers", "one process"])
def test_run_waits_between_two_tests_and_goes_on(words: tuple[str, ...]) -> None:
    with started("run", "nightly", *words) as process:
        until(lambda: Path("first").exists(), 60)

        assert run("pause", "nightly").out.startswith("paused: ")
        Path("go").touch()
        until(lambda: "paused" in events("paused") and "verdict test_first" in events("verdict"), 60)
        if not words:  # a device that several tests share is given back; one process alone keeps it for its fixture
            until(lambda: run("leases").out.count("free") == 1)
        assert run("continue", "nightly").code == 0
        out = "".join(process.communicate(timeout=60))

    assert process.returncode == 0, out
    assert events("start", "paused", "resumed") == ["start test_first", "paused", "resumed", "start test_second"]
    assert "paused: no new test begins until `virtualpytest continue`" in out
    assert ("keep box1" in out) == bool(words)
    assert "the run goes on" in out


@pytest.mark.parametrize(
    ("device", "words"), [("kept", ("-n0",)), ("tmp_path", ())], ids=["one process", "workers without a device"],
)  # fmt: skip
def test_interrupt_ends_a_run_that_is_paused(folder: Path, device: str, words: tuple[str, ...]) -> None:
    (folder / "test_zap.py").write_text(KEPT.format(device=device))
    with started("run", "nightly", *words) as process:
        until(lambda: Path("first").exists(), 60)
        run("pause", "nightly")
        Path("go").touch()
        until(lambda: "paused" in events("paused") and "verdict test_first" in events("verdict"), 60)

        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)

    assert process.returncode == 2, out
    assert "test_second" not in " ".join(events("start", "verdict"))
    assert "no run of it goes on; virtualpytest run nightly begins" in run("continue", "nightly").err


def test_there_must_be_something_to_pause() -> None:
    for word in ("pause", "continue"):
        done = run(word, "nightly")
        assert done.code == 2
        assert "no run of it goes on" in done.err
    assert "no campaign 'nightl'; did you mean 'nightly'?" in run("pause", "nightl").err
