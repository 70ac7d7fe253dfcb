"""Tests that fail for a known reason: the word after ``test_`` is whom each points at.

Faults of the product and of the signal are commanded to a virtual box, those of the host to the made-up controller.
"""

import contextlib
import json
import os
import signal
from pathlib import Path

import pytest
from virtualpytest_host.virtual.control import Box

from pytest_virtualpytest import Black, Frozen, Motion, Not, SignalLost, Sound

BOX = "blamebox"
FAULT = Path("fault")  # which one is on, for all processes of the run


def times(count):
    return pytest.mark.parametrize("number", range(count))


on_box = pytest.mark.device(name=BOX)


@pytest.fixture
def fault(request, dut):
    """Switch on the fault that the test's name says, unless it is on already."""
    name = request.node.originalname.split("_")[2]
    name = {"signal": "no_signal", "sharp": "", "wrong": "", "slow": ""}.get(name, name)
    if not FAULT.exists() or FAULT.read_text() != name:
        Box(BOX).clear()
        dut.screen.wait_for(Not(Black()), timeout=20)
        if name:
            with contextlib.suppress(OSError):  # what crashes does not answer
                Box(BOX).fault(name)
        FAULT.write_text(name if name != "crash" else "")  # the box that comes after it is well
    return dut


@on_box
@times(10)
def test_product_wrong_picture(fault, number):
    fault.screen.wait_for("guide-header.png", timeout=0.1)


@on_box
@times(6)
def test_product_wrong_find(fault, number):
    assert fault.screen.find("guide-header.png"), "no guide"


@on_box
@times(6)
def test_product_slow_zap(fault, measure, number):
    press = fault.remote.press("INFO")
    seen = fault.screen.wait_for(Motion(), since=press, timeout=5)
    measure("change", seen.after(press), maximum=0)


@on_box
@times(6)
def test_product_deaf_box(fault, number):
    fault.remote.press("GUIDE")
    fault.screen.wait_for("guide-header.png", timeout=0.15)


@on_box
@times(8)
def test_product_black_never(fault, number):
    fault.screen.wait_for(Black(), timeout=5)
    with fault.screen.never(Black()):
        fault.screen.wait_for(Black(), timeout=5)


@on_box
@times(6)
def test_product_black_assert(fault, number):
    fault.screen.wait_for(Black(), timeout=5)
    assert not fault.screen.find(Black())


@on_box
@times(5)
def test_product_freeze_motion(fault, number):
    fault.screen.wait_for(Frozen(0.3), timeout=5)
    fault.screen.wait_for(Motion(), timeout=0.2)


@on_box
@times(5)
def test_product_silence_sound(fault, number):
    fault.audio.wait_for(Sound(), since=0, timeout=0.3)


@times(4)
def test_product_plain(stb, number):
    stb.power.on()
    if number % 2:
        pytest.fail("it does not start")
    assert not stb.power.status()


@on_box
@times(12)
def test_lab_refuse_key(fault, number):
    fault.remote.press("OK")


@on_box
@times(10)
def test_lab_signal_black(fault, number):
    fault.screen.wait_for(SignalLost(), timeout=5)
    fault.screen.wait_for(Black(), timeout=0.2)


@on_box
@times(4)
def test_lab_end_picture(fault, number):
    fault.screen.wait_for("guide-header.png", timeout=1)


@on_box
@times(2)
def test_lab_crash_key(fault, number):
    fault.remote.press("OK")


@times(3)
def test_lab_relay_killed(stb, number):
    stb.remote.press("CRASH")


@times(3)
def test_lab_relay_ends(stb, number):
    stb.remote.press("EXIT")


@times(16)
def test_lab_relay_fails(stb, number):
    stb.remote.press("FAIL")


@times(2)
def test_lab_relay_hangs(stb, number):
    stb.link.call("remote.press", {"key": "HANG"}, seconds=-9.8)


@times(2)
def test_lab_agent_killed(stb, number):
    os.kill(stb.link.gateway.facts["pid"], signal.SIGKILL)
    stb.remote.press("OK")


@pytest.mark.device(name="absent")
@times(10)
def test_lab_camera_absent(dut, number):
    dut.screen.wait_for("guide-header.png", timeout=0.1)


@pytest.mark.device(name="far")
@times(8)
def test_lab_host_gone(dut, number):
    dut.remote.press("OK")


def test_lab_worker_dies(stb):
    os._exit(3)


@times(8)
def test_test_type(stb, number):
    stb.remote.press(number + "1")


@times(8)
def test_test_misspelt(stb, number):
    stb.remot.press("OK")


@times(6)
def test_test_key(stb, number):
    stb.name["device"]


@on_box
@times(8)
def test_test_sharp_unknown(fault, number):
    fault.remote.press(f"GIUDE{number}")


@on_box
@times(6)
def test_test_sharp_reference(fault, number):
    fault.screen.wait_for(f"guide-haeder-{number}.png", timeout=1)


@times(6)
def test_test_needs(stb, number):
    stb.touch.tap(1, number)


@times(6)
def test_test_fixture(missing_fixture, number):
    pass


@pytest.fixture
def channels():
    return json.loads(Path("channels.json").read_text())


@times(8)
def test_test_setup(stb, channels, number):
    pass


@pytest.fixture
def tidy():
    yield
    raise RuntimeError("nothing to tidy up")


@times(6)
def test_test_teardown(stb, tidy, number):
    stb.remote.press("OK")


@times(8)
def test_test_arithmetic(stb, number):
    assert sum(range(number)) == -1


@pytest.mark.deadline(0.3)
@times(2)
def test_test_endless(stb, number):
    while True:
        pass


@times(6)
def test_test_import(stb, number):
    import no_such_module  # noqa: F401


@times(6)
def test_test_argument(stb, number):
    stb.remote.press("OK", long=True)


@times(12)
def test_none_passes(stb, number):
    stb.remote.press("OK")
