"""Sources that a program of ours must turn into a stream first: it runs as long as the recorder reads it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from typing import IO
from urllib.parse import urlsplit

from pytest_virtualpytest.capabilities import Source

_PARTING = 0.3  # seconds for a program whose stream has ended to say why
_MODULES = {"adb": "virtualpytest_host.android.film"}  # by the scheme of the source's address


def needed(source: Source) -> bool:
    """Tell whether *source* is one that FFmpeg cannot open by itself."""
    return urlsplit(source.url).scheme in _MODULES


@contextlib.contextmanager
def running(source: Source, faults: tuple[type[Exception], ...]) -> Iterator[Source]:
    """Give what FFmpeg can open of *source*; ValueError with the program's last word if it failed before."""
    parts = urlsplit(source.url)
    command = [sys.executable, "-P", "-m", _MODULES[parts.scheme], parts.netloc, *source.options.values()]
    with tempfile.TemporaryFile() as words:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=words)
        assert process.stdout is not None
        with process.stdout as output:
            os.set_blocking(output.fileno(), False)  # so that FFmpeg looks at its own deadline meanwhile
            fault: Exception | None = None
            try:
                yield replace(source, url=f"pipe:{output.fileno()}", options={})
            except faults as error:
                fault = error
            finally:
                said = _last_word(process, words)
        if said:
            raise ValueError(said) from fault
        if fault:
            raise fault


def _last_word(process: subprocess.Popen[bytes], words: IO[bytes]) -> str:
    """End *process*, and return what it complained of if it had ended by itself."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_PARTING)
    failed = process.poll()
    process.kill()
    process.wait()
    words.seek(0)
    lines = words.read()[-2000:].decode(errors="replace").strip().splitlines()
    return lines[-1] if failed and lines else ""
