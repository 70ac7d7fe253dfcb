"""A lab that breaks in the middle of a run: one test fails as a lab fault, the next one passes."""

from __future__ import annotations

from pathlib import Path

import pytest

MISHAPS = {
    "its process is killed": (
        "stb.remote.press('CRASH')",
        "DeviceLost: device 'relay1' on host 'local': the device's process ended by signal SIGKILL during *",
    ),
    "its process ends": (
        "stb.remote.press('EXIT')",
        "DeviceLost: device 'relay1' on host 'local': the device's process ended with exit code 3 during remote.press*",
    ),
    "its agent is killed": (
        "os.kill(stb.link.gateway.facts['pid'], 9); stb.remote.press('OK')",
        "HostError: device 'relay1' on host 'local' was lost during remote.press: its agent ended, signal SIGKILL",
    ),
    "a call passes its deadline": (
        "stb.link.call('remote.press', {'key': 'HANG'}, seconds=-9.5)",
        "CallTimeout: device 'relay1' on host 'local': remote.press did not end within its deadline of 0.5 s",
    ),
    "its host stops": (
        "os.kill(stb.link.gateway.facts['pid'], signal.SIGSTOP)\n"
        "    time.sleep(0.5)  # threads that were at work stop a little later\n"
        "    stb.link.call('remote.press', {'key': 'OK'}, seconds=-9)",
        "HostError: device 'relay1' on host 'local' does not answer: remote.press took more than 4 s",
    ),
}


@pytest.mark.parametrize("mishap", MISHAPS, ids=lambda mishap: mishap.replace(" ", "-"))
def test_next_test_passes_after(pytester: pytest.Pytester, relays: Path, mishap: str) -> None:
    act, message = MISHAPS[mishap]
    pytester.makepyfile(
        f"import os, signal, time\ndef test_first(stb):\n    {act}\ndef test_next(stb): stb.remote.press('OK')"
    )

    result = pytester.runpytest_subprocess()

    result.assert_outcomes(passed=1, failed=1)
    assert result.ret == 10
    result.stdout.fnmatch_lines([f"E*{message}"])


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("no_signal", "no signal: the capture shows its own picture for it (no-signal.png)"),
        ("end", "no picture from http://127.0.0.1:*/stream.ts: *"),
        ("stall", "no picture from http://127.0.0.1:*/stream.ts: no packet for *"),
    ],
)
def test_picture_that_fails_is_a_lab_fault_under_not_too(
    pytester: pytest.Pytester, box: Path, fault: str, message: str
) -> None:
    pytester.makepyfile(
        f"""
        from pytest_virtualpytest import Black, Not
        from virtualpytest_host.virtual.control import Box

        def test_first(stb):
            stb.screen.frame()
            Box("pluginbox").fault("{fault}")
            try:
                stb.screen.wait_for(Not(Black()) if "{fault}" != "no_signal" else Black(), timeout=8, since=None)
                stb.screen.wait_for(Not("guide-header.png"), timeout=8)
                stb.screen.wait_for(Black(), timeout=8)
            finally:
                Box("pluginbox").clear()

        def test_next(stb): stb.screen.wait_for(Not(Black()), timeout=20)
        """
    )

    result = pytester.runpytest_subprocess()

    result.assert_outcomes(passed=1, failed=1)
    assert result.ret == 10
    result.stdout.fnmatch_lines([f"E*CaptureError: device 'pluginbox' on host 'local': {message}"])


def test_camera_that_is_absent_is_a_lab_fault(pytester: pytest.Pytester) -> None:
    (pytester.path / "lab.toml").write_text('[devices.tv1]\nkind = "tv"\n[devices.tv1.video]\nsource = "/dev/video9"\n')
    pytester.makepyfile("def test_picture(tv): tv.screen.frame()")

    result = pytester.runpytest_subprocess()

    assert result.ret == 10
    result.stdout.fnmatch_lines(
        [
            "E*CaptureError: device 'tv1' on host 'local': no picture from /dev/video9: "
            "cannot open or read it: No such file or directory; attached: *"
        ]
    )
