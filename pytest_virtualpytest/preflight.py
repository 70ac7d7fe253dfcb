"""References that collected tests are certain to need and cannot have: found before any device is touched."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Any

import pytest

from pytest_virtualpytest import header, literals, looking
from pytest_virtualpytest.collection import needs_of
from pytest_virtualpytest.exceptions import ReferenceNotFound
from pytest_virtualpytest.page import Page
from pytest_virtualpytest.targets import Image

if TYPE_CHECKING:
    from pytest_virtualpytest.lab import Lab

_EXPECTED = ("skip", "skipif", "xfail")  # markers of tests that need not come to their references
_SELF = {"self", "screen"}


def check(items: Iterable[pytest.Item], lab: Lab, root: Path) -> list[str]:
    """Return what is wrong with the pictures that *items*, whose needs are in order, name by literals, a line each.

    A picture is missing if it is for every device of *lab* that could serve the test.
    """
    problems: set[tuple[str, int, str]] = set()
    source_of, wrong = functools.cache(_source), functools.cache(functools.partial(_wrong, root))
    for item in items:
        if isinstance(item, pytest.Function) and not any(map(item.get_closest_marker, _EXPECTED)):
            variants = tuple(_variants(item, lab))
            for file, literal in _named(item, source_of) if variants else ():
                if why := wrong(literal.name, file, variants):
                    problems.add((str(_short(file, root)), literal.line, why))
    return [f"{file}:{line}: {why}" for file, line, why in sorted(problems)]


def _variants(item: pytest.Item, lab: Lab) -> Iterator[tuple[str, ...]]:
    yield from dict.fromkeys(tuple(device.variant) for need in needs_of(item) for device in lab.fitting(need))


def _named(
    item: pytest.Function, source_of: Callable[[Path], literals.Source | None]
) -> Iterator[tuple[Path, literals.Literal]]:
    """Yield the pictures that *item* names, each with the file that names it."""
    code = getattr(inspect.unwrap(item.function), "__code__", None)
    own = Path(code.co_filename) if isinstance(code, CodeType) else None
    source = source_of(own) if own else None
    if code is None or own is None or source is None:
        return
    function = source.function(code.co_name, code.co_firstlineno)
    devices = {"devices", *(need.role for need in needs_of(item))}
    yield from ((own, literal) for literal in source.named([function, *item.fixturenames], devices))
    for page in _pages(item.module, function):
        file = Path(inspect.getfile(page))
        if file != own and (other := source_of(file)):
            yield from ((file, literal) for literal in other.named([page.__name__], _SELF))


def _pages(module: Any, function: Any) -> Sequence[type[Page]]:
    used = (getattr(module, name, None) for name in literals.names(function)) if function else ()
    return [one for one in used if isinstance(one, type) and issubclass(one, Page) and one is not Page]


def _source(file: Path) -> literals.Source | None:
    try:
        return literals.Source(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError):  # what no source can be had of names nothing
        return None


def _wrong(root: Path, name: str, file: Path, variants: tuple[tuple[str, ...], ...]) -> str:
    """Return what is wrong with picture *name* for every one of *variants*, empty if one has it."""
    why = ""
    for variant in variants:
        try:
            path = looking.locate(name, file, variant, root)
            looking.described(Image(name), path)
        except ReferenceNotFound as error:
            why = error.message
            continue
        fault = header.fault(path.read_bytes())
        if not fault:
            return ""
        why = f"{name}: {_short(path, root)} cannot be read as a picture: {fault}"
    return why


def _short(path: Path, root: Path) -> Path:
    return path.relative_to(root) if path.is_relative_to(root) else path
