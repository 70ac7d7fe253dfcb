"""The shelly controller: against plugs of both generations, and against those that go wrong."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from peer import answering, free_port
from shellies import Plug, running
from virtualpytest_host import testing
from virtualpytest_host.controllers.shelly import Shelly

from pytest_virtualpytest.exceptions import DeviceError


@pytest.fixture(params=[1, 2, 3])
def plug(request: pytest.FixtureRequest) -> Iterator[Plug]:
    """Give a plug of each generation, with an account."""
    with running(request.param, "p&ss wörd") as plug:
        yield plug


class TestShelly(testing.Controllers, testing.Supplies, testing.Absent):
    @pytest.fixture
    def controller(self, plug: Plug) -> Shelly:
        return Shelly(plug.url, password="p&ss wörd")

    @pytest.fixture
    def absent(self) -> Shelly:
        return Shelly(f"http://127.0.0.1:{free_port()}")


def told(shelly: Shelly) -> str:
    """Return what *shelly* complains of when it shall switch on."""
    with pytest.raises(DeviceError) as caught:
        shelly.on()
    shelly.close()
    return str(caught.value)


def test_outlet_that_is_meant_is_switched_and_no_other(plug: Plug) -> None:
    shelly = Shelly(plug.url, password="p&ss wörd", relay=1)

    shelly.on()
    shelly.close()

    assert plug.outlets == [False, True]
    assert shelly.resources() == [plug.url.removeprefix("http://") + "#1"]


@pytest.mark.parametrize("generation", [1, 2])
def test_plug_that_did_not_switch_is_an_error(generation: int) -> None:
    with running(generation, stuck=True) as plug:
        assert told(Shelly(plug.url)) == f"{plug.url}: the plug did not switch on"


def test_wrong_password_names_the_account_and_not_the_password(plug: Plug) -> None:
    shelly = Shelly(plug.url, password="hunter2")

    assert told(shelly) == (
        f"{plug.url}: the plug refuses account 'admin'; set the username and password of its web page"
    )
    assert "hunter2" not in repr(shelly) + " ".join(plug.asked)


def test_password_that_is_missing_is_asked_for(plug: Plug) -> None:
    assert "refuses a request without a password" in told(Shelly(plug.url))


def test_outlet_that_it_lacks_is_named(plug: Plug) -> None:
    assert told(Shelly(plug.url, password="p&ss wörd", relay=7)).endswith("; has it the outlet 7?")


@pytest.mark.parametrize("body", ["<html>", "[1]", "{}"])
def test_answer_that_is_no_shellys(body: str) -> None:
    with answering(body=body) as peer:
        assert told(Shelly(peer.url)).endswith("; is this a Shelly?")


def test_plug_that_does_not_answer_is_an_error_and_the_next_call_works(plug: Plug) -> None:
    with answering(mute=True) as peer:
        message = told(Shelly(peer.url, timeout=0.3))

    shelly = Shelly(plug.url, password="p&ss wörd")
    shelly.on()
    shelly.close()

    assert message == f"{peer.url}: no answer within 0.3 s; is the plug reachable?"
