"""What is left of a test with a phone: what the phone is, its steps, its own log."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

TEST = """
def test_note(mobile):
    mobile.apps.launch("com.virtual.notes")
    mobile.remote.type("milk")
    mobile.shell.run(["log", "-t", "Mine", "it's $(here)"])
    mobile.ui.wait_for(text="eggs", timeout=0.1)
"""


def test_failure_keeps_the_phones_own_log_and_says_what_it_is(pytester: pytest.Pytester) -> None:
    (pytester.path / "lab.toml").write_text('[devices.pluginphone]\nvirtual = "phone"\n')
    pytester.makepyfile(TEST)

    pytester.runpytest_subprocess("--alluredir=results")

    [path] = Path("results").glob("*-result.json")
    result = json.loads(path.read_text())
    labels = {label["name"]: label["value"] for label in result["labels"]}
    kept = {item["name"]: Path("results") / item["source"] for item in result["attachments"]}
    assert labels.items() >= {"model": "Virtual Phone", "firmware": "V1.0", "resolution": "720x1280"}.items()
    assert [step["name"] for step in result["steps"]] == [
        "pluginphone: launch com.virtual.notes", "pluginphone: type", "pluginphone: run log -t Mine it's $(here)",
        "pluginphone: wait for element text='eggs'",
    ]  # fmt: skip
    assert "Mine: it's $(here)" in kept["device's own log"].read_text()
    assert kept["last frame"].read_bytes().startswith(b"\x89PNG")
    assert "nearest:" in result["statusDetails"]["message"]


@pytest.fixture
def phone(pytester: pytest.Pytester) -> None:
    """Work in a folder whose lab has a phone."""
    (pytester.path / "lab.toml").write_text('[devices.pluginphone]\nvirtual = "phone"\n')


NOTES = "com.virtual.notes"
CRASH = 'mobile.apps.launch("com.virtual.notes"); mobile.shell.run("am crash com.virtual.notes")'


def test_app_that_crashes_fails_a_test_that_saw_nothing_wrong(pytester: pytest.Pytester, phone: None) -> None:
    pytester.makepyfile(f"def test_notes(mobile): {CRASH}\ndef test_next(mobile): mobile.apps.launch({NOTES!r})")

    result = pytester.runpytest_subprocess("--alluredir=results", "-v")

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines([
        "*AppCrashed: device 'pluginphone': com.virtual.notes: crash: *CrashedByAdbException: shell-induced crash"
    ])  # fmt: skip
    failed = [one for one in map(json.loads, (path.read_text() for path in Path("results").glob("*-result.json")))
              if one["status"] == "failed"]  # fmt: skip
    assert "com.virtual.notes: crash" in failed[0]["statusDetails"]["message"]


def test_failure_says_that_an_app_crashed_meanwhile(pytester: pytest.Pytester, phone: None) -> None:
    pytester.makepyfile(f"def test_notes(mobile):\n    {CRASH}\n    mobile.ui.wait_for(text='milk', timeout=0.1)")

    result = pytester.runpytest_subprocess()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*NotSeen: *'milk'*", "*device 'pluginphone': com.virtual.notes: crash: *"])


@pytest.mark.parametrize("marker", ["may_crash", "may_crash('com.virtual.notes')"])
def test_crash_that_is_expected_or_of_another_app_fails_nothing(
    pytester: pytest.Pytester, phone: None, marker: str
) -> None:
    pytester.makepyfile(
        f"""
        import pytest
        @pytest.mark.{marker}
        def test_expected(mobile):
            start = mobile.apps.launch("com.virtual.notes")
            {CRASH}
            [crash] = mobile.logs.crashes(start)
            assert (crash.app, crash.kind) == ("com.virtual.notes", "crash")
        def test_another(mobile):
            mobile.shell.run("am crash com.virtual.launcher")
            mobile.apps.launch("com.virtual.settings")
        """
    )

    pytester.runpytest_subprocess("--strict-markers").assert_outcomes(passed=2)


def test_test_follows_a_command_of_the_phone(pytester: pytest.Pytester, phone: None) -> None:
    pytester.makepyfile(
        """
        import secrets
        import pytest
        from pytest_virtualpytest import NotSeen
        def test_follow(mobile):
            word = secrets.token_hex(8)  # the log has what tests before have left
            with mobile.shell.follow("logcat") as log:
                mobile.shell.run(["log", "-t", "Mine", word])
                line = log.expect(word, timeout=5)
                assert line.text.endswith(f"Mine: {word}")
                with pytest.raises(NotSeen, match=f"'{word}' did not come within 0.1 s"):
                    log.expect(word, timeout=0.1, since=line)
                assert not log.ended
                assert word in log.text()
            mobile.shell.follow("logcat").__enter__()  # left: the device ends it with the lease
        """
    )

    pytester.runpytest_subprocess().assert_outcomes(passed=1)
