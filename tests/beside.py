"""Runs of pytest beside the test that starts them."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def running(*options: str) -> Iterator[subprocess.Popen[str]]:
    """Run pytest in the present folder, beside this process."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()
