"""`--vpt-times`: each test several times in one run, as attempts of one test."""

from __future__ import annotations

import pytest

SUITE = """
    import pytest
    seen = []
    @pytest.fixture
    def fresh(): return []
    @pytest.mark.parametrize("at", [1, 2])
    def test_at(at, fresh):
        assert fresh == []
        fresh.append(at)
        seen.append(at)
    class TestMore:
        def test_more(self, tmp_path):
            assert not hasattr(self, "before")
            self.before = True
            seen.append("more")
    def test_last(): print("seen", seen)
"""


def test_each_test_is_run_as_often_as_asked_all_once_and_then_again(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(SUITE)

    done = pytester.runpytest("--vpt-times=2", "-v", "-s", "-p", "no:xdist", "-p", "no:playwright")

    done.assert_outcomes(passed=8)
    done.stdout.fnmatch_lines(["*seen [[]1, 2, 'more'[]]*", "*seen [[]1, 2, 'more', 1, 2, 'more'[]]*"])


@pytest.mark.parametrize("times", ["0", "-1", "two", "1.5"])
def test_what_is_no_number_of_times_is_refused(pytester: pytest.Pytester, times: str) -> None:
    done = pytester.runpytest(f"--vpt-times={times}")

    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines([f"*--vpt-times: '{times}' is no number of times; write 1 or more"])
