"""References that are missing or unreadable, told at collection: before any device is touched."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_plugin_collection import SILENT, errors

LAB = """
[devices.relay1]
kind = "stb"
variant = ["horizon", "fr"]
[devices.relay1.rack]
name = "{name}1"
diary = "/dev/null"
[devices.relay2]
kind = "tv"
[devices.relay2.rack]
name = "{name}2"
diary = "/dev/null"
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> Path:
    """Work in a folder with a lab of two devices, one of which has variants, and some pictures."""
    (pytester.path / "lab.toml").write_text(LAB.format(name=pytester.path.name))
    (pytester.path / "tests").mkdir()
    for name in ("banner.png", "guide.png"):
        png(pytester.path / "tests" / name)
    return pytester.path / "tests"


def png(path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    return path


def test_all_of_them_are_told_at_once_with_line_folders_and_nearest(pytester: pytest.Pytester, suite: Path) -> None:
    pytester.makeconftest(SILENT)
    (suite / "empty.png").touch()
    (suite / "toml.png").write_bytes((suite / "guide.png").read_bytes())
    (suite / "toml.toml").write_text("regio = [1, 2, 3, 4]")
    (suite / "test_zap.py").write_text(
        "from pytest_virtualpytest import All, Image, Not\n"
        "LOGO = Image('lgo.png')\n"
        "def test_one(stb):\n"
        "    stb.screen.wait_for('baner.png')\n"
        "    stb.screen.find(All('banner.png', Not('empty.png')))\n"
        "def test_two(tv):\n"
        "    tv.screen.find(LOGO)\n"
        "    tv.screen.find('toml.png')\n"
    )

    result = pytester.runpytest_subprocess("-p", "no:rerunfailures")

    where = f"no such picture; looked in {suite} and the folders above, up to {suite.parent}"
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert errors(result) == [
        f"tests/test_zap.py:2: lgo.png: {where}",
        f"tests/test_zap.py:4: baner.png: {where}; did you mean 'banner.png'?",
        "tests/test_zap.py:5: empty.png: tests/empty.png cannot be read as a picture: it is empty",
        f"tests/test_zap.py:8: {suite}/toml.toml: unknown key 'regio'; did you mean 'region'?",
    ]


def test_what_is_there_for_one_device_that_may_serve_is_no_error(pytester: pytest.Pytester, suite: Path) -> None:
    png(suite / "logo.horizon.png")
    (suite / "test_logo.py").write_text(
        "def test_stb(stb):\n    assert not stb.screen.find('logo.png')\n"
        "def test_any(dut):\n    assert not dut.screen.find('logo.png')\n"
        "def test_tv(tv):\n    assert not tv.screen.find('logo.png')\n"
    )

    result = pytester.runpytest_inprocess("--collect-only")

    (error,) = errors(result)
    assert error.startswith("tests/test_logo.py:6: logo.png: no such picture")


@pytest.mark.parametrize("marker", ["skip", "xfail", "skipif(True, reason='x')"])
def test_test_that_is_not_to_pass_needs_no_picture(pytester: pytest.Pytester, suite: Path, marker: str) -> None:
    (suite / "test_zap.py").write_text(
        f"import pytest\n@pytest.mark.{marker}\ndef test_one(stb):\n    stb.screen.wait_for('baner.png')\n"
    )

    assert errors(pytester.runpytest_inprocess("--collect-only")) == []


def test_test_that_is_left_out_or_needs_no_device_needs_no_picture(pytester: pytest.Pytester, suite: Path) -> None:
    (suite / "test_zap.py").write_text(
        "def test_one(stb):\n    stb.screen.wait_for('baner.png')\n"
        "def test_two():\n    class stb:\n        screen = ''\n    assert stb.screen.find('baner.png') == -1\n"
        "def test_three(stb):\n    assert stb.name == 'relay1'\n"
    )

    result = pytester.runpytest_subprocess("-k", "not one")

    result.assert_outcomes(passed=2, deselected=1)


def test_page_of_another_module_is_read_where_it_is(pytester: pytest.Pytester, suite: Path) -> None:
    (suite / "pages").mkdir()
    (suite / "pages" / "__init__.py").touch()
    (suite / "pages" / "guide.py").write_text(
        "from pytest_virtualpytest import Page\nclass Guide(Page):\n    shows = 'guid.png'\n"
    )
    (suite / "test_zap.py").write_text(
        "from pages.guide import Guide\ndef test_one(stb):\n    assert not Guide(stb)\n"
    )

    (error,) = errors(pytester.runpytest_subprocess("--collect-only"))  # `pages` is a module of this process

    assert error.startswith("tests/pages/guide.py:3: guid.png: no such picture; looked in ")
    assert error.endswith("did you mean 'guide.png'?")


def test_worker_leaves_it_to_the_controller(pytester: pytest.Pytester, suite: Path) -> None:
    (suite / "test_zap.py").write_text("def test_one(stb):\n    stb.screen.wait_for('baner.png')\n")

    result = pytester.runpytest_subprocess("-n2", "-p", "no:rerunfailures")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert len(errors(result)) == 1


def test_nothing_slow_is_imported_for_it(pytester: pytest.Pytester, suite: Path) -> None:
    pytester.makeconftest(
        "import sys\ndef pytest_sessionfinish():\n"
        "    loaded = {'cv2', 'numpy', 'av'} & set(sys.modules)\n    print('LOADED', sorted(loaded))"
    )
    (suite / "test_zap.py").write_text("def test_one(stb):\n    stb.screen.wait_for('banner.png')\n")

    result = pytester.runpytest_subprocess("--collect-only", "-s")

    result.stdout.fnmatch_lines(["LOADED []"])
