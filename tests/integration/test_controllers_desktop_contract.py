"""The contract that every controller keeps, kept by desktop: on a display that is there, and on one of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from desktops import undisturbed
from virtualpytest_host import testing
from virtualpytest_host.controllers.desktop import Desktop
from virtualpytest_host.desktop.xvfb import Xvfb


@pytest.fixture(scope="module", autouse=True)
def display() -> Iterator[str]:
    """Give a display."""
    with undisturbed(), contextlib.closing(Xvfb("1280x720")) as server:
        yield server.name()


class TestDesktop(
    testing.Controllers, testing.Remotes, testing.Pointers, testing.Programs, testing.Shells, testing.Storages,
    testing.Streams, testing.Absent,
):  # fmt: skip
    app = "xterm"

    @pytest.fixture
    def controller(self, display: str) -> Desktop:
        return Desktop(display)

    @pytest.fixture
    def absent(self) -> Desktop:
        return Desktop(":9876")


class TestDisplayOfItsOwn(
    testing.Controllers, testing.Remotes, testing.Pointers, testing.Programs, testing.Shells, testing.Storages,
    testing.Streams,
):  # fmt: skip
    app = "xterm"

    @pytest.fixture
    def controller(self) -> Desktop:
        return Desktop("virtual")
