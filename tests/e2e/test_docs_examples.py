"""The examples do what they say."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from pages import ROOT
from running import run, said

EXAMPLES = ROOT / "examples"
PRODUCT = ROOT / "host" / "virtualpytest_host" / "virtual" / "pictures"


@pytest.fixture
def example(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of the example that the test's parameter names."""
    return Path(shutil.copytree(EXAMPLES / request.param, tmp_path / request.param))


@pytest.mark.parametrize("example", ["quickstart"], indirect=True)
def test_the_first_test_passes_without_a_lab_file(example: Path) -> None:
    done = run("pytest", cwd=example)

    assert done.returncode == 0, said(done)
    assert "the built-in virtual lab" in done.stdout
    assert "2 passed" in done.stdout


@pytest.mark.parametrize("example", ["keyboard"], indirect=True)
def test_text_is_typed_on_the_keyboard_of_the_screen(example: Path) -> None:
    done = run("pytest", cwd=example)

    assert done.returncode == 0, said(done)
    assert "2 passed" in done.stdout


@pytest.mark.parametrize("example", ["phone"], indirect=True)
def test_a_phone_is_driven_by_what_it_says_of_its_screen(example: Path) -> None:
    done = run("pytest", cwd=example)

    assert done.returncode == 0, said(done)
    assert "10 passed" in done.stdout


@pytest.mark.parametrize("example", ["anywhere"], indirect=True)
def test_one_test_runs_unchanged_on_a_box_a_phone_and_a_desktop(example: Path) -> None:
    done = run("pytest", "--vpt-each=device", "-v", cwd=example)

    assert done.returncode == 0, said(done)
    for device in ("stb1", "phone1", "desktop1"):
        assert f"::test_back_leaves_the_settings[{device}] PASSED" in done.stdout


@pytest.mark.parametrize("example", ["desktop"], indirect=True)
def test_a_desktop_is_driven_by_keyboard_and_mouse(example: Path) -> None:
    done = run("pytest", cwd=example)

    assert done.returncode == 0, said(done)
    assert "8 passed" in done.stdout


@pytest.mark.parametrize("example", ["campaign"], indirect=True)
def test_the_campaign_fails_only_on_purpose(example: Path) -> None:
    done = run("pytest", "-n", "2", cwd=example)

    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    assert done.returncode == 1, said(done)
    assert len(failed) == 1
    assert "::test_fails_on_purpose_to_show_its_evidence" in failed[0]


@pytest.mark.parametrize("example", ["own_controller"], indirect=True)
def test_a_controller_of_ones_own_works_once_it_is_installed(example: Path) -> None:
    before = run("virtualpytest", "lab", "list", cwd=example, AMPLIFIER="192.0.2.9:4998")
    assert before.returncode == 4
    assert "lab.toml: devices.amp1.amplifier: no controller 'amplifier'" in before.stderr

    installed = run(sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", "there", ".", cwd=example)
    assert installed.returncode == 0, said(installed)
    done = run("pytest", cwd=example, PYTHONPATH=str(example / "there"))

    assert done.returncode == 0, said(done)
    assert "3 passed" in done.stdout


@pytest.mark.parametrize("picture", sorted(EXAMPLES.rglob("*.png")), ids=lambda path: path.name)
def test_pictures_are_those_of_the_virtual_product(picture: Path) -> None:
    assert picture.read_bytes() == (PRODUCT / picture.name).read_bytes()
