"""A first look at a set-top box: run `pytest` here. Without a lab file it is a virtual one."""

from pytest_virtualpytest import Appears, Key, Motion


def test_guide_opens(stb):
    stb.remote.press(Key.GUIDE)

    stb.screen.wait_for("guide-header.png", timeout=5)


def test_zap(stb, measure):
    stb.remote.press(Key.BACK)
    stb.screen.wait_for(Motion())

    press = stb.remote.press(Key.CHANNEL_UP)
    seen = stb.screen.wait_for(Appears("banner.png"), since=press)

    measure("zap", seen.after(press), maximum=2.5)
