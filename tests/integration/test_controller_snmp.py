"""The snmp controller: against snmpsim with outlets of every make, and against units that go wrong."""

from __future__ import annotations

import contextlib
import logging
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from snmpsims import COMMUNITY, PASSWORD, PRIVACY, USER, Pdu, running
from virtualpytest_host import testing
from virtualpytest_host.controllers.snmp import MODELS, Oids, Snmp

from pytest_virtualpytest.capabilities import Power
from pytest_virtualpytest.exceptions import DeviceError

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pysnmp")  # it calls pysmi by old names

OWN = "1.3.6.1.4.1.99999.1"
PATIENCE = 40.0  # seconds for an answer in a test that expects one


def outlets() -> dict[str, str]:
    """Return the records of a unit that has outlets of every make, number 3 of each, and faulty ones of our own."""
    found = {}
    for name, oids in MODELS.items():
        found[f"{oids.command}.3"] = f"2:outlet|outlet={name},on={oids.on},off={oids.off}"
        on = oids.on if oids.state_on is None else oids.state_on
        off = oids.off if oids.state_off is None else oids.state_off
        found[f"{oids.state}.3"] = f"2:outlet|outlet={name},on={on},off={off}"
    return found | {
        f"{OWN}.1": "2:writecache|value=0",
        f"{OWN}.2": "2:outlet|outlet=slow,on=1,off=0,meanwhile=5,delay=0.7",
        f"{OWN}.3": "2:outlet|outlet=stuck,on=1,off=0,stuck=1",
        f"{OWN}.4": "2:writecache|value=0,vlist=eq:1:notwritable",
        f"{OWN}.5": "4|on",
        f"{OWN}.6": "2:writecache|value=0,vlist=eq:1:noaccess",
        f"{OWN}.7": "2:writecache|value=4",
    }


@pytest.fixture(scope="module")
def pdu(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pdu]:
    """Give a unit."""
    with running(tmp_path_factory.mktemp("pdu"), outlets()) as pdu:
        yield pdu


def own(pdu: Pdu, outlet: int, **settings: Any) -> Snmp:
    """Return an outlet of our own make."""
    values = {"community": COMMUNITY, "timeout": PATIENCE, **settings}
    return Snmp(pdu.address, outlet, oids=Oids(OWN, off=0), **values)


def told(snmp: Snmp) -> str:
    """Return what *snmp* complains of when it shall switch on."""
    with contextlib.closing(snmp), pytest.raises(DeviceError) as caught:
        snmp.on()
    return caught.value.message


class TestSnmp(testing.Controllers, testing.Supplies, testing.Absent):
    @pytest.fixture(params=sorted(MODELS))
    def controller(self, pdu: Pdu, request: pytest.FixtureRequest) -> Snmp:
        return Snmp(pdu.address, 3, request.param, community=COMMUNITY, timeout=PATIENCE)

    @pytest.fixture
    def absent(self) -> Snmp:
        return Snmp("127.0.0.1:9", 3, "apc", timeout=1.0)


def test_it_is_a_power_supply() -> None:
    assert isinstance(Snmp("192.0.2.8", 3, "apc"), Power)


@pytest.mark.parametrize("version", ["1", "2c", "3"])
def test_outlet_is_switched_in_every_version_and_no_other(pdu: Pdu, version: Any) -> None:
    user = {"version": version, "username": USER, "password": PASSWORD, "privacy_password": PRIVACY}
    with contextlib.closing(own(pdu, 1, **user)) as snmp, contextlib.closing(own(pdu, 2)) as other:
        before = other.status()
        snmp.on()
        on = snmp.status()
        snmp.off()

        assert (on, snmp.status()) == (True, False)
        assert other.status() == before


def test_outlet_that_takes_its_time_is_waited_for(pdu: Pdu) -> None:
    with contextlib.closing(own(pdu, 2)) as snmp:
        began = time.monotonic()
        snmp.on()

        assert time.monotonic() - began >= 0.7
        assert snmp.status()
        snmp.off()


def test_outlet_that_does_not_switch_is_an_error(pdu: Pdu) -> None:
    assert told(own(pdu, 3, timeout=6.0)) == (
        f"{pdu.address}: outlet 3 did not switch on: after 6 s it is in state 0"
    )


def test_outlet_in_a_state_of_its_own_is_an_error(pdu: Pdu) -> None:
    with contextlib.closing(own(pdu, 7)) as snmp, pytest.raises(DeviceError) as caught:
        snmp.status()

    assert caught.value.message == f"{pdu.address}: outlet 7 is neither on nor off, but in state 4"


@pytest.mark.parametrize(
    ("outlet", "words"),
    [
        (4, "set {oid}.4: notWritable; has it this outlet, may this account switch it?"),
        (5, "'on' at {oid}.5 is no number; is it of this model?"),
        (6, "set {oid}.6: noAccess; has it this outlet, may this account switch it?"),
        (9, "there is nothing at {oid}.9; has it this outlet, and is it of this model?"),
    ],
)
def test_outlet_that_cannot_be_switched_says_why(pdu: Pdu, outlet: int, words: str) -> None:
    if outlet == 5:
        with contextlib.closing(own(pdu, 5)) as snmp, pytest.raises(DeviceError) as caught:
            snmp.status()
        message = caught.value.message
    else:
        message = told(own(pdu, outlet))

    assert message == f"{pdu.address}: {words.format(oid=OWN)}"


