"""Beside other plugins: none takes the other's fixtures, options or reruns."""

from __future__ import annotations

from pathlib import Path

import pytest

NEIGHBOURS = ("playwright", "repeat", "rerunfailures", "timeout", "xdist", "allure-pytest")


def run(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    result = pytester.runpytest_subprocess(*options)
    loaded = next(line for line in result.outlines if line.startswith("plugins: "))
    assert all(f" {name}-" in loaded for name in NEIGHBOURS), f"install the neighbours; there are {loaded}"
    return result


def test_playwright_keeps_its_fixtures(pytester: pytest.Pytester, relays: Path) -> None:
    pytester.makepyfile("def test_both(stb, device, browser_name): assert (stb.name, device) == ('relay1', None)")

    run(pytester).assert_outcomes(passed=1)


def test_rerun_leases_again(pytester: pytest.Pytester, relays: Path, diary: Path) -> None:
    pytester.makepyfile(
        """
        tries = []
        def test_flaky(stb, measure):
            measure("try", len(tries))
            tries.append(stb.remote.press("OK"))
            assert len(tries) == 3
        """
    )

    result = run(pytester, "--reruns", "2")

    assert result.parseoutcomes() == {"passed": 1, "rerun": 2}
    assert result.ret == 0
    assert diary.read_text().count("press OK") == 3


def test_lab_fault_that_a_rerun_mends_is_no_failure(pytester: pytest.Pytester, relays: Path) -> None:
    pytester.makepyfile(
        """
        tries = []
        def test_flaky(stb):
            tries.append(1)
            stb.remote.press("FAIL" if len(tries) == 1 else "OK")
        """
    )

    result = run(pytester, "--reruns", "1")

    assert result.ret == 0
    result.stdout.no_fnmatch_line("*lab fault, not the product*")


def test_timeout_interrupts_a_call_and_the_device_is_free_again(pytester: pytest.Pytester, relays: Path) -> None:
    pytester.makepyfile(
        """
        import pytest
        @pytest.mark.timeout(1)
        def test_hangs(stb): stb.remote.press("HANG")
        def test_next(stb): stb.remote.press("OK")
        """
    )

    result = run(pytester)

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*Failed: Timeout*"])


def test_repeated_test_leases_each_time(pytester: pytest.Pytester, relays: Path, diary: Path) -> None:
    pytester.makepyfile("def test_box(stb): stb.remote.press('OK')")

    run(pytester, "--count", "3", "--vpt-each=device").assert_outcomes(passed=3)

    assert diary.read_text().count("press OK") == 3
