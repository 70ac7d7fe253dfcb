"""The demo, and how it tells a campaign that went as it should from any other."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import socket
import sys
from pathlib import Path
from types import ModuleType

import pytest
from pages import ROOT
from running import run, said

DEMO = ROOT / "examples" / "demo.py"
NOT_SEEN = "pytest_virtualpytest.exceptions.NotSeen: settings-header.png not seen within 3 s"


@pytest.fixture(scope="module")
def demo() -> ModuleType:
    """The demo's module."""
    spec = importlib.util.spec_from_file_location("demo", DEMO)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["demo"] = module
    spec.loader.exec_module(module)
    return module


def _junit(folder: Path, *cases: str) -> Path:
    path = folder / "junit.xml"
    path.write_text(f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>", encoding="utf-8")
    return path


def _case(name: str, tag: str = "", message: str = "") -> str:
    inner = f'<{tag} message="{message}">trace</{tag}>' if tag else ""
    return f'<testcase name="{name}" time="1">{inner}</testcase>'


GOOD = _case("test_zap")
FAILING = "test_fails_on_purpose_to_show_its_evidence"
ON_PURPOSE = _case(FAILING, "failure", NOT_SEEN)


@pytest.mark.parametrize(
    ("cases", "problem"),
    [
        ([GOOD, ON_PURPOSE], ""),
        ([GOOD, _case(FAILING)], f"{FAILING} passed: "),
        ([GOOD], f"{FAILING} did not run"),
        ([_case("test_zap", "failure", "assert 3 &lt; 2"), ON_PURPOSE], "test_zap failed: assert 3 < 2"),
        ([_case("test_zap", "error", "no device"), ON_PURPOSE], "test_zap error: no device"),
        ([_case("test_zap", "skipped", "why"), ON_PURPOSE], "test_zap skipped: why"),
        ([GOOD, _case(FAILING, "failure", "CaptureError: no signal")],
         f"{FAILING} failed for another reason: CaptureError: no signal"),
    ],
)  # fmt: skip
def test_only_the_test_that_fails_on_purpose_may_fail(
    demo: ModuleType, tmp_path: Path, cases: list[str], problem: str
) -> None:
    outcome = demo.read_junit(_junit(tmp_path, *cases))

    assert outcome.problems() == ([problem] if problem else [])


def test_a_run_that_wrote_no_report_is_told(demo: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(demo.DemoError, match="pytest wrote no report"):
        demo.read_junit(tmp_path / "junit.xml")


def test_without_sshd_both_boxes_are_behind_popen(demo: ModuleType, tmp_path: Path) -> None:
    lab = demo.write_lab(tmp_path, None)

    shown = run("virtualpytest", "lab", "list", "--lab", lab, cwd=tmp_path).stdout
    assert "rack1" in shown
    assert "ssh=" not in shown


@pytest.mark.parametrize("there", [True, False])
def test_what_a_desktop_wants_is_said_where_none_is_there(
    demo: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], there: bool
) -> None:
    monkeypatch.setattr(demo, "KINDS", {kind: [] for kind in ("stb", "phone", *["desktop"] * there)})
    for name in ("VPT_STATE", "VPT_LINGER"):
        monkeypatch.setenv(name, os.environ[name])

    with contextlib.ExitStack() as ending:
        demo.prepare(tmp_path, ending)

    assert ("wants xvfb and zenity (apt-get install xvfb zenity)" in capsys.readouterr().out) is not there


def test_the_demo_ends_well_and_leaves_nothing_running(tmp_path: Path) -> None:
    done = run(sys.executable, DEMO, "demo", cwd=tmp_path, DEMO_EXIT="1")

    assert done.returncode == 0, said(done)
    for sign in ("tests on bench", "tests on rack1", f"and {FAILING} failed", "passed on 3 kinds of device",
                 "Allure results: ", "dashboard: http://"):  # fmt: skip
        assert sign in done.stdout
    port = int(done.stdout.partition("sshd: 127.0.0.1 port ")[2].partition(",")[0])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 1)
