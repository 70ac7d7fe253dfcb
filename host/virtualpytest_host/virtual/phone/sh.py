"""The phone's shell: it runs lines with the phone's own programs, and nothing of this machine."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from virtualpytest_host.virtual.phone import line
from virtualpytest_host.virtual.phone.line import Command, Pipeline, Word, Wrong
from virtualpytest_host.virtual.phone.storage import Storage

Write = Callable[[bytes], object]
_DEPTH = 20  # of lines within lines
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=", re.ASCII)
_NOWHERE, _TERMINAL = "/dev/null", "/dev/tty"


@dataclass
class Run:
    """One run of a program: what it was given, and where what it says goes."""

    words: Sequence[str]
    given: bytes
    out: Write
    err: Write
    shell: Shell

    def say(self, text: str) -> None:
        """Print *text* as a line."""
        self.out(encoded(text + "\n"))

    def complain(self, text: str, status: int = 1) -> int:
        """Print *text* where complaints go, and return *status*."""
        self.err(encoded(f"{text}\n"))
        return status


Program = Callable[[Run], int]


class Left(Exception):  # the shell was told to end: no fault
    """The line ended by ``exit``."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Shell:
    """One shell: its variables and its last status; *device* is what the programs act on."""

    def __init__(self, programs: Mapping[str, Program], storage: Storage, device: Any, depth: int = 0) -> None:
        self._programs, self.storage, self.device, self._depth = programs, storage, device, depth
        self.variables = {"PATH": "/system/bin", "HOME": "/", "USER": "shell"}
        self._status = self._substituted = 0

    def run(self, text: str, out: Write, err: Write) -> int:
        """Run *text*, and return its exit status."""
        try:
            for pipeline in line.parse(text):
                if pipeline.when == ";" or (pipeline.when == "&&") == (self._status == 0):
                    self._status = self._pipe(pipeline, out, err)
        except Wrong as error:
            err(encoded(f"sh: {error}\n"))
            self._status = 1
        except Left as left:
            self._status = left.status
        return self._status

    def program(self, run: Run) -> int:
        """Run the program that *run* names, and return its exit status."""
        program = self._programs.get(run.words[0].removeprefix("/system/bin/"))
        if program is None:
            return run.complain(f"sh: {run.words[0]}: inaccessible or not found", 127)
        return program(run)

    def inner(self) -> Shell:
        """Return a shell within this one, with its variables."""
        if self._depth >= _DEPTH:
            raise Wrong("too many lines within lines")
        inner = Shell(self._programs, self.storage, self.device, self._depth + 1)
        inner.variables, inner._status = dict(self.variables), self._status
        return inner

    def _pipe(self, pipeline: Pipeline, out: Write, err: Write) -> int:
        given, status = b"", 0
        for command in pipeline.commands:
            passed = bytearray()
            last = command is pipeline.commands[-1]
            status = self._one(command, given, out if last else passed.extend, err)
            given = bytes(passed)
        return status

    def _one(self, command: Command, given: bytes, out: Write, err: Write) -> int:
        self._substituted = 0
        words = [text for word in command.words for text in self._fields(word, err)]
        try:
            given, out, err = self._redirected(command, given, out, err)
        except OSError as error:
            err(encoded(f"sh: {error.strerror}\n"))
            return 1
        while words and (found := _ASSIGNMENT.match(words[0])) and command.words[0][0].quoted is False:
            self.variables[found[1]] = words.pop(0)[found.end() :]
        if not words:
            return self._substituted
        return self.program(Run(words, given, out, err, self))

    def _redirected(self, command: Command, given: bytes, out: Write, err: Write) -> tuple[bytes, Write, Write]:
        for sign, word in command.redirections:
            name = "".join(self._fields(word, err)) if word else ""
            if sign == "<":
                given = b"" if name == _NOWHERE else self.storage.read(name)
            elif sign == "2>&1":
                err = out
            elif sign in {"1>&2", ">&2"}:
                out = err
            elif sign.startswith("2"):
                err = self._file(name, err, more=sign == "2>>")
            else:
                out = self._file(name, out, more=sign == ">>")
        return given, out, err

    def _file(self, name: str, terminal: Write, *, more: bool) -> Write:
        if name == _NOWHERE:
            return lambda _data: None
        if name == _TERMINAL:
            return terminal
        self.storage.write(name, b"", more=more)
        return lambda data: self.storage.write(name, data, more=True)

    def _fields(self, word: Word, err: Write) -> Iterator[str]:
        """Yield what *word* stands for: what is not quoted is split at blanks, and may be nothing at all."""
        field: str | None = None
        for kind, text, quoted in word:
            value = text if kind == "text" else self._expanded(kind, text, err)
            if quoted or kind == "text":
                field = (field or "") + value
                continue
            pieces = value.split()
            if field is not None and value[:1].isspace():
                yield field
                field = None
            for piece in pieces[:-1]:
                yield (field or "") + piece
                field = None
            if pieces:
                field = (field or "") + pieces[-1]
                if value[-1].isspace():
                    yield field
                    field = None
        if field is not None:
            yield field

    def _expanded(self, kind: str, text: str, err: Write) -> str:
        if kind == "variable":
            return str(self._status) if text == "?" else self.variables.get(text, "")
        output = bytearray()
        self._substituted = self.inner().run(text, output.extend, err)
        return bytes(output).replace(b"\0", b"").decode(errors="surrogateescape").rstrip("\n")


def encoded(text: str) -> bytes:
    """Return *text* as the phone writes it."""
    return text.encode(errors="surrogateescape")
