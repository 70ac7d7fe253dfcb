"""References that collected tests are certain to need and cannot have: found before any device is touched."""

from __future__ import annotations

import ast
import functools
import inspect
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from pytest_virtualpytest import header, literals, looking
from pytest_virtualpytest.collection import needs_of
from pytest_virtualpytest.exceptions import ReferenceNotFound
from pytest_virtualpytest.page import Page
from pytest_virtualpytest.targets import Image

if TYPE_CHECKING:
    from pytest_virtualpytest.lab import Lab
    from pytest_virtualpytest.needs import Need

_EXPECTED = ("skip", "skipif", "xfail")  # markers of tests that need not come to their references
_SELF = {"self"}
_NAMES = re.compile(r"""["']([^"'\n\\]{1,200}\.(?:png|jpe?g|bmp|webp))["']""", re.IGNORECASE)

Begin: TypeAlias = "Iterable[ast.stmt | str | None]"


def check(items: Iterable[pytest.Item], lab: Lab, root: Path) -> list[str]:
    """Return what is wrong with the pictures that *items*, whose needs are in order, name by literals, a line each.

    A picture is missing if it is for every device of *lab* that could serve the test.
    """
    problems: set[tuple[str, int, str]] = set()
    wrong = functools.cache(functools.partial(_wrong, root))
    suspects = functools.cache(functools.partial(_suspects, functools.cache(_text), wrong))
    source_of, variants_of = functools.cache(_source), functools.cache(functools.partial(_variants, lab))
    for item in items:
        if isinstance(item, pytest.Function) and not any(map(item.get_closest_marker, _EXPECTED)):
            variants = variants_of(needs_of(item))
            for file, begin, devices in _sources(item) if variants else ():
                if suspects(file, variants) and (source := source_of(file)):
                    for one in source.named(begin(source), devices):
                        if why := wrong(one.name, file, variants):
                            problems.add((str(_short(Path(file), root)), one.line, why))
    return [f"{file}:{line}: {why}" for file, line, why in sorted(problems)]


def _variants(lab: Lab, needs: Sequence[Need]) -> tuple[tuple[str, ...], ...]:
    return tuple(dict.fromkeys(tuple(device.variant) for need in needs for device in lab.fitting(need)))


def _sources(item: pytest.Function) -> Iterator[tuple[str, Callable[[literals.Source], Begin], Collection[str]]]:
    """Yield each file that *item* has pictures named in, where to begin there, and what stands for a device."""
    code = getattr(inspect.unwrap(item.function), "__code__", None)
    if not isinstance(code, CodeType):
        return
    name, line, fixtures = code.co_name, code.co_firstlineno, item.fixturenames
    yield (
        code.co_filename,
        lambda source: [source.function(name, line), *fixtures],
        {"devices", *(need.role for need in needs_of(item))},
    )
    for page in _pages(item.module, code.co_names):
        file, own = inspect.getfile(page), page.__name__
        if file != code.co_filename:
            yield file, lambda _, own=own: [own], _SELF  # type: ignore[misc]  # a default is no part of Callable


def _pages(module: Any, names: Iterable[str]) -> Iterator[type[Page]]:
    for name in names:
        one = vars(module).get(name)
        if isinstance(one, type) and issubclass(one, Page) and one is not Page:
            yield one


def _suspects(
    text: Callable[[str], str], wrong: Callable[..., str], file: str, variants: tuple[tuple[str, ...], ...]
) -> bool:
    """Tell whether *file* has any text that could name a picture which is wrong: most have not, and are not parsed."""
    return any(wrong(name, file, variants) for name in set(_NAMES.findall(text(file))))


def _text(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, ValueError):  # what no source can be had of names nothing
        return ""


def _source(file: str) -> literals.Source | None:
    try:
        return literals.Source(_text(file))
    except SyntaxError:
        return None


def _wrong(root: Path, name: str, file: str, variants: tuple[tuple[str, ...], ...]) -> str:
    """Return what is wrong with picture *name* for every one of *variants*, empty if one has it."""
    why = ""
    for variant in variants:
        try:
            path = looking.locate(name, Path(file), variant, root)
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
