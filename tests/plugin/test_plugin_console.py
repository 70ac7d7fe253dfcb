"""A test with a serial console: its steps, its log in the evidence, its times, and whoever has the port next."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from allured import results
from bench import Bench, Host, ended
from cables import BOOT, Cable, plugged
from until import until

from pytest_virtualpytest.exceptions import DeviceLost
from pytest_virtualpytest.gateway import Gateways

LAB = """
[devices.boxed]
kind = "stb"
[devices.boxed.serial]
port = "{port}"
"""
TEST = """
import os, re
import pytest
from pytest_virtualpytest import NotSeen

def test_boot(stb, measure):
    sent = stb.console.write("reboot\\n")
    prompt = stb.console.expect("login: ", since=sent)
    measure("boot", prompt.after(sent), maximum=60)
    version = stb.console.expect(re.compile(r"middleware (\\S+)\\.$", re.I), since=sent)
    assert version.groups == ("4.7.1-rc2",)
    stb.console.write(os.environ["CONSOLE_PASSWORD"], secret=True)
    with pytest.raises(NotSeen, match="the last line is 'horizon login:'"):
        stb.console.expect("kernel panic", timeout=0.1)
    assert "Starting kernel" in stb.logs.since(sent)
    assert "Starting kernel" not in stb.logs.since(stb.console.write("x"))
    stb.console.expect("Welcome", timeout=0.5)

def test_line_break_is_refused(stb):
    stb.console.expect("a\\nb")
"""


@pytest.fixture
def cable(tmp_path: Path) -> Iterator[Cable]:
    """Give a cable to a device that boots when it is told to."""
    with plugged(tmp_path) as cable:
        yield cable


def boots(cable: Cable) -> threading.Thread:
    """Have the device boot once it is told to."""
    return cable.saying(BOOT, after=b"reboot\n")


def test_boot_log_is_in_the_evidence_and_secrets_are_not(
    pytester: pytest.Pytester, cable: Cable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONSOLE_PASSWORD", "hunter2\n")
    (pytester.path / "lab.toml").write_text(LAB.format(port=cable.near))
    pytester.makepyfile(TEST)
    device = boots(cable)

    done = pytester.runpytest_subprocess("--alluredir=results")

    device.join()
    kept = results("results")
    booted, refused = kept["test_boot"], kept["test_line_break_is_refused"]
    said = "'Welcome' did not come within 0.5 s; the last line is 'horizon login:'"
    assert said in booted["statusDetails"]["message"]
    assert "'a\\nb' is within no line; expect each line in turn" in refused["statusDetails"]["message"]
    assert [one["name"] for one in booted["attachments"] if one["name"] == "console"] == []  # it is the log
    files = {one["name"]: (Path("results") / one["source"]).read_text() for one in booted["attachments"]}
    lines = files["device's own log"].splitlines()
    assert "[  OK  ] Started Ambre Middleware 4.7.1-rc2." in {line[10:] for line in lines}
    assert all(0 <= float(line[:9]) < 120 for line in lines)
    steps = [step["name"] for step in booted["steps"]]
    assert [name for name in steps[:5] if name.startswith("boxed")] == [
        "boxed: write 'reboot\\n'", "boxed: expect 'login: '", "boxed: expect /middleware (\\S+)\\.$/",
        "boxed: write 8 characters",
    ]  # fmt: skip
    everything = "".join(path.read_text() for path in Path("results").iterdir()) + done.stdout.str()
    assert "hunter2" not in everything


def test_console_beside_another_log_is_evidence_of_its_own(pytester: pytest.Pytester, cable: Cable) -> None:
    lab = LAB.format(port=cable.near) + 'gives = ["console"]\n'
    (pytester.path / "lab.toml").write_text(lab)
    pytester.makepyfile("""
        def test_boot(stb):
            stb.console.expect("login: ", since=stb.console.write("reboot\\n"))
            assert not "booted"
    """)
    device = boots(cable)

    pytester.runpytest_subprocess("--alluredir=results")

    device.join()
    files = {one["name"]: Path("results") / one["source"] for one in results("results")["test_boot"]["attachments"]}
    assert "Starting kernel" in files["console"].read_text()
    assert "device's own log" not in files


def test_port_passes_to_the_next_holder_of_another_process(cable: Cable) -> None:
    with closing(Gateways({"rack1": Host()})) as first, closing(Gateways({"rack1": Host()})) as second:
        benches = [Bench(gateways, os.kill, _spec(cable)) for gateways in (first, second)]
        heard = []
        for number in range(4):
            bench = benches[number % 2]
            bench.lease()
            began = bench.call("mark", text="begin").value["captured"]
            cable.say(f"turn {number}\n")
            heard.append(_turn(bench, began))
            bench.gateway.release("stb1")

    assert heard == [f"turn {number}" for number in range(4)]


def test_port_is_read_again_after_the_devices_process_was_killed(cable: Cable) -> None:
    with closing(Gateways({"rack1": Host()})) as gateways:
        bench = Bench(gateways, os.kill, _spec(cable))
        bench.lease()
        began = bench.call("mark", text="begin").value["captured"]
        pid = bench.pid()
        bench.kill(pid, signal.SIGKILL)
        until(lambda: ended(pid))

        with contextlib.suppress(DeviceLost):  # where the agent has not noticed yet
            bench.call("mark", text="begin")
        bench.call("mark", text="begin")
        cable.say("turn over\n")

        assert _turn(bench, began) == "turn over"


def _spec(cable: Cable) -> dict[str, Any]:
    settings = {"name": "serial", "controller": "serial", "gives": None, "settings": {"port": str(cable.near)}}
    return {"name": "stb1", "virtual": None, "controllers": [settings]}


def _turn(bench: Bench, began: float) -> str:
    since = {"key": "", "before": began, "after": began, "boot": bench.call("console.write", shown="").value["boot"]}
    line = bench.call("console.expect", pattern="turn", flags=0, shown="turn", timeout=20.0, since=since).value
    return str(line["text"])
