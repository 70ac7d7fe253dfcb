"""Tests spread over devices by pytest-xdist, and what happens when workers die."""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from pytest_virtualpytest import config
from pytest_virtualpytest.lab import Lab


def results(folder: str = "ar") -> dict[str, dict[str, Any]]:
    found = [json.loads(path.read_text()) for path in Path(folder).glob("*-result.json")]
    assert len({result["name"] for result in found}) == len(found), "a test has two results"
    return {result["name"]: result for result in found}


def label(result: dict[str, Any], name: str) -> list[str]:
    return [one["value"] for one in result["labels"] if one["name"] == name]


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


def test_worker_that_is_stopped_before_it_begins_is_replaced(pytester: pytest.Pytester, relays: Path) -> None:
    pytester.makeconftest(
        """
        import os, signal
        from pathlib import Path
        if os.environ.get("PYTEST_XDIST_WORKER") == "gw0" and not Path("stopped").exists():
            Path("stopped").touch()
            os.kill(os.getpid(), signal.SIGSTOP)
        """
    )
    pytester.makepyfile("def test_box(stb): pass\ndef test_tv(tv): pass")

    pytester.runpytest_subprocess("-n", "2", timeout=90).assert_outcomes(passed=2)

    assert Path("stopped").exists()


def test_auto_is_one_worker_for_each_device(pytester: pytest.Pytester, relays: Path) -> None:
    pytester.makepyfile("def test_box(stb): pass\ndef test_tv(tv): pass")

    pytester.runpytest_subprocess("-n", "auto").stdout.fnmatch_lines(["2 workers [[]2 items]"])


def test_auto_counts_no_device_that_somebody_holds(pytester: pytest.Pytester, relays: Path) -> None:
    pytester.makepyfile("def test_box(stb): pass\ndef test_other(stb): pass")
    with contextlib.closing(Lab(config.load([relays]))) as lab, lab.lease(device="relay2"):
        result = pytester.runpytest_subprocess("-n", "auto")

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["1 worker [[]2 items]"])


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


def test_killed_worker_leaves_a_result_with_steps_and_pictures(pytester: pytest.Pytester, box: Path) -> None:
    pytester.makepyfile(
        test_kill="""
        import os
        def test_dies(stb):
            stb.remote.press("BACK")
            stb.screen.frame()
            os.kill(os.getpid(), 9)
        def test_next(stb): stb.remote.press("BACK")
        """
    )

    result = pytester.runpytest_subprocess("-n", "1", "--alluredir=ar", "--junitxml=junit.xml")

    result.assert_outcomes(passed=1, failed=1)
    message = "worker 'gw0' crashed while running 'test_kill.py::test_dies' on pluginbox (host local)"
    result.stdout.fnmatch_lines([message])
    found = results()["test_dies"]
    assert (found["status"], found["statusDetails"]["message"]) == ("broken", message)
    assert [step["name"] for step in found["steps"]] == ["pluginbox: press BACK", "pluginbox: frame"]
    assert (label(found, "device"), label(found, "host")) == (["pluginbox"], ["local"])
    kept = {item["name"]: Path("ar") / item["source"] for item in found["attachments"]}
    assert set(kept) == {"last frame", "clip of the seconds before", "sound level"}
    assert kept["last frame"].read_bytes().startswith(b"\x89PNG")
    assert Path("junit.xml").read_text().count("<error") == 1


def test_result_of_a_crash_takes_the_place_in_the_history(pytester: pytest.Pytester, relays: Path) -> None:
    pytester.makepyfile(
        """
        import os, pytest
        @pytest.mark.parametrize("key", ["OK"])
        def test_box(stb, key):
            if os.environ.get("DIE"): os._exit(1)
        """
    )
    pytester.runpytest_subprocess("-n", "1", "--alluredir=first")
    pytester._monkeypatch.setenv("DIE", "1")

    pytester.runpytest_subprocess("-n", "1", "--alluredir=second", "--max-worker-restart=0")

    [(name, first)], [(other, second)] = results("first").items(), results("second").items()
    assert (name, first["historyId"], first["fullName"]) == (other, second["historyId"], second["fullName"])


def test_replacement_worker_does_not_clean_the_results(pytester: pytest.Pytester, relays: Path) -> None:
    pytester.makepyfile(
        """
        import os
        def test_a(stb): pass
        def test_b(stb): os._exit(1)
        def test_c(stb): pass
        """
    )

    pytester.runpytest_subprocess("-n", "1", "--alluredir=ar", "--clean-alluredir")

    assert set(results()) == {"test_a", "test_b", "test_c"}


