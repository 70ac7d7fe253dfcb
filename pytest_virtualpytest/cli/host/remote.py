"""The Python of a host, over ssh alone: what is done there before virtualpytest is."""

from __future__ import annotations

import contextlib
import inspect
import json
import subprocess
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

from pytest_virtualpytest import transport, trouble
from pytest_virtualpytest.cli.host import environments
from pytest_virtualpytest.exceptions import HostError

SECONDS = 60.0
_PIECE = 1 << 20


class Remote:
    """A host whose Python does what `environments` can; *tell* gets a line for each step."""

    def __init__(self, host: transport.HostSettings, tell: Callable[[str], None]) -> None:
        transport.check(host)
        self._host, self._tell = host, tell

    def do(self, action: str, *, send: Sequence[Path] = (), seconds: float = SECONDS, **args: Any) -> Any:
        """Return what *action* returns there, after it has had the files *send*; HostError if it fails."""
        with tempfile.TemporaryFile() as notes, self._started(notes) as process:
            overdue = threading.Event()
            timer = threading.Timer(seconds, _end, (process, overdue))
            timer.daemon = True
            timer.start()
            try:
                return self._talk(process, _program(action, args), send)
            except (BrokenPipeError, EOFError):
                code = process.wait()
                if overdue.is_set():
                    raise self._error(f"{action} was not done within {seconds:g} s") from None
                notes.seek(0)
                said = notes.read().decode(errors="replace").strip()
                raise self._error(self._reason(said, code)) from None
            finally:
                timer.cancel()
                process.kill()

    def _started(self, notes: IO[bytes]) -> subprocess.Popen[bytes]:
        words = transport.command(self._host)
        pipe = subprocess.PIPE
        try:
            return subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=notes, start_new_session=True)
        except OSError as error:
            raise self._error(f"cannot run {words[0]!r}: {error.strerror}") from error

    def _talk(self, process: subprocess.Popen[bytes], program: bytes, files: Sequence[Path]) -> Any:
        assert process.stdin is not None
        assert process.stdout is not None
        _write(process.stdin, program)
        for line in process.stdout:
            told = _parsed(line)
            if told is None:
                raise self._error(trouble.banner(line))
            if told["virtualpytest"] == "done":
                return told["value"]
            if told["virtualpytest"] == "failed":
                raise self._error(told["text"])
            if told["virtualpytest"] == "ready":
                self._send(process.stdin, files)
            else:
                self._tell(told["text"])
        raise EOFError

    def _send(self, stream: IO[bytes], files: Sequence[Path]) -> None:
        size = sum(file.stat().st_size for file in files)
        self._tell(f"copying {len(files)} file{'s' if len(files) > 1 else ''}, {size / 1e6:.1f} MB")
        for file in files:
            with file.open("rb") as data:
                while piece := data.read(_PIECE):
                    _write(stream, piece)

    def _reason(self, said: str, code: int) -> str:
        why = trouble.reason(self._host, said, code)
        return f"{why}; name one with --python" if "its Python" in why else why.replace("set `python`", "set --python")

    def _error(self, text: str) -> HostError:
        return HostError(f"host {self._host.name!r}: {text}")


def _end(process: subprocess.Popen[bytes], overdue: threading.Event) -> None:
    overdue.set()
    process.kill()


def _program(action: str, args: dict[str, Any]) -> bytes:
    """Return a line that is the source of `environments` with a call at its end."""
    request = json.dumps({"action": action, "args": args})
    source = f"{inspect.getsource(environments)}\nserve({request!r})\n"
    return ascii(source).encode() + b"\n"


def _parsed(line: bytes) -> dict[str, Any] | None:
    with contextlib.suppress(ValueError):
        told = json.loads(line)
        if isinstance(told, dict) and "virtualpytest" in told:
            return told
    return None


def _write(stream: IO[bytes], data: bytes) -> None:
    stream.write(data)
    stream.flush()
