"""One test for a set-top box, a phone and a desktop: pytest --vpt-each=device."""

import pytest

from pytest_virtualpytest import Device, Gone, Key, Text

pytestmark = pytest.mark.device(needs=["remote", "screen"])


def test_back_leaves_the_settings(settings: Device, measure):
    assert "Wi-Fi" in settings.screen.read_text()

    press = settings.remote.press(Key.BACK)

    seen = settings.screen.wait_for(Gone(Text("Wi-Fi")), since=press, timeout=10)
    measure("key to gone", seen.after(press), maximum=3)
