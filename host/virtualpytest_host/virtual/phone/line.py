"""A line of the phone's shell, taken apart as POSIX has it: quotes, expansions, lists, pipes, redirections.

    a 'b c' "$d $(e)" > f; g && h | i      a list of pipelines of commands

The shell never runs a program of this machine; so that nobody's mistake in quoting is hidden by that, words are
taken apart to the letter. Left out are what no test needs: patterns, arithmetic, loops, functions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

_OPERATORS = ("2>&1", "1>&2", "2>>", "2>", "&&", "||", ">>", ">&2", ">", "<", ";", "|", "&", "\n", "(", ")")
_ENDS = {";": ";", "\n": ";", "&&": "&&", "||": "||"}
_REDIRECTIONS = {">", ">>", "<", "2>", "2>>"}
_MERGES = {"2>&1", "1>&2", ">&2"}
_NAME = re.compile(r"[A-Za-z_]\w*|[?$0-9]", re.ASCII)
_SPECIAL = re.compile(r"""[\s'"\\$`;|&<>()]""")


class Wrong(ValueError):
    """The line cannot be taken apart."""


class Part(NamedTuple):
    """A piece of a word: itself, a variable's name, or a line whose output it stands for; *quoted* is not split."""

    kind: Literal["text", "variable", "line"]
    text: str
    quoted: bool


Word = tuple[Part, ...]


@dataclass
class Command:
    """One program with its arguments, and where what it reads and writes goes."""

    words: list[Word] = field(default_factory=list)
    redirections: list[tuple[str, Word]] = field(default_factory=list)


@dataclass
class Pipeline:
    """Commands, each reading what the one before writes; *when* tells whether it follows ``;``, ``&&`` or ``||``."""

    when: str
    commands: list[Command]


def parse(line: str) -> list[Pipeline]:
    """Return the pipelines of *line*, or raise Wrong."""
    reading = _Reading()
    for token in _tokens(line):
        reading.take(token)
    reading.take("\n")
    return reading.pipelines


class _Reading:
    """What has been read of a line."""

    def __init__(self) -> None:
        self.pipelines: list[Pipeline] = []
        self._when, self._commands, self._pending = ";", [Command()], ""

    def take(self, token: str | Word) -> None:
        """Read on by one token."""
        command = self._commands[-1]
        if not isinstance(token, str):
            if self._pending:
                command.redirections.append((self._pending, token))
            else:
                command.words.append(token)
            self._pending = ""
        elif self._pending:
            raise Wrong(f"syntax error: unexpected {token!r}")
        elif token in _REDIRECTIONS:
            self._pending = token
        elif token in _MERGES:
            command.redirections.append((token, ()))
        else:
            self._end(token, empty=not (command.words or command.redirections))

    def _end(self, token: str, *, empty: bool) -> None:
        if token == "|" and not empty:
            self._commands.append(Command())
        elif token in _ENDS and not empty:
            self.pipelines.append(Pipeline(self._when, self._commands))
            self._when, self._commands = _ENDS[token], [Command()]
        elif token != "\n" or (len(self._commands) > 1 or self._when != ";"):
            raise Wrong(f"syntax error: unexpected {token!r}")


def _tokens(line: str) -> Iterator[str | Word]:
    place = 0
    while place < len(line):
        if line[place] in " \t\r":
            place += 1
        elif line.startswith("\\\n", place):
            place += 2
        elif line[place] == "#":
            end = line.find("\n", place)
            place = len(line) if end < 0 else end
        elif operator := next((one for one in _OPERATORS if line.startswith(one, place)), ""):
            yield operator
            place += len(operator)
        else:
            word, place = _word(line, place)
            yield word


def _word(line: str, place: int) -> tuple[Word, int]:
    parts: list[Part] = []
    while place < len(line) and line[place] not in " \t\r\n;|&<>()":
        found, place = _part(line, place)
        parts += found
    return tuple(parts), place


def _part(line: str, place: int) -> tuple[list[Part], int]:
    sign = line[place]
    if sign == "'":
        end = _find(line, "'", place + 1)
        return [Part("text", line[place + 1 : end], True)], end + 1
    if sign == '"':
        return _double(line, place + 1)
    if sign == "\\":
        following = line[place + 1 : place + 2]
        return [] if following == "\n" else [Part("text", following or "\\", True)], place + 2
    if sign in "$`":
        part, place = _expansion(line, place, quoted=False)
        return [part], place
    end = place + 1
    while end < len(line) and not _SPECIAL.match(line[end]):
        end += 1
    return [Part("text", line[place:end], False)], end


def _double(line: str, place: int) -> tuple[list[Part], int]:
    """Return the parts between double quotes, the first behind *place*."""
    parts = [Part("text", "", True)]
    while place < len(line):
        sign = line[place]
        if sign == '"':
            return parts, place + 1
        if sign == "\\" and place + 1 < len(line) and line[place + 1] in '$`"\\\n':
            parts.append(Part("text", line[place + 1].replace("\n", ""), True))
            place += 2
        elif sign in "$`":
            part, place = _expansion(line, place, quoted=True)
            parts.append(part)
        else:
            parts.append(Part("text", sign, True))
            place += 1
    raise Wrong('syntax error: no closing "')


def _expansion(line: str, place: int, *, quoted: bool) -> tuple[Part, int]:
    """Return what the ``$`` or ````` at *place* stands for."""
    if line[place] == "`":
        end = place + 1
        while end < len(line) and line[end] != "`":
            end += 2 if line[end] == "\\" else 1
        if end >= len(line):
            raise Wrong("syntax error: no closing `")
        return Part("line", re.sub(r"\\([$`\\])", r"\1", line[place + 1 : end]), quoted), end + 1
    if line.startswith("$(", place):
        end = _closing(line, place + 2)
        return Part("line", line[place + 2 : end], quoted), end + 1
    if line.startswith("${", place):
        end = _find(line, "}", place + 2)
        return Part("variable", line[place + 2 : end], quoted), end + 1
    name = _NAME.match(line, place + 1)
    if name is None:
        return Part("text", "$", quoted), place + 1
    return Part("variable", name[0], quoted), name.end()


def _closing(line: str, place: int) -> int:
    """Return where the ``)`` is that closes what began before *place*, quotes and inner pairs skipped."""
    depth = 1
    while place < len(line):
        sign = line[place]
        if sign in "'\"\\`" or line.startswith(("$(", "${"), place):
            _, place = _part(line, place)
            continue
        depth += (sign == "(") - (sign == ")")
        if not depth:
            return place
        place += 1
    raise Wrong("syntax error: no closing )")


def _find(line: str, sign: str, place: int) -> int:
    end = line.find(sign, place)
    if end < 0:
        raise Wrong(f"syntax error: no closing {sign}")
    return end
