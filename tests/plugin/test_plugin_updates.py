"""``--vpt-update-references`` proposes, `virtualpytest references` lists, and only a person's word changes anything."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from virtualpytest_host.virtual import drawing

COMMAND = [sys.executable, "-m", "pytest_virtualpytest.cli", "references"]
PLACE = (50, 36, 250, 76)


def header(*, old: bool, transparent: bool = False) -> Any:
    """Return the header of the settings as it is, or as it was: of another colour and with a letter more."""
    x, y, wide, high = PLACE
    pixels = drawing.settings(0)[y : y + high, x : x + wide].copy()
    if old:
        pixels[20:70, 120:200] = (20, 20, 160)
    if transparent:
        return np.dstack([pixels, np.where(np.arange(wide) < 200, 255, 0)[None].repeat(high, 0).astype(np.uint8)])
    return pixels


@pytest.fixture
def suite(pytester: pytest.Pytester, box: Path) -> Path:
    """Work in a folder with a test whose reference the product has outgrown."""
    pytester.makepyfile(
        test_menu="""
        from pytest_virtualpytest import Not
        def test_menu(stb):
            stb.remote.press("BACK")
            stb.screen.wait_for(Not("guide-header.png"))
            stb.remote.press("MENU")
            stb.screen.wait_for("header.png", timeout=2)
        """
    )
    cv2.imwrite(str(pytester.path / "header.png"), header(old=True))
    return pytester.path


def references(*words: str) -> str:
    done = subprocess.run([*COMMAND, *words], capture_output=True, text=True, check=False, timeout=60)
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout + done.stderr


def test_candidate_is_cut_where_it_was_nearest_and_accepted_by_name(pytester: pytest.Pytester, suite: Path) -> None:
    before = (suite / "header.png").read_bytes()

    failed = pytester.runpytest_subprocess("--vpt-update-references")

    failed.assert_outcomes(failed=1)
    failed.stdout.fnmatch_lines(["*candidates for references*", f"{suite}/header.png", "none is used yet: look at *"])
    assert (suite / "header.png").read_bytes() == before
    (told,) = json.loads(references("--json"))
    assert (told["reference"], told["region"], told["test"]) == ("header.png", list(PLACE), "test_menu.py::test_menu")
    assert 0 < told["score"] < told["threshold"]
    cut = cv2.imread(str(suite / "header.png.candidate"), cv2.IMREAD_UNCHANGED)
    assert cut is not None
    assert np.abs(cut.astype(int) - header(old=False)).mean() < 3

    assert references("--accept", "header.png") == "header.png: accepted\n"

    pytester.runpytest_subprocess("--vpt-update-references").assert_outcomes(passed=1)
    assert references() == "no candidates\n"


def test_transparent_parts_stay_transparent(pytester: pytest.Pytester, suite: Path) -> None:
    cv2.imwrite(str(suite / "header.png"), header(old=True, transparent=True))

    pytester.runpytest_subprocess("--vpt-update-references").assert_outcomes(failed=1)

    cut = cv2.imread(str(suite / "header.png.candidate"), cv2.IMREAD_UNCHANGED)
    assert cut is not None
    assert cut.shape == (76, 250, 4)
    assert set(np.unique(cut[:, :200, 3])) == {255}
    assert set(np.unique(cut[:, 200:, 3])) == {0}


def test_without_the_option_nothing_is_written(pytester: pytest.Pytester, suite: Path) -> None:
    pytester.runpytest_subprocess().assert_outcomes(failed=1)

    assert list(suite.glob("*.candidate*")) == []


def test_worker_writes_and_the_controller_tells(pytester: pytest.Pytester, suite: Path) -> None:
    result = pytester.runpytest_subprocess("--vpt-update-references", "-n1")

    result.stdout.fnmatch_lines(["*candidates for references*", f"{suite}/header.png"])
    assert (suite / "header.png.candidate").is_file()


def test_what_is_expected_to_fail_and_what_should_be_absent_propose_nothing(
    pytester: pytest.Pytester, suite: Path
) -> None:
    pytester.makepyfile(
        test_menu="""
        import pytest
        from pytest_virtualpytest import Not
        @pytest.mark.xfail
        def test_known(stb):
            stb.screen.wait_for("header.png", timeout=0.5)
        def test_absent(stb):
            stb.remote.press("BACK")
            stb.remote.press("HOME")
            stb.screen.wait_for("home.png")
            stb.screen.wait_for(Not("home.png"), timeout=0.5)
        """
    )

    pytester.runpytest_subprocess("--vpt-update-references").assert_outcomes(xfailed=1, failed=1)

    assert list(suite.glob("*.candidate*")) == []


@pytest.mark.parametrize(("answers", "left"), [("x\na\n", "new"), ("r\n", "old"), ("\n", "waiting")])
def test_person_at_a_terminal_is_asked(pytester: pytest.Pytester, suite: Path, answers: str, left: str) -> None:
    pytester.runpytest_subprocess("--vpt-update-references").assert_outcomes(failed=1)
    fresh, old = (suite / "header.png.candidate").read_bytes(), (suite / "header.png").read_bytes()

    ours, theirs = pty.openpty()
    with subprocess.Popen(COMMAND, stdin=theirs, stdout=theirs, stderr=theirs, cwd=suite) as process:
        os.close(theirs)
        os.write(ours, answers.encode())
        assert process.wait(60) == 0
    said = os.read(ours, 65536).decode()
    os.close(ours)

    assert "header.png: score 0." in said
    assert said.count("accept, reject, or leave it?") == answers.count("\n")
    assert (suite / "header.png").read_bytes() == (fresh if left == "new" else old)
    assert (suite / "header.png.candidate").exists() is (left == "waiting")


def test_workers_on_hosts_cannot_write_here(pytester: pytest.Pytester, suite: Path) -> None:
    result = pytester.runpytest_subprocess("--vpt-update-references", "--vpt-on-hosts")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--vpt-update-references goes without --vpt-on-hosts: the references are here"])


def test_name_that_is_not_there_is_one_line(pytester: pytest.Pytester, suite: Path) -> None:
    assert references("--accept", "banner.png") == "banner.png: 0 candidates have that name; there are none\n"
