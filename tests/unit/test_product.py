"""The product that a virtual box pretends to be."""

from __future__ import annotations

import pytest
from virtualpytest_host.virtual.product import (
    APPS,
    BANNER_SECONDS,
    BOOT_SECONDS,
    CHANNELS,
    LOADING_SECONDS,
    SETTINGS,
    TONES,
    Product,
)

NOW = 1000.0
LATER = NOW + 60


def pressed(*keys: str, product: Product | None = None, now: float = NOW) -> Product:
    """Return a product after *keys*."""
    product = product or Product()
    for key in keys:
        product.press(key, now)
    return product


@pytest.mark.parametrize(
    ("keys", "state"),
    [
        ((), "live:0"),
        (("Home",), "home:0"),
        (("Home", "Home"), "live:0"),
        (("Home", "Back"), "live:0"),
        (("Guide",), "guide:0"),
        (("Menu",), "settings:0"),
        (("Menu", "Guide"), "guide:0"),
        (("Menu", "Down", "Down"), "settings:2"),
        (("Menu", "Up"), f"settings:{len(SETTINGS) - 1}"),
        (("Home", "Right", "Left"), "home:0"),
        (("Home", *["Right"] * len(APPS)), "home:0"),
        (("Home", "Select"), "live:0"),
        (("Home", "Right", "Select"), "guide:0"),
        (("Home", "Right", "Right", "Right", "Select"), "settings:0"),
        (("Up",), "live:0"),
        (("Select",), "live:0"),
        (("FindRemote",), "live:0"),
    ],
)
def test_keys_lead_from_screen_to_screen(keys: tuple[str, ...], state: str) -> None:
    product = pressed(*keys)

    assert product.state(NOW) == state


def test_guide_opens_on_the_channel_that_is_on() -> None:
    product = pressed("ChannelUp", "ChannelUp", "Guide")

    assert product.state(NOW) == "guide:2"


@pytest.mark.parametrize(
    ("keys", "channel"),
    [
        (("ChannelUp",), 1),
        (("ChannelDown",), len(CHANNELS) - 1),
        (["ChannelUp"] * len(CHANNELS), 0),
        (("Lit_4",), 3),
        (("Lit_9",), 0),
        (("Guide", "Down", "Select"), 1),
        (("Home", "ChannelUp"), 1),
    ],
)
def test_keys_change_the_channel(keys: tuple[str, ...], channel: int) -> None:
    product = pressed(*keys)

    assert product.state(LATER) == f"live:{channel}"


def test_zap_is_black_then_shows_the_banner_for_a_while() -> None:
    product = pressed("ChannelUp", product=Product(black_seconds=0.4))

    gone = 0.4 + BANNER_SECONDS
    states = [product.state(NOW + after) for after in (0, 0.39, 0.41, gone - 0.01, gone)]

    assert states == ["black", "black", "live:1+banner", "live:1+banner", "live:1"]


def test_info_shows_the_banner_without_a_zap() -> None:
    product = pressed("Info")

    assert product.state(NOW) == "live:0+banner"
    assert product.state(NOW + BANNER_SECONDS) == "live:0"


def test_back_takes_the_banner_away() -> None:
    product = pressed("Info", "Back")

    assert product.state(NOW) == "live:0"


def test_app_shows_a_spinner_until_it_is_loaded() -> None:
    product = pressed("Home", "Right", "Right", "Select")

    states = [product.state(NOW + after) for after in (0, LOADING_SECONDS - 0.01, LOADING_SECONDS)]

    assert states == ["loading", "loading", "app"]


def test_digit_is_text_where_no_television_is_on() -> None:
    product = pressed("Menu", "Lit_4", "Lit_é")

    assert (product.typed, product.channel) == ("4é", 0)


@pytest.mark.parametrize(
    ("keys", "awake"),
    [
        (("Power",), False),
        (("Power", "Power"), True),
        (("PowerOff",), False),
        (("PowerOff", "PowerOff"), False),
        (("PowerOn",), True),
        (("PowerOff", "PowerOn"), True),
    ],
)
def test_power_keys_put_to_sleep_and_wake(keys: tuple[str, ...], awake: bool) -> None:
    product = pressed(*keys)

    assert product.state(NOW) == ("live:0" if awake else "standby")


def test_sleeping_product_takes_no_other_key() -> None:
    product = pressed("PowerOff", "Guide", "ChannelUp", "PowerOn")

    assert product.state(LATER) == "live:0"


def test_product_without_mains_gives_no_signal_and_boots_with_it() -> None:
    product = pressed("ChannelUp", "Guide")

    product.supply(False, NOW)
    off = product.state(NOW)
    product.supply(True, NOW)

    assert off == "no-signal"
    assert product.state(NOW + BOOT_SECONDS - 0.01) == "boot"
    assert product.state(NOW + BOOT_SECONDS) == "live:1"


def test_mains_that_are_on_already_change_nothing() -> None:
    product = pressed("Guide")

    product.supply(True, NOW)

    assert product.state(NOW) == "guide:0"


@pytest.mark.parametrize("on", [True, False])
def test_keys_are_lost_without_mains_and_during_boot(on: bool) -> None:
    product = Product()
    product.supply(False, NOW)
    product.supply(on, NOW)

    pressed("Guide", "PowerOff", product=product)

    product.supply(True, NOW)
    assert product.state(NOW + BOOT_SECONDS) == "live:0"


def test_each_channel_has_its_tone() -> None:
    heard = [pressed(f"Lit_{number}").tone(LATER) for number in range(1, len(CHANNELS) + 1)]

    assert heard == list(TONES)


@pytest.mark.parametrize("keys", [("VolumeMute",), ["VolumeDown"] * 9, ("PowerOff",), ("ChannelUp",)])
def test_silence_when_muted_turned_down_asleep_or_zapping(keys: tuple[str, ...]) -> None:
    product = pressed(*keys)

    assert product.tone(NOW) == 0


def test_mute_is_undone_by_the_same_key() -> None:
    product = pressed("VolumeMute", "VolumeMute")

    assert product.tone(NOW) == TONES[0]


def test_volume_stays_between_nothing_and_ten() -> None:
    volumes = [pressed(*["VolumeUp"] * 20).volume, pressed(*["VolumeDown"] * 20).volume]

    assert volumes == [10, 0]


def test_key_that_is_held_repeats_until_it_goes_up() -> None:
    product = pressed("Menu")

    product.down("Down", NOW)
    rows = []
    for frame in range(25):
        product.repeat(NOW + frame / 25)
        rows.append(product.row)
    product.up("Down")
    product.repeat(NOW + 10)

    assert rows[0] == rows[12] == 1
    assert rows[13] == 2
    assert product.row == rows[-1] == 6  # after half a second, then ten times a second


def test_key_that_is_held_when_the_mains_go_is_let_go() -> None:
    product = Product()
    product.down("VolumeUp", NOW)

    product.supply(False, NOW)
    product.supply(True, NOW)
    product.repeat(LATER)

    assert product.volume == 6
