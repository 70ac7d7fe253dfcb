"""What every controller must do: checks to subclass, for a lab's own controllers as for ours.

::

    class TestAmplifier(testing.Controllers, testing.Remotes):
        @pytest.fixture
        def controller(self):
            return Amplifier("127.0.0.1:7000")  # made, not opened

`Controllers` goes with one class for each capability that the controller gives; it fails if one is missing.
The device may be a real one: keys are pressed, files written and removed, the supply switched.
"""

from __future__ import annotations

import dataclasses
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest

from pytest_virtualpytest import capabilities
from pytest_virtualpytest.capabilities import CAPABILITIES, Key, Keyed
from pytest_virtualpytest.exceptions import DeviceError

PROTOCOLS: dict[str, type] = {
    "remote": capabilities.Remote, "screen": capabilities.Watched, "audio": capabilities.Watched,
    "touch": capabilities.Touch, "ui": capabilities.Ui, "apps": capabilities.Apps, "shell": capabilities.Shell,
    "files": capabilities.Files, "power": capabilities.Power, "logs": capabilities.Logs,
}  # fmt: skip
HOSTILE = [
    "a b", " blanks ", "it's", '"x"', "$(exit 9)", "`exit 9`", "; exit 9", "| & < > * ? ~", "%s 100%", "-rf", "#",
    "back\\slash", "new\nline", "é€你", "😀",
]  # fmt: skip
_NOBODY = "no-such-thing-4711"
_FIRST: dict[str, Callable[[Any], object]] = {  # what changes little comes first
    "power": lambda device: device.status(),
    "shell": lambda device: device.run("true", 2.0),
    "apps": lambda device: device.installed(),
    "logs": lambda device: device.since(time.monotonic()),
    "remote": lambda device: device.press(next(iter(_keys(device)), str(Key.OK))),
}


class _Opened:
    """What each class of checks stands on: *controller* is to be given, *opened* is it, ready for use."""

    @pytest.fixture
    def controller(self) -> Any:
        """Return a controller of a device that is there, made and not opened; a subclass gives it."""
        raise NotImplementedError(f"{type(self).__name__} has no fixture `controller`: return your controller in it")

    @pytest.fixture
    def opened(self, controller: Any) -> Iterator[Any]:
        """Open it, and close it in the end."""
        controller.open()
        try:
            yield controller
        finally:
            controller.close()


class Controllers(_Opened):
    """Whatever it gives."""

    def test_contract_of_each_capability_is_checked(self, controller: Any) -> None:
        """Fail if the subclass leaves out what its controller gives."""
        missing = [kind.__name__ for word, kind in CONTRACTS.items() if word in controller.gives]
        missing = [name for name in missing if name not in {kind.__name__ for kind in type(self).__mro__}]

        assert not missing, f"{type(self).__name__} must inherit {', '.join(missing)} too"

    def test_gives_what_it_has_the_methods_of(self, controller: Any) -> None:
        """Fail if `gives` names what is no capability, or what lacks methods."""
        assert set(controller.gives) <= set(CAPABILITIES)
        wanted = [word for word in controller.gives if word in PROTOCOLS]
        assert [word for word in wanted if not isinstance(controller, PROTOCOLS[word])] == []

    def test_its_settings_are_the_fields_of_a_dataclass(self, controller: Any) -> None:
        """Fail if a lab file could not be checked against it."""
        assert dataclasses.is_dataclass(controller)

    def test_tells_what_it_holds_before_it_is_opened(self, controller: Any) -> None:
        """Fail if two lab files could take one thing under two names."""
        held = list(controller.resources())

        assert all(isinstance(name, str) and name for name in held)
        assert held == list(controller.resources())

    def test_closing_is_harmless(self, controller: Any) -> None:
        """Fail if a controller that was never opened, or is closed already, cannot be closed."""
        controller.close()
        controller.open()
        controller.close()
        controller.close()

    def test_leaves_nothing_behind(self, controller: Any) -> None:
        """Fail if opened and closed thrice leaves more files and threads than once."""
        _through(controller)
        before = _held()

        _through(controller)
        _through(controller)

        grown = [now > then for now, then in zip(_held(), before, strict=True)]
        assert not any(grown), f"files and threads: {before} before, {_held()} after; close() leaves some behind"

    def test_can_be_opened_again(self, controller: Any) -> None:
        """Fail if the second opening does not do what the first did."""
        for _ in range(2):
            controller.open()
            try:
                assert controller.gives
                _ask(controller)
            finally:
                controller.close()


