"""`virtualpytest run` and `plan`: a campaign as a person starts it."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path

import pytest
from command import run, started
from until import until

LAB = """
[devices.box1]
kind = "stb"
[devices.box1.rack]
name = "{prefix}1"
[devices.box2]
kind = "stb"
[devices.box2.rack]
name = "{prefix}2"
[devices.screen]
kind = "tv"
[devices.screen.rack]
name = "{prefix}3"
[campaigns.nightly]
tests = ["test_zap.py"]
environment = {{ VPT_TEST_BUILD = "4711" }}
[campaigns.short]
tests = ["test_zap.py"]
budget = 4
"""

SUITE = """
import os, time
def test_zap(stb): assert os.environ["VPT_TEST_BUILD"] == "4711"
def test_guide(stb): pass
def test_pair(stb, tv): pass
def test_none(): pass
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with a lab of three relays, a suite, and what is known of its durations."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "lab.toml").write_text(LAB.format(prefix=tmp_path.name))
    (tmp_path / "test_zap.py").write_text(SUITE)
    known = {"test_zap.py::test_zap": 2, "test_zap.py::test_guide": 3, "test_zap.py::test_pair": 4}
    cache = tmp_path / ".pytest_cache/v/virtualpytest/durations"
    cache.parent.mkdir(parents=True)
    cache.write_text(json.dumps(known))
    return tmp_path


def runs(campaign: str = "nightly") -> list[Path]:
    return sorted(Path("allure-results", campaign).iterdir())


def test_run_has_a_folder_of_its_own_that_goes_on_with_the_history(folder: Path) -> None:
    earlier = folder / "allure-results/nightly/2001-01-01T00-00-00/allure-report/history"
    earlier.mkdir(parents=True)
    (earlier / "history-trend.json").write_text("[]")

    done = run("run", "nightly", "-n", "2")

    _, made = runs()
    assert done.code == 0, done.out + done.err
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d", made.name)
    assert f"results: allure-results/nightly/{made.name}; to see them: virtualpytest dashboard " in done.out
    assert len(list(made.glob("*-result.json"))) == 4
    assert (made / "history/history-trend.json").read_text() == "[]"


def test_exit_code_is_pytests(folder: Path) -> None:
    (folder / "test_zap.py").write_text(
        "from pytest_virtualpytest.exceptions import LabFault\ndef test_fault(): raise LabFault('no power')"
    )

    assert run("run", "nightly", "-n", "0").code == 10
    assert run("run", "nightly", "-n", "0", "-k", "nothing").code == 5


def test_results_that_the_user_chooses_are_taken(folder: Path) -> None:
    done = run("run", "nightly", "--alluredir", "mine", "-n", "0", "-k", "none")

    assert done.code == 0
    assert len(list((folder / "mine").glob("*-result.json"))) == 1
    assert not Path("allure-results").exists() or not runs()


def test_interrupt_is_passed_on(folder: Path) -> None:
    (folder / "test_zap.py").write_text(
        "import pathlib, time\ndef test_long(stb):\n    pathlib.Path('begun').touch()\n    time.sleep(60)"
    )

    with started("run", "nightly", "-n", "0") as process:
        until((folder / "begun").exists, seconds=40)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)

    assert process.returncode == 2, out + err
    assert "KeyboardInterrupt" in out
    assert "to see them" in out


@pytest.mark.parametrize("verb", ["run", "plan"])
def test_unknown_campaign_is_told_with_the_nearest(verb: str) -> None:
    done = run(verb, "nigtly")

    assert (done.code, done.err) == (4, "lab.toml: no campaign 'nigtly'; did you mean 'nightly'?\n")


def test_plan_shows_devices_seconds_and_what_all_wait_for() -> None:
    done = run("plan", "nightly")

    assert done.code == 0, done.err
    assert [re.split(r"\s{2,}", line) for line in done.out.splitlines()] == [
        ["TEST", "DEVICES", "SECONDS"],
        ["test_zap.py::test_zap", "stb: box1 box2", "2.0"],
        ["test_zap.py::test_guide", "stb: box1 box2", "3.0"],
        ["test_zap.py::test_pair", "stb: box1 box2; tv: screen", "4.0"],
        ["test_zap.py::test_none", "-", "~3.0"],
        [""],
        ["4 tests on 3 devices: 5 s"],
        ["~ 1 of them have not been run here; they are taken to be as long as the typical test"],
        ["busiest device: box2 (stb), in use 100% of the time"],
        ["busiest kind: stb (2), in use 90% of the time"],
    ]


def test_plan_of_a_budget_shows_what_fits() -> None:
    done = run("plan", "short", "--json", "-k", "not none")

    plan = json.loads(done.out)
    assert [test["test"].rpartition("::")[2] for test in plan["tests"]] == ["test_guide", "test_pair"]
    assert (plan["budget"], plan["collected"], plan["seconds"]) == (4, 3, 4)


def test_plan_of_tests_that_no_device_serves(folder: Path) -> None:
    (folder / "test_zap.py").write_text("def test_phone(mobile): pass")

    done = run("plan", "nightly")

    assert done.code == 4
    assert done.err.startswith("test_zap.py::test_phone: needs mobile; lab.toml has box1 (stb), box2 (stb)")


def test_plan_of_tests_that_cannot_be_collected(folder: Path) -> None:
    (folder / "test_zap.py").write_text("import no_such_module")

    done = run("plan", "nightly")

    assert done.code == 2
    assert done.err.startswith("pytest cannot collect the tests, exit code 2: ")
    assert "no_such_module" in done.err


def test_lab_may_be_named_after_the_campaign(folder: Path) -> None:
    (folder / "lab.toml").rename("other.toml")

    done = run("plan", "nightly", "--lab", "other.toml", "--json")

    assert (done.code, json.loads(done.out)["lab"]) == (0, "other.toml")
