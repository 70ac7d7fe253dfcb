"""The contract that every controller keeps, kept by the network's."""

from __future__ import annotations

from collections.abc import Iterator

import netns
import pytest
from netns import DEVICE, Link
from virtualpytest_host import testing
from virtualpytest_host.controllers.network import Network


@pytest.fixture
def link() -> Iterator[Link]:
    """Give a link on which nobody serves anything."""
    netns.needed("ping", "curl", "iperf3", "tcpdump")
    with netns.link() as link:
        yield link


class TestNetwork(testing.Controllers, testing.Networks, testing.Impairments, testing.Captures, testing.Absent):
    peer = DEVICE

    @pytest.fixture
    def controller(self, link: Link) -> Network:
        return Network(link.interface, link.host, timeout=1.0)

    @pytest.fixture
    def absent(self, link: Link) -> Network:
        return Network("eth9", link.host)
