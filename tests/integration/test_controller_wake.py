"""The wake controller: what arrives on loopback, and at everybody in a network of the test's own."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import netns
import pytest
from virtualpytest_host import testing
from virtualpytest_host.controllers.wake import Wake

from pytest_virtualpytest.capabilities import Power
from pytest_virtualpytest.exceptions import DeviceError

MAC = "00:1a:2b:3c:4d:5e"
PACKET = b"\xff" * 6 + bytes.fromhex("001a2b3c4d5e") * 16


@pytest.fixture
def card() -> Iterator[socket.socket]:
    """Give a socket that listens on loopback as the card does."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as card:
        card.settimeout(20.0)
        card.bind(("127.0.0.1", 0))
        yield card


class TestWake(testing.Controllers, testing.Supplies):
    @pytest.fixture
    def controller(self, card: socket.socket) -> Wake:
        return Wake(MAC, "127.0.0.1", card.getsockname()[1])


def test_it_is_a_power_supply() -> None:
    assert isinstance(Wake(MAC), Power)


@pytest.mark.parametrize("mac", [MAC, MAC.upper(), "00-1A-2B-3C-4D-5E", "001a2b3c4d5e"])
def test_packet_is_the_cards_address_sixteen_times(card: socket.socket, mac: str) -> None:
    wake = Wake(mac, "127.0.0.1", card.getsockname()[1])

    wake.on()

    assert [card.recv(2000) for _ in range(3)] == [PACKET] * 3
    assert wake.resources() == ["mac:00:1a:2b:3c:4d:5e"]


@pytest.mark.parametrize(
    "mac", ["", "00:1a:2b:3c:4d", f"{MAC}:6f", "00:1a-2b:3c:4d:5e", "00:1g:2b:3c:4d:5e", f"{MAC}\n"]
)
def test_what_is_no_address_of_a_card_is_refused(mac: str) -> None:
    with pytest.raises(DeviceError) as caught:
        Wake(mac)

    wanted = "wanted one such as '00:1a:2b:3c:4d:5e'"
    assert caught.value.message == f"wake: {mac!r} is no network card's address; {wanted}"


@pytest.mark.parametrize(("ask", "what"), [("off", "switch it off"), ("status", "tell whether it is on")])
def test_what_it_cannot_names_what_can(ask: str, what: str) -> None:
    with pytest.raises(DeviceError) as caught:
        getattr(Wake(MAC), ask)()

    assert caught.value.message == (
        f"mac {MAC}: Wake-on-LAN can only switch on, not {what}; "
        "a switched outlet (tasmota, shelly, snmp) can, or the device's own shell"
    )


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"interface": "nowhere0"}, "255.255.255.255:9 through nowhere0: No such device"),
        ({"address": "nobody.invalid"}, "nobody.invalid:9: "),
    ],
)
def test_network_that_is_not_there_is_an_error(settings: dict[str, str], words: str) -> None:
    with pytest.raises(DeviceError) as caught:
        Wake(MAC, **settings).on()  # type: ignore[arg-type]

    assert caught.value.message.startswith(words)
    assert caught.value.message.endswith("; is this the device's network, and the interface there?")


LISTEN = """
import socket
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as card:
    card.settimeout(30)
    card.bind(("", 9))
    print("ready", flush=True)
    print(card.recv(2000).hex(), flush=True)
"""
SEND = """
import sys
from virtualpytest_host.controllers.wake import Wake
Wake(*sys.argv[1:3], interface=sys.argv[3]).on()
"""


@pytest.mark.parametrize(
    ("address", "interface"),
    [("255.255.255.255", netns.INTERFACE), ("10.77.0.255", ""), ("10.77.0.255", netns.INTERFACE)],
)
def test_everybody_in_the_network_gets_it(address: str, interface: str) -> None:
    with netns.link() as link:
        command = ["ip", "netns", "exec", link.device, sys.executable, "-c", LISTEN]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as card:
            assert card.stdout is not None
            assert card.stdout.readline() == "ready\n"

            link.on(link.host, sys.executable, "-c", SEND, MAC, address, interface)

            assert card.stdout.readline() == f"{PACKET.hex()}\n"


def test_device_is_not_cycled_by_it_and_says_so_at_once() -> None:
    from virtualpytest_host.hands import Inputs, Supply

    began = time.monotonic()
    with pytest.raises(DeviceError, match="can only switch on, not switch it off"):
        Supply(Wake(MAC), Inputs(), lambda _: None).cycle()

    assert time.monotonic() - began < 10
