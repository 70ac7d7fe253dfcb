"""What is said of a lab file that is wrong: all at once, one line each, with the nearest name."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab_files import problems, written

from pytest_virtualpytest import config
from pytest_virtualpytest.exceptions import ConfigError

pytestmark = pytest.mark.usefixtures("lab_folder")

ECP = '[devices.stb1.ecp]\nurl = "http://box"\n'
DEVICE = '[devices.stb1]\nkind = "stb"\n'
BOX = '[devices.box]\nvirtual = "stb"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("timout = 3", "lab.toml: timout: unknown key; did you mean 'timeout'?"),
        (
            "zzz = 3",
            "lab.toml: zzz: unknown key; known: timeout, timeout_scale, deadline, lang, hosts, devices, campaigns",
        ),
        ('timeout = "10"', "lab.toml: timeout: must be a number, not text"),
        ("timeout = 0", "lab.toml: timeout: must be greater than 0"),
        ("timeout_scale = -1", "lab.toml: timeout_scale: must be greater than 0"),
        ("hosts = 3", "lab.toml: hosts: must be a table, not a whole number"),
    ],
)
def test_wrong_lab(text: str, message: str) -> None:
    assert problems(text) == [message]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rack1 = 3", "lab.toml: hosts.rack1: must be a table, not a whole number"),
        ('[hosts.rack1]\npyton = "x"', "lab.toml: hosts.rack1.pyton: unknown key; did you mean 'python'?"),
        ("[hosts.rack1]\npython = 3", "lab.toml: hosts.rack1.python: must be text, not a whole number"),
        ("[hosts.-rack]", "lab.toml: hosts.-rack: a name has no blanks, no '/', and no '-' in front"),
        ('[hosts."my rack"]', "lab.toml: hosts.\"my rack\": a name has no blanks, no '/', and no '-' in front"),
        (
            '[hosts.rack1]\ngateway = "socket=192.0.2.1:8888"',
            "lab.toml: hosts.rack1.gateway: 'socket=192.0.2.1:8888' is refused; use 'popen' or 'ssh=user@machine'",
        ),
        (
            '[hosts.rack1]\ngateway = "pope"',
            "lab.toml: hosts.rack1.gateway: 'pope' is refused; use 'popen' or 'ssh=user@machine'",
        ),
        (
            '[hosts.rack1]\ngateway = "popen=x"',
            "lab.toml: hosts.rack1.gateway: 'popen=x' is refused; use 'popen' or 'ssh=user@machine'",
        ),
        *(
            (
                f'[hosts.rack1]\ngateway = "ssh={address}"',
                f"lab.toml: hosts.rack1.gateway: {address!r} is refused: a name has no blanks and no '-' in front",
            )
            for address in ("-oProxyCommand=x", "lab@-rack1", "lab@rack1 -v", "", "lab@")
        ),
    ],
)
def test_wrong_host(text: str, message: str) -> None:
    assert problems(f"[hosts]\n{text}" if text.startswith("rack") else text) == [message]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f'{DEVICE}modle = "x"', "lab.toml: devices.stb1.modle: unknown key; did you mean 'model'?"),
        (f"{DEVICE}ecp = 3", "lab.toml: devices.stb1.ecp: unknown key; did you mean 'ecp'?"),
        (f"{DEVICE}model = 4", "lab.toml: devices.stb1.model: must be text, not a whole number"),
        (f'{DEVICE}tags = "uhd"', "lab.toml: devices.stb1.tags: must be a list, not text"),
        (f'{DEVICE}tags = ["uhd", 4]', "lab.toml: devices.stb1.tags[1]: must be text, not a whole number"),
        (f'{DEVICE}tags = ["uhd", "uhd"]', "lab.toml: devices.stb1.tags: 'uhd' is there twice"),
        (
            "[devices.stb1]",
            "lab.toml: devices.stb1.kind: is missing: stb, tv, mobile, desktop, or a word of your own",
        ),
        (
            '[devices."my box"]\nkind = "stb"',
            "lab.toml: devices.\"my box\": a name has no blanks, no '/', and no '-' in front",
        ),
        (
            f'[hosts.rack1]\n{DEVICE}host = "rak1"',
            "lab.toml: devices.stb1.host: no host 'rak1'; did you mean 'rack1'?",
        ),
        (f'{DEVICE}host = "x"', "lab.toml: devices.stb1.host: no host 'x'; known: local"),
        (
            '[devices.box]\nvirtual = "sbt"',
            "lab.toml: devices.box.virtual: no virtual device of kind 'sbt'; did you mean 'stb'?",
        ),
        (
            f"{BOX}monitor = {{ blck = 3 }}",
            "lab.toml: devices.box.monitor.blck: unknown key; did you mean 'black'?",
        ),
        (
            f"{BOX}monitor = {{ black = -3 }}",
            "lab.toml: devices.box.monitor.black: must be greater than or equal to 0",
        ),
        (f"{BOX}ready = {{ timeout = 3 }}", "lab.toml: devices.box.ready.check: is missing"),
        (
            f'{BOX}ready = {{ check = "home.png", recovr = [] }}',
            "lab.toml: devices.box.ready.recovr: unknown key; did you mean 'recover'?",
        ),
        (
            f'{BOX}ready = {{ check = "home.png", recover = ["power.cycel"] }}',
            "lab.toml: devices.box.ready.recover: unknown action 'power.cycel'; did you mean 'power.cycle'?",
        ),
        (
            f'{DEVICE}ready = {{ check = "home.png", recover = ["power.cycle"] }}\n{ECP}',
            "lab.toml: devices.stb1.ready.recover: 'power.cycle' needs 'power', "
            "which no controller of the device gives",
        ),
        (
            f'{DEVICE}ready = {{ check = "home.png", recover = ["HOME"] }}',
            "lab.toml: devices.stb1.ready.recover: 'HOME' needs 'remote', which no controller of the device gives",
        ),
    ],
)
def test_wrong_device(text: str, message: str) -> None:
    assert problems(text) == [message]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{DEVICE}[devices.stb1.vidoe]", "lab.toml: devices.stb1.vidoe: no controller 'vidoe'; did you mean 'video'?"),
        (
            f'{DEVICE}[devices.stb1.plug]\ncontroller = "tasmotta"',
            "lab.toml: devices.stb1.plug.controller: no controller 'tasmotta'; did you mean 'tasmota'?",
        ),
        (
            f'{DEVICE}[devices.stb1.ecp]\nurl = "http://box"\nulr = "x"',
            "lab.toml: devices.stb1.ecp.ulr: unknown setting; did you mean 'url'?",
        ),
        (
            f'{DEVICE}{ECP}[devices.stb1.tasmota]\nurl = "http://plug"\nzzz = 1',
            "lab.toml: devices.stb1.tasmota.zzz: unknown setting; known: url, username, password, relay, timeout",
        ),
        (f"{DEVICE}[devices.stb1.ecp]", "lab.toml: devices.stb1.ecp.url: is missing"),
        (f"{DEVICE}[devices.stb1.ecp]\nurl = 3", "lab.toml: devices.stb1.ecp.url: must be text, not a whole number"),
        (f'{DEVICE}{ECP}timeout = "5"', "lab.toml: devices.stb1.ecp.timeout: must be a number, not text"),
        (
            f'{DEVICE}[devices.stb1.video]\nsource = "x"\nlatency = {{ ms = 80, eror = 5 }}',
            "lab.toml: devices.stb1.video.latency.eror: unknown setting",
        ),
        (
            f'{DEVICE}[devices.stb1.video]\nsource = "x"\noptions = {{ fps = 50 }}',
            "lab.toml: devices.stb1.video.options.fps: must be text, not a whole number",
        ),
        (
            f'{DEVICE}{ECP}gives = ["remot"]',
            "lab.toml: devices.stb1.ecp.gives: no capability 'remot'; did you mean 'remote'?",
        ),
        (
            f'{DEVICE}{ECP}gives = ["power"]',
            "lab.toml: devices.stb1.ecp.gives: ecp does not give 'power', only remote",
        ),
        (f"{DEVICE}{ECP}gives = []", "lab.toml: devices.stb1.ecp.gives: must have at least 1 item, not 0"),
        (
            f'{DEVICE}{ECP}gives = ["remote", "remote"]',
            "lab.toml: devices.stb1.ecp.gives: 'remote' is there twice",
        ),
        (
            f'{DEVICE}{ECP}[devices.stb1.other]\ncontroller = "ecp"\nurl = "http://other"',
            "lab.toml: devices.stb1.other: gives 'remote', as devices.stb1.ecp does; say gives = [...] to choose",
        ),
        (
            f'{BOX}[devices.box.ecp]\nurl = "http://other"',
            "lab.toml: devices.box.ecp: gives 'remote', as devices.box.virtual does; say gives = [...] to choose",
        ),
        (
            f'{DEVICE}[devices.stb1.video]\nsource = {{ env = "A" }}\nlatency = {{ env = "B" }}',
            "lab.toml: devices.stb1.video.latency: must be a table, not a secret",
        ),
    ],
)
def test_wrong_controller(text: str, message: str) -> None:
    assert problems(text) == [message]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('each = "devic"', "lab.toml: campaigns.nightly.each: must be 'any', 'device' or 'model'"),
        ("reruns = -1", "lab.toml: campaigns.nightly.reruns: must be greater than or equal to 0"),
        ('markrs = "x"', "lab.toml: campaigns.nightly.markrs: unknown key; did you mean 'markers'?"),
        (
            'budget = "2 hours"',
            "lab.toml: campaigns.nightly.budget: '2 hours' is no time; "
            "write seconds, or a text such as '90s', '30m', '2h' or '2h30m'",
        ),
        ("budget = true", "lab.toml: campaigns.nightly.budget: must be a number, not true or false"),
        ('budget = "0m"', "lab.toml: campaigns.nightly.budget: must be greater than 0"),
        ("budgt = 60", "lab.toml: campaigns.nightly.budgt: unknown key; did you mean 'budget'?"),
        ('order = "fil"', "lab.toml: campaigns.nightly.order: must be 'longest' or 'file'"),
        ('evidence = "no"', "lab.toml: campaigns.nightly.evidence: must be 'always', 'failure' or 'never'"),
        ("environment = { A = 1 }", "lab.toml: campaigns.nightly.environment.A: must be text, not a whole number"),
        (
            'environment = { "A B" = "1" }',
            "lab.toml: campaigns.nightly.environment.\"A B\": a variable's name has letters, digits and '_' only",
        ),
        ("tests = [3]", "lab.toml: campaigns.nightly.tests[0]: must be text, not a whole number"),
        (
            'provision = "flash it"',
            "lab.toml: campaigns.nightly.provision: 'flash it' names no function; write 'package.module:function'",
        ),
        (
            'devices = { knd = "stb" }',
            "lab.toml: campaigns.nightly.devices.knd: unknown key; did you mean 'kind'?",
        ),
        (
            'devices = { name = "bax" }',
            "lab.toml: campaigns.nightly.devices.name: no device 'bax'; did you mean 'box'?",
        ),
        (
            'devices = { needs = ["pover"] }',
            "lab.toml: campaigns.nightly.devices.needs: no capability 'pover'; did you mean 'power'?",
        ),
    ],
)
def test_wrong_campaign(text: str, message: str) -> None:
    assert problems(f"{BOX}[campaigns.nightly]\n{text}") == [message]


def test_everything_is_said_at_once_in_the_order_of_the_file() -> None:
    told = problems("""
