"""The reference leaves nothing out: what can be written in a lab file, a test or a command line is in it."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
from pages import ROOT
from running import run

import pytest_virtualpytest
from pytest_virtualpytest import console, controls, elements, fixtures, inside, network, pointer, screen, sound, targets
from pytest_virtualpytest.config.controllers import Controllers, settings_of
from pytest_virtualpytest.config.schema import schema

REFERENCE = ROOT / "docs" / "reference"


def _text(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


def _markers(folder: Path, *options: str) -> set[str]:
    return set(re.findall(r"@pytest.mark.(\w+)", run("pytest", "--markers", *options, cwd=folder).stdout))


def test_every_option_of_ours_is_there(tmp_path: Path) -> None:
    known = set(re.findall(r"--vpt-[a-z-]+", run("pytest", "--help", cwd=tmp_path).stdout))

    assert known
    assert set(re.findall(r"--vpt-[a-z-]+", _text("options.md"))) == known


@pytest.mark.parametrize("table", ["Host", "Device", "Ready", "Campaign", "Choice", "Controller"])
def test_every_key_of_a_lab_file_is_there(table: str) -> None:
    keys = set(schema()["$defs"][table]["properties"]) - set(Controllers().names)

    missing = {key for key in keys if not re.search(rf"[`\[ .]{key}\b", _text("lab-file.md"))}

    assert not missing


def test_every_key_at_the_top_of_a_lab_file_is_there() -> None:
    assert [key for key in schema()["properties"] if not re.search(rf"\b{key}\b", _text("lab-file.md"))] == []


def test_every_marker_of_ours_is_there(tmp_path: Path) -> None:
    known = _markers(tmp_path) - _markers(tmp_path, "-p", "no:virtualpytest")

    assert known >= {"device", "devices"}
    assert [name for name in known if not re.search(f"`{name}[(`]", _text("fixtures-and-markers.md"))] == []


@pytest.mark.parametrize("name", Controllers().names)
def test_every_setting_of_a_controller_is_there(name: str) -> None:
    settings = settings_of(Controllers().load(name))

    assert [word for word in settings if f"| `{word}` |" not in _text(f"controllers/{name}.md")] == []


def test_every_target_is_there() -> None:
    kinds = {name for name in pytest_virtualpytest.__all__ if _is_target(getattr(pytest_virtualpytest, name))}

    assert kinds
    assert {name for name in kinds if f"`{name}(" not in _text("targets.md")} == set()


@pytest.mark.parametrize(
    "kind",
    [console.Console, controls.Remote, controls.Touch, controls.Power, pointer.Pointer, sound.Audio, screen.Screen,
     elements.Ui, network.Network, inside.Apps, inside.Files, inside.Logs, inside.Shell],
)  # fmt: skip
def test_every_call_of_a_capability_is_there(kind: type) -> None:
    calls = [name for name, _ in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")]

    assert [name for name in calls if f"{name}(" not in _text("device.md")] == []


def test_every_fixture_is_there() -> None:
    made = [name for name, value in vars(fixtures).items() if type(value).__name__ == "FixtureFunctionDefinition"]

    assert set(made) == {"stb", "tv", "mobile", "desktop", "dut", "devices", "lab", "measure"}
    assert [name for name in made if f"`{name}`" not in _text("fixtures-and-markers.md")] == []


def test_every_command_is_there(tmp_path: Path) -> None:
    shown = run("virtualpytest", "--help", cwd=tmp_path).stdout
    nouns = re.findall(r"^    ([a-z]+) ", shown, re.MULTILINE)

    assert nouns
    assert [noun for noun in nouns if not re.search(f"`{noun}[ `]", _text("command.md"))] == []


def _is_target(value: object) -> bool:
    bases = (targets.Target, targets.Heard)
    return isinstance(value, type) and issubclass(value, bases) and value not in bases
