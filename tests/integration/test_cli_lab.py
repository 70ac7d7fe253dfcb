"""`virtualpytest lab` and `init`: the lab file, and how the lab is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from command import run
from virtualpytest_host import virtual

from pytest_virtualpytest.gateway import Gateways

BOX = '[devices.stb1]\nvirtual = "stb"\n'
RACK = '[devices.shelf]\nkind = "shelf"\n[devices.shelf.rack]\nname = "cli"\n'


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(text: str, name: str = "lab.toml") -> None:
    Path(name).write_text(text)


@pytest.mark.parametrize("words", [("lab", "check"), ("lab", "list"), ("devices",), ("shot", "stb1", "x.png")])
def test_wrong_lab_file_is_exit_code_4_with_a_line_for_each_error(words: tuple[str, ...]) -> None:
    write('[devices.stb1]\nhost = "rak1"\nkind = "stb"\nmodle = "x"\n[hosts.rack1]\n')

    done = run(*words)

    assert done.code == 4
    assert done.err.splitlines() == [
        "lab.toml: devices.stb1.host: no host 'rak1'; did you mean 'rack1'?",
        "lab.toml: devices.stb1.modle: unknown key; did you mean 'model'?",
    ]


def test_lab_option_may_repeat() -> None:
    write(BOX, "base.toml")
    write('[devices.stb1]\nmodel = "horizon-5"', "mine.toml")

    done = run("lab", "list", "--lab", "base.toml", "--lab", "mine.toml")

    assert done.code == 0
    assert done.out.startswith("base.toml, mine.toml: waits 10 s")
    assert "horizon-5" in done.out


def test_list_opens_nothing_and_shows_no_secret() -> None:
    write("""
