"""Campaigns apart from lab files: checked alike, and written so that a lab file can take them."""

from __future__ import annotations

import random
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from pytest_virtualpytest import config
from pytest_virtualpytest.config import apart
from pytest_virtualpytest.exceptions import ConfigError

LAB = '[devices.box]\nkind = "stb"\ntags = ["uhd"]\n'
TABLE: dict[str, Any] = {
    "tests": ["tests/zap", "tests/test_guide.py::test_open[a b]"],
    "markers": 'not slow and "x"', "keyword": "zap\\ \x7f é 漢 😀\t", "devices": {"kind": "stb", "tags": ["uhd"]},
    "each": "device", "order": "file", "budget": "2h", "deadline": float("inf"), "reruns": 2,
    "environment": {"BUILD": "4711", "_B": ""}, "evidence": "always",
}  # fmt: skip


@pytest.fixture
def lab(tmp_path: Path) -> config.LabConfig:
    """Give a lab."""
    (tmp_path / "lab.toml").write_text(LAB)
    return config.load([tmp_path / "lab.toml"])


@pytest.mark.parametrize("name", ["nightly", "a:b", 'the "one"'.replace(" ", "_"), "nächtlich"])
def test_what_is_exported_is_the_same_campaign_in_a_lab_file(lab: config.LabConfig, tmp_path: Path, name: str) -> None:
    made = apart.campaign(lab, name, TABLE)

    (tmp_path / "lab.toml").write_text(LAB + apart.toml(name, TABLE), encoding="utf-8")

    assert config.load([tmp_path / "lab.toml"]).campaigns[name] == made


def test_any_text_is_the_same_in_toml() -> None:
    letters = [chr(number) for number in (*range(0x2000), 0xFFFF, 0x1F600, sys.maxunicode)]
    chance = random.Random(4711)
    for _ in range(200):
        text = "".join(chance.choices(letters, k=40))
        table = {text: [text, {"x": text}]}
        assert tomllib.loads(apart.toml(text, table)) == {"campaigns": {text: table}}


def test_file_laid_over_those_of_the_lab_adds_the_campaign(lab: config.LabConfig, tmp_path: Path) -> None:
    made = apart.campaign(lab, "nightly", TABLE)
    over = tmp_path / "elsewhere" / "over.toml"
    over.parent.mkdir()
    over.write_text(apart.overlay(lab, made, TABLE))

    loaded = config.load([*lab.sources, over])

    assert (loaded.campaigns["nightly"].tests, loaded.campaigns["nightly"].results) == (made.tests, made.results)
    assert list(loaded.devices) == ["box"]


def test_file_for_the_built_in_lab_has_its_devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lab = config.builtin()
    (tmp_path / "over.toml").write_text(apart.overlay(lab, apart.campaign(lab, "nightly", TABLE), TABLE))

    loaded = config.load([tmp_path / "over.toml"])

    assert loaded.devices == lab.devices
    assert loaded.campaigns["nightly"].tests[0] == tmp_path / "tests/zap"


@pytest.mark.parametrize(
    ("name", "table", "said"),
    [
        ("nightly", {"test": []}, "campaigns.nightly.test: unknown key; did you mean 'tests'?"),
        ("nightly", {"each": "two"}, "campaigns.nightly.each: must be 'any', 'device' or 'model'"),
        ("nightly", {"devices": {"name": "bix"}}, "nightly.devices.name: no device 'bix'; did you mean 'box'?"),
        ("two words", {}, "a name has no blanks"),
        ("nightly", {"budget": "soon"}, "'soon' is no time"),
    ],
)
def test_what_is_wrong_is_said_as_of_a_lab_file(
    lab: config.LabConfig, name: str, table: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigError) as told:
        apart.campaign(lab, name, table)

    assert said in str(told.value)
