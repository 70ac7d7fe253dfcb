"""Secrets come from the environment, when a device is opened, and show nowhere else."""

from __future__ import annotations

import pickle

import pytest
from lab_files import loaded, problems

from pytest_virtualpytest.exceptions import ConfigError

pytestmark = pytest.mark.usefixtures("lab_folder")

PLUG = """
[devices.stb1]
kind = "stb"
[devices.stb1.tasmota]
url = { env = "PLUG_URL" }
password = { env = "PLUG_PASSWORD" }
"""


def test_secret_is_in_the_spec_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUG_PASSWORD", "hunter2")
    monkeypatch.setenv("PLUG_URL", "http://plug-7")
    lab = loaded(PLUG)

    [entry] = lab.devices["stb1"].spec()["controllers"]

    assert entry["settings"] == {"url": "http://plug-7", "password": "hunter2"}
    assert "hunter2" not in repr(lab)
    assert b"hunter2" not in pickle.dumps(lab)
    assert "'password': env:PLUG_PASSWORD" in repr(lab)


def test_every_missing_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PLUG_PASSWORD", raising=False)
    device = loaded(PLUG).devices["stb1"]

    with pytest.raises(ConfigError) as caught:
        device.spec({})

    assert caught.value.problems == (
        "lab.toml: devices.stb1.tasmota.url: the environment variable 'PLUG_URL' is not set",
        "lab.toml: devices.stb1.tasmota.password: the environment variable 'PLUG_PASSWORD' is not set",
    )


def test_missing_variable_is_no_error_of_the_file() -> None:
    assert loaded(PLUG).devices["stb1"].capabilities == ("power",)


def test_secret_within_a_list_and_a_table() -> None:
    device = loaded("""
[devices.stb1]
kind = "stb"
[devices.stb1.video]
source = "rtsp://camera"
options = { user = { env = "CAMERA" } }
placeholders = [{ env = "PICTURE" }]
""").devices["stb1"]

    [entry] = device.spec({"CAMERA": "ann", "PICTURE": "/x.png"})["controllers"]

    assert entry["settings"]["options"] == {"user": "ann"}
    assert entry["settings"]["placeholders"] == ["/x.png"]


def test_missing_variable_names_the_file_that_asks_for_it() -> None:
    lab = loaded(PLUG, '[devices.stb1.tasmota]\npassword = { env = "OTHER" }')

    with pytest.raises(ConfigError) as caught:
        lab.devices["stb1"].spec({"PLUG_URL": "x"})

    assert str(caught.value) == "lab1.toml: devices.stb1.tasmota.password: the environment variable 'OTHER' is not set"


def test_secret_stands_for_text_only() -> None:
    told = problems(PLUG + 'relay = { env = "RELAY" }')

    assert told == ["lab.toml: devices.stb1.tasmota.relay: must be a whole number, not a secret"]


def test_wrong_value_is_not_repeated() -> None:
    told = problems(PLUG + "[devices.stb1.ecp]\nurl = ['hunter2']")

    assert told == ["lab.toml: devices.stb1.ecp.url: must be text, not a list"]


def test_secret_with_another_word_is_none() -> None:
    told = problems(PLUG + '[devices.stb1.ecp]\nurl = { env = "X", or = "http://y" }')

    assert told == ["lab.toml: devices.stb1.ecp.url: must be text, not a table"]