class Absent:
    """A device that is not there: *absent* is to be given, a controller of such a one."""

    patience: ClassVar[float] = 30.0  # seconds in which the error must have come

    @pytest.fixture
    def absent(self) -> Any:
        """Return a controller of a device that is not there, made and not opened; a subclass gives it."""
        raise NotImplementedError(f"{type(self).__name__} has no fixture `absent`: return a controller of nobody in it")

    def test_device_that_is_not_there_is_an_error_in_time(self, absent: Any) -> None:
        """Fail if anything but a DeviceError comes, or comes late."""
        began = time.monotonic()

        with pytest.raises(DeviceError) as caught:
            _through(absent)

        absent.close()
        assert time.monotonic() - began < self.patience
        assert "\n" not in caught.value.message


class Remotes(_Opened):
    """Keys."""

    spared: ClassVar[frozenset[str]] = frozenset({Key.POWER, "POWER_ON", "POWER_OFF", "SLEEP"})  # never pressed here

    def test_every_key_can_be_pressed(self, opened: Any) -> None:
        """Fail if a key that it tells of is an error."""
        keys = [key for key in _keys(opened) if key not in self.spared]

        for key in keys:
            opened.press(key)

    def test_key_that_it_lacks_is_an_error_that_lists_its_keys(self, opened: Any) -> None:
        """Fail if a wrong key does anything but raise an error of one line."""
        with pytest.raises(DeviceError) as caught:
            opened.press(_NOBODY)

        assert _NOBODY in caught.value.message
        assert [key for key in _keys(opened) if key not in caught.value.message] == []

    def test_keys_are_told_unopened(self, controller: Any) -> None:
        """Fail if its keys depend on the device."""
        keys = _keys(controller)

        assert len(keys) == len(set(keys))


class Supplies(_Opened):
    """Power."""

    def test_off_is_off_and_on_is_on(self, opened: Any) -> None:
        """Fail if the state told is not the one that was switched to; twice is as good as once."""
        told = []
        for switch in (opened.off, opened.off, opened.on, opened.on):
            switch()
            told.append(opened.status())

        assert told == [False, False, True, True]


class Touches(_Opened):
    """A screen that is touched."""

    def test_is_tapped_and_swiped(self, opened: Any) -> None:
        """Fail if a tap, a long touch, a swipe or a way of several points is an error."""
        opened.tap(5, 5)
        for way in ([(5, 5), (5, 5)], [(5, 5), (9, 9)], [(5, 5), (9, 9), (5, 9)]):
            opened.swipe(way, 0.1)


class Uis(_Opened):
    """Elements."""

    def test_root_is_on_screen(self, opened: Any) -> None:
        """Fail if the root has no size."""
        region = opened.tree().region

        assert region.width > 0
        assert region.height > 0


class Shells(_Opened):
    """Commands."""

    def test_status_and_output_come_back(self, opened: Any) -> None:
        """Fail if they are not the command's own."""
        done = opened.run("echo said; exit 3", 10.0)

        assert (done.status, done.output.strip()) == (3, "said")

    @pytest.mark.parametrize("text", HOSTILE)
    def test_arguments_are_data(self, opened: Any, text: str) -> None:
        """Fail if an argument is not what the program gets."""
        done = opened.run(["printf", "%s", text], 10.0)

        assert (done.status, done.output) == (0, text)

    def test_command_that_takes_too_long_is_an_error_and_the_next_one_works(self, opened: Any) -> None:
        """Fail if a command outlives its time, or spoils the next."""
        began = time.monotonic()
        with pytest.raises(DeviceError):
            opened.run("sleep 60", 0.5)

        assert time.monotonic() - began < 30.0
        assert opened.run("echo here", 10.0).output.strip() == "here"


