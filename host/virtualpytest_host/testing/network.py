"""Checks of what measures the network that a device is in."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from pytest_virtualpytest.exceptions import DeviceError
from virtualpytest_host.testing.opened import Opened


class Networks(Opened):
    """Measurements; *peer* answers to echo requests, and runs no DNS server."""

    peer: ClassVar[str] = "127.0.0.1"

    def test_round_trips_are_told_one_by_one(self, opened: Any) -> None:
        """Fail if a peer that answers is lost, or its times are none."""
        found = opened.ping(self.peer, 3, 0.2)

        assert (found.sent, found.received, len(found.times)) == (3, 3, 3)
        assert 0 < found.minimum <= found.average <= found.maximum < math.inf

    def test_interface_is_told(self, opened: Any) -> None:
        """Fail if it has no name, or has sent less than before."""
        before, after = opened.state(), opened.state()

        assert before.name
        assert after.sent.size >= before.sent.size

    def test_server_that_is_none_is_an_error_that_names_it(self, opened: Any) -> None:
        """Fail if a question that nobody answers has an answer."""
        with pytest.raises(DeviceError, match=self.peer):
            opened.resolve("example.com", "A", self.peer)

    @pytest.mark.parametrize("host", ["", "-h", "--help", "a b", "new\nline", "nul\0"])
    def test_name_that_a_program_could_take_for_something_else_is_refused(self, opened: Any, host: str) -> None:
        """Fail if an option or two words are taken for a host."""
        actions: list[Callable[[], object]] = [
            lambda: opened.ping(host, 1, 0.2),
            lambda: opened.throughput(host, True, 1, 5201, 0),
            lambda: opened.fetch(host, True),
        ]

        for action in actions:
            with pytest.raises(DeviceError) as caught:
                action()
            assert repr(host) in caught.value.message
