"""A device in use by a process whose agent is gone: the next holder waits for it to end."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from bench import Bench
from virtualpytest_host.use import Use

from pytest_virtualpytest.exceptions import DeviceError

HOLD = """
import sys
from virtualpytest_host.use import Use
with Use(lambda: sys.argv[1:]).made():
    print("in use", flush=True)
    sys.stdin.read()
"""


def resource(bench: Bench) -> str:
    return f"relay:{bench.spec['controllers'][0]['settings']['name']}"


def in_use(*resources: str) -> subprocess.Popen[bytes]:
    """Start a process that uses *resources*."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, *resources], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"in use\n"
    return process


def test_call_waits_for_a_use_that_is_about_to_end(bench: Bench) -> None:
    with in_use(resource(bench)) as process:
        threading.Timer(0.5, process.kill).start()
        begin = time.monotonic()

        bench.press("OK")

        assert time.monotonic() - begin > 0.4
        assert bench.press("OK").value["key"] == "OK"


def test_use_that_does_not_end_is_told(bench: Bench) -> None:
    with in_use(resource(bench)) as process:
        with pytest.raises(DeviceError, match="is still in use by a process of its last holder, which does not end"):
            bench.press("OK")
        process.kill()

    assert bench.press("OK").value["key"] == "OK"


def test_calls_of_one_process_may_overlap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VPT_STATE", str(tmp_path))
    with closing(Use(lambda: ["relay:one", "relay:two"])) as ours, closing(Use(lambda: ["relay:one"])) as theirs:
        with ours.made():
            with ours.made():
                pass
            with pytest.raises(DeviceError, match="relay:one is still in use"), theirs.made():
                pytest.fail("both use it")
        with theirs.made():
            pass
