"""Where a test of any device begins: its settings are on screen. This is all that tells one kind from another."""

import pytest

from pytest_virtualpytest import Device, Key, Text

DIALOG = ["--info", "--title=Settings", '--text=<span size="xx-large">Wi-Fi is on</span>']
OPENS = {
    "stb": lambda stb: stb.remote.press(Key.MENU),
    "mobile": lambda phone: phone.apps.launch("com.virtual.settings"),
    "desktop": lambda desktop: desktop.apps.launch("zenity", *DIALOG),
}


@pytest.fixture
def settings(dut: Device) -> Device:
    """A device that shows its settings."""
    opened = OPENS[dut.kind](dut)
    dut.screen.wait_for(Text("Wi-Fi"), since=opened, timeout=20)
    return dut
