"""The budget and the order of a campaign, and the plan that is written before it is run."""

from __future__ import annotations

import json
import re

import pytest
from nightly import campaign

LONG_AND_SHORT = """
import time, pytest
@pytest.mark.parametrize("tenths", [1, 6, 2, 4])
def test_takes(dut, tenths): time.sleep(tenths / 10)
"""


def slow_suite(pytester: pytest.Pytester, text: str) -> None:
    """Write a campaign of tests of 0.1 to 0.6 s, of which durations are known."""
    suite = pytester.path / "suites/zap/test_zap.py"
    suite.parent.mkdir(parents=True)
    suite.write_text(LONG_AND_SHORT)
    campaign(pytester, text)
    known = {f"suites/zap/test_zap.py::test_takes[{tenths}]": tenths / 10 for tenths in (1, 6, 2, 4)}
    cache = pytester.path / ".pytest_cache/v/virtualpytest/durations"
    cache.parent.mkdir(parents=True)
    cache.write_text(json.dumps(known))


@pytest.mark.parametrize(
    ("options", "line", "run"),
    [
        ([], "budget 0.8 s: 2 of 4 tests; 2 left out", ["2", "6"]),
        (["-n", "2"], "budget 0.8 s: 4 of 4 tests; 0 left out", ["1", "2", "4", "6"]),
    ],
    ids=["alone", "xdist"],
)
def test_longest_tests_that_fit_into_the_budget_are_run(
    pytester: pytest.Pytester, options: list[str], line: str, run: list[str]
) -> None:
    slow_suite(pytester, "budget = 0.8")

    result = pytester.runpytest_subprocess("--vpt-campaign", "nightly", "-v", *options)

    assert result.ret == 0
    result.stdout.fnmatch_lines(["campaign: nightly, budget 0.8 s", line])
    assert sorted(set(re.findall(r"test_takes\[(\d)\]", result.stdout.str()))) == run


def test_single_process_learns_how_long_tests_take(pytester: pytest.Pytester) -> None:
    slow_suite(pytester, "")
    (pytester.path / "suites/zap/test_zap.py").write_text("import time\ndef test_new(dut): time.sleep(0.3)")

    pytester.runpytest_subprocess("--vpt-campaign", "nightly")

    known = json.loads((pytester.path / ".pytest_cache/v/virtualpytest/durations").read_text())
    assert 0.3 <= known["suites/zap/test_zap.py::test_new"] < 10


@pytest.mark.parametrize(("order", "run"), [("longest", ["6", "4", "2", "1"]), ("file", ["1", "6", "2", "4"])])
def test_order_is_the_campaigns(pytester: pytest.Pytester, order: str, run: list[str]) -> None:
    slow_suite(pytester, f'order = "{order}"')

    result = pytester.runpytest_subprocess("--vpt-campaign", "nightly", "-n", "1", "-v")

    assert re.findall(r"PASSED.*test_takes\[(\d)\]", result.stdout.str()) == run


def test_plan_is_written_without_opening_anything(pytester: pytest.Pytester) -> None:
    slow_suite(pytester, "budget = 0.5")

    result = pytester.runpytest_inprocess("--vpt-campaign", "nightly", "--collect-only", "--vpt-plan", "plan.json")

    plan = json.loads((pytester.path / "plan.json").read_text())
    assert result.ret == 0
    assert [(test["test"][-3:], test["seconds"], test["known"]) for test in plan["tests"]] == [
        ("[1]", 0.1, True),
        ("[2]", 0.2, True),
        ("[4]", 0.4, True),
    ]
    assert {tuple(test["devices"]["dut"]) for test in plan["tests"]} == {("near", "far", "screen")}
    assert (plan["campaign"], plan["lab"], plan["budget"], plan["collected"]) == ("nightly", "lab.toml", 0.5, 4)
    assert (plan["workers"], plan["seconds"]) == (3, 0.4)
    assert sorted(device["seconds"] for device in plan["devices"]) == [0.1, 0.2, 0.4]
