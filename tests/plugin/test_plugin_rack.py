"""A device in a rack: keys by infrared, supply by SNMP, console by a serial line, all from a lab file."""

from __future__ import annotations

from pathlib import Path

import lircds
import pytest
import snmpsims
from allured import results
from cables import BOOT, plugged

LAB = """
[devices.boxed]
kind = "stb"
[devices.boxed.serial]
port = "{port}"
[devices.boxed.infrared]
socket = "{socket}"
codes = "horizon"
repeats = 1
names = {{ INFO = "Teletext" }}
[devices.boxed.snmp]
address = "{address}"
outlet = 7
oids = {{ command = "1.3.6.1.4.1.99999.1", on = 1, off = 0 }}
community = {{ env = "PDU_COMMUNITY" }}

[devices.woken]
kind = "tv"
[devices.woken.wake]
mac = "00:1a:2b:3c:4d:5e"
address = "127.0.0.1"
"""
TEST = """
import pytest
from pytest_virtualpytest import DeviceError, Key

def test_cold_boot(stb, measure):
    on = stb.power.cycle()
    assert stb.power.status()
    stb.remote.press(Key.OK)
    stb.remote.hold("INFO", 0.3)
    prompt = stb.console.expect("login: ", since=stb.console.write("boot\\n"))
    measure("boot", prompt.after(on), maximum=120)
    with pytest.raises(DeviceError, match="horizon has no key 'HOME'; keys: OK, GUIDE, POWER, CHANNEL_UP, 1, INFO"):
        stb.remote.press("HOME")
    assert not "booted"

def test_tv_is_woken(tv):
    tv.power.on()
    with pytest.raises(DeviceError, match="Wake-on-LAN can only switch on, not switch it off"):
        tv.power.cycle()
"""


def test_device_in_a_rack_is_driven_from_a_lab_file_and_its_secrets_stay_there(
    pytester: pytest.Pytester, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PDU_COMMUNITY", snmpsims.COMMUNITY)
    pytester.makepyfile(TEST)
    records = {"1.3.6.1.4.1.99999.1.7": "2:writecache|value=1"}
    with plugged(tmp_path) as cable, lircds.running(tmp_path) as lircd, snmpsims.running(tmp_path, records) as pdu:
        lab = LAB.format(port=cable.near, socket=lircd.socket, address=pdu.address)
        (pytester.path / "lab.toml").write_text(lab)
        device = cable.saying(BOOT, after=b"boot\n")

        done = pytester.runpytest_subprocess("--alluredir=results")

        device.join()

    done.assert_outcomes(passed=1, failed=1)
    kept = results("results")["test_cold_boot"]
    assert "assert not 'booted'" in kept["statusDetails"]["message"]
    assert [step["name"] for step in kept["steps"]][:4] == [
        "boxed: power cycle", "boxed: power status", "boxed: press OK", "boxed: hold INFO"
    ]  # fmt: skip
    frames = lircd.frames()
    assert frames[:3] == [lircds.nec(0x20DF22DD), [9000, 2250, 560], lircds.nec(0x20DF04FB)]
    everything = "".join(path.read_text() for path in Path("results").iterdir()) + done.stdout.str()
    assert snmpsims.COMMUNITY not in everything
