"""`--vpt-campaign`: what a campaign of the lab file sets, and what the command line says instead."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

LAB = """
[devices.near]
kind = "stb"
[devices.near.rack]
name = "{prefix}1"
[devices.far]
kind = "stb"
tags = ["far"]
[devices.far.rack]
name = "{prefix}2"
[devices.screen]
kind = "tv"
[devices.screen.rack]
name = "{prefix}3"
[campaigns.nightly]
{campaign}
"""

SUITE = """
import os, pytest
def test_zap(stb): assert os.environ["VPT_TEST_BUILD"] == "4711"
def test_guide(stb): pass
@pytest.mark.skipif(False, reason="a mark to choose by")
def test_slow(stb): pass
"""

PROVISION = """
import os, pathlib
def install(device):
    device.remote.press("OK")
    with open(pathlib.Path(__file__).with_name("installed"), "a") as diary:
        diary.write(f"{device.name}\\n")
    if device.name in os.environ.get("VPT_TEST_BAD", "").split():
        raise RuntimeError("no image")
"""


@pytest.fixture(autouse=True)
def suite(pytester: pytest.Pytester) -> Path:
    """Lay out tests in two folders, one of which no campaign of these tests names."""
    for name, text in (("zap/test_zap.py", SUITE), ("other/test_other.py", "def test_other(stb): pass")):
        path = pytester.path / "suites" / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
    return pytester.path / "suites"


def campaign(pytester: pytest.Pytester, text: str = "", *, tests: str = '["suites/zap"]') -> None:
    """Write a lab file with the campaign `nightly`."""
    lab = LAB.format(prefix=pytester.path.name, campaign=f"tests = {tests}\n{text}")
    (pytester.path / "lab.toml").write_text(lab)


def collected(pytester: pytest.Pytester, *options: str) -> dict[str, str]:
    """Return the tests of the campaign, and their devices."""
    result = pytester.runpytest_inprocess("--vpt-campaign", "nightly", "--collect-only", "-q", *options)
    lines = [line.split(": ", 1) for line in result.outlines if "::" in line and ": " in line]
    return {test.rpartition("::")[2]: devices for test, devices in lines}


def test_tests_are_the_campaigns(pytester: pytest.Pytester) -> None:
    campaign(pytester)

    assert set(collected(pytester)) == {"test_zap", "test_guide", "test_slow"}


def test_tests_that_the_command_line_names_count_instead(pytester: pytest.Pytester) -> None:
    campaign(pytester)

    assert set(collected(pytester, "suites/other")) == {"test_other"}


def test_keyword_and_markers_choose(pytester: pytest.Pytester) -> None:
    campaign(pytester, 'markers = "not skipif"\nkeyword = "zap or slow"')

    assert set(collected(pytester, "-m", "skipif or not skipif")) == {"test_zap", "test_guide", "test_slow"}
    assert set(collected(pytester)) == {"test_zap", "test_guide"}


def test_devices_are_the_campaigns(pytester: pytest.Pytester) -> None:
    campaign(pytester, 'devices = { tags = ["far"] }')

    assert set(collected(pytester).values()) == {"stb: far"}
    assert set(collected(pytester, "--vpt-device", "near").values()) == {"stb: near"}


def test_each_repeats_tests(pytester: pytest.Pytester) -> None:
    campaign(pytester, 'each = "device"\nkeyword = "test_guide"')

    assert set(collected(pytester)) == {"test_guide[near]", "test_guide[far]"}
    assert set(collected(pytester, "--vpt-each=any")) == {"test_guide"}


def test_addopts_come_before_the_campaign(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\naddopts = --vpt-each=model -k test_guide")
    campaign(pytester, 'keyword = "test_slow"')

    assert set(collected(pytester)) == {"test_slow"}


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ("", "nightl", "lab.toml: no campaign 'nightl'; did you mean 'nightly'?"),
        (
            'devices = { kind = "mobile" }',
            "nightly",
            "lab.toml: campaigns.nightly.devices: mobile: the lab has near (stb), far (stb), screen (tv)",
        ),
        (
            'provision = "no_such_module:install"',
            "nightly",
            "lab.toml: campaigns.nightly.provision: No module named 'no_such_module'; looked for in *",
        ),
        (
            'provision = "json:install"',
            "nightly",
            "lab.toml: campaigns.nightly.provision: json (*) has no function 'install'",
        ),
    ],
)
def test_campaign_that_cannot_be_run(pytester: pytest.Pytester, text: str, name: str, message: str) -> None:
    campaign(pytester, text)

    result = pytester.runpytest_inprocess("--vpt-campaign", name)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {message}"])


def test_campaign_without_a_lab_file(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_inprocess("--vpt-campaign", "nightly")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: the built-in virtual lab: no campaign 'nightly'; it has none: *"])


def test_reruns_name_the_package_that_is_missing(pytester: pytest.Pytester) -> None:
    campaign(pytester, "reruns = 1")

    result = pytester.runpytest_inprocess("--vpt-campaign", "nightly", "-p", "no:rerunfailures")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: lab.toml: campaigns.nightly.reruns: needs pytest-rerunfailures; *"])


@pytest.mark.parametrize("options", [[], ["-n", "2"]], ids=["alone", "xdist"])
def test_environment_and_deadline_are_the_campaigns(pytester: pytest.Pytester, options: list[str]) -> None:
    campaign(pytester, 'environment = { VPT_TEST_BUILD = "4711" }\ndeadline = 1', tests='["suites"]')
    (pytester.path / "suites/other/test_other.py").write_text(
        "import time\ndef test_forever(stb):\n    while True: time.sleep(0.1)"
    )

    result = pytester.runpytest_subprocess("--vpt-campaign", "nightly", *options)

    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["E*Overdue: the test passed its deadline of 1 s"])


@pytest.mark.parametrize("options", [[], ["-n", "3"]], ids=["alone", "xdist"])
def test_each_device_is_provisioned_once(pytester: pytest.Pytester, options: list[str]) -> None:
    campaign(pytester, 'provision = "images:install"\neach = "device"\nkeyword = "guide or slow"\ndeadline = 20')
    (pytester.path / "images.py").write_text(PROVISION)

    result = pytester.runpytest_subprocess("--vpt-campaign", "nightly", *options)

    result.assert_outcomes(passed=4)
    assert sorted((pytester.path / "installed").read_text().split()) == ["far", "near"]


@pytest.mark.parametrize("options", [[], ["-n", "2"]], ids=["alone", "xdist"])
def test_device_that_cannot_be_provisioned_is_told_once_and_its_tests_go_elsewhere(
    pytester: pytest.Pytester, options: list[str]
) -> None:
    campaign(pytester, 'provision = "images:install"\nenvironment = { VPT_TEST_BAD = "near", VPT_TEST_BUILD = "4711" }')
    (pytester.path / "images.py").write_text(PROVISION)

    result = pytester.runpytest_subprocess("--vpt-campaign", "nightly", *options)

    result.assert_outcomes(passed=3)
    why = "device 'near' on host 'local': provision images:install: RuntimeError: no image"
    told = "\n".join(result.outlines + result.errlines)
    assert told.count(f"near is quarantined for this run: {why}") == 1
    assert sorted((pytester.path / "installed").read_text().split()) == ["far", "near"]


def test_provisioning_does_not_count_against_the_deadline(pytester: pytest.Pytester) -> None:
    campaign(pytester, 'provision = "images:install"\ndeadline = 1.5\nkeyword = "guide"\ndevices = { name = "near" }')
    (pytester.path / "images.py").write_text("import time\ndef install(device): time.sleep(2)")

    result = pytester.runpytest_subprocess("--vpt-campaign", "nightly")

    result.assert_outcomes(passed=1)


LONG_AND_SHORT = """
import time, pytest
@pytest.mark.parametrize("tenths", [1, 6, 2, 4])
def test_takes(dut, tenths): time.sleep(tenths / 10)
"""


def slow_suite(pytester: pytest.Pytester, text: str) -> None:
    """Write a campaign of tests of 0.1 to 0.6 s, of which durations are known."""
    (pytester.path / "suites/zap/test_zap.py").write_text(LONG_AND_SHORT)
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


def devices_table(result: pytest.RunResult) -> dict[str, dict[str, str]]:
    """Return the table at the end of a run, by device."""
    start = next(number for number, line in enumerate(result.outlines) if re.fullmatch("=+ devices =+", line))
    head, *rows = [re.split(r"\s{2,}", line) for line in result.outlines[start + 1 :] if "  " in line]
    return {row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in rows}


@pytest.mark.parametrize("options", [["--dist", "no"], ["-n", "2"]], ids=["alone", "xdist"])
def test_run_ends_with_what_it_came_to_for_each_device(pytester: pytest.Pytester, options: list[str]) -> None:
    campaign(pytester, tests='["suites/other"]')
    (pytester.path / "suites/other/test_other.py").write_text(
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
    campaign(pytester, tests='["suites/other"]')
    (pytester.path / "suites/other/test_other.py").write_text(
        "import os, time\ndef test_dies(tv):\n    time.sleep(0.5)\n    os.kill(os.getpid(), 9)"
    )

    result = pytester.runpytest_subprocess("--vpt-campaign", "nightly", "-n", "1")

    row = devices_table(result)["screen"]
    assert (row["passed"], row["failed"]) == ("0", "1")
    assert float(row["busy"].removesuffix(" s")) >= 0.5


def test_run_without_devices_has_no_table(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_inprocess("suites/zap", "-k", "none")

    result.stdout.no_fnmatch_line("*= devices =*")


def test_junit_has_the_verdicts_of_allure(pytester: pytest.Pytester) -> None:
    campaign(pytester, "reruns = 1", tests='["suites/other"]')
    (pytester.path / "suites/other/test_other.py").write_text(
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
