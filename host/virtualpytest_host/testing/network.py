"""Checks of what measures the network that a device is in, keeps its traffic, and makes its link worse."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from pytest_virtualpytest.exceptions import DeviceError
from pytest_virtualpytest.traffic import Impairment
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


class Impairments(Opened):
    """A link that can be made worse; *peer* is at its other end, and answers to echo requests."""

    peer: ClassVar[str]

    def test_nothing_comes_through_an_outage_and_all_does_after_it(self, opened: Any) -> None:
        """Fail if a packet comes through, or the link stays dead."""
        before = opened.ping(self.peer, 2, 0.2)
        opened.impair(Impairment(loss=1.0))
        during = opened.ping(self.peer, 2, 0.2)
        opened.impair(None)
        after = opened.ping(self.peer, 2, 0.2)

        assert [found.received for found in (before, during, after)] == [2, 0, 2]

    def test_latency_is_added_each_way(self, opened: Any) -> None:
        """Fail if a round trip is not longer by twice the latency."""
        opened.impair(Impairment(latency=0.1))

        assert opened.ping(self.peer, 2, 0.2).minimum >= 0.2

    def test_how_it_was_before_is_told(self, opened: Any) -> None:
        """Fail if a block within another could not make the link again what it was."""
        bad, worse = Impairment(bandwidth=1e6), Impairment(bandwidth=1e5, latency=0.01)

        assert [opened.impair(one) for one in (bad, worse, None, None)] == [None, bad, worse, None]

    def test_closing_makes_it_well(self, opened: Any) -> None:
        """Fail if the link is bad for the next one who opens it."""
        opened.ping(self.peer, 1, 0.2)
        opened.impair(Impairment(loss=1.0))
        opened.close()
        opened.open()

        assert opened.ping(self.peer, 2, 0.2).received == 2


class Captures(Opened):
    """Traffic that is kept; *peer* is at the other end of the link, and answers to echo requests."""

    peer: ClassVar[str]

    def test_what_was_sent_is_there_at_once(self, opened: Any) -> None:
        """Fail if packets are missing, or those of another time are there."""
        begin = time.monotonic()
        opened.ping(self.peer, 2, 0.2)
        end = time.monotonic()

        assert opened.captured(begin, end, "icmp").packets == 4
        assert opened.captured(end, time.monotonic(), "icmp").packets == 0

    def test_filter_that_is_none_is_an_error_of_one_line(self, opened: Any) -> None:
        """Fail if nonsense is taken for a filter."""
        with pytest.raises(DeviceError) as caught:
            opened.captured(0.0, math.inf, "no such word")

        assert "\n" not in caught.value.message
