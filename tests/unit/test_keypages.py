"""On-screen keyboards as grids: the shortest way is found, and it is the way that the focus of a product goes."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Sequence

import pytest
from virtualpytest_host.virtual.keypad import LOWER, UPPER, Keypad

from pytest_virtualpytest.exceptions import VirtualPytestError
from pytest_virtualpytest.keypages import KeyPage, Keys, Place, Rows

QWERTY = ("qwertyuiop", "asdfghjkl ", "zxcvbnm.@_")
PAGES = {
    "lower": KeyPage(LOWER, {"SHIFT": "upper"}),
    "upper": KeyPage(UPPER, {"SHIFT": "lower"}, back="lower"),
}
_ECP = {"UP": "Up", "DOWN": "Down", "LEFT": "Left", "RIGHT": "Right"}


def way(keys: Keys, start: str, end: str) -> list[str]:
    return [step.press for step in keys.way(keys.place(start), end)]


def grid(rows: Rows, wrap: str = "none") -> Keys:
    return Keys({"keys": KeyPage(rows)}, wrap)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rows", "wrap", "start", "end", "expected"),
    [
        (QWERTY, "none", "q", "q", []),
        (QWERTY, "none", "q", "p", ["RIGHT"] * 9),
        (QWERTY, "rows", "q", "p", ["LEFT"]),
        (QWERTY, "columns", "q", "z", ["UP"]),
        (QWERTY, "rows", "q", "z", ["DOWN", "DOWN"]),
        (QWERTY, "both", "q", "_", ["UP", "LEFT"]),
        ((("a", "b", "c"), ("OK", "OK", "OK")), "none", "a", "OK", ["DOWN"]),
        ((("a", "OK", "OK", "OK", "b"),), "none", "a", "b", ["RIGHT", "RIGHT"]),
        ((("a", "", "b"), ("c", "d", "e")), "none", "a", "b", ["DOWN", "RIGHT", "RIGHT", "UP"]),
    ],
)
def test_shortest_way(rows: Rows, wrap: str, start: str, end: str, expected: list[str]) -> None:
    assert sorted(way(grid(rows, wrap), start, end)) == sorted(expected)
    assert len(way(grid(rows, wrap), start, end)) == len(expected)


def test_way_on_a_plain_grid_is_as_long_as_both_distances_together() -> None:
    keys = grid(QWERTY)
    letters = [(letter, row, column) for row, line in enumerate(QWERTY) for column, letter in enumerate(line)]

    for (one, row, column), (other, low, right) in itertools.product(letters, letters):
        assert len(way(keys, one, other)) == abs(row - low) + abs(column - right)


def press(product: Keypad, presses: Iterable[str]) -> None:
    for one in presses:
        if one == "OK":
            product.select()
        else:
            product.move(_ECP[one])


@pytest.mark.parametrize("seed", range(20))
def test_the_way_leads_there_on_a_product_with_shift_and_wide_keys(seed: int) -> None:
    chance = random.Random(seed)
    text = "".join(chance.choices("abzXYZ019 -@_!%;+ ", k=12))
    keys, product = Keys(PAGES, wrap="rows"), Keypad()
    place = keys.place("q")

    for letter in text:
        steps = keys.way(place, letter)
        press(product, [step.press for step in steps])
        place = steps[-1].place if steps else place
        assert (product.key, product.upper) == (letter, place.page == "upper")
        product.select()
        place = keys.entered(place)

    assert product.typed == text


def test_no_way_is_shorter() -> None:
    """Every sequence of fewer keys is tried on the product, up to five."""
    for letter in ("g", "0", " ", "S"):
        steps = Keys(PAGES, wrap="rows").way(Place("lower", 1, 0), letter)
        for count in range(min(len(steps), 6)):
            assert not any(leads(tried, letter) for tried in itertools.product(("OK", *_ECP), repeat=count))


def leads(presses: Sequence[str], letter: str) -> bool:
    product = Keypad()
    press(product, presses)
    return product.key == letter and not product.typed


@pytest.mark.parametrize(
    ("pages", "message"),
    [
        ({"a": KeyPage(())}, "keyboard: page 'a' has no key"),
        ({"a": KeyPage(("abc", "de"))}, "keyboard: page 'a': row 2 has 2 keys, row 1 has 3; a wide key stands in each"),
        ({"a": KeyPage(("abc",), {"SHIFT": "a"})}, "keyboard: page 'a' has no key 'SHIFT' to switch with"),
        ({"a": KeyPage(("abc",), {"a": "b"})}, "keyboard: page 'a' leads to page 'b'; there are a"),
        ({"a": KeyPage(("abc",), back="b")}, "keyboard: page 'a' leads to page 'b'; there are a"),
    ],
)
def test_what_makes_no_sense_is_told(pages: dict[str, KeyPage], message: str) -> None:
    with pytest.raises(VirtualPytestError) as caught:
        Keys(pages)

    assert caught.value.message.startswith(message)


def test_key_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(VirtualPytestError, match=r"keyboard: no key 'é'; it has q w e r t y"):
        way(grid(QWERTY), "q", "é")


def test_key_that_cannot_be_reached_is_told() -> None:
    with pytest.raises(VirtualPytestError, match="keyboard: no way from 'a' on page 'keys' to 'b'"):
        way(grid((("a", "", "b"),)), "a", "b")
