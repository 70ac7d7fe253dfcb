"""What happens to a run when workers, hosts and its controller die or hang, and tests do not end."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from allured import label, results

from pytest_virtualpytest.journal import FILE


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

    result = pytester.runpytest_subprocess("-n", "1", "--alluredir=ar", timeout=90)

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["worker 'gw0' was ended: nothing was heard from it for 12 s while running *::test_stops' on relay1*"]
    )
    found = results()["test_stops"]
    assert (label(found, "ended"), label(found, "cause")) == (["hung"], ["lab"])


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

    result = pytester.runpytest_subprocess("-n", "1", "--alluredir=ar", timeout=90)

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["worker 'gw0' was ended: the test passed its deadline of 2 s while running *::test_stubborn' on relay1*"]
    )
    noted = [json.loads(line) for line in Path("ar", FILE).read_text(encoding="utf-8").splitlines()]
    begun, lost = (next(one for one in noted if one["kind"] == kind) for kind in ("start", "loss"))
    assert begun["data"] == {"deadline": 2}
    assert lost["data"]["hung"] == pytest.approx(begun["time"] + 2, abs=1)
    assert lost["data"]["cause"] == "test"
    assert label(results()["test_stubborn"], "ended") == ["hung"]


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


STRIKE = """
import contextlib, os, signal, sys
def strike():
    with contextlib.suppress(FileExistsError):
        os.mkdir({mark!r})
        os.kill(os.getpid(), signal.{blow})
if "sys.stdin.readline" in " ".join(sys.orig_argv):
    {when}
"""
FIRST_QUESTION = "os.getcwd = lambda real=os.getcwd: strike() or real()"  # execnet asks for it


@pytest.mark.parametrize("blow", ["SIGKILL", "SIGSTOP"])
@pytest.mark.parametrize("when", ["strike()", FIRST_QUESTION], ids=["before its first word", "at the first question"])
def test_worker_that_is_struck_as_it_begins_is_begun_anew(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, when: str, blow: str
) -> None:
    mark = pytester.path / "struck"
    folder = pytester.mkdir("first")
    (folder / "sitecustomize.py").write_text(STRIKE.format(mark=str(mark), when=when, blow=blow))
    monkeypatch.setenv("PYTHONPATH", str(folder), prepend=os.pathsep)
    pytester.makepyfile("import pytest\n@pytest.mark.parametrize('n', range(4))\ndef test_it(n): pass")

    result = pytester.runpytest_subprocess("-n", "2", timeout=60)

    assert mark.exists()
    result.assert_outcomes(passed=4)
