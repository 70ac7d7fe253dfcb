"""A campaign apart from lab files, as somebody made it for a lab: checked as if it stood there, and written as TOML."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_virtualpytest.config.document import Document, dotted
from pytest_virtualpytest.config.loading import FILE
from pytest_virtualpytest.config.records import Campaign, LabConfig
from pytest_virtualpytest.exceptions import ConfigError

if TYPE_CHECKING:
    from pytest_virtualpytest.config.controllers import Controllers

_TEXT = {"\x7f": "\\u007f"}  # which JSON writes as it is


def campaign(lab: LabConfig, name: str, table: Mapping[str, Any]) -> Campaign:
    """Return the campaign that *table* would be in the file of *lab*; ConfigError with all that is wrong."""
    from pytest_virtualpytest.config import building, meaning, shape

    devices = {device.name: {"kind": device.kind} for device in lab.devices.values()}
    file = lab.sources[0] if lab.sources else Path.cwd() / FILE
    written = Document([file], {"devices": devices, "campaigns": {name: dict(table)}})
    installed = _installed()
    problems = [*shape.check(written.data, installed.names), *meaning.check(written.data, installed)]
    if problems:
        raise ConfigError(*dict.fromkeys(f"{dotted(where)}: {text}" for where, text in problems))
    return building.lab(written, installed).campaigns[name]


def toml(name: str, table: Mapping[str, Any]) -> str:
    """Return *table* as a lab file has campaign *name*."""
    lines = [f"{_key(key)} = {_value(value)}" for key, value in table.items()]
    return "\n".join([f"[campaigns.{_key(name)}]", *lines, ""])


def overlay(lab: LabConfig, made: Campaign, table: Mapping[str, Any]) -> str:
    """Return a lab file to be laid over those of *lab*, wherever it lies, that adds *made*, which *table* describes."""
    placed = {**table, "tests": [str(test) for test in made.tests], "results": str(made.results)}
    devices = () if lab.sources else lab.devices.values()  # nobody names the built-in lab
    tables = [f'[devices.{_key(one.name)}]\nvirtual = "{one.virtual}"\nmodel = "{one.model}"\n' for one in devices]
    return "\n".join([*tables, toml(made.name, placed)])


@functools.cache
def _installed() -> Controllers:
    """Return the controllers, which are looked for once: a campaign has none."""
    from pytest_virtualpytest.config.controllers import Controllers

    return Controllers()


def _key(word: str) -> str:
    return dotted([word]) if word.isascii() and word.replace("-", "").replace("_", "").isalnum() else _value(word)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{_key(key)} = {_value(one)}' for key, one in value.items())} }}" if value else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, str):
        return "".join(_TEXT.get(letter, letter) for letter in json.dumps(value, ensure_ascii=False))
    return repr(value) if isinstance(value, float) else json.dumps(value)  # an infinite one, too