timeout = "long"
[hosts.rack1]
gateway = "socket=x"
[devices.stb1]
host = "rak1"
kind = "stb"
[devices.stb1.ecp]
ulr = "x"
[devices.stb1.vidoe]
[campaigns.nightly]
each = "x"
""")

    assert told == [
        "lab.toml: timeout: must be a number, not text",
        "lab.toml: hosts.rack1.gateway: 'socket=x' is refused; use 'popen' or 'ssh=user@machine'",
        "lab.toml: devices.stb1.host: no host 'rak1'; did you mean 'rack1'?",
        "lab.toml: devices.stb1.ecp.url: is missing",
        "lab.toml: devices.stb1.ecp.ulr: unknown setting; did you mean 'url'?",
        "lab.toml: devices.stb1.vidoe: no controller 'vidoe'; did you mean 'video'?",
        "lab.toml: campaigns.nightly.each: must be 'any', 'device' or 'model'",
    ]


def test_error_names_the_file_it_came_from() -> None:
    told = problems(DEVICE + ECP, '[devices.stb1]\nmodel = 3\n[devices.stb1.ecp]\ntimeout = "5"', "timeout = 0")

    assert told == [
        "lab1.toml: devices.stb1.model: must be text, not a whole number",
        "lab1.toml: devices.stb1.ecp.timeout: must be a number, not text",
        "lab2.toml: timeout: must be greater than 0",
    ]


def test_error_of_a_value_that_is_overridden_is_none() -> None:
    told = problems("timeout = 0\ntimout = 1", "timeout = 3")

    assert told == ["lab.toml: timout: unknown key; did you mean 'timeout'?"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[hosts.rack1\ngateway = "x"', "lab.toml: line 1, column 13: expected ']' at the end of a table declaration"),
        ("timeout 3", "lab.toml: line 1, column 9: expected '=' after a key in a key/value pair"),
        ("timeout =", "lab.toml: line 1, column 10: invalid value"),
        ("timeout = 1\ntimeout = 2", "lab.toml: line 2, column 12: the key is there twice"),
        ("[hosts.rack1]\n[hosts.rack1]", "lab.toml: line 2, column 13: [hosts.rack1] is there twice"),
    ],
)
def test_syntax_error_says_where(text: str, message: str) -> None:
    assert problems(text) == [message]


def test_every_file_that_cannot_be_read_is_told(lab_folder: Path) -> None:
    bad = lab_folder / "bad.toml"
    bad.write_bytes(b"timeout = 3\nname = '\xff'")
    folder = lab_folder / "folder"
    folder.mkdir()
    elsewhere = Path("/nowhere/lab.toml")

    with pytest.raises(ConfigError) as caught:
        config.load([elsewhere, bad, folder, written("timeout 3")])

    assert caught.value.problems == (
        "/nowhere/lab.toml: cannot be read: No such file or directory",
        "bad.toml: line 2: not UTF-8 text",
        "folder: cannot be read: Is a directory",
        "lab.toml: line 1, column 9: expected '=' after a key in a key/value pair",
    )
