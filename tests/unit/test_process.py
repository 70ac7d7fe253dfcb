"""What the kernel tells of other processes."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

import pytest
from stopping import stop

from pytest_virtualpytest.process import status


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """Return a process that does nothing."""
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def test_one_that_lives_has_a_state_and_a_begin(sleeper: subprocess.Popen[bytes]) -> None:
    state, began = status(sleeper.pid)

    assert state in "RSD"
    assert int(status(os.getpid())[1]) <= int(began)


def test_one_that_is_stopped_is_the_same_process(sleeper: subprocess.Popen[bytes]) -> None:
    began = status(sleeper.pid)[1]

    stop(sleeper.pid)

    assert status(sleeper.pid) == ("T", began)


def test_one_that_has_ended_has_neither_buried_or_not(sleeper: subprocess.Popen[bytes]) -> None:
    sleeper.kill()
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
    dead = status(sleeper.pid)
    sleeper.wait()

    assert dead == status(sleeper.pid) == ("", "")


def test_a_name_with_blanks_and_brackets_misleads_nobody() -> None:
    rename = r"printf ') Z 1 \377' > /proc/$$/comm; echo; read line"
    with subprocess.Popen(["sh", "-c", rename], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        state, began = status(process.pid)
        process.kill()

    assert state in "RS"
    assert began.isdigit()
