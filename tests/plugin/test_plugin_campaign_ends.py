"""What is told at the end of a run: a table of devices, and the same verdicts in the JUnit file."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import pytest
from nightly import campaign


def devices_table(result: pytest.RunResult) -> dict[str, dict[str, str]]:
    """Return the table at the end of a run, by device."""
    start = next(number for number, line in enumerate(result.outlines) if re.fullmatch("=+ devices =+", line))
    head, *rows = [re.split(r"\s{2,}", line) for line in result.outlines[start + 1 :] if "  " in line]
    return {row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in rows}


@pytest.mark.parametrize("options", [["--dist", "no"], ["-n", "2"]], ids=["alone", "xdist"])
def test_run_ends_with_what_it_came_to_for_each_device(pytester: pytest.Pytester, options: list[str]) -> None:
    campaign(pytester, tests='["test_all.py"]')
    (pytester.path / "test_all.py").write_text(
        """
import pytest, time
from pytest_virtualpytest.exceptions import LabFault
near = pytest.mark.device(kind="stb", name="near")
@near
def test_passes(stb): time.sleep(0.5)
@near
def test_fails(stb): assert False
@near
def test_fault(stb): raise LabFault("the plug has come off")
@near
def test_both(stb, tv): pass
def test_skipped(tv): pytest.skip("not today")
def test_none(): pass
"""
    )

    result = pytester.runpytest_subprocess("--vpt-campaign", "nightly", *options)

    counts = {name: [row[word] for word in list(row)[:4]] for name, row in devices_table(result).items()}
    assert result.ret == 1
    assert list(devices_table(result)["near"]) == ["passed", "failed", "lab faults", "skipped", "busy", "in use"]
    assert counts == {"near": ["2", "1", "1", "0"], "screen": ["1", "0", "0", "1"], "total": ["2", "1", "1", "1"]}
    busy = float(devices_table(result)["near"]["busy"].removesuffix(" s"))
    assert 0.5 <= busy < 10
    assert 1 <= int(devices_table(result)["near"]["in use"].removesuffix("%")) <= 100


def test_device_of_a_worker_that_died_is_in_the_table(pytester: pytest.Pytester) -> None:
    campaign(pytester, tests='["test_all.py"]')
    (pytester.path / "test_all.py").write_text(
        "import os, time\ndef test_dies(tv):\n    time.sleep(0.5)\n    os.kill(os.getpid(), 9)"
    )

    result = pytester.runpytest_subprocess("--vpt-campaign", "nightly", "-n", "1")

    row = devices_table(result)["screen"]
    assert (row["passed"], row["failed"]) == ("0", "1")
    assert float(row["busy"].removesuffix(" s")) >= 0.5


def test_run_without_devices_has_no_table(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_none(): pass")

    result = pytester.runpytest_inprocess()

    result.stdout.no_fnmatch_line("*= devices =*")


def test_junit_has_the_verdicts_of_allure(pytester: pytest.Pytester) -> None:
    campaign(pytester, "reruns = 1", tests='["test_all.py"]')
    (pytester.path / "test_all.py").write_text(
        """
import os, pathlib
def test_passes(stb): pass
def test_fails(stb): assert False
def test_passes_at_last(stb):
    first = pathlib.Path("tried")
    if not first.exists():
        first.touch()
        assert False
def test_dies(tv): os.kill(os.getpid(), 9)
"""
    )

    pytester.runpytest_subprocess("--vpt-campaign", "nightly", "-n", "2", "--junitxml=junit.xml", "--alluredir=ar")

    cases = ElementTree.parse(pytester.path / "junit.xml").iter("testcase")
    junit = [(case.get("name"), any(child.tag in {"failure", "error"} for child in case)) for case in cases]
    found = [json.loads(path.read_text()) for path in (pytester.path / "ar").glob("*-result.json")]
    last = {one["name"]: one["status"] for one in sorted(found, key=lambda one: one["start"])}
    assert sorted(junit) == [
        ("test_dies", True), ("test_fails", True), ("test_passes", False), ("test_passes_at_last", False),
    ]  # fmt: skip
    assert last == {
        "test_passes": "passed", "test_fails": "failed", "test_passes_at_last": "passed", "test_dies": "broken",
    }  # fmt: skip
