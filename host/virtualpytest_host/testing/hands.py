"""Checks of what acts on a device and of what shows it: keys, supply, touch, elements, stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from pytest_virtualpytest.capabilities import BUTTONS
from pytest_virtualpytest.exceptions import DeviceError
from pytest_virtualpytest.key import Key
from virtualpytest_host.testing.opened import NOBODY, Opened, keys, only_on


class Remotes(Opened):
    """Keys."""

    spared: ClassVar[frozenset[str]] = frozenset({Key.POWER, "POWER_ON", "POWER_OFF", "SLEEP"})  # never pressed here

    def test_every_key_can_be_pressed(self, opened: Any) -> None:
        """Fail if a key that it tells of is an error."""
        known = [key for key in keys(opened) if key not in self.spared]

        for key in known:
            opened.press(key)

    def test_key_that_it_lacks_is_an_error_that_lists_its_keys(self, opened: Any) -> None:
        """Fail if a wrong key does anything but raise an error of one line."""
        with pytest.raises(DeviceError) as caught:
            opened.press(NOBODY)

        assert NOBODY in caught.value.message
        assert [key for key in keys(opened) if key not in caught.value.message] == []

    def test_keys_are_told_unopened(self, controller: Any) -> None:
        """Fail if its keys depend on the device."""
        known = keys(controller)

        assert len(known) == len(set(known))


class Supplies(Opened):
    """Power."""

    def test_off_is_off_and_on_is_on(self, opened: Any) -> None:
        """Fail if the state told is not the one that was switched to; twice is as good as once.

        A supply that can only be switched on must say so of all else, in one line.
        """
        told = []
        for switch in (opened.off, opened.off, opened.on, opened.on):
            if only_on(opened) and switch == opened.off:
                _refused(opened.off, opened.status)
                continue
            switch()
            told.append(only_on(opened) or opened.status())

        assert told == ([True, True] if only_on(opened) else [False, False, True, True])


def _refused(*asked: Callable[[], object]) -> None:
    for ask in asked:
        with pytest.raises(DeviceError, match=r"\A.*only switch on.*\Z"):
            ask()


class Touches(Opened):
    """A screen that is touched."""

    def test_is_tapped_and_swiped(self, opened: Any) -> None:
        """Fail if a tap, a long touch, a swipe or a way of several points is an error."""
        opened.tap(5, 5)
        for way in ([(5, 5), (5, 5)], [(5, 5), (9, 9)], [(5, 5), (9, 9), (5, 9)]):
            opened.swipe(way, 0.1)


class Pointers(Opened):
    """A mouse."""

    def test_is_moved_clicked_dragged_and_scrolled(self, opened: Any) -> None:
        """Fail if a button, a second click, a way of several points or a direction of the wheel is an error."""
        opened.move(5, 5)
        for button in BUTTONS:
            opened.click(5, 5, button, 1)
        opened.click(5, 5, "left", 2)
        opened.drag([(5, 5), (9, 9), (5, 9)], 0.1, "left")
        for down, right in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            opened.scroll(5, 5, down, right)

    @pytest.mark.parametrize("place", [(98765, 5), (5, 98765), (-1, 5)])
    def test_place_outside_the_picture_is_an_error_that_names_it(self, opened: Any, place: tuple[int, int]) -> None:
        """Fail if it is taken for one at the edge."""
        x, y = place
        actions: list[Callable[[], object]] = [
            lambda: opened.move(x, y),
            lambda: opened.click(x, y, "left", 1),
            lambda: opened.drag([(5, 5), place], 0.1, "left"),
            lambda: opened.scroll(x, y, 1, 0),
        ]

        for action in actions:
            with pytest.raises(DeviceError, match=f"{x},{y}"):
                action()


class Uis(Opened):
    """Elements."""

    def test_root_is_on_screen(self, opened: Any) -> None:
        """Fail if the root has no size."""
        region = opened.tree().region

        assert region.width > 0
        assert region.height > 0


class Streams(Opened):
    """Pictures and sound."""

    def test_stream_is_the_same_source_each_time(self, opened: Any) -> None:
        """Fail if it does not say what the recorder shall open."""
        source = opened.stream()

        assert source.url
        assert source == opened.stream()
