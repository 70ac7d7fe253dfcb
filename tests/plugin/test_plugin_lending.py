"""Devices of wider fixtures: kept, and given back between two tests where others wait for them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from beside import running
from until import until

BOTH = """
    import time
    from pathlib import Path
    from pytest_virtualpytest import device_fixture

    kept = device_fixture({kept!r}, scope="module")

    def test_first(kept):
        kept.remote.press("{name}")
        Path("{name}").touch()
        end = time.monotonic() + 20
        while not Path("{other}").exists() and time.monotonic() < end:
            time.sleep(0.01)

    def test_second(kept, {wanted}):
        kept.remote.press("{name}")
        {wanted}.remote.press("{name}")
"""


def told(process: subprocess.Popen[str]) -> str:
    """Return what *process* has printed, once it has ended."""
    return process.communicate(timeout=90)[0]


def test_two_runs_that_keep_what_the_other_wants_both_pass(pytester: pytest.Pytester, relays: Path) -> None:
    pytester.makepyfile(
        test_ann=BOTH.format(kept="stb", wanted="tv", name="ann", other="ben"),
        test_ben=BOTH.format(kept="tv", wanted="stb", name="ben", other="ann"),
    )

    with running("test_ann.py") as ann, running("test_ben.py") as ben:
        outputs = told(ann), told(ben)

    assert [process.returncode for process in (ann, ben)] == [0, 0], "\n".join(outputs)
    assert sum("is given back between two tests" in output for output in outputs) >= 1


def test_what_a_test_does_not_use_is_given_to_who_waits(pytester: pytest.Pytester, relays: Path) -> None:
    pytester.makepyfile(
        test_ann="""
        import time
        from pathlib import Path
        import pytest
        from pytest_virtualpytest import device_fixture

        kept = device_fixture("stb", scope="session")

        @pytest.fixture(scope="session")
        def channel(kept):
            kept.remote.press("SET UP")
            yield
            kept.remote.press("TORN DOWN")

        def test_first(channel): Path("ann").touch()
        def test_none(): time.sleep(3)
        @pytest.mark.parametrize("number", range(200))
        def test_other(tv, number): time.sleep(0 if Path("ben").exists() else 0.1)
        def test_last(channel, kept): kept.remote.press("AGAIN")
        """,
        test_ben="def test_ben(stb): stb.remote.press('BEN'); open('ben', 'w').close()",
    )

    with running("test_ann.py", "-rA") as ann:
        until(Path("ann").exists)
        with running("test_ben.py") as ben:
            assert "1 passed" in told(ben)
            assert ann.poll() is None
        output = told(ann)

    keys = [line.split()[-1] for line in Path("diary").read_text().splitlines() if "press" in line]
    assert ann.returncode == 0, output
    assert "relay1 is given back between two tests: " in output
    assert keys == ["UP", "DOWN", "BEN", "UP", "AGAIN", "DOWN"]


def test_person_has_a_kept_device_between_two_tests(pytester: pytest.Pytester, relays: Path) -> None:
    pytester.makepyfile(
        """
        import time
        from pathlib import Path
        import pytest
        from pytest_virtualpytest import device_fixture

        kept = device_fixture("stb", scope="module")

        @pytest.mark.parametrize("number", range(100))
        def test_many(kept, number):
            Path("begun").touch()
            time.sleep(0 if Path("person").exists() else 0.1)
        """
    )

    with running() as run:
        until(Path("begun").exists)
        take = [sys.executable, "-m", "pytest_virtualpytest.cli", "take", "relay1", "--wait"]
        words = "press OK\nrelease\n"
        person = subprocess.run(take, input=words, capture_output=True, text=True, timeout=60, check=False)
        Path("person").touch()
        output = told(run)

    assert person.returncode == 0, person.stderr
    assert run.returncode == 0, output
    assert "relay1 is given back between two tests: " in output


def test_own_test_has_what_a_wider_fixture_does_not_need_now(pytester: pytest.Pytester, relays: Path) -> None:
    pytester.makepyfile(
        """
        from pytest_virtualpytest import device_fixture
        kept = device_fixture("stb", scope="session")
        def test_one(kept): kept.remote.press("ONE")
        def test_two(stb): stb.remote.press("TWO")
        def test_three(kept): kept.remote.press("THREE")
        """
    )

    result = pytester.runpytest_subprocess()

    result.assert_outcomes(passed=3)
    result.stderr.fnmatch_lines(["relay1 is given back between two tests: test_two needs it"])


def test_error_of_a_fixture_that_is_ended_early_is_its_last_tests(pytester: pytest.Pytester, relays: Path) -> None:
    pytester.makepyfile(
        """
        import pytest
        from pytest_virtualpytest import device_fixture
        kept = device_fixture("stb", scope="session")
        @pytest.fixture(scope="session")
        def broken(kept):
            yield
            raise RuntimeError("no way down")
        def test_one(broken): pass
        def test_two(stb): stb.remote.press("TWO")
        """
    )

    result = pytester.runpytest_subprocess()

    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*ERROR at teardown of test_one*", "E*RuntimeError: no way down"])


def test_skipped_test_waits_for_nothing(pytester: pytest.Pytester, relays: Path) -> None:
    pytester.makepyfile(
        """
        import pytest
        from pytest_virtualpytest import device_fixture
        kept = device_fixture("stb", scope="session")
        def test_one(kept): pass
        @pytest.mark.skip(reason="not today")
        def test_two(kept, tv): pass
        def test_three(lab):
            with lab.lease(device="relay2", timeout=0): pass
        """
    )

    pytester.runpytest_subprocess().assert_outcomes(passed=2, skipped=1)