def test_wrong_community_is_silence_that_names_it_without_telling_it(pdu: Pdu) -> None:
    began = time.monotonic()

    message = told(own(pdu, 1, community="hunter2", timeout=3.0))

    assert time.monotonic() - began < 20
    assert message == f"{pdu.address}: no answer within 1.5 s; is it reachable, and does it know this community?"


@pytest.mark.parametrize(
    ("user", "reason"),
    [
        ({"username": "nobody"}, "Unknown USM user"),
        ({"username": USER, "password": "hunter2hunter2", "privacy_password": PRIVACY}, "Wrong SNMP PDU digest"),
        ({"username": USER, "password": PASSWORD}, "Unsupported SNMP security level"),
    ],
)
def test_user_that_the_unit_does_not_know_is_named_and_its_passwords_are_not(
    pdu: Pdu, user: dict[str, str], reason: str
) -> None:
    message = told(own(pdu, 1, version="3", **user))

    assert message.startswith(f"{pdu.address}: it refuses user '{user['username']}': ")
    assert message.endswith("; check its passwords and their kinds")
    assert reason.lower() in message.lower()
    assert "hunter2" not in message


def test_secrets_are_in_no_message_and_no_log(pdu: Pdu, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = {"community": "hunter2", "password": "hunter2hunter2", "privacy_password": "hunter2hunter2"}

    snmps = [own(pdu, 1, timeout=0.5, **secrets), own(pdu, 1, version="3", username=USER, **secrets)]
    messages = [word for snmp in snmps for word in (repr(snmp), told(snmp), repr(snmp))]

    assert "hunter2" not in "".join(messages) + caplog.text


def test_unit_that_was_killed_is_an_error_and_works_once_it_is_back(tmp_path: Path) -> None:
    with running(tmp_path, {f"{OWN}.1": "2:writecache|value=0"}) as pdu, contextlib.closing(own(pdu, 1)) as snmp:
        snmp.on()
        pdu.stop()
        with contextlib.closing(own(pdu, 1, timeout=2.0)) as impatient:
            began = time.monotonic()
            with pytest.raises(DeviceError, match="no answer within 1 s"):
                impatient.on()
            assert time.monotonic() - began < 20

            pdu.start()
            snmp.on()
            assert snmp.status()


def test_unit_that_hangs_is_an_error_and_works_once_it_goes_on(pdu: Pdu) -> None:
    assert pdu.process is not None
    pdu.process.send_signal(signal.SIGSTOP)
    try:
        message = told(own(pdu, 1, timeout=2.0))
    finally:
        pdu.process.send_signal(signal.SIGCONT)

    assert message == f"{pdu.address}: no answer within 1 s; is it reachable, and does it know this community?"
    with contextlib.closing(own(pdu, 1)) as snmp:
        snmp.on()


def test_answer_that_is_noise_is_no_answer() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{peer.getsockname()[1]}"
        snmp = Snmp(address, 1, "apc", timeout=3.0)
        def answer() -> None:
            _, sender = peer.recvfrom(2000)
            for noise in (b"", b"\x30", b"\x30\x82\xff\xff", b"HTTP/1.1 400 Bad Request\r\n"):
                peer.sendto(noise, sender)

        thread = threading.Thread(target=answer)
        thread.start()
        message = told(snmp)
        thread.join()

    assert message.startswith(f"{address}: no answer within 1.5 s")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "say either model (apc, apc-rpdu2, cyberpower, raritan, servertech) or oids, the unit's own"),
        ({"model": "apc", "oids": {"command": "1.3"}}, "say either model (apc, apc-rpdu2"),
        ({"model": "apc", "outlet": "3 ; 4"}, "outlet '3 ; 4' is no number; wanted one such as 3, or '1.3'"),
        ({"model": "apc", "version": "3"}, "version 3 needs a username, and mostly a password"),
        ({"oids": {"command": "sysName"}}, "'sysName' is no object identifier; wanted one such as '1.3.6.1.4.1.318"),
    ],
)
def test_settings_that_do_not_fit_say_what_would(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(DeviceError) as caught:
        Snmp(**{"address": "192.0.2.8", "outlet": 3, **settings})

    assert caught.value.message.startswith(f"snmp: {words}")


@pytest.mark.parametrize("address", ["", "192.0.2.8:port", "http://192.0.2.8", "ann@192.0.2.8"])
def test_address_that_is_none_says_what_one_looks_like(address: str) -> None:
    with pytest.raises(DeviceError) as caught:
        Snmp(address, 3, "apc").open()

    assert caught.value.message.endswith("is no address; wanted one such as 192.0.2.8 or 192.0.2.8:161")


def test_name_that_nobody_knows_is_an_error() -> None:
    message = told(Snmp("pdu.invalid", 3, "apc"))

    assert message.startswith("pdu.invalid:161: ")
    assert message.endswith("; is the address right?")


def test_outlets_of_one_unit_are_held_apart() -> None:
    assert Snmp("192.0.2.8", 3, "apc").resources() == ["192.0.2.8:161#3"]
    assert Snmp("192.0.2.8:161", 4, "apc").resources() == ["192.0.2.8:161#4"]
