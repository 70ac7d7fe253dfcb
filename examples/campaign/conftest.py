"""Where each test of this campaign begins."""

import pytest

from pytest_virtualpytest import Device, Key, Motion


@pytest.fixture
def live(stb: Device) -> Device:
    """A set-top box that shows live television, whatever the test before left on its screen."""
    press = stb.remote.press(Key.BACK)
    stb.screen.wait_for(Motion(), since=press)
    return stb
