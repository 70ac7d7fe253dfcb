"""Tests spread over devices by pytest-xdist."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest

from pytest_virtualpytest import config
from pytest_virtualpytest.lab import Lab


def presses(diary: Path) -> list[str]:
    return [line.removeprefix("press ") for line in diary.read_text().splitlines() if line.startswith("press")]


def test_each_worker_gets_a_test_whose_device_is_free(pytester: pytest.Pytester, relays: Path) -> None:
    pytester.makepyfile(
        """
        import pytest, time
        @pytest.mark.parametrize("n", range(4))
        def test_box(stb, n): time.sleep(0.3)
        @pytest.mark.parametrize("n", range(4))
        def test_tv(tv, n): time.sleep(0.3)
        """
    )

    result = pytester.runpytest_subprocess("-n", "2", "-v")

    result.assert_outcomes(passed=8)
    result.stdout.fnmatch_lines(["scheduling tests via DeviceScheduling"])
    result.stdout.no_fnmatch_line("*waiting*")


@pytest.mark.parametrize(("option", "name"), [("load", "LoadScheduling"), ("loadfile", "LoadFileScheduling")])
def test_scheduling_that_the_user_chose_is_kept(
    pytester: pytest.Pytester, relays: Path, option: str, name: str
) -> None:
    pytester.makepyfile("def test_box(stb): stb.remote.press('OK')\ndef test_two(stb): pass")

    result = pytester.runpytest_subprocess("-n", "2", "-v", "--dist", option)

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines([f"scheduling tests via {name}"])


def test_auto_is_one_worker_for_each_device(pytester: pytest.Pytester, relays: Path) -> None:
    pytester.makepyfile("def test_box(stb): pass\ndef test_tv(tv): pass")

    pytester.runpytest_subprocess("-n", "auto").stdout.fnmatch_lines(["2 workers [[]2 items]"])


def test_auto_counts_no_device_that_somebody_holds(pytester: pytest.Pytester, relays: Path) -> None:
    pytester.makepyfile("def test_box(stb): pass\ndef test_other(stb): pass")
    with contextlib.closing(Lab(config.load([relays]))) as lab, lab.lease(device="relay2"):
        result = pytester.runpytest_subprocess("-n", "auto")

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["1 worker [[]2 items]"])


def workers_of(output: str) -> set[str]:
    """Return the workers that ran a test."""
    return set(re.findall(r"^\[(gw\d+)\].*PASSED", output, re.M))


def test_auto_ends_the_workers_that_no_test_has_a_use_for(pytester: pytest.Pytester, relays: Path) -> None:
    pytester.makepyfile(
        """
        import os, pytest, time
        @pytest.mark.parametrize("n", range(3))
        def test_box(stb, n):
            time.sleep(1.5)
            with open("/proc/self/stat") as stat:
                parent = stat.read().rpartition(")")[2].split()[1]
            with open(f"/proc/{parent}/task/{parent}/children") as children:
                pids = children.read().split()
            workers = [pid for pid in pids if b"sys.stdin.readline" in open(f"/proc/{pid}/cmdline", "rb").read()]
            assert len(workers) == 1
        """
    )

    result = pytester.runpytest_subprocess("-n", "auto", "-v")

    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["*2 workers [[]3 items]"])
    assert len(workers_of(result.stdout.str())) == 1


def test_auto_keeps_workers_for_tests_without_a_device(pytester: pytest.Pytester, relays: Path) -> None:
    pytester.makepyfile("import time\ndef test_box(stb): time.sleep(1)\ndef test_plain(): time.sleep(1)")

    result = pytester.runpytest_subprocess("-n", "auto", "-v")

    result.assert_outcomes(passed=2)
    assert len(workers_of(result.stdout.str())) == 2


def test_run_without_devices_is_spread_as_ever(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("import pytest\n@pytest.mark.parametrize('n', range(40))\ndef test_it(n): pass")

    pytester.runpytest_subprocess("-n", "2").assert_outcomes(passed=40)


def test_wider_fixture_is_set_up_once_and_its_device_then_given_back(
    pytester: pytest.Pytester, relays: Path, diary: Path
) -> None:
    pytester.makepyfile(
        test_wide="""
        import pytest
        from pytest_virtualpytest import device_fixture
        box = device_fixture("stb", scope="module")
        @pytest.fixture(scope="module")
        def tuned(box):
            box.remote.press("TUNE")
            yield box
            box.remote.press("UNTUNE")
        @pytest.mark.parametrize("n", range(4))
        def test_box(tuned, n): tuned.remote.press(str(n))
        """,
        test_other="def test_alone(stb): stb.remote.press('ALONE')",
    )

    pytester.runpytest_subprocess("-n", "2").assert_outcomes(passed=5)

    done = presses(diary)
    begin = done.index("TUNE")
    assert done[begin : begin + 6] == ["TUNE", "0", "1", "2", "3", "UNTUNE"]
    assert "ALONE" in done


def test_error_of_a_late_teardown_is_reported_with_its_test(pytester: pytest.Pytester, relays: Path) -> None:
    pytester.makepyfile(
        test_late="""
        import pytest
        @pytest.fixture(scope="module")
        def broken():
            yield
            raise RuntimeError("the shelf fell down")
        def test_box(stb, broken): pass
        """
    )

    result = pytester.runpytest_subprocess("-n", "1")

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*ERROR at teardown of test_box*", "E*RuntimeError: the shelf fell down"])


@pytest.mark.parametrize("options", [["-x"], ["--maxfail=1"]])
def test_first_failure_stops_the_run(pytester: pytest.Pytester, relays: Path, options: list[str]) -> None:
    pytester.makepyfile("import pytest\n@pytest.mark.parametrize('n', range(6))\ndef test_box(stb, n): assert 0")

    result = pytester.runpytest_subprocess("-n", "1", *options)

    assert result.parseoutcomes()["failed"] < 3
    assert result.ret in {1, 2}


def test_last_failed_runs_alone(pytester: pytest.Pytester, relays: Path) -> None:
    pytester.makepyfile("def test_box(stb): assert 0\ndef test_tv(tv): pass")
    pytester.runpytest_subprocess("-n", "2").assert_outcomes(passed=1, failed=1)

    pytester.runpytest_subprocess("-n", "2", "--lf").assert_outcomes(failed=1)


def test_longest_test_of_the_last_run_goes_first(pytester: pytest.Pytester, relays: Path, diary: Path) -> None:
    pytester.makepyfile(
        """
        import time
        def test_quick(stb): stb.remote.press("QUICK")
        def test_slow(stb): stb.remote.press("SLOW"); time.sleep(4)
        """
    )
    pytester.runpytest_subprocess("-n", "1")
    diary.write_text("")

    pytester.runpytest_subprocess("-n", "1")

    assert presses(diary) == ["SLOW", "QUICK"]


def test_rerun_takes_another_device_first(pytester: pytest.Pytester, relays: Path) -> None:
    pytester.makepyfile(
        """
        names = []
        def test_any(dut):
            names.append(dut.name)
            assert len(names) == 2
            assert names[0] != names[1]
        """
    )

    result = pytester.runpytest_subprocess("-n", "1", "--reruns", "1")

    assert result.parseoutcomes() == {"passed": 1, "rerun": 1}


def test_other_plugins_may_be_left_out(pytester: pytest.Pytester, relays: Path) -> None:
    pytester.makepyfile("def test_box(stb): stb.remote.press('OK')")
    names = ("cacheprovider", "terminal", "junitxml", "allure_pytest")
    left_out = [word for name in names for word in ("-p", f"no:{name}")]

    assert pytester.runpytest_subprocess("-n", "1", *left_out).ret == 0


def test_debugger_is_refused_where_tests_are_spread(pytester: pytest.Pytester, relays: Path) -> None:
    pytester.makepyfile("def test_box(stb): pass")

    result = pytester.runpytest_subprocess("-n", "2", "--pdb")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert re.search("--pdb is incompatible with distributing tests", result.stderr.str())


