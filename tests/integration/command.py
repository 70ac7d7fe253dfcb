"""The `virtualpytest` command, run as a person runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

COMMAND = [sys.executable, "-m", "pytest_virtualpytest.cli"]


@dataclass(frozen=True)
class Done:
    """How it ended."""

    code: int
    out: str
    err: str


def run(*words: object, **environment: str) -> Done:
    """Run the command in the present folder."""
    done = subprocess.run(
        [*COMMAND, *map(str, words)],
        check=False, capture_output=True, text=True, timeout=90, env=os.environ | environment,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


@contextmanager
def started(*words: object) -> Iterator[subprocess.Popen[str]]:
    """Start the command, and end it in the end."""
    process = subprocess.Popen(
        [*COMMAND, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with process:
        try:
            yield process
        finally:
            process.kill()
