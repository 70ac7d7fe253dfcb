"""Devices that are not ready for a test: recovered, or left out of the run."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_virtualpytest.journal import FILE


def test_keys_of_recovery_follow_soon(pytester: pytest.Pytester, box: Path, press: Callable[[str], None]) -> None:
    press("HOME")
    with box.open("a") as lab:
        lab.write('ready = { check = "guide-header.png", recover = ["BACK", "BACK", "GUIDE"], timeout = 60 }\n')
    pytester.makepyfile("def test_box(stb): assert stb.screen.find('guide-header.png')")

    begin = time.monotonic()
    pytester.runpytest_subprocess().assert_outcomes(passed=1)

    assert time.monotonic() - begin < 60


def test_device_that_is_not_ready_is_recovered(pytester: pytest.Pytester, box: Path) -> None:
    with box.open("a") as lab:
        lab.write('ready = { check = "guide-header.png", recover = ["BACK", "GUIDE"], timeout = 1 }\n')
    pytester.makepyfile(
        """
        def test_one(stb):
            assert stb.screen.find("guide-header.png")
            stb.remote.press("HOME")
        def test_two(stb): assert stb.screen.find("guide-header.png")
        """
    )

    pytester.runpytest_subprocess().assert_outcomes(passed=2)


def test_device_that_cannot_be_made_ready_is_a_lab_fault(
    pytester: pytest.Pytester, box: Path, press: Callable[[str], None]
) -> None:
    press("GUIDE")
    with box.open("a") as lab:
        lab.write('ready = { check = "home.png", recover = ["GUIDE"], timeout = 0.5 }\n')
    pytester.makepyfile("def test_one(stb): pass")

    result = pytester.runpytest_subprocess()

    assert result.ret == 10
    result.stdout.fnmatch_lines(
        ["E*NotReady: device 'pluginbox' on host 'local' is not ready after GUIDE: home.png not seen within*"]
    )


@pytest.mark.parametrize("options", [[], ["-n", "2"]], ids=["alone", "xdist"])
def test_device_that_cannot_be_made_ready_is_quarantined_and_its_tests_go_elsewhere(
    pytester: pytest.Pytester, box: Path, press: Callable[[str], None], options: list[str]
) -> None:
    press("GUIDE")
    with box.open("a") as lab:
        lab.write('ready = { check = "home.png", recover = ["GUIDE"], timeout = 0.3 }\n')
        lab.write('[devices.spare]\nkind = "stb"\n[devices.spare.rack]\nname = "spare"\n')
    pytester.makepyfile(
        """
        import pytest
        @pytest.mark.parametrize("n", range(3))
        def test_box(stb, n): assert stb.name == "spare"
        """
    )

    result = pytester.runpytest_subprocess("--alluredir=ar", *options)

    result.assert_outcomes(passed=3)
    noted = map(json.loads, Path("ar", FILE).read_text(encoding="utf-8").splitlines())
    assert {event["device"] for event in noted if event["kind"] == "quarantine"} == {"pluginbox"}
    said = [line for line in result.outlines + result.errlines if "pluginbox is quarantined for this run" in line]
    assert len(said) == 1