timeout_scale = 2
[hosts.rack1]
gateway = "ssh=lab@nowhere.invalid"
[devices.stb1]
host = "rack1"
kind = "stb"
tags = ["uhd", "fr"]
[devices.stb1.plug]
controller = "tasmota"
url = "http://plug"
password = { env = "PLUG_PASSWORD" }
""")

    done = run("lab", "list", PLUG_PASSWORD="hunter2")

    assert done.code == 0
    assert [line.split() for line in done.out.splitlines()] == [
        ["lab.toml:", "waits", "10", "s,", "times", "2"],
        ["HOST", "GATEWAY", "PYTHON", "SSH", "CONFIG"],
        ["rack1", "ssh=lab@nowhere.invalid", "-", "-"],
        [],
        ["DEVICE", "KIND", "MODEL", "HOST", "TAGS", "CONTROLLERS", "CAPABILITIES"],
        ["stb1", "stb", "-", "rack1", "uhd", "fr", "plug", "power"],
    ]


def test_schema_is_json() -> None:
    done = run("lab", "schema")

    assert done.code == 0
    assert json.loads(done.out)["title"] == "virtualpytest lab file"


def test_check_of_a_lab_that_is_well() -> None:
    write(BOX + RACK)

    done = run("lab", "check")

    assert (done.code, done.err) == (0, ""), done.out
    head, host, box, shelf = done.out.splitlines()
    assert head == "lab.toml: hosts: 1, devices: 2"
    assert host.startswith("ok    host local: up; virtualpytest ")
    assert all(word in host for word in ("Python 3.", "load ", "memory ", "disk ", "clock +0.", " s"))
    assert box.startswith("ok    device stb1: audio power remote screen; 1280x720 at ")
    assert box.endswith("power on; free")
    assert shelf == "ok    device shelf: power remote; power on; free"


def test_check_tells_of_each_that_is_not_well() -> None:
    write(f"""
{RACK}
[hosts.gone]
python = "/nowhere/python"
[devices.stb2]
host = "gone"
virtual = "stb"
[devices.camera]
kind = "stb"
[devices.camera.video]
source = "/nowhere/clip.mp4"
[devices.plug]
kind = "plug"
[devices.plug.tasmota]
url = {{ env = "PLUG_URL" }}
""")

    done = run("lab", "check")

    lines = {line.split(":")[0].split(maxsplit=1)[1]: line for line in done.out.splitlines()[1:]}
    assert done.code == 1
    assert lines["host gone"].startswith("FAIL  host gone: host 'gone': cannot run '/nowhere/python'")
    assert lines["device stb2"] == "FAIL  device stb2: its host gone cannot be reached!"
    assert lines["device camera"].startswith("FAIL  device camera: device 'camera' on host 'local': ")
    assert "/nowhere/clip.mp4" in lines["device camera"]
    assert lines["device plug"] == (
        "FAIL  device plug: lab.toml: devices.plug.tasmota.url: the environment variable 'PLUG_URL' is not set!"
    )
    assert lines["device shelf"].startswith("ok    device shelf")


def test_check_leaves_a_device_in_use_alone(local_gateways: Gateways) -> None:
    write(RACK.replace("shelf", "stb1") + '[hosts.local]\ngateway = "popen"')
    gateway = local_gateways.of("rack1")
    gateway.attach({
        "name": "stb1", "virtual": None,
        "controllers": [{"name": "rack", "controller": "rack", "gives": None, "settings": {"name": "cli"}}],
    })  # fmt: skip
    gateway.lease("stb1", {"user": "ben", "run": "4f6b", "test": "test_zap"})

    done = run("lab", "check")

    assert done.code == 0
    assert done.out.splitlines()[-1] == "ok    device stb1: power remote; held by ben, run 4f6b, test_zap"


def test_virtual_device_that_is_up_stays_without_users_until_it_is_taken_down() -> None:
    write('[devices.pinned]\nvirtual = "stb"')

    started = run("lab", "up")
    running = virtual.running()
    stopped = run("lab", "down")

    assert (started.code, started.out) == (0, "pinned: runs on local until `virtualpytest lab down`\n")
    assert "pinned" in running
    assert (stopped.code, stopped.out) == (0, "pinned: stopped\n")
    assert "pinned" not in virtual.running()


def test_virtual_device_that_does_not_run_need_not_be_stopped() -> None:
    write('[devices.never]\nvirtual = "stb"')

    done = run("lab", "down")

    assert (done.code, done.out) == (0, "never: did not run\n")


@pytest.mark.parametrize("verb", ["up", "down"])
def test_lab_without_virtual_devices_cannot_be_started_or_stopped(verb: str) -> None:
    write(RACK)

    done = run("lab", verb)

    assert done.code == 4
    assert done.err == "lab.toml: no device is virtual, so there is nothing to start or stop\n"


def test_init_writes_a_lab_and_a_test_that_pass() -> None:
    done = run("init", "first")

    assert done.code == 0
    assert sorted(path.name for path in Path("first").iterdir()) == ["guide-header.png", "lab.toml", "test_first.py"]
    assert done.out.splitlines()[-1] == "now run: cd first && pytest"
    for _ in range(2):  # wherever the first run left the box
        suite = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
            check=False, cwd="first", capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert "2 passed" in suite.stdout, suite.stdout + suite.stderr
    assert run("lab", "check", "--lab", "first/lab.toml").code == 0


def test_init_writes_over_nothing() -> None:
    write("# mine")

    done = run("init")

    assert done.code == 2
    assert done.err == "lab.toml is in . already; --force writes over them\n"
    assert Path("lab.toml").read_text() == "# mine"
    assert not Path("test_first.py").exists()


def test_init_writes_over_what_is_there_when_forced() -> None:
    write("# mine")

    done = run("init", "--force")

    assert done.code == 0
    assert "[devices.stb1]" in Path("lab.toml").read_text()


def test_init_where_nothing_can_be_written() -> None:
    write("", "file")

    done = run("init", "file/folder")

    assert (done.code, done.err) == (2, "file/folder cannot be written: Not a directory\n")
