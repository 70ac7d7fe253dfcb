"""`--vpt-campaign`: what a campaign of the lab file sets, and what the command line says instead."""

from __future__ import annotations

from pathlib import Path

import pytest
from nightly import campaign

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
