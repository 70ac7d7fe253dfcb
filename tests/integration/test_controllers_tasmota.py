"""The tasmota controller: against a virtual box's plug, and against plugs that go wrong."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from boxes import Bench, running
from peer import answering, free_port
from until import until
from virtualpytest_host.controllers.tasmota import Tasmota

from pytest_virtualpytest.capabilities import Power
from pytest_virtualpytest.exceptions import DeviceError

ON, OFF = '{"POWER": "ON"}', '{"POWER": "OFF"}'
UNWILLING = '{"WARNING": "Need user=<username>&password=<password>"}'


@pytest.fixture(scope="module")
def box() -> Iterator[Bench]:
    """Give a box."""
    with running("plugged") as bench:
        yield bench


@pytest.fixture
def plug(box: Bench) -> Tasmota:
    """Give the plug of the box."""
    box.rest()
    return Tasmota(f"http://127.0.0.1:{box.port('power')}")


def told(plug: Tasmota) -> str:
    """Return what *plug* complains of when it is asked."""
    with pytest.raises(DeviceError) as caught:
        plug.status()
    return str(caught.value)


def test_it_is_a_power_supply() -> None:
    assert isinstance(Tasmota("http://plug"), Power)


def test_box_is_switched_off_and_on(box: Bench, plug: Tasmota) -> None:
    plug.off()
    off = plug.status()
    until(lambda: box.shown() == "no-signal")

    plug.on()

    assert (off, plug.status()) == (False, True)
    until(lambda: box.shown() == "boot")


@pytest.mark.parametrize(("method", "answer", "word"), [("on", OFF, "on"), ("off", ON, "off")])
def test_plug_that_did_not_switch_is_an_error(method: str, answer: str, word: str) -> None:
    with answering(body=answer) as peer, pytest.raises(DeviceError) as caught:
        getattr(Tasmota(peer.url), method)()

    assert str(caught.value) == f"{peer.url}: the plug did not switch {word}"


@pytest.mark.parametrize(
    ("url", "settings"),
    [
        ("http://{place}", {"username": "ann", "password": "p&ss wörd"}),
        ("http://ann:p%26ss%20w%C3%B6rd@{place}", {}),
        ("http://nobody:nothing@{place}/", {"username": "ann", "password": "p&ss wörd"}),
    ],
)
def test_configured_account_and_address_are_used(url: str, settings: dict[str, str]) -> None:
    with answering(body=ON) as asked, answering(body=OFF) as other:
        plug = Tasmota(url.format(place=f"127.0.0.1:{asked.port}"), **settings)

        assert plug.status()

    assert asked.asked == ["GET /cm?cmnd=Power&user=ann&password=p%26ss%20w%C3%B6rd"]
    assert other.asked == []


def test_password_alone_belongs_to_admin() -> None:
    with answering(body=ON) as peer:
        Tasmota(peer.url, password="x").on()

    assert peer.asked == ["GET /cm?cmnd=Power%20On&user=admin&password=x"]


def test_two_plugs_are_never_mixed_up() -> None:
    with answering(body=ON) as first, answering(body=OFF) as second:
        plugs = [Tasmota(first.url, "ann", "1"), Tasmota(second.url, "ben", "2")]

        assert [plug.status() for plug in plugs] == [True, False]

    assert (first.asked, second.asked) == (
        ["GET /cm?cmnd=Power&user=ann&password=1"],
        ["GET /cm?cmnd=Power&user=ben&password=2"],
    )


def test_one_of_several_outlets_is_meant() -> None:
    with answering(body='{"POWER2": "ON"}') as peer:
        plug = Tasmota(peer.url, relay=2)
        plug.on()

    assert peer.asked == ["GET /cm?cmnd=Power2%20On"]
    assert plug.resources() == [f"127.0.0.1:{peer.port}#2"]


@pytest.mark.parametrize(("status", "body"), [(401, UNWILLING), (401, ""), (200, UNWILLING)])
def test_wrong_password_names_the_account_and_not_the_password(status: int, body: str) -> None:
    with answering(status, body) as peer:
        message = told(Tasmota(peer.url, "ann", "hunter2"))

    assert message == f"{peer.url}: the plug refuses account 'ann'; set the username and password of its web page"


def test_plug_that_wants_an_account_says_so() -> None:
    with answering(401, UNWILLING) as peer:
        message = told(Tasmota(peer.url))

    assert message == (
        f"{peer.url}: the plug refuses a request without an account; set the username and password of its web page"
    )


@pytest.mark.parametrize(
    ("status", "body"), [(200, "<html>"), (200, ""), (404, "no such page"), (200, "[1]"), (500, "\ufffd")]
)
def test_answer_that_is_not_tasmotas(status: int, body: str) -> None:
    with answering(status, body) as peer:
        message = told(Tasmota(peer.url))

    assert message == f"{peer.url}: HTTP {status} without JSON; is this a Tasmota plug?"


def test_outlet_that_is_not_there() -> None:
    with answering(body='{"Command": "Unknown"}') as peer:
        message = told(Tasmota(peer.url, relay=3))

    assert message == (
        f'{peer.url}: the plug answers {{"Command": "Unknown"}} to Power3, not ON or OFF; has it that relay?'
    )


def test_plug_that_cannot_be_reached_names_the_address() -> None:
    port = free_port()

    message = told(Tasmota(f"http://127.0.0.1:{port}"))

    assert message == f"http://127.0.0.1:{port}: Connection refused; is the plug reachable, and the url right?"


def test_plug_whose_name_nobody_knows() -> None:
    message = told(Tasmota("http://plug.invalid"))

    assert message.startswith("http://plug.invalid: ")
    assert message.endswith("; is the plug reachable, and the url right?")


def test_plug_that_does_not_answer() -> None:
    with answering(mute=True) as peer:
        message = told(Tasmota(peer.url, timeout=0.3))

    assert message == f"{peer.url}: no answer within 0.3 s; is the plug reachable, and the url right?"


def test_plug_of_a_refusing_box_is_an_error(box: Bench, plug: Tasmota) -> None:
    box.fault("refuse", seconds=1)

    until(lambda: refused(plug))


@pytest.mark.parametrize("url", ["plug-7", "http://ann:hunter2@", "http://plug:port"])
def test_url_that_is_none_says_what_one_looks_like(url: str) -> None:
    with pytest.raises(DeviceError) as caught:
        Tasmota(url).open()

    shown = url.rpartition("@")[2]
    assert str(caught.value) == f"tasmota: url {shown!r} is no web address; wanted one such as 'http://192.0.2.7'"


def test_password_is_in_no_message_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    messages = []

    for status, body, mute in ((200, ON, True), (401, "", False), (200, "{}", False), (200, "<", False)):
        with answering(status, body, mute=mute) as peer:
            plug = Tasmota(peer.url, password="hunter2", timeout=0.2)
            messages += [told(plug), repr(plug)]

    assert "hunter2" not in " ".join(messages) + caplog.text


def refused(plug: Tasmota) -> bool:
    """Tell whether the plug cannot be reached."""
    try:
        plug.status()
    except DeviceError as error:
        return "refused" in str(error)
    return False
