"""The amplifier, driven by a controller of our own: ``pip install .``, then ``pytest``."""

import pytest

from pytest_virtualpytest import DeviceError


def test_it_wakes_up(dut):
    dut.power.off()
    assert not dut.power.status()

    dut.power.on()

    assert dut.power.status()


def test_it_is_muted(dut, amplifier):
    dut.remote.press("MUTE")

    assert amplifier.keys == ["MUTE"]


def test_a_key_that_it_does_not_have_is_named(dut):
    with pytest.raises(DeviceError, match="unknown key 'EJECT'; keys: VOLUME_UP"):
        dut.remote.press("EJECT")