def test_stopped_worker_is_ended_and_the_run_goes_on(pytester: pytest.Pytester, relays: Path) -> None:
    pytester.makepyfile(
        """
        import os, signal
        def test_stops(stb): os.kill(os.getpid(), signal.SIGSTOP)
        def test_next(stb): stb.remote.press("OK")
        """
    )

    result = pytester.runpytest_subprocess("-n", "1", timeout=90)

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["worker 'gw0' was ended: nothing was heard from it for 12 s while running *::test_stops' on relay1*"]
    )


@pytest.mark.parametrize("options", [[], ["-n", "1"]], ids=["alone", "xdist"])
def test_test_past_its_deadline_is_interrupted_with_its_evidence(
    pytester: pytest.Pytester, relays: Path, options: list[str]
) -> None:
    pytester.makepyfile(
        """
        import pytest, time
        @pytest.mark.deadline(2)
        def test_loops(stb):
            while True: pass
        @pytest.mark.deadline(2)
        def test_hangs(stb): stb.remote.press("HANG")
        @pytest.mark.deadline(2)
        def test_sleeps(stb): time.sleep(60)
        def test_next(stb): stb.remote.press("OK")
        """
    )

    result = pytester.runpytest_subprocess("--alluredir=ar", *options)

    result.assert_outcomes(passed=1, failed=3)
    result.stdout.fnmatch_lines(["E*Overdue: the test passed its deadline of 2 s"])
    assert all("attachments" in results()[name] for name in ("test_loops", "test_hangs", "test_sleeps"))


def test_test_that_cannot_be_interrupted_costs_its_worker(pytester: pytest.Pytester, relays: Path) -> None:
    with relays.open() as lab:
        text = lab.read()
    relays.write_text(f"deadline = 2\n{text}")
    pytester.makepyfile(
        """
        import time
        def test_stubborn(stb):
            while True:
                try: time.sleep(60)
                except BaseException: pass
        def test_next(stb): stb.remote.press("OK")
        """
    )

    result = pytester.runpytest_subprocess("-n", "1", timeout=90)

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["worker 'gw0' was ended: the test passed its deadline of 2 s while running *::test_stubborn' on relay1*"]
    )


@pytest.mark.parametrize("options", [[], ["-n", "2"]], ids=["alone", "xdist"])
def test_tests_of_a_lost_host_go_to_devices_elsewhere(
    pytester: pytest.Pytester, relays: Path, diary: Path, options: list[str]
) -> None:
    with relays.open("a") as lab:
        lab.write(
            '[hosts.gone]\npython = "/nowhere/python"\n[devices.relay0]\nkind = "stb"\nhost = "gone"\n'
            '[devices.relay0.rack]\nname = "far"\n'
        )
    pytester.makepyfile(
        """
        import pytest
        @pytest.mark.parametrize("n", range(4))
        def test_box(stb, n): stb.remote.press(str(n))
        @pytest.mark.device(name="relay0")
        def test_far(stb): pass
        """
    )

    result = pytester.runpytest_subprocess(*options)

    passed = result.parseoutcomes()
    assert passed["passed"] == 4
    assert result.ret == 10
    said = [line for line in result.outlines + result.errlines if "relay0 is quarantined for this run" in line]
    assert len(said) == 1
    assert "host 'gone': cannot run '/nowhere/python'" in said[0]


@pytest.mark.parametrize("options", [[], ["-n", "2"]], ids=["alone", "xdist"])
def test_device_that_cannot_be_made_ready_is_quarantined_and_its_tests_go_elsewhere(
    pytester: pytest.Pytester, box: Path, options: list[str]
) -> None:
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

    result = pytester.runpytest_subprocess(*options)

    result.assert_outcomes(passed=3)
    said = [line for line in result.outlines + result.errlines if "pluginbox is quarantined for this run" in line]
    assert len(said) == 1


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


def test_killed_controller_frees_everything_and_leaves_whole_results(pytester: pytest.Pytester, relays: Path) -> None:
    pytester.makepyfile(
        """
        import os, time
        def test_a(stb): pass
        def test_b(stb):
            os.kill(os.getppid(), 9)
            time.sleep(30)
        """
    )

    pytester.runpytest_subprocess("-n", "1", "--alluredir=ar")

    again = pytester.runpytest_subprocess("-k", "test_a", timeout=30)
    again.assert_outcomes(passed=1)
    assert results()["test_a"]["status"] == "passed"
