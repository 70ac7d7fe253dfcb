"""What a right lab file comes to."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from lab_files import loaded, written

from pytest_virtualpytest import config
from pytest_virtualpytest.config import HostConfig
from pytest_virtualpytest.config.schema import schema
from pytest_virtualpytest.exceptions import ConfigError

pytestmark = pytest.mark.usefixtures("lab_folder")

WHOLE = """
timeout = 15
timeout_scale = 2.5

[hosts.rack1]
gateway = "ssh=lab@rack1"
python = "/opt/virtualpytest/bin/python"
ssh_config = "ssh/config"

[devices.stb1]
host = "rack1"
kind = "stb"
model = "horizon-4"
tags = ["uhd"]
variant = ["horizon", "fr"]
ready = { check = "home.png", recover = ["HOME", "power.cycle"], timeout = 20 }
monitor = { black = 5, frozen = 0 }
screens = "maps/horizon.toml"
[devices.stb1.video]
source = "/dev/video0"
latency = { ms = 80, error = 5 }
[devices.stb1.ecp]
url = "http://192.0.2.7:8060"
[devices.stb1.plug]
controller = "tasmota"
url = "http://plug-7"
"""


def test_hosts_are_read(lab_folder: Path) -> None:
    lab = loaded(WHOLE)

    host = HostConfig("rack1", "ssh=lab@rack1", "/opt/virtualpytest/bin/python", str(lab_folder / "ssh/config"))
    assert lab.hosts == {"rack1": host}


def test_device_is_read(lab_folder: Path) -> None:
    device = loaded(WHOLE).devices["stb1"]

    assert (device.name, device.host, device.kind, device.model) == ("stb1", "rack1", "stb", "horizon-4")
    assert (device.tags, device.variant) == (("uhd",), ("horizon", "fr"))
    assert device.monitor == {"black": 5, "frozen": 0}
    assert device.screens == lab_folder / "maps/horizon.toml"
    assert device.capabilities == ("audio", "power", "remote", "screen")


def test_ready_knows_its_file(lab_folder: Path) -> None:
    ready = loaded(WHOLE).devices["stb1"].ready

    assert ready == config.Ready("home.png", ("HOME", "power.cycle"), 20, lab_folder / "lab.toml")


def test_spec_is_what_the_host_needs() -> None:
    spec = loaded(WHOLE).devices["stb1"].spec()

    video, _, plug = spec["controllers"]
    assert (spec["name"], spec["virtual"]) == ("stb1", None)
    assert video == {
        "name": "video",
        "controller": "video",
        "gives": None,
        "settings": {"source": "/dev/video0", "latency": {"ms": 80, "error": 5}},
    }
    assert (plug["name"], plug["controller"]) == ("plug", "tasmota")


def test_timeouts_are_read() -> None:
    lab = loaded(WHOLE)

    assert (lab.timeout, lab.timeout_scale) == (15, 2.5)


def test_lab_is_named_by_its_files() -> None:
    assert loaded(WHOLE, "timeout = 3").name == "lab.toml, lab1.toml"


def test_empty_file_is_an_empty_lab() -> None:
    lab = loaded("")

    assert (lab.hosts, lab.devices, lab.timeout, lab.timeout_scale) == ({}, {}, 10, 1)


def test_device_without_host_is_on_this_machine() -> None:
    lab = loaded('[devices.box]\nvirtual = "stb"')

    assert lab.devices["box"].host == "local"
    assert lab.hosts == {"local": HostConfig("local")}


def test_virtual_device_has_its_kind_and_capabilities() -> None:
    device = loaded('[devices.box]\nvirtual = "stb"').devices["box"]

    assert device.kind == "stb"
    assert device.capabilities == ("audio", "power", "remote", "screen")
    assert device.spec() == {"name": "box", "virtual": "stb", "controllers": []}


def test_device_may_have_no_controller() -> None:
    device = loaded('[devices.account]\nkind = "account"\nresources = ["account:7"]').devices["account"]

    assert device.capabilities == ()
    assert device.spec() == {"name": "account", "virtual": None, "controllers": [], "resources": ["account:7"]}


def test_gives_chooses_what_a_controller_does() -> None:
    device = loaded("""
[devices.stb1]
kind = "stb"
[devices.stb1.video]
source = "/dev/video0"
gives = ["screen"]
[devices.stb1.microphone]
controller = "video"
source = "hw:1"
gives = ["audio"]
""").devices["stb1"]

    assert [one.capabilities for one in device.controllers] == [("screen",), ("audio",)]
    assert device.spec()["controllers"][1]["gives"] == ["audio"]


def test_controller_of_an_installed_package_is_found() -> None:
    device = loaded('[devices.shelf]\nkind = "shelf"\n[devices.shelf.rack]\nname = "relay"').devices["shelf"]

    assert device.capabilities == ("power", "remote")


def test_relative_paths_begin_at_the_lab_file(lab_folder: Path) -> None:
    path = written(
        """
[hosts.here]
python = "venv/bin/python -X dev"
[devices.stb1]
kind = "stb"
host = "here"
[devices.stb1.video]
source = "./clips/zap.mp4"
placeholders = ["../no-signal.png", "hdcp.png"]
""",
        "bench/lab.toml",
    )

    lab = config.load([path])

    settings = lab.devices["stb1"].controllers[0].settings
    assert lab.hosts["here"].python == f"{lab_folder}/bench/venv/bin/python -X dev"
    assert settings["source"] == str(lab_folder / "bench/clips/zap.mp4")
    assert settings["placeholders"] == [f"{lab_folder}/bench/../no-signal.png", "hdcp.png"]


def test_paths_of_another_machine_stay_as_they_are() -> None:
    lab = loaded("""
