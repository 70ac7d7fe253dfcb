"""Guide, settings and an app."""

from pytest_virtualpytest import All, Black, Gone, Key, Not, Then


def test_guide_opens_and_closes_without_black(live):
    with live.screen.never(Black()):
        live.remote.press(Key.GUIDE)
        guide = live.screen.wait_for("guide-header.png")
        live.remote.press(Key.BACK)
        live.screen.wait_for(Gone("guide-header.png"), since=guide)


def test_wifi_is_in_the_settings(live):
    live.remote.press(Key.MENU)
    live.screen.wait_for("settings-header.png")

    live.remote.press_until(Key.DOWN, "wifi-chosen.png", at_most=7)


def test_home_is_not_the_guide(live):
    live.remote.press(Key.HOME)

    live.screen.wait_for(All("home.png", Not("guide-header.png")))


def test_films_load(live, measure):
    live.remote.press(Key.HOME)
    live.screen.wait_for("home.png")
    live.remote.press(Key.RIGHT)
    live.remote.press(Key.RIGHT)

    press = live.remote.press(Key.OK)
    films = live.screen.wait_for(Then("app-loading.png", "films.png"), since=press)

    measure("films", films.after(press), maximum=4)
