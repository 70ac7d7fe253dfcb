"""The controllers that are installed here, and whether a device's settings suit them; opens nothing."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, get_args, get_type_hints

from pydantic import ConfigDict, PydanticUserError, TypeAdapter, ValidationError

from pytest_virtualpytest.config.records import Secret
from pytest_virtualpytest.config.shape import complaint
from pytest_virtualpytest.config.words import nearest
from pytest_virtualpytest.exceptions import VirtualPytestError

GROUP = "virtualpytest.controllers"
_CONFIG = ConfigDict(extra="forbid", arbitrary_types_allowed=True)


class Controllers:
    """The controllers that are installed here, by name."""

    def __init__(self) -> None:
        self._points = {point.name: point for point in metadata.entry_points(group=GROUP)}

    @property
    def names(self) -> Sequence[str]:
        """Return the names of all."""
        return sorted(self._points)

    def load(self, name: str) -> Any:
        """Return the class of controller *name*, or raise ValueError that says what is wrong."""
        try:
            kind = self._points[name].load()
        except (ImportError, AttributeError) as error:
            raise ValueError(f"controller {name!r} cannot be loaded: {error}") from error
        if not is_dataclass(kind) or not getattr(kind, "gives", ()):
            raise ValueError(f"controller {name!r} is no dataclass that says what it gives")
        return kind


def settings_of(kind: Any) -> list[str]:
    """Return the names of the settings of a controller's class."""
    return [field.name for field in fields(kind) if field.init]


def check(kind: Any, settings: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield what is wrong with *settings*, secrets standing for text."""
    known = settings_of(kind)
    for name in settings:
        if name not in known:
            yield (name,), f"unknown setting{nearest(name, known)}"
    try:
        _try(kind, {name: value for name, value in settings.items() if name in known})
    except ValidationError as error:
        for one in error.errors(include_url=False):
            where = _within(settings, one["loc"][1:])
            if where or not _secrets(settings):  # the class's own check cannot judge what is not known yet
                unknown = one["type"] == "unexpected_keyword_argument"
                yield where, "unknown setting" if unknown else _told(complaint(one), settings, where)
    except VirtualPytestError as error:
        if not _secrets(settings):
            yield (), error.message


def paths(kind: Any) -> set[str]:
    """Return the names of the settings of class *kind* that are paths."""
    try:
        hints = get_type_hints(kind)
    except NameError:
        return set()
    return {name for name, hint in hints.items() if Path in {hint, *get_args(hint)}}


def _try(kind: Any, settings: Mapping[str, Any]) -> None:
    """Make a controller as its host would from JSON, unless its annotations cannot be read."""
    with contextlib.suppress(PydanticUserError, NameError):
        adapter = TypeAdapter(tuple[kind], config=_CONFIG)  # in a tuple, so that the configuration reaches it
        adapter.validate_json(json.dumps([settings], default=_text), strict=True)


def _told(text: str, settings: Any, where: Sequence[str | int]) -> str:
    for part in where:
        settings = settings[part] if _holds(settings, part) else None
    return text.replace(", not text", ", not a secret") if isinstance(settings, Secret) else text


def _text(value: object) -> str:
    return "secret" if isinstance(value, Secret) else str(value)


def _secrets(value: Any) -> bool:
    if isinstance(value, (Mapping, list)):
        return any(_secrets(member) for member in (value.values() if isinstance(value, Mapping) else value))
    return isinstance(value, Secret)


def _within(settings: Any, where: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Return *where* without the names of the types that pydantic tried."""
    found: list[str | int] = []
    for number, part in enumerate(where):
        inside = _holds(settings, part)
        if inside:
            settings = settings[part]
        if inside or (isinstance(settings, Mapping) and number == len(where) - 1):
            found.append(part)
    return tuple(found)


def _holds(value: Any, part: str | int) -> bool:
    if isinstance(value, list):
        return isinstance(part, int) and part < len(value)
    return isinstance(value, Mapping) and part in value
