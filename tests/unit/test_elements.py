"""Elements of a screen are found by what they say and are, and by what is around and beside them."""

from __future__ import annotations

import pytest
from virtualpytest_host.elements import Ui, search
from virtualpytest_host.hands import Inputs

from pytest_virtualpytest.answers import Element
from pytest_virtualpytest.exceptions import NotSeen
from pytest_virtualpytest.models import Region


def row(title: str, *, checked: bool = False) -> Element:
    switch = Element("android.widget.Switch", id="com.x:id/switch", checked=checked)
    return Element("android.widget.LinearLayout", children=(Element("android.widget.TextView", title), switch))


SCREEN = Element(
    "android.widget.FrameLayout",
    app="com.x",
    children=(
        Element("android.widget.TextView", "Settings", id="com.x:id/title", region=Region(0, 0, 100, 50)),
        Element("android.widget.ListView", id="com.x:id/list", children=(row("Wi-Fi", checked=True), row("Bluetooth"))),
        Element("android.widget.ImageView", description="Navigate up"),
    ),
)


class Still:
    """A screen that stays as it is."""

    def tree(self) -> Element:
        return SCREEN


def texts(**wanted: object) -> list[str]:
    return [element.text or element.description for element in search(SCREEN, wanted)]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"text": "Wi-Fi"}, ["Wi-Fi"]),
        ({"text": "  wi-FI "}, ["Wi-Fi"]),
        ({"text": "Wi"}, []),
        ({"contains": "TOOTH"}, ["Bluetooth"]),
        ({"description": "navigate up"}, ["Navigate up"]),
        ({"id": "title"}, ["Settings"]),
        ({"id": "com.x:id/title"}, ["Settings"]),
        ({"kind": "TextView"}, ["Settings", "Wi-Fi", "Bluetooth"]),
        ({"kind": "android.widget.ImageView"}, ["Navigate up"]),
        ({"kind": "TextView", "within": {"id": "list"}}, ["Wi-Fi", "Bluetooth"]),
        ({"kind": "TextView", "text": "Bluetooth", "within": {"id": "title"}}, []),
    ],
)
def test_element_is_found_by_what_it_says_and_is(wanted: dict[str, object], found: list[str]) -> None:
    assert texts(**wanted) == found


def test_switch_is_found_beside_its_title() -> None:
    on, off = (next(search(SCREEN, {"kind": "Switch", "beside": {"text": title}})) for title in ("Wi-Fi", "Bluetooth"))

    assert (on.checked, off.checked) == (True, False)


def test_element_that_does_not_come_names_the_nearest() -> None:
    ui = Ui(Still(), Inputs(), lambda _name: None)

    with pytest.raises(NotSeen) as caught:
        ui.wait_for({"text": "Blutooth"}, timeout=0)

    assert str(caught.value) == "(text='Blutooth') not on screen within 0 s; nearest: 'Bluetooth'"


def test_element_travels_whole() -> None:
    assert Element.from_wire(SCREEN.to_wire()) == SCREEN


def test_centre_is_the_middle_of_the_region() -> None:
    assert SCREEN.children[0].centre == (50, 25)
