"""Live television: channels, banners, sound."""

import pytest

from pytest_virtualpytest import Appears, Black, Gone, Key, Motion, Not


def test_picture_moves(live):
    live.screen.wait_for(Motion(), timeout=3)


def test_zap_time(live, measure):
    press = live.remote.press(Key.CHANNEL_UP)

    banner = live.screen.wait_for(Appears("banner.png"), since=press)

    measure("zap", banner.after(press), maximum=2.5)


def test_black_between_channels_is_short(live, measure):
    press = live.remote.press(Key.CHANNEL_DOWN)

    black = live.screen.wait_for(Black(), since=press)
    picture = live.screen.wait_for(Not(Black()), since=black)

    measure("black", picture.after(black), maximum=1.0)


@pytest.mark.parametrize("number", [2, 4])
def test_number_keys_choose_the_channel(live, number):
    press = live.remote.press(str(number))

    live.screen.wait_for(f"banner-{number}.png", since=press, timeout=5)


def test_banner_goes_away(live):
    press = live.remote.press(Key.INFO)

    live.screen.wait_for(Gone("banner.png"), since=press, timeout=8)


def test_sound_is_heard(live):
    level = live.audio.level(0.5)

    assert level.rms > -40
