"""The virtual desktop: shared by all who use it, with faults on command, gone when nobody needs it."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator

import pytest
from bench import ended
from desktops import opened, undisturbed
from until import until
from virtualpytest_host import virtual, xdisplay
from virtualpytest_host.virtual import life
from virtualpytest_host.virtual.control import Box

from pytest_virtualpytest import Device, config
from pytest_virtualpytest.exceptions import DeviceError
from pytest_virtualpytest.lab import Lab
from pytest_virtualpytest.targets import Color

NAME = "shared desktop"


@pytest.fixture(autouse=True)
def _undisturbed() -> Iterator[None]:
    with undisturbed():
        yield
    virtual.stop(NAME)


def display(attachment: life.Attachment) -> str:
    [controller] = attachment.controllers
    assert controller["controller"] == "desktop"
    return str(controller["settings"]["display"])


def test_two_who_use_it_have_one_screen() -> None:
    with contextlib.closing(virtual.attach("desktop", NAME)) as one, opened(display(one)) as first:
        first.launch("xterm")

        with contextlib.closing(virtual.attach("desktop", NAME)) as two, opened(display(two)) as second:
            assert display(one) == display(two)
            assert [window.app for window in second.windows()] == ["xterm"]


def test_it_ends_when_nobody_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VPT_LINGER", "0.3")
    attachment = virtual.attach("desktop", NAME)
    pid = int(Box(NAME).state["pid"])

    attachment.close()

    until(lambda: NAME not in virtual.running())
    until(lambda: ended(pid))


def test_it_hangs_and_goes_on_at_command() -> None:
    with contextlib.closing(virtual.attach("desktop", NAME)) as attachment:
        box = Box(NAME)
        with opened(display(attachment), timeout=0.5) as desktop:
            box.fault("hang")
            with pytest.raises(DeviceError, match="is its X server stopped"):
                desktop.press("OK")
            assert box.screen() == "hangs"

            box.clear()
            desktop.press("OK")


@pytest.mark.parametrize("victim", ["process", "server"])
def test_one_that_was_killed_is_started_again_by_its_next_user(victim: str) -> None:
    with contextlib.closing(virtual.attach("desktop", NAME)) as attachment:
        server = xdisplay.process(display(attachment))
        assert server is not None
        if victim == "process":
            Box(NAME).fault("crash")
        else:
            os.kill(server, signal.SIGKILL)
        until(lambda: ended(server))
        until(lambda: NAME not in virtual.running())

        with contextlib.closing(virtual.attach("desktop", NAME)) as again, opened(display(again)) as desktop:
            assert desktop.facts()["resolution"] == "1280x720"


def test_a_test_leases_it_by_its_kind() -> None:
    with contextlib.closing(Lab(config.builtin())) as lab, lab.lease(kind="desktop") as desktop:
        seen = desktop.screen.wait_for(Color((0x2E, 0x4A, 0x62)), timeout=20)
        desktop.apps.launch("xterm")

        assert seen
        assert desktop.apps.current() == "xterm"
    virtual.stop("desktop1")


def test_a_lease_goes_on_with_a_new_one_where_it_was_killed() -> None:
    with contextlib.closing(Lab(config.builtin())) as lab, lab.lease(device="desktop1") as desktop:
        desktop.apps.launch("xterm")
        Box("desktop1").fault("crash")
        until(lambda: "desktop1" not in virtual.running())

        with pytest.raises(DeviceError):
            desktop.apps.current()

        until(lambda: _front(desktop) == "")
    virtual.stop("desktop1")


def _front(desktop: Device) -> str | None:
    try:
        return desktop.apps.current()
    except DeviceError:
        return None
