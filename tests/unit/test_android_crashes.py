"""Crashes are read from a log as Android's own logcat prints it."""

from __future__ import annotations

from virtualpytest_host.android import crashes

from pytest_virtualpytest.answers import Crash

JAVA = """\
--------- beginning of crash
11-25 10:00:01.250  9120  9120 E AndroidRuntime: FATAL EXCEPTION: main
11-25 10:00:01.250  9120  9120 E AndroidRuntime: Process: com.example.tv:player, PID: 9120
11-25 10:00:01.250  9120  9120 E AndroidRuntime: java.lang.NullPointerException: no stream: at 12:30
11-25 10:00:01.250  9120  9120 E AndroidRuntime: \tat com.example.tv.Player.play(Player.java:42)
11-25 10:00:01.250  9120  9120 E AndroidRuntime: Caused by: java.io.IOException: gone
"""
NATIVE = """\
11-25 10:00:02.100  9400  9400 F libc    : Fatal signal 11 (SIGSEGV), code 1 (SEGV_MAPERR) in tid 9310 (RenderThread)
11-25 10:00:02.300  9402  9402 F DEBUG   : *** *** *** *** *** *** *** *** *** *** *** *** *** *** *** ***
11-25 10:00:02.300  9402  9402 F DEBUG   : pid: 9300, tid: 9310, name: RenderThread  >>> com.example.game <<<
11-25 10:00:02.300  9402  9402 F DEBUG   : signal 11 (SIGSEGV), code 1 (SEGV_MAPERR), fault addr 0x0000000000000010
"""
ANR = """\
11-25 10:00:09.000  1600  1650 E ActivityManager: ANR in com.example.tv (com.example.tv/.MainActivity)
11-25 10:00:09.000  1600  1650 E ActivityManager: PID: 9120
11-25 10:00:09.000  1600  1650 E ActivityManager: Reason: Input dispatching timed out (5001ms)
11-25 10:00:09.000  1600  1650 E ActivityManager: Load: 1.0 / 0.5 / 0.2
"""


def test_exception_of_an_app_has_its_package_and_reason() -> None:
    assert crashes.found(JAVA) == [
        Crash("com.example.tv", "crash", "java.lang.NullPointerException: no stream: at 12:30", "11-25 10:00:01.250")
    ]


def test_signal_in_native_code_is_told_once() -> None:
    assert crashes.found(NATIVE) == [
        Crash("com.example.game", "native crash", "signal 11 (SIGSEGV), code 1 (SEGV_MAPERR)", "11-25 10:00:02.300")
    ]


def test_app_that_does_not_answer_is_told_with_the_reason() -> None:
    assert crashes.found(ANR) == [
        Crash("com.example.tv", "not responding", "Input dispatching timed out (5001ms)", "11-25 10:00:09.000")
    ]


def test_reports_that_are_written_at_once_are_not_mixed() -> None:
    lines = [line for pair in zip(JAVA.splitlines()[1:], ANR.splitlines(), strict=False) for line in pair]

    assert {(crash.app, crash.kind) for crash in crashes.found("\n".join(lines))} == {
        ("com.example.tv", "crash"), ("com.example.tv", "not responding"),
    }  # fmt: skip


def test_two_crashes_of_one_process_number_are_two() -> None:
    assert len(crashes.found(JAVA + JAVA)) == 2


def test_the_systems_own_exception_names_no_process() -> None:
    line = "11-25 10:00:01.250  1600  1650 E AndroidRuntime: "

    found = crashes.found(f"{line}*** FATAL EXCEPTION IN SYSTEM PROCESS: main\n{line}java.lang.Error: disk\n")

    assert found == [Crash("system_server", "crash", "java.lang.Error: disk", "11-25 10:00:01.250")]


def test_ordinary_lines_and_noise_are_no_crash() -> None:
    noise = "\x00\xff\nI am a line\n11-25 10:00:01.250  1  1 I Player: FATAL EXCEPTION avoided: ANR in com.x\n"

    assert crashes.found(noise) == []