[hosts.rack1]
gateway = "ssh=rack1"
python = "venv/bin/python"
[devices.stb1]
kind = "stb"
host = "rack1"
[devices.stb1.video]
source = "./clips/zap.mp4"
""")

    assert lab.hosts["rack1"].python == "venv/bin/python"
    assert lab.devices["stb1"].controllers[0].settings["source"] == "./clips/zap.mp4"


def test_later_file_overrides_key_by_key() -> None:
    lab = loaded(WHOLE, '[devices.stb1]\nmodel = "horizon-5"\n[devices.stb1.ecp]\nurl = "http://192.0.2.8:8060"')

    device = lab.devices["stb1"]
    assert (device.model, device.tags) == ("horizon-5", ("uhd",))
    assert device.controllers[1].settings == {"url": "http://192.0.2.8:8060"}


def test_path_is_relative_to_the_file_that_says_it(lab_folder: Path) -> None:
    base = written('[devices.box]\nvirtual = "stb"', "lab.toml")
    over = written('[devices.box]\nscreens = "map.toml"', "here/mine.toml")

    lab = config.load([base, over])

    assert lab.devices["box"].screens == lab_folder / "here/map.toml"


def test_options_come_before_everything(lab_folder: Path) -> None:
    written("timeout = 1")
    written("timeout = 2", "variable.toml")
    option = written("timeout = 3", "option.toml")

    lab = config.choose([str(option)], {"VPT_LAB": "variable.toml"}, lab_folder)

    assert lab.timeout == 3


def test_variable_comes_before_the_folder(lab_folder: Path) -> None:
    written("timeout = 1")
    written("timeout = 2", "variable.toml")
    written("timeout_scale = 4", "more.toml")

    lab = config.choose([], {"VPT_LAB": "variable.toml:more.toml"}, lab_folder)

    assert (lab.timeout, lab.timeout_scale) == (2, 4)


def test_folder_comes_before_the_built_in_lab(lab_folder: Path) -> None:
    written("timeout = 1")

    lab = config.choose([], {}, lab_folder)

    assert (lab.timeout, lab.sources) == (1, (lab_folder / "lab.toml",))


@pytest.mark.skipif(importlib.util.find_spec("pyautogui") is None, reason="pip install 'virtualpytest[desktop]'")
def test_built_in_lab_has_a_desktop_where_one_can_be(lab_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (lab_folder / "Xvfb").touch(0o755)
    monkeypatch.setenv("PATH", str(lab_folder))

    desktop = config.choose([], {}, lab_folder).devices["desktop1"]

    assert (desktop.kind, desktop.virtual) == ("desktop", "desktop")
    said = config.load([written('[devices.desktop1]\nvirtual = "desktop"')]).devices["desktop1"]
    assert (said.kind, said.capabilities) == (desktop.kind, desktop.capabilities)


def test_built_in_lab_serves_where_nothing_is(lab_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(lab_folder))
    lab = config.choose([], {}, lab_folder)

    assert lab.name == "the built-in virtual lab"
    assert lab.sources == ()
    assert {name: (one.kind, one.virtual, one.host) for name, one in lab.devices.items()} == {
        "stb1": ("stb", "stb", "local"),
        "stb2": ("stb", "stb", "local"),
        "phone1": ("mobile", "phone", "local"),
    }
    assert {name: one.capabilities for name, one in lab.devices.items()} == {
        name: one.capabilities
        for name, one in config.load([written(
            '[devices.stb1]\nvirtual = "stb"\n[devices.stb2]\nvirtual = "stb"\n[devices.phone1]\nvirtual = "phone"'
        )]).devices.items()
    }  # fmt: skip


def test_named_file_that_is_missing_is_an_error(lab_folder: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        config.choose([], {"VPT_LAB": "gone.toml"}, lab_folder)

    assert str(caught.value) == "gone.toml: cannot be read: No such file or directory"


def test_loading_opens_no_device_and_imports_no_vision() -> None:
    written(WHOLE)
    code = (
        "import sys, pathlib; from pytest_virtualpytest import config\n"
        "heavy = {'av', 'cv2', 'numpy', 'pydantic', 'execnet', 'pytest', 'httpx'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "config.load([pathlib.Path('lab.toml')])\n"
        "heavy = {'av', 'cv2', 'numpy', 'execnet', 'httpx'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )

    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60)

    assert done.stderr == ""


def test_schema_knows_the_installed_controllers() -> None:
    whole = schema()

    device, ecp = whole["$defs"]["Device"]["properties"], whole["$defs"]["controller.ecp"]
    assert {"ecp", "rack", "tasmota", "video"} <= set(device)
    assert ecp["properties"]["url"]["anyOf"] == [{"type": "string"}, {"$ref": "#/$defs/Secret"}]
    assert {"required": ["url"]} in ecp["anyOf"]


def test_schema_refers_to_nothing_that_it_lacks() -> None:
    whole = schema()

    wanted = set(re.findall(r'"#/\$defs/([^"]+)"', json.dumps(whole)))
    assert wanted <= set(whole["$defs"])
