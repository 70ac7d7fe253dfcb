"""Names that tests and lab files give to the network controller: none becomes an option, a word more, or a command."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import netns
import pytest
from netns import Link
from virtualpytest_host.controllers.network import Network

from pytest_virtualpytest.exceptions import DeviceError

HOSTILE = ["", "-h", "--help", "a b", "a\nb", "\0", "a\tb"]


@pytest.fixture(scope="module")
def link() -> Iterator[Link]:
    """Give a link on which nobody serves anything."""
    netns.needed("ping", "curl", "iperf3")
    with netns.link() as link:
        yield link


@pytest.fixture
def network(link: Link) -> Network:
    """Give a controller of the link."""
    return Network(link.interface, link.host, timeout=1.0)


def complaint(action: Callable[[], object]) -> str:
    with pytest.raises(DeviceError) as caught:
        action()
    assert "\n" not in caught.value.message
    return caught.value.message


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_are_refused(network: Network, text: str) -> None:
    for action in (
        lambda: network.ping(text, 1, 0.1),
        lambda: network.throughput(text, True, 1, 5201, 0),
        lambda: network.resolve("box.test", "A", text or "-"),
        lambda: network.fetch(text, True),
        lambda: network.fetch(f"http://{text or ' '}/" if "-" not in text else text, True),
        lambda: Network(text),
        lambda: Network("lo", text or " "),
    ):
        assert "is refused; " in complaint(action)


@pytest.mark.parametrize("text", ["$(touch {})", "`touch {}`", ";touch${{IFS}}{}", "|touch", "a'b", '"', "*", "é€"])
def test_names_reach_programs_as_data(network: Network, text: str, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    name = text.format(mark).replace(" ", "${IFS}")

    for action in (lambda: network.ping(name, 1, 0.1), lambda: network.throughput(name, True, 1, 5201, 0)):
        assert repr(name)[1:-1] in complaint(action) or name in complaint(action)
    assert not mark.exists()