class Storages(_Opened):
    """Files; *folder* is one of the device's that may be written to."""

    folder: ClassVar[str] = "/tmp"  # of the device

    @pytest.mark.parametrize("name", HOSTILE)
    def test_file_comes_back_as_it_was_whatever_its_name(self, opened: Any, name: str) -> None:
        """Fail if content or name is changed on the way, there or back."""
        place = f"{self.folder}/vpt-{secrets.token_hex(4)}"
        content = bytes(range(256)) * 3

        opened.push(content, f"{place}/{name}")

        assert opened.pull(f"{place}/{name}") == content
        found = [(entry.name, entry.size) for entry in opened.entries(place) if not entry.folder]
        assert found == [(name, len(content))]

    def test_file_that_is_not_there_is_an_error_that_names_it(self, opened: Any) -> None:
        """Fail if it is taken for an empty one."""
        with pytest.raises(DeviceError, match=_NOBODY):
            opened.pull(f"{self.folder}/{_NOBODY}")


class Programs(_Opened):
    """Apps; *app* is one that may be started and ended."""

    app: ClassVar[str]

    def test_app_is_brought_to_the_front_and_ended(self, opened: Any) -> None:
        """Fail if it is not in front after launch, or still is after stop."""
        opened.launch(self.app)
        assert opened.current() == self.app

        opened.stop(self.app)
        assert opened.current() != self.app

    @pytest.mark.parametrize("action", ["launch", "stop"])
    @pytest.mark.parametrize("name", [_NOBODY, "$(exit 9)", "; exit 0", "-h"])
    def test_app_that_it_lacks_is_an_error_that_names_it(self, opened: Any, action: str, name: str) -> None:
        """Fail if an app that is not there can be started or ended."""
        with pytest.raises(DeviceError) as caught:
            getattr(opened, action)(name)

        assert repr(name) in caught.value.message

    def test_app_is_among_those_installed(self, opened: Any) -> None:
        """Fail if what can be launched is not told."""
        assert self.app in opened.installed()


class Logbooks(_Opened):
    """The device's own log."""

    def test_log_from_now_on_is_no_longer_than_from_before(self, opened: Any) -> None:
        """Fail if the moment makes no difference."""
        now, before = opened.since(time.monotonic()), opened.since(time.monotonic() - 3600)

        assert len(now) <= len(before)


class Streams(_Opened):
    """Pictures and sound."""

    def test_stream_is_the_same_source_each_time(self, opened: Any) -> None:
        """Fail if it does not say what the recorder shall open."""
        source = opened.stream()

        assert source.url
        assert source == opened.stream()


CONTRACTS: dict[str, type] = {
    "remote": Remotes, "power": Supplies, "touch": Touches, "ui": Uis, "shell": Shells, "files": Storages,
    "apps": Programs, "logs": Logbooks, "screen": Streams, "audio": Streams,
}  # fmt: skip


def _keys(device: Any) -> list[str]:
    return list(device.keys()) if isinstance(device, Keyed) else []


def _ask(device: Any) -> None:
    """Do with *device* the first thing that it gives, and that changes little."""
    for capability, ask in _FIRST.items():
        if capability in device.gives:
            ask(device)
            return


def _through(device: Any) -> None:
    """Open *device*, ask it something, close it."""
    device.open()
    try:
        _ask(device)
    finally:
        device.close()


def _held() -> tuple[int, int]:
    """Return how many files and threads this process has."""
    return len(os.listdir("/proc/self/fd")), threading.active_count()  # noqa: PTH208  # counted, not walked
