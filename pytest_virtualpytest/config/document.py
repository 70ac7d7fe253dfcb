"""Lab files as they are written: read, laid over one another, each value with the file that it came from."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_virtualpytest.exceptions import ConfigError

Where = tuple[str | int, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_PLACE = re.compile(r"(?P<what>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|(?P<end>end of document))\)")
_TWICE = re.compile(r"Cannot declare \((?P<name>.*)\) twice")
_QUOTED = r"'([^']*)'"


@dataclass
class Document:
    """Several lab files as one; *origins* names the file of each value by its path."""

    files: Sequence[Path]
    data: dict[str, Any] = field(default_factory=dict)
    origins: dict[Where, Path] = field(default_factory=dict)

    def origin(self, where: Where) -> Path:
        """Return the file that says what is at *where*, or should have said it."""
        while where and where not in self.origins:
            where = where[:-1]
        return self.origins.get(where, self.files[0])

    def place(self, where: Where) -> str:
        """Return *where* in words: ``lab.toml: devices.stb1.host``."""
        return ": ".join([label(self.origin(where)), *([dotted(where)] if where else [])])

    def position(self, where: Where) -> int:
        """Return a number that sorts as the files are read."""
        while where and where not in self.origins:
            where = where[:-1]
        return list(self.origins).index(where) if where else -1


def read(files: Sequence[Path]) -> Document:
    """Return *files* as one, later ones laid over earlier ones key by key; ConfigError with all that is wrong."""
    document, problems = Document(files), list[str]()
    for file in files:
        try:
            _lay(document, document.data, _parsed(file), (), file)
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(*problems)
    return document


def label(file: Path) -> str:
    """Return *file* as a person here would name it."""
    path = Path(os.path.abspath(file))  # noqa: PTH100  # resolve() would follow links, and name another file
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def dotted(where: Iterable[str | int]) -> str:
    """Return *where* as TOML writes it, a place in a list in brackets."""
    words = ""
    for part in where:
        if isinstance(part, int):
            words += f"[{part}]"
        else:
            words += ("." if words else "") + (part if _BARE.fullmatch(part) else f'"{part}"')
    return words


def _parsed(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8") + "\n")  # so that the end has a line and a column, too
    except OSError as error:
        raise ConfigError(f"{label(file)}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError(f"{label(file)}: line {line}: not UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{label(file)}: {_syntax(str(error))}") from error


def _syntax(said: str) -> str:
    found = _PLACE.fullmatch(said)
    if found is None:
        return said
    place = "at its end" if found["end"] else f"line {found['line']}, column {found['column']}"
    if twice := _TWICE.fullmatch(found["what"]):
        return f"{place}: [{dotted(re.findall(_QUOTED, twice['name']))}] is there twice"
    what = found["what"].replace("Cannot overwrite a value", "the key is there twice")
    return f"{place}: {what[0].lower()}{what[1:]}"


def _lay(document: Document, under: dict[str, Any], over: Mapping[str, Any], where: Where, file: Path) -> None:
    for name, value in over.items():
        here = (*where, name)
        document.origins[here] = file
        if isinstance(value, dict):
            if not isinstance(under.get(name), dict):
                under[name] = {}
            _lay(document, under[name], value, here, file)
        else:
            under[name] = value
